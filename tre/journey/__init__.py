"""The path of a query: one public function a file = one transaction, one permission check, one
audit entry. Pages, the API, commands and the worker call these and nothing deeper.

Every function takes the session first and the rest by keyword; ``person`` is a ``tre.people.Person``
of this session, ``now`` an aware datetime in UTC. Each commits its own transaction.

For researchers
  drafted.save(session, *, person, project_id, dataset_id, title, form, source_text=None,
               draft_id=None, now) -> Draft
  drafted.discard(session, *, person, draft_id) -> None
  drafted.listed(session, *, person, project_id) -> list[Draft]
  drafted.opened(session, *, person, draft_id) -> Draft
  previewed.preview(session, *, person, project_id, query: Query, rho_nano=None, now) -> Preview
  submitted.submit(session, *, person, project_id, query: Query, purpose: str, rho_nano=None,
                   source_text=None, idempotency_key=None, now) -> Submission
  cancelled.cancel(session, *, person, submission_id, now) -> Submission
  answered.answer(session, *, person, submission_id, answer: str, now) -> Submission
For checkers
  reviewed.queue(session, *, checker) -> list[Output]
  reviewed.opened(session, *, checker, output_id) -> Output
  reviewed.review(session, *, checker, output_id, artefact_hash, decision: Decision, reason, now)
                  -> Submission      (the last approval also releases, where the gates are open)
For owners
  stopped.stop / stopped.resume(session, *, owner, dataset_id, reason, now) -> Dataset
  accounted.statement(session, *, owner, dataset_id) -> Statement
  accounted.export(session, *, owner, dataset_id, now) -> str    (CSV: who asked what)
For everybody, reading (``looked``)
  looked.project / submission / dataset / release / artefact / gates: what this person may see

For the worker
  validated.validate(session, *, job_id, token, now) -> Outcome
  executed.execute(work, *, sandboxes, deadline) -> Unprotected
  protected.settle(session, *, job_id, token, protected_json, rendered, now) -> Submission
  failed.fail(session, *, job_id, token, kind, now) -> Submission
  released.release_waiting(session, *, now) -> int

Errors: tre.errors (each with ``public``, ``code`` and ``status``), queries.errors.QueryRefused
(with ``problems``). Nothing else is raised on purpose.
"""
