"""From a question to the register's verdict, with a real engine, store and register."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session, sessionmaker

from queries.language import (
    ColumnRef,
    Compare,
    Dimension,
    Join,
    Measure,
    Operator,
    Query,
    Statistic,
)
from queries.register.registrar import Registrar
from queries.run import Sandboxes
from tests import factories
from tests.catalogues import clinic, sdc_policy
from tests.factories import NOW
from tests.on_the_way import ask, decide, leave
from tests.stores import PERSONS, seal, tables_of
from tre import register
from tre.errors import MayNotLeave
from tre.journey import previewed
from tre.lifecycle import State
from tre.worker.carry import Carrier

AGE = ColumnRef("persons", "age")
SEX = Query(
    dataset="clinic",
    source="persons",
    measures=(Measure(Statistic.COUNT),),
    dimensions=(Dimension(ColumnRef("persons", "sex")),),
)
THRESHOLD = 10


@pytest.fixture
def service(session, tmp_path):
    """A world and a function that has the next question worked on."""
    policy = sdc_policy()
    rules = replace(policy.sdc, threshold=THRESHOLD)
    world = factories.furnish(session, policy=replace(policy, sdc=rules))
    store = seal(tmp_path, clinic(), version=factories.VERSION)
    with Sandboxes(store) as sandboxes:
        carrier = Carrier(
            sessionmaker(session.get_bind()),
            sandboxes,
            "real",
            slot_scale=0,
            registrar=Registrar(store),
        )

        def work(query: Query, **given):
            submission = ask(session, world, query=query, **given)
            session.rollback()
            assert carrier.next_job()
            session.expire_all()
            return submission

        yield world, work


def older_than(years: int) -> Query:
    return replace(SEX, where=Compare(AGE, Operator.GE, Decimal(years)))


def few_young() -> int:
    """An age below which there are a few, and fewer than the threshold, of each sex."""
    ages = sorted(row["age"] for row in tables_of(clinic())["persons"])
    return ages[THRESHOLD // 2]


def table(session: Session, submission):
    return register.of_submission(session, submission.id)


def test_the_same_question_about_a_few_less_people_is_refused(session, service):
    """And about many less it is not."""
    world, work = service
    whole = work(SEX)
    assert table(session, whole).judged.safe
    assert table(session, whole).judged.rank == 2
    assert table(session, whole).judged.people == PERSONS
    leave(session, world, whole)
    assert whole.state == State.RELEASED

    less = work(older_than(few_young()), who="gus", project=world.other_project)
    clashes = table(session, less).judged.clashes
    assert {"pairs"} <= {one.layer for one in clashes}
    assert all(0 < one.people < THRESHOLD for one in clashes if one.layer == "pairs")
    with pytest.raises(MayNotLeave):
        decide(session, world, less, "cleo")

    much_less = work(older_than(55), who="gus", project=world.other_project)
    assert table(session, much_less).judged.safe


def test_people_with_a_value_are_judged_apart_from_all(session, service):
    """The mean of a number that some lack tells how many lack it."""
    _, work = service
    mean = replace(
        SEX,
        measures=(Measure(Statistic.COUNT), Measure(Statistic.MEAN, ColumnRef("persons", "bmi"))),
    )
    entry = table(session, work(mean)).entry
    assert entry.count("IS NOT NULL") >= 1


VISITS = replace(SEX, source="labs", dimensions=(Dimension(ColumnRef("labs", "test")),))
PATIENTS = replace(VISITS, measures=(Measure(Statistic.UNITS),))


def test_visits_of_which_a_person_has_several_are_not_judged(session, service):
    world, work = service
    assert not seen(session, world, VISITS).may_leave, "it says so before it is asked"
    assert seen(session, world, SEX).may_leave
    (clash,) = table(session, work(VISITS)).judged.clashes
    assert clash.layer == "unjudged"
    both = replace(VISITS, measures=(*VISITS.measures, *PATIENTS.measures))
    assert not seen(session, world, both).may_leave
    (clash,) = table(session, work(both)).judged.clashes
    assert clash.layer == "unjudged"


@pytest.mark.parametrize("totals", [False, True], ids=["plain", "totals"])
def test_how_many_people_have_a_test_leaves_though_one_has_several(session, service, totals):
    world, work = service
    patients = replace(PATIENTS, margins=totals)
    assert seen(session, world, patients).may_leave
    whole = work(patients)
    assert table(session, whole).judged.safe
    assert '"shared":true' in table(session, whole).entry
    leave(session, world, whole)
    assert whole.state == State.RELEASED


def test_a_few_people_less_are_told_by_the_second_table_of_tests(session, service):
    world, work = service
    leave(session, world, work(PATIENTS))
    joined = replace(PATIENTS, joins=(Join("lab_person"),))
    less = replace(joined, where=Compare(AGE, Operator.GE, Decimal(few_young())))
    again = work(less, who="gus", project=world.other_project)
    clashes = table(session, again).judged.clashes
    assert {one.layer for one in clashes} & {"pairs", "twins"}
    with pytest.raises(MayNotLeave):
        decide(session, world, again, "cleo")


def test_people_with_some_rows_are_a_group_like_any_other(session, service):
    """A filter on rows: whoever has one that it keeps. The next day a few more have."""
    world, work = service
    high = ColumnRef("labs", "value")
    most: dict[int, int] = {}  # in hundredths, of those who have any
    for row in tables_of(clinic())["labs"]:
        if row["value"] is not None:
            most[row["person"]] = max(row["value"], most.get(row["person"], 0))
    ordered = sorted(most.values())
    at, beside = ordered[len(ordered) // 2], ordered[len(ordered) // 2 - THRESHOLD // 2]

    def above(value: int) -> Query:
        limit = Decimal(value).scaleb(-2)
        return replace(PATIENTS, dimensions=(), where=Compare(high, Operator.GE, limit))

    first = work(above(at))
    assert table(session, first).judged.safe
    leave(session, world, first)
    second = work(above(beside), who="gus", project=world.other_project)
    clashes = table(session, second).judged.clashes
    assert {one.layer for one in clashes} & {"pairs", "twins"}
    assert all(0 < one.people < THRESHOLD for one in clashes if one.layer == "pairs")


def seen(session, world, query):
    person, project = world.person(session, "ada"), world.project
    return previewed.preview(session, person=person, project_id=project, query=query, now=NOW)


def test_totals_with_hidden_cells_are_judged(session, service):
    _, work = service
    bands = replace(
        SEX,
        dimensions=(
            *SEX.dimensions,
            Dimension(AGE, bands=tuple(map(Decimal, (few_young(), 40, 60)))),
        ),
        margins=True,
    )
    found = table(session, work(bands))
    assert '"total":true' in found.entry
    assert found.judged.rank > 2
