"""The path of a question, step by step, as each kind of person sees it."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.catalogues import dp_policy, sdc_policy
from tests.factories import NOW, World, a_query, checked_by
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tre import audit, budgets, outputs
from tre.errors import (
    ArtefactsChanged,
    EdgeNotAllowed,
    GatesClosed,
    IdempotencyConflict,
    Incomplete,
    NotFound,
    NotPermitted,
)
from tre.journey import (
    accounted,
    answered,
    cancelled,
    drafted,
    looked,
    previewed,
    released,
    reviewed,
    stopped,
    submitted,
)
from tre.lifecycle import State
from tre.outputs import Artefact, Draw, Format
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.worker.carry import Carrier

TICK = itertools.count(1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def now() -> datetime.datetime:
    """The worker's clock is the real one, so the projects of these tests last long."""
    return datetime.datetime.now(datetime.UTC)


@pytest.fixture
def engine() -> SteadyEngine:
    return SteadyEngine()


@pytest.fixture
def furnish(session):
    def with_policy(policy=None) -> World:
        return factories.furnish(session, policy=policy)

    return with_policy


def ask(session, world, *, who="ada", project=None, query=None, **given) -> Submission:
    return submitted.submit(
        session,
        person=world.person(session, who),
        project_id=project or world.project,
        query=query or a_query(),
        purpose=given.pop("purpose", "To learn."),
        now=factories.later(seconds=next(TICK)),  # asked one after the other
        **given,
    )


def work(session: Session, engine, *, jobs: int = 1) -> None:
    """A worker's turns on this database, without waiting for slots."""
    carrier = Carrier(sessionmaker(session.get_bind()), engine, "test", slot_scale=0)
    session.rollback()
    for _ in range(jobs):
        assert carrier.next_job()
    session.rollback()


def decide(session, world, submission, who="cleo", decision=Decision.APPROVE, **given):
    output = submission.output
    return reviewed.review(
        session,
        checker=world.person(session, who),
        output_id=output.id,
        artefact_hash=given.pop("artefact_hash", output.manifest_hash),
        decision=decision,
        reason=given.pop("reason", "Because."),
        now=NOW,
    )


def spent(session, world, who="ada", project=None) -> tuple[int, ...]:
    session.expire_all()
    accounts = budgets.accounts_of(
        session,
        dataset_id=world.dataset,
        project_id=project or world.project,
        person_id=world.people[who],
    )
    return tuple(account.rho_spent for account in accounts.values())


def events(session, submission) -> list[str]:
    return [entry.event for entry in audit.of_submission(session, submission.id)]


def test_a_question_travels_from_submission_to_release(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    assert submission.state == State.SUBMITTED
    work(session, engine)
    assert submission.state == State.PROTECTED
    assert spent(session, world) == (100_000_000,) * 3
    decide(session, world, submission)
    assert submission.state == State.RELEASED
    release = looked.release_of(
        session, person=world.person(session, "ben"), submission_id=submission.id
    )
    assert release.manifest_hash == submission.output.manifest_hash
    assert events(session, submission) == [
        "submitted",
        "reserved",
        "executed",
        "protected",
        "reviewed",
        "approved",
        "released",
    ]


def test_a_policy_without_checkers_releases_by_itself(session, furnish, engine):
    world = furnish(checked_by(0))
    submission = ask(session, world)
    work(session, engine)
    assert submission.state == State.RELEASED


def test_two_checkers_are_two_people(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "cleo")
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "dan")
    assert submission.state == State.RELEASED


def test_an_exact_output_stops_at_reviewed_and_no_member_sees_it(session, furnish, engine):
    world = furnish(sdc_policy())
    submission = ask(session, world)
    work(session, engine)
    assert spent(session, world) == (0, 0, 0)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan")
    assert submission.state == State.REVIEWED
    assert released.release_waiting(session, now=NOW) == 0
    ada = world.person(session, "ada")
    assert looked.output_of(session, person=ada, submission_id=submission.id) is None
    assert session.scalar(select(Release)) is None


def test_findings_are_kept_for_checkers_alone(session, furnish, engine):
    world = furnish(sdc_policy())
    submission = ask(session, world)
    work(session, engine)
    formats = {artefact.format for artefact in submission.output.artefacts}
    assert Format.FINDINGS in formats
    findings = submission.output.artefact(Format.FINDINGS).content
    assert findings != submission.output.artefact(Format.JSON).content


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.REJECT, State.REJECTED), (Decision.RETURN, State.RETURNED)],
)
def test_one_objection_is_enough(session, furnish, engine, decision, state):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo", decision)
    assert submission.state == state
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "dan")


