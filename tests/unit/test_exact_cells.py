"""Exact answers are charged by declared cells, once for each part, and never given back."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from queries.language import ColumnRef, Measure, Statistic
from tests import factories
from tests.catalogues import clinic, sdc_policy
from tests.factories import NOW, a_query
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.on_the_way import ask, decide, events, leave, publish, work
from tre import exact_cells
from tre.errors import GatesClosed
from tre.exact_cells import ExactCharge
from tre.journey import headroom, looked, previewed
from tre.lifecycle import State
from tre.reviews import Decision

CELLS = 6  # two sexes, three bands of age
WITH_INCOME = replace(
    a_query(),
    measures=(Measure(Statistic.COUNT), Measure(Statistic.MEAN, ColumnRef("persons", "income"))),
)
WITH_BMI = replace(a_query(), measures=(Measure(Statistic.MEAN, ColumnRef("persons", "bmi")),))


def rules(**changed):
    policy = sdc_policy()
    return replace(policy, sdc=replace(policy.sdc, **changed))


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=rules())


def room(session, world, project=None, policy=None):
    return exact_cells.room(
        session,
        dataset_id=world.dataset,
        project_id=project or world.project,
        catalogue=clinic(),
        policy=policy or rules(),
        now=NOW,
    )


def answered(session, world, query=None, **given):
    submission = ask(session, world, query=query or a_query(), **given)
    work(session, SteadyEngine())
    session.expire_all()
    return submission


def charged(session):
    return [
        row.cells for row in session.scalars(select(ExactCharge).order_by(ExactCharge.cells.desc()))
    ]


def test_a_question_is_charged_for_its_declared_cells_before_data_is_read(session, world):
    total = int(Decimal("0.05") * clinic().declared_units)
    assert room(session, world).left == total
    submission = answered(session, world)
    assert charged(session) == [CELLS]
    assert room(session, world).left == total - CELLS
    assert events(session, submission).index("cells_charged") < events(session, submission).index(
        "executed"
    )


def test_totals_cost_nothing_and_neither_do_other_numbers_of_the_same_people(session, world):
    answered(session, world)
    answered(session, world, replace(a_query(), margins=True))
    answered(session, world, WITH_INCOME)
    assert charged(session) == [CELLS, 0, 0]


def test_people_with_a_value_are_others_than_all_people(session, world):
    answered(session, world)
    answered(session, world, WITH_BMI)
    assert sum(charged(session)) == 2 * CELLS


def test_a_part_that_left_is_free_for_everybody_and_one_that_waits_is_not(session, world):
    first = answered(session, world)
    second = answered(session, world, who="gus", project=world.other_project)
    assert sorted(charged(session)) == [CELLS, CELLS], "nobody has seen the first"
    leave(session, world, first)
    assert first.state == State.RELEASED
    del second
    needed = exact_cells.needed(
        session, dataset_id=world.dataset, project_id="a third", part=part(session), cells=CELLS
    )
    assert needed == 0


def part(session) -> str:
    return session.scalars(select(ExactCharge.part)).first()


def test_categories_of_tables_that_left_are_suggested(session, world):
    def suggested(who="gus", project=world.other_project):
        return looked.free_parts(
            session,
            person=world.person(session, who),
            project_id=project,
            dataset_name="clinic",
            now=NOW,
        )

    first = answered(session, world)
    assert suggested() == ()
    for who in ("cleo", "dan"):
        decide(session, world, first, who)
    publish(session, world, first)
    (words,) = suggested()
    assert "Sex" in words


def test_nothing_is_given_back_for_a_table_that_clashed(session, world):
    submission = ask(session, world)
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs"))
    assert submission.id
    assert charged(session) == [CELLS]


def test_a_project_has_its_share_and_the_dataset_its_whole(session):
    policy = rules(project_share=Decimal("0.12"))  # 6 of 50 cells
    world = factories.furnish(session, policy=policy)
    answered(session, world)
    with pytest.raises(GatesClosed) as refused:
        ask(session, world, query=a_query(30, 50))
    assert [gate.id for gate in refused.value.gates] == ["exact_cells"]
    ask(session, world, query=a_query(30, 50), who="gus", project=world.other_project)


def test_what_is_left_is_looked_at_again_before_data_is_read(session):
    """Two were asked while there was room for one."""
    world = factories.furnish(session, policy=rules(project_share=Decimal("0.12")))
    first = ask(session, world)
    second = ask(session, world, query=a_query(30, 50))
    work(session, SteadyEngine(), jobs=2)
    session.expire_all()
    assert {first.state, second.state} == {State.PROTECTED.value, State.REFUSED.value}
    assert charged(session) == [CELLS]


def test_exact_questions_are_rationed(session):
    world = factories.furnish(session, policy=rules(weekly=1))
    answered(session, world)
    with pytest.raises(GatesClosed) as refused:
        ask(session, world)
    assert [gate.id for gate in refused.value.gates] == ["exact_weekly"]
    later = exact_cells.room(
        session,
        dataset_id=world.dataset,
        project_id=world.project,
        catalogue=clinic(),
        policy=rules(),
        now=NOW + datetime.timedelta(days=3650),
    )
    assert later.asked_this_week == 0


def test_a_preview_says_what_it_is_charged(session, world):
    seen = previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=a_query(),
        now=NOW,
    )
    assert seen.exact_needed == CELLS
    assert seen.exact == room(session, world)


def test_owners_see_the_curve_and_what_was_refused(session, world):
    first = answered(session, world)
    second = ask(session, world, query=a_query(30, 50))
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs"))

    def seen():
        owner = world.person(session, "eve")
        return headroom.headroom(session, owner=owner, dataset_id=world.dataset, now=NOW)

    assert (seen().points, seen().refused) == ((), ()), "not before checkers have decided"
    leave(session, world, first)
    for who in ("cleo", "dan"):
        decide(session, world, second, who, Decision.REJECT)
    found = seen()
    assert [point.everybody for point in found.points] == [0.012]
    assert [count for _, count in found.refused] == [1]
    assert found.closed == 0.05
