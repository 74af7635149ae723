"""Two exact tables that clash only with each other, at once: exactly one is ever admitted."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from queries.register.judged import Found, Judged, Room
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, a_query
from tests.faults import doomed
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tre.exact_cells import ExactCharge
from tre.journey import submitted
from tre.lifecycle import State
from tre.register import ReleaseTable, TableState
from tre.submissions import Submission
from tre.worker.carry import JUDGED, Carrier


@dataclass
class OneOnly(SteadyRegistrar):
    """A table is safe alone, and never beside another. Both are judged before one is admitted."""

    both: threading.Barrier | None = None
    told: list[int] = field(default_factory=list)

    def judge(self, **given):
        self.told.append(len(given["history"]))
        if len(self.told) == 1 and self.both is not None:
            self.both.wait(60)
        return super().judge(**given)

    @property
    def judged(self) -> Judged:
        room = Room(0.0, 0.0)
        clashes = (Found("pairs", (0,), "", 3),) if self.told[-1] else ()
        return Judged(clashes, room, room, 1, 1000, amber=False)


def ask(engine: Engine, world, *, who: str, project: str, cut: int) -> str:
    with Session(engine) as session:
        return submitted.submit(
            session,
            person=world.person(session, who),
            project_id=project,
            query=a_query(cut),
            purpose="To learn.",
            now=NOW,
        ).id


@pytest.mark.parametrize("turn", range(3))
def test_of_two_that_clash_with_each_other_one_is_admitted(engine: Engine, turn: int):
    with Session(engine) as session:
        world = factories.furnish(session, policy=sdc_policy())
    asked = [
        ask(engine, world, who="ada", project=world.project, cut=40 + turn),
        ask(engine, world, who="gus", project=world.other_project, cut=60 + turn),
    ]
    both = threading.Barrier(2)
    registrars = [OneOnly(both=both), OneOnly(both=both)]

    def carry(registrar: OneOnly) -> None:
        made = sessionmaker(engine)
        Carrier(made, SteadyEngine(), "racer", slot_scale=0, registrar=registrar).next_job()

    racers = [threading.Thread(target=carry, args=(one,)) for one in registrars]
    for one in racers:
        one.start()
    for one in racers:
        one.join(120)

    with Session(engine) as session:
        rows = list(session.scalars(select(ReleaseTable)))
        states = sorted(row.state for row in rows)
        assert states == [TableState.PENDING.value, TableState.REFUSED.value]
        assert {row.submission_id for row in rows} == set(asked)
        questions = session.scalars(select(Submission)).all()
        assert {one.state for one in questions} == {State.PROTECTED.value}
        assert session.get_one(factories.Dataset, world.dataset).register_head == 1
    assert sorted(len(one.told) for one in registrars) == [1, 2], "the later one is judged anew"


def test_of_two_questions_with_cells_left_for_one_one_is_charged(engine: Engine):
    policy = sdc_policy()
    rules = replace(policy.sdc, project_share=Decimal("0.12"))
    with Session(engine) as session:
        world = factories.furnish(session, policy=replace(policy, sdc=rules))
    for cut in (40, 60):
        ask(engine, world, who="ada", project=world.project, cut=cut)
    both = threading.Barrier(2)

    def carry() -> None:
        Carrier(
            sessionmaker(engine),
            SteadyEngine(),
            "racer",
            slot_scale=0,
            registrar=SteadyRegistrar(),
            at_step=lambda step: both.wait(60) if step == "leased" else None,
        ).next_job()

    racers = [threading.Thread(target=carry) for _ in range(2)]
    for one in racers:
        one.start()
    for one in racers:
        one.join(120)
    with Session(engine) as session:
        states = {one.state for one in session.scalars(select(Submission))}
        assert states == {State.PROTECTED.value, State.REFUSED.value}
        assert len(session.scalars(select(ExactCharge)).all()) == 1


@pytest.mark.parametrize("step", [JUDGED, "settling"])
def test_a_worker_that_dies_with_a_verdict_admits_nothing_twice(engine: Engine, step: str):
    with Session(engine) as session:
        world = factories.furnish(session, policy=sdc_policy())
    ask(engine, world, who="ada", project=world.project, cut=40)
    assert doomed.killed_at(engine.url.render_as_string(hide_password=False), step)
    with Session(engine) as session:
        assert session.scalar(select(ReleaseTable)) is None
    from tests.faults.test_worker_kills import survivor

    assert survivor(engine).next_job()
    with Session(engine) as session:
        row = session.scalars(select(ReleaseTable)).one()
        assert (row.state, row.number) == (TableState.PENDING.value, 1)
