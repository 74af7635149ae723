"""kill -9 at any step: no job is lost, no charge has two draws that are seen, no lock stays."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from queries.errors import EngineFailed, Fault
from tests import factories
from tests.factories import NOW, World, a_query, checked_by
from tests.faults import doomed
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tre import budgets, database
from tre.budgets import Charge
from tre.jobs import LEASE, MAX_ATTEMPTS, Job, JobState
from tre.journey import submitted, validated
from tre.lifecycle import State
from tre.outputs import Draw, DrawState, Output
from tre.releases import Release
from tre.submissions import Submission
from tre.worker.carry import STEPS, Carrier, utc_now

COST = 100_000_000
BEFORE_RESERVATION = ("leased", "reserving")
AFTER_COMMIT = ("settled",)


def after_the_lease() -> datetime.datetime:
    return utc_now() + 2 * LEASE


def ask(engine: Engine, world: World) -> str:
    with Session(engine) as session:
        return submitted.submit(
            session,
            person=world.person(session, "ada"),
            project_id=world.project,
            query=a_query(),
            purpose="To learn.",
            now=NOW,
        ).id


def survivor(engine: Engine) -> Carrier:
    """A worker that comes by when the dead one's lease has run out."""
    return Carrier(
        sessionmaker(engine),
        SteadyEngine(),
        "survivor",
        slot_scale=0,
        registrar=SteadyRegistrar(),
        clock=after_the_lease,
    )


def seen(engine: Engine) -> list[tuple[str, str]]:
    """What anybody could have looked at: outputs and their bytes."""
    with Session(engine) as session:
        return [(one.id, one.manifest_hash) for one in session.scalars(select(Output))]


def no_lock_is_left(engine: Engine, world: World) -> None:
    """Somebody else writes to every locked row at once, without waiting."""
    with Session(engine) as session, database.writing(session):
        if engine.dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        for account in session.scalars(select(budgets.Account).with_for_update()):
            account.rho_total += 0
        session.scalars(select(Job).with_for_update()).all()
        session.get_one(factories.Dataset, world.dataset, with_for_update=True)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_worker_loses_nothing(engine: Engine, step: str):
    with Session(engine) as session:
        world = factories.furnish(session, policy=checked_by(0))
    question = ask(engine, world)
    assert doomed.killed_at(engine.url.render_as_string(hide_password=False), step)
    no_lock_is_left(engine, world)
    seen_before = seen(engine)
    assert bool(seen_before) == (step in AFTER_COMMIT)
    with Session(engine) as session:
        charged = session.scalar(select(func.count()).select_from(Charge))
        assert charged == (0 if step in BEFORE_RESERVATION else 3)

    assert survivor(engine).next_job() == (step not in AFTER_COMMIT)
    assert not survivor(engine).next_job(), "the job is done"

    with Session(engine) as session:
        submission = session.get_one(Submission, question)
        assert submission.state == State.RELEASED
        assert [draw.state for draw in session.scalars(select(Draw))] == [DrawState.DRAWN]
        accounts = budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        )
        assert [account.rho_spent for account in accounts.values()] == [COST] * 3
        assert {charge.state for charge in session.scalars(select(Charge))} == {"settled"}
        assert session.scalar(select(func.count()).select_from(Charge)) == 3
        assert session.scalar(select(func.count()).select_from(Release)) == 1
        assert session.query(Job).one().state == JobState.DONE
    assert len(seen(engine)) == 1
    assert not seen_before or seen(engine) == seen_before, "a second draw was seen"


def test_a_worker_that_was_thought_dead_writes_nothing(engine: Engine):
    with Session(engine) as session:
        world = factories.furnish(session)
    question = ask(engine, world)

    class Overtaken(SteadyEngine):
        def run(self, plan, **where):
            assert survivor(engine).next_job(), "the other worker takes the job and ends it"
            return super().run(plan, **where)

    assert Carrier(sessionmaker(engine), Overtaken(), "late", slot_scale=0).next_job()
    with Session(engine) as session:
        submission = session.get_one(Submission, question)
        assert submission.state == State.PROTECTED
        assert session.query(Output).count() == 1
        assert session.query(Draw).count() == 1
        assert session.query(Job).one().worker == "survivor"


def test_a_job_that_kills_every_worker_fails_in_the_end(engine: Engine):
    with Session(engine) as session:
        world = factories.furnish(session)
    question = ask(engine, world)
    when = utc_now()
    for _ in range(6):
        when += 2 * LEASE
        carrier = Carrier(sessionmaker(engine), SteadyEngine(), "w", clock=lambda now=when: now)
        with carrier.sessions() as session:
            held = carrier._lease(session)
            outcome = validated.validate(session, job_id=held[0], token=held[1], now=when)
    assert outcome.work is None
    with Session(engine) as session:
        assert session.get_one(Submission, question).state == State.FAILED
        assert session.query(Draw).one().state == DrawState.VOID
        assert session.query(Job).one().state == JobState.DONE
    assert not survivor(engine).next_job()


def test_a_store_that_cannot_be_reached_costs_nothing(engine: Engine):
    class Absent(SteadyEngine):
        def await_ready(self, *, dataset: str, version: str) -> None:
            raise EngineFailed(Fault.START)

    with Session(engine) as session:
        world = factories.furnish(session)
    question = ask(engine, world)
    when = utc_now()
    for _ in range(MAX_ATTEMPTS):
        when += 2 * LEASE
        carrier = Carrier(sessionmaker(engine), Absent(), "w", clock=lambda now=when: now)
        assert carrier.next_job()
    assert not carrier.next_job()
    with Session(engine) as session:
        assert session.get_one(Submission, question).state == State.FAILED
        assert session.scalar(select(func.count()).select_from(Charge)) == 0
        assert session.scalar(select(func.count()).select_from(Draw)) == 0