def test_an_answer_begins_a_new_round_in_which_old_approvals_do_not_count(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan", Decision.RETURN)
    ada = world.person(session, "ada")
    answered.answer(session, person=ada, submission_id=submission.id, answer="So.", now=NOW)
    decide(session, world, submission, "dan")
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "cleo")
    assert submission.state == State.RELEASED


def test_an_objection_needs_a_reason(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    with pytest.raises(Incomplete):
        decide(session, world, submission, decision=Decision.REJECT, reason=" ")


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_nobody_of_the_project_checks_its_output(session, furnish, engine, who):
    from tre.people import Role

    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    person = world.person(session, who)
    person.roles = [Role.RESEARCHER, Role.CHECKER]
    session.commit()
    with pytest.raises(NotPermitted):
        decide(session, world, submission, who)
    assert submission.output not in reviewed.queue(session, checker=person)


def test_an_approval_of_other_bytes_counts_for_nothing(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    with pytest.raises(ArtefactsChanged):
        decide(session, world, submission, artefact_hash="0" * 64)
    assert submission.state == State.PROTECTED


def test_bytes_that_changed_behind_the_service_are_never_released(session, furnish, engine):
    from tre import guards

    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    guards.lift(session.connection())
    session.query(Artefact).filter_by(format="csv").update({"content": b"other"})
    guards.lay(session.connection())
    session.commit()
    with pytest.raises(ArtefactsChanged):
        decide(session, world, submission)
    assert submission.state == State.PROTECTED


def test_the_same_question_again_costs_nothing_and_gives_the_same_table(session, furnish, engine):
    world = furnish()
    first = ask(session, world)
    second = ask(session, world, who="gus", project=world.other_project)
    work(session, engine, jobs=2)
    assert len(engine.runs) == 1
    assert spent(session, world, "gus", world.other_project) == (100_000_000, 0, 0)
    assert first.output.manifest_hash == second.output.manifest_hash
    assert first.output.id != second.output.id
    assert second.state == State.PROTECTED, "it needs a review of its own"
    decide(session, world, first)
    assert second.state == State.PROTECTED


def test_a_question_in_flight_is_waited_for_and_not_drawn_twice(session, furnish, engine, now):
    from tre.database import writing
    from tre.journey import validated

    world = furnish()
    first = ask(session, world)
    second = ask(session, world, who="ben")
    carrier = Carrier(sessionmaker(session.get_bind()), engine, "test", slot_scale=0)
    with carrier.sessions() as other:
        held = carrier._lease(other)
        assert validated.validate(other, job_id=held[0], token=held[1], now=now).work
    work(session, engine)  # the second question's job: it waits
    assert (first.state, second.state) == (State.VALIDATED, State.SUBMITTED)
    assert engine.runs == []
    with writing(session):
        from tre.jobs import Job
        from tre.journey.failed import give_up

        job = session.query(Job).filter_by(submission_id=first.id).one()
        give_up(session, job, kind="test", now=NOW)
    session.query(Job).filter_by(submission_id=second.id).update({"available_at": NOW - DAY})
    session.commit()
    work(session, engine)
    assert second.state == State.PROTECTED, "the follower reserves for itself"
    assert spent(session, world, "ben") == (200_000_000, 200_000_000, 100_000_000)


def test_a_failure_keeps_its_cost_and_tells_nobody_why(session, furnish):
    world = furnish()
    submission = ask(session, world)
    work(session, BrokenEngine())
    assert submission.state == State.FAILED
    assert submission.reasons == []
    assert spent(session, world) == (100_000_000,) * 3
    ada = world.person(session, "ada")
    told = looked.history(session, person=ada, submission_id=submission.id)
    assert "child" not in repr(told)
    assert {line.event for line in told} == {"submitted", "validated", "failed"}


def test_any_other_fault_looks_like_a_failed_engine(session, furnish):
    world = furnish()
    submission = ask(session, world)
    work(session, BrokenEngine(ZeroDivisionError("person 4711 weighs nothing")))
    assert submission.state == State.FAILED
    failed = audit.of_submission(session, submission.id)[-1]
    assert failed.detail == {"kind": "ZeroDivisionError", "attempts": 1}
    assert outputs.live_draw(session, submission.fingerprint) is None


def test_a_cancelled_question_keeps_its_cost_and_its_draw_is_free_again(session, furnish):
    world = furnish()
    ada = world.person(session, "ada")
    submission = ask(session, world)
    cancelled.cancel(session, person=ada, submission_id=submission.id, now=NOW)
    assert submission.state == State.CANCELLED
    assert spent(session, world) == (0, 0, 0)
    with pytest.raises(EdgeNotAllowed):
        cancelled.cancel(session, person=ada, submission_id=submission.id, now=NOW)


def test_only_the_author_cancels(session, furnish):
    world = furnish()
    submission = ask(session, world)
    for who, error in (("ben", NotPermitted), ("gus", NotFound), ("cleo", NotFound)):
        with pytest.raises(error):
            cancelled.cancel(
                session, person=world.person(session, who), submission_id=submission.id, now=NOW
            )
    assert submission.state == State.SUBMITTED


def test_a_cancel_while_the_engine_runs_leaves_nothing_behind(session, furnish):
    world = furnish()
    submission = ask(session, world)

    class Meanwhile(SteadyEngine):
        def run(self, plan, **where):
            with Session(session.get_bind()) as other:
                cancelled.cancel(
                    other,
                    person=world.person(other, "ada"),
                    submission_id=submission.id,
                    now=NOW,
                )
            return super().run(plan, **where)

    work(session, Meanwhile())
    assert submission.state == State.CANCELLED
    assert submission.output is None
    assert [draw.state for draw in session.scalars(select(Draw))] == ["void"]
    assert spent(session, world) == (100_000_000,) * 3


def test_a_key_sends_a_question_once(session, furnish):
    world = furnish()
    first = ask(session, world, idempotency_key="k")
    assert ask(session, world, idempotency_key="k").id == first.id
    assert ask(session, world, idempotency_key="k", who="ben").id != first.id
    with pytest.raises(IdempotencyConflict):
        ask(session, world, idempotency_key="k", query=a_query(30))
    assert (
        len(
            looked.project_submissions(
                session, person=world.person(session, "ada"), project_id=world.project
            )
        )
        == 2
    )


def test_a_question_without_a_purpose_is_not_taken(session, furnish):
    world = furnish()
    with pytest.raises(Incomplete, match="what the query is for"):
        ask(session, world, purpose="  ")


def test_a_cost_outside_the_policy_is_not_taken(session, furnish):
    world = furnish()
    for rho in (0, -1, 10**12):
        with pytest.raises(Incomplete):
            ask(session, world, rho_nano=rho)


def test_a_stranger_cannot_tell_a_project_from_none(session, furnish):
    world = furnish()
    said = []
    for project in (world.project, "0" * 24):
        with pytest.raises(NotFound) as caught:
            ask(session, world, who="gus", project=project)
        said.append((caught.value.public, caught.value.code, caught.value.status))
    assert said[0] == said[1]


def test_a_spent_budget_closes_a_gate_and_is_on_record(session, furnish):
    world = furnish(dp_policy(rho_nano_default=1_000_000_000))
    for bands in (30, 31):
        ask(session, world, query=a_query(bands))
    work(session, SteadyEngine(), jobs=2)
    with pytest.raises(GatesClosed) as caught:
        ask(session, world, query=a_query(32))
    assert [gate.id for gate in caught.value.gates] == ["budget_researcher"]
    refused = session.scalars(
        select(audit.AuditEntry).where(audit.AuditEntry.event == "submission_refused")
    ).all()
    assert [entry.detail["gates"] for entry in refused] == [["budget_researcher"]]


def test_budget_that_ran_out_in_the_queue_refuses_without_cost(session, furnish, engine):
    world = furnish(dp_policy(rho_nano_default=1_000_000_000))
    asked = [ask(session, world, query=a_query(30 + later)) for later in range(3)]
    work(session, engine, jobs=3)
    assert [one.state for one in asked] == [State.PROTECTED, State.PROTECTED, State.REFUSED]
    assert asked[2].reasons == ["budget_researcher"]
    assert spent(session, world) == (2_000_000_000,) * 3


def test_the_owner_stops_queries_and_releases_and_opens_them_again(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    waiting, queued = ask(session, world), None
    work(session, engine)
    queued = ask(session, world, query=a_query(30))
    stopped.stop(session, owner=eve, dataset_id=world.dataset, reason="Look first.", now=NOW)
    with pytest.raises(GatesClosed):
        ask(session, world, query=a_query(31))
    decide(session, world, waiting)
    assert waiting.state == State.REVIEWED
    work(session, engine)
    assert (queued.state, queued.reasons) == (State.REFUSED, ["dataset_open"])
    assert released.release_waiting(session, now=NOW) == 0
    stopped.resume(session, owner=eve, dataset_id=world.dataset, reason="Fine.", now=NOW)
    assert released.release_waiting(session, now=NOW) == 1
    session.expire_all()
    assert waiting.state == State.RELEASED


@pytest.mark.parametrize("who", ["ada", "cleo", "fay"])
def test_nobody_but_the_owner_stops_reads_or_exports(session, furnish, who):
    world = furnish()
    person = world.person(session, who)
    for act in (
        lambda: stopped.stop(session, owner=person, dataset_id=world.dataset, reason="x", now=NOW),
        lambda: accounted.statement(session, owner=person, dataset_id=world.dataset),
        lambda: accounted.export(session, owner=person, dataset_id=world.dataset, now=NOW),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_owner_sees_who_asked_what_and_what_it_cost(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    ask(session, world, purpose="=cmd()")
    work(session, engine)
    statement = accounted.statement(session, owner=eve, dataset_id=world.dataset)
    assert [(line.who, line.rho_nano, line.charge) for line in statement.ledger] == [
        ("Ada", 100_000_000, "settled")
    ]
    assert [line.level for line in statement.accounts][:1] == ["pool"]
    exported = accounted.export(session, owner=eve, dataset_id=world.dataset, now=NOW)
    assert "ada@example.org" in exported
    assert "'=cmd()" in exported, "a spreadsheet would run it"


def test_the_charges_of_an_export_add_up_to_what_the_pool_has_spent(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    for _ in range(2):  # the second is answered by the stored draw
        ask(session, world)
        work(session, engine)
    cancelled.cancel(
        session,
        person=world.person(session, "ada"),
        submission_id=ask(session, world, query=a_query(50)).id,
        now=NOW,
    )
    text = accounted.export(session, owner=eve, dataset_id=world.dataset, now=NOW)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["charged_rho_nano"] for row in rows] == ["100000000", "0", "0"]
    pool = budgets.account(session, dataset_id=world.dataset)
    assert sum(int(row["charged_rho_nano"]) for row in rows) == pool.rho_spent


def test_a_new_policy_refuses_what_was_asked_under_the_old_one(session, furnish, engine):
    from tre import datasets
    from tre.database import writing
    from tre.datasets import Dataset

    world = furnish()
    submission = ask(session, world)
    stricter = replace(dp_policy(threshold=20), version=2)
    with writing(session):
        dataset = session.get_one(Dataset, world.dataset)
        datasets.publish_policy(session, dataset=dataset, policy=stricter, now=NOW)
    work(session, engine)
    assert (submission.state, submission.reasons) == (State.REFUSED, ["policy_current"])
    assert spent(session, world) == (0, 0, 0)


def test_a_preview_changes_nothing_and_reads_no_data(session, furnish):
    world = furnish()
    before = session.query(audit.AuditEntry).count()
    preview = previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=a_query(),
        now=NOW,
    )
    assert preview.failing == ()
    assert [line.after for line in preview.budgets] == [9_900_000_000, 4_900_000_000, 1_900_000_000]
    assert preview.existing is None
    assert session.query(audit.AuditEntry).count() == before


def test_a_preview_tells_the_epsilon_that_the_record_will_claim(session, world, engine):
    ada = world.person(session, "ada")
    told = previewed.preview(
        session, person=ada, project_id=world.project, query=a_query(), now=NOW
    )
    submission = ask(session, world)
    work(session, engine)
    record = submission.output.artefact(Format.RECORD)
    assert f"epsilon = {told.epsilon}" in json.loads(record.content)["claim"]


def test_a_preview_names_a_release_of_this_project_and_of_no_other(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission)
    existing = {
        who: previewed.preview(
            session,
            person=world.person(session, who),
            project_id=project,
            query=a_query(),
            now=NOW,
        ).existing
        for who, project in (("ada", world.project), ("gus", world.other_project))
    }
    assert existing["ada"].output_id == submission.output.id
    assert existing["gus"] is None


def test_drafts_are_their_authors_alone(session, furnish):
    world = furnish()
    ada, ben = world.person(session, "ada"), world.person(session, "ben")
    draft = drafted.save(
        session,
        person=ada,
        project_id=world.project,
        dataset_id=world.dataset,
        title="Smoking",
        form={"half": "done"},
        now=NOW,
    )
    again = drafted.save(
        session,
        person=ada,
        project_id=world.project,
        dataset_id=world.dataset,
        title="Smoking 2",
        form={"half": "more"},
        draft_id=draft.id,
        now=NOW,
    )
    assert again.id == draft.id
    assert drafted.listed(session, person=ben, project_id=world.project) == []
    with pytest.raises(NotFound):
        drafted.opened(session, person=ben, draft_id=draft.id)
    drafted.discard(session, person=ada, draft_id=draft.id)
    assert drafted.listed(session, person=ada, project_id=world.project) == []


def test_other_checkers_decisions_show_only_after_ones_own(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    seen = {
        who: reviewed.seen_reviews(
            session, checker=world.person(session, who), output_id=submission.output.id
        )
        for who in ("cleo", "dan")
    }
    assert len(seen["cleo"]) == 1
    assert seen["dan"] == []
