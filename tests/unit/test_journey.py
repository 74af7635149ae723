"""The path of a question, step by step, as its author and its project see it."""

from __future__ import annotations

import datetime
import functools

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.catalogues import dp_policy, sdc_policy
from tests.factories import NOW, World, a_query, checked_by
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tests.on_the_way import DAY, ask, decide, events, leave, publish, spent, work
from tre import audit, outputs
from tre.errors import (
    EdgeNotAllowed,
    GatesClosed,
    IdempotencyConflict,
    Incomplete,
    NotFound,
    NotPermitted,
)
from tre.journey import automatic, cancelled, looked
from tre.lifecycle import State
from tre.outputs import Draw
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.worker.carry import Carrier


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


def test_a_question_travels_from_submission_to_release(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    assert submission.state == State.SUBMITTED
    work(session, engine)
    assert submission.state == State.PROTECTED
    assert spent(session, world) == (100_000_000,) * 3
    decide(session, world, submission)
    assert submission.state == State.REVIEWED
    publish(session, world, submission)
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
        "assigned",
        "reviewed",
        "approved",
        "released",
    ]


def test_a_policy_without_checkers_releases_by_itself(session, furnish, engine):
    world = furnish(checked_by(0))
    submission = ask(session, world)
    work(session, engine)
    assert submission.state == State.RELEASED


def test_an_exact_output_leaves_once_two_have_looked(session, furnish, engine):
    world = furnish(sdc_policy())
    submission = ask(session, world)
    work(session, engine)
    assert spent(session, world) == (0, 0, 0)
    ada = world.person(session, "ada")
    decide(session, world, submission, "cleo")
    assert looked.output_of(session, person=ada, submission_id=submission.id) is None
    assert session.scalar(select(Release)) is None
    decide(session, world, submission, "dan")
    assert automatic.release_waiting(session, now=NOW) == 0, "it is for a publisher"
    assert session.scalar(select(Release)) is None
    publish(session, world, submission)
    assert submission.state == State.RELEASED


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
    leave(session, world, first)
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


def brought_to(state: State, session, world, engine) -> Submission:
    """A question of an exact dataset, or of a noisy one, that has come as far as this."""
    submission = ask(session, world)
    if state is State.CANCELLED:
        cancelled.cancel(
            session, person=world.person(session, "ada"), submission_id=submission.id, now=NOW
        )
    if state not in {State.SUBMITTED, State.CANCELLED}:
        work(session, BrokenEngine() if state is State.FAILED else engine)
    if state in DECIDED:
        for who in ("cleo", "dan"):
            decide(session, world, submission, who, DECIDED[state])
    if state is State.RELEASED:
        publish(session, world, submission)
    assert submission.state == state
    return submission


DECIDED = {
    State.RETURNED: Decision.RETURN,
    State.REJECTED: Decision.REJECT,
    State.REVIEWED: Decision.APPROVE,
    State.RELEASED: Decision.APPROVE,
}


@pytest.mark.parametrize(
    ("state", "may"),
    [
        (State.SUBMITTED, True),
        (State.PROTECTED, True),
        (State.RETURNED, True),
        (State.REVIEWED, True),
        (State.RELEASED, False),
        (State.REJECTED, False),
        (State.FAILED, False),
        (State.CANCELLED, False),
    ],
)
def test_a_question_is_cancelled_until_it_leaves_or_ends(session, furnish, engine, state, may):
    world = furnish(checked_by(2))
    submission = brought_to(state, session, world, engine)
    before = spent(session, world)
    cancel = functools.partial(
        cancelled.cancel,
        session,
        person=world.person(session, "ada"),
        submission_id=submission.id,
        now=NOW,
    )
    if may:
        assert cancel().state == State.CANCELLED
    else:
        with pytest.raises(EdgeNotAllowed):
            cancel()
        assert submission.state == state
    assert spent(session, world) == before, "a cancel gives nothing back and takes nothing"


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
