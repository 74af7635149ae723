"""Two people act on one thing at the same moment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from tests import factories, on_the_way
from tests.factories import NOW, World, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tre.audit import AuditEntry
from tre.errors import EdgeNotAllowed, GatesClosed, Incomplete, ServiceError
from tre.journey import cancelled, requested, reviewed, stopped, submitted, waiting
from tre.lifecycle import State
from tre.outputs import Draw, Output
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.worker.carry import Carrier

ROUNDS = 4


def at_once(engine: Engine, *acts: Callable[[Session], object]) -> list[object]:
    """What each act returns or raises, when all begin together in sessions of their own."""
    start = Barrier(len(acts))

    def one(act: Callable[[Session], object]) -> object:
        with Session(engine) as session:
            start.wait()
            try:
                return act(session)
            except ServiceError as error:
                return error

    with ThreadPoolExecutor(len(acts)) as crowd:
        return list(crowd.map(one, acts))


def ask(
    session: Session,
    world: World,
    *,
    key: str | None = None,
    bands: int = 40,
    intended_id: str | None = None,
) -> str:
    return submitted.submit(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=a_query(bands),
        purpose="To learn.",
        idempotency_key=key,
        intended_id=intended_id,
        now=NOW,
    ).id


def work(engine: Engine) -> None:
    assert Carrier(sessionmaker(engine), SteadyEngine(), "test", slot_scale=0).next_job()


def release(world: World, who: str, output_id: str) -> Callable[[Session], object]:
    def act(session: Session) -> object:
        output = session.get_one(Output, output_id)
        return on_the_way.publish(session, world, output.submission, who).id

    return act


def approve(
    world: World, who: str, output_id: str, decision: Decision = Decision.APPROVE
) -> Callable[[Session], object]:
    def act(session: Session) -> object:
        output = session.get_one(Output, output_id)
        return reviewed.review(
            session,
            checker=world.person(session, who),
            output_id=output_id,
            artefact_hash=output.manifest_hash,
            decision=decision,
            reason="Because.",
            now=NOW,
        ).state

    return act


def furnish(engine: Engine, checkers: int) -> World:
    with Session(engine) as session:
        return factories.furnish(session, policy=checked_by(checkers))


def protected_output(engine: Engine, world: World) -> str:
    with Session(engine) as session:
        ask(session, world)
    work(engine)
    with Session(engine) as session:
        return session.scalars(select(Output.id)).one()


def test_one_key_sent_eight_times_at_once_is_one_question(engine: Engine):
    world = furnish(engine, 1)
    found = at_once(engine, *[lambda session: ask(session, world, key="k")] * 8)
    assert len(set(found)) == 1
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_two_questions_at_once_for_one_output_of_a_request_are_one(engine: Engine):
    world = furnish(engine, 1)
    with Session(engine) as session:
        request = requested.begin(
            session,
            person=world.person(session, "ada"),
            project_id=world.project,
            title="Annex",
            context="Of the report.",
            outputs=("Persons by age",),
            now=NOW,
        )
        chosen = request.intended[0].id
    said = at_once(
        engine,
        *(
            lambda session, n=n: ask(session, world, bands=30 + n, intended_id=chosen)
            for n in range(4)
        ),
    )
    assert sum(isinstance(one, Incomplete) for one in said) == 3
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1


def test_what_waits_is_listed_in_pages_without_gap_or_repeat(engine: Engine):
    world = furnish(engine, 1)
    with Session(engine) as session:
        for bands in range(30, 37):
            ask(session, world, bands=bands)  # all at the same moment
    for _ in range(7):
        work(engine)
    with Session(engine) as session:
        cleo, seen, last = world.person(session, "cleo"), [], None
        while page := waiting.for_checker(session, checker=cleo, limit=3, after=last):
            seen += page
            last = page[-1].id
        whole = waiting.for_checker(session, checker=cleo)
        assert seen == whole
        assert len(whole) == 7
        assert waiting.for_checker(session, checker=cleo, limit=3, after="nothing") == whole[:3]


def test_two_last_approvals_at_once_agree_once(engine: Engine):
    world = furnish(engine, 2)
    output = protected_output(engine, world)
    at_once(engine, approve(world, "cleo", output), approve(world, "dan", output))
    with Session(engine) as session:
        assert session.scalars(select(Submission.state)).one() == State.REVIEWED
        approved = select(func.count()).where(AuditEntry.event == "approved")
        assert session.scalar(approved) == 1


def test_two_who_change_their_minds_at_once_do_not_change_places(engine: Engine):
    """The first to agree with the other ends it; the second comes too late."""
    world = furnish(engine, 2)
    output = protected_output(engine, world)
    at_once(engine, approve(world, "cleo", output))
    at_once(engine, approve(world, "dan", output, Decision.REJECT))
    said = at_once(
        engine,
        approve(world, "cleo", output, Decision.REJECT),
        approve(world, "dan", output),
    )
    assert sum(isinstance(one, EdgeNotAllowed) for one in said) == 1
    with Session(engine) as session:
        state = session.scalars(select(Submission.state)).one()
        assert state in {State.REVIEWED, State.REJECTED}


def test_three_at_once_are_two_checkers(engine: Engine):
    world = furnish(engine, 2)
    with Session(engine) as session:
        world.person(session, "hal").roles = ["checker"]
        session.commit()
    output = protected_output(engine, world)
    said = at_once(engine, *(approve(world, who, output) for who in ("cleo", "dan", "hal")))
    assert sum(isinstance(one, EdgeNotAllowed) for one in said) == 1


def test_two_publishers_at_once_release_once(engine: Engine):
    world = furnish(engine, 1)
    output = protected_output(engine, world)
    with Session(engine) as session:
        world.person(session, "hal").roles = ["publisher"]
        session.commit()
    at_once(engine, approve(world, "cleo", output))
    said = at_once(engine, *(release(world, who, output) for who in ("pat", "hal")))
    assert sum(isinstance(one, EdgeNotAllowed) for one in said) == 1
    with Session(engine) as session:
        assert session.scalars(select(Submission.state)).one() == State.RELEASED
        assert session.scalar(select(func.count()).select_from(Release)) == 1


def test_one_checker_twice_at_once_is_one_checker(engine: Engine):
    world = furnish(engine, 2)
    output = protected_output(engine, world)
    said = at_once(engine, *[approve(world, "cleo", output)] * 2)
    assert sum(isinstance(one, EdgeNotAllowed) for one in said) == 1
    with Session(engine) as session:
        assert session.scalars(select(Submission.state)).one() == State.PROTECTED


def test_a_release_and_a_stop_never_pass_each_other(engine: Engine):
    """Either the release came first in the log, or it did not come."""
    world = furnish(engine, 1)
    output = protected_output(engine, world)

    def stop(session: Session) -> object:
        return stopped.stop(
            session,
            owner=world.person(session, "eve"),
            dataset_id=world.dataset,
            reason="Look first.",
            now=NOW,
        ).stopped_at

    at_once(engine, approve(world, "cleo", output))
    at_once(engine, release(world, "pat", output), stop)
    with Session(engine) as session:
        events = list(session.scalars(select(AuditEntry.event).order_by(AuditEntry.id)))
        if "released" in events:
            assert events.index("released") < events.index("stopped")
        else:
            assert session.scalars(select(Submission.state)).one() == State.REVIEWED
        with pytest.raises(GatesClosed):
            ask(session, world)


def test_a_cancel_and_a_worker_at_once_leave_one_outcome(engine: Engine):
    world = furnish(engine, 1)
    for turn in range(ROUNDS):
        with Session(engine) as session:
            question = ask(session, world, bands=20 + turn)

        def cancel(session: Session, question=question) -> object:
            return cancelled.cancel(
                session, person=world.person(session, "ada"), submission_id=question, now=NOW
            ).state

        def carry(_session: Session) -> object:
            return Carrier(sessionmaker(engine), SteadyEngine(), "test", slot_scale=0).next_job()

        at_once(engine, cancel, carry)
        with Session(engine) as session:
            submission = session.get_one(Submission, question)
            assert submission.state in {State.CANCELLED, State.PROTECTED}
            seen = submission.output is not None
            assert seen == (submission.state == State.PROTECTED) or protected_first(
                session, question
            )
            states = list(session.scalars(select(Draw.state).where(Draw.leader_id == question)))
            assert "reserved" not in states


def protected_first(session: Session, question: str) -> bool:
    """An author may also cancel what was protected before anybody checked it."""
    events = session.scalars(
        select(AuditEntry.event).where(AuditEntry.submission_id == question).order_by(AuditEntry.id)
    ).all()
    return "protected" in events and events[-1] == "cancelled"
