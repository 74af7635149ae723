"""The path of a query: what may be done to it, by whom, and what is written down?

One public function = one transaction, one permission check, one audit entry. Pages, the API,
commands and the worker call these and nothing deeper. Each takes the session first and the rest
by keyword; ``person`` is a ``tre.people.Person`` of this session, ``now`` an aware datetime in
UTC. Each commits its own transaction; an exception leaves everything as it was.

For researchers
  drafted.save(session, *, person, project_id, dataset_id, title, form, source_text=None,
               draft_id=None, now) -> Draft
  drafted.discard(session, *, person, draft_id) -> None
  drafted.listed(session, *, person, project_id) -> list[Draft]
  drafted.opened(session, *, person, draft_id) -> Draft
  previewed.preview(session, *, person, project_id, query: Query, rho_nano=None, track=None, now)
                  -> Preview
  submitted.submit(session, *, person, project_id, query: Query, purpose: str, rho_nano=None,
                   source_text=None, idempotency_key=None, track=None, now) -> Submission
  cancelled.cancel(session, *, person, submission_id, now) -> Submission
  answered.answer(session, *, person, submission_id, answer: str, now) -> Submission
For checkers
  waiting.for_checker(session, *, checker) -> list[Waits]
  reviewed.opened(session, *, checker, output_id) -> Output
  reviewed.seen_reviews(session, *, checker, output_id) -> list[Review]
  reviewed.review(session, *, checker, output_id, artefact_hash, decision: Decision, reason, now)
                  -> Submission      (moved on where all of them decide the same)
For publishers
  waiting.for_publisher(session, *, publisher) -> list[Waits]
  released.opened / released.decisions(session, *, publisher, output_id)
  released.release(session, *, publisher, stepped_up, output_id, artefact_hash, now) -> Release
  released.send_back(session, *, publisher, output_id, artefact_hash, reason, now) -> Submission
For owners
  stopped.stop / stopped.resume(session, *, owner, dataset_id, reason, now) -> Dataset
  excepted.ask(session, *, owner, dataset_id, reason, ends_on, policy_text, now) -> SecondTrack
  excepted.decide(session, *, person, exception_id, policy_hash, granted, reason, now)
                  -> SecondTrack     (somebody else than who asked)
  excepted.end(session, *, owner, dataset_id, now) -> SecondTrack
  excepted.waiting / excepted.opened / excepted.of_own
  accounted.statement(session, *, owner, dataset_id) -> Statement
  accounted.export(session, *, owner, dataset_id, now) -> str    (CSV: who asked what)
  accounted.my_datasets(session, *, owner) -> list[Dataset]
For everybody, reading: ``looked`` raises NotFound for what this person may not see
  looked.my_projects(session, *, person) -> list[Project]
  looked.project(session, *, person, project_id) -> Project
  looked.dataset(session, *, person, name) -> DatasetView (dataset, version, policy_version)
  looked.dataset_on(session, *, person, name, track, now) -> DatasetView under that track's rules
  looked.second_track(session, *, person, name, now) -> SecondTrack | None
  looked.project_gates(session, *, person, project_id, dataset_name, now) -> tuple[Gate, ...]
  looked.project_submissions(session, *, person, project_id, limit, after) -> list[Submission]
  looked.submission / history / reviews_for_author / release_of(session, *, person, submission_id)
  looked.my_releases(session, *, person, limit, after) -> list[Release]
  looked.release(session, *, person, release_id) -> Release
  looked.released_artefact(session, *, person, release_id, format: Format) -> Artefact

Setting up (demo, commands) uses the records' own functions inside ``database.writing(session)``:
people.add, people.issue_token, datasets.register, datasets.publish_version(catalogue=Catalogue),
datasets.publish_policy(policy=Policy), projects.create, budgets.open_account.

For the worker, which holds a job by its lease (LeaseLost if it no longer does)
  validated.validate(session, *, job_id, token, now) -> Outcome    (reserves, once)
  executed.execute(work, *, engine, deadline) -> Unprotected
  protected.protect(work, unprotected) -> Protected
  protected.settle(session, *, work, protected, rendered, now) -> Submission
  failed.fail(session, *, job_id, token, kind, now) -> Submission
  automatic.release_waiting(session, *, now) -> int    (what no checker looks at)
At start
  started.check(session, *, production) raises ConfigurationError

Errors: tre.errors (each with ``public``, ``code`` and ``status``), queries.errors.QueryRefused
(with ``problems``). Nothing else is raised on purpose.
"""
