"""Is what a table implies really in it? The engine counts both questions and they must agree.

Generated questions, each with what could follow from it: dimensions left out, made coarser, and
conditions on whole places. Wherever ``roll_up`` says yes, every number of the one is, cell by
cell, the sum of the numbers of the other, before any noise.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control.policy import Policy
from queries import fingerprint
from queries.language import (
    Aggregate,
    And,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    IsNull,
    Join,
    JoinKind,
    Measure,
    Not,
    Operator,
    Or,
    Query,
    Statistic,
)
from queries.plan import plan
from queries.rolled_up import roll_up
from queries.validate import validate
from tests.catalogues import cell_policy, dp_policy, nested_clinic, worded_clinic, worded_policy
from tests.engines import MemoryStore
from tests.made_up import CLINIC, clinics, predicate, questions

STORE = MemoryStore(CLINIC)
SLOW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
]
COUNT, UNITS = Measure(Statistic.COUNT), Measure(Statistic.UNITS)


@st.composite
def implied(draw, held: Query) -> Query:
    """A question that may follow from ``held``: it often does, and often does not."""
    kept = tuple(one for one in held.dimensions if draw(st.booleans()))
    coarser = tuple(
        replace(one, bands=tuple(cut for cut in one.bands if draw(st.integers(0, 3))) or one.bands)
        for one in kept
    )
    measures = tuple(one for one in held.measures if draw(st.integers(0, 3))) or held.measures
    refs = [one.ref for one in held.dimensions]
    where = held.where
    if refs and draw(st.booleans()):
        more = draw(predicate(refs, held, CLINIC))
        where = more if where is None else And((where, more))
    return replace(held, dimensions=coarser, measures=measures, where=where, margins=False)


def agree(
    asked: Query,
    held: Query,
    *,
    store: MemoryStore = STORE,
    catalogue=CLINIC,
    policy: Policy | None = None,
) -> None:
    """Of a roll-up that is allowed. Raises AssertionError."""
    policy = policy or dp_policy()
    found = roll_up(asked, held, catalogue=catalogue, policy=policy)
    theirs = plan(fingerprint.canonical(held, catalogue), catalogue, policy)
    own = plan(fingerprint.canonical(asked, catalogue), catalogue, policy)
    counted, said = store.vectors(own), store.vectors(theirs)
    for place, places in enumerate(found.columns):
        mine, others = own.shape.published[place], [theirs.shape.published[at] for at in places]
        if len(others) > 1:
            assert counted[mine.count] == _added(said[others[1].count], found.cells)
            assert _plain(own, mine, counted) == _added(
                _plain(theirs, others[0], said), found.cells
            )
            continue
        for name, of in zip(_read(mine), _read(others[0]), strict=True):
            assert counted[name] == _added(said[of], found.cells), (mine.name, name)


def _added(vector, cells) -> tuple[int, ...]:
    return tuple(sum(vector[cell] for cell in own) for own in cells)


def _plain(planned, column, counted) -> tuple[int, ...]:
    """What is added up, whatever was subtracted from each of its rows."""
    total = planned.shape.vector(column.total)
    counts = counted[column.count]
    pairs = zip(counted[total.name], counts, strict=True)
    return tuple(one + total.centre * count for one, count in pairs)


def _read(column) -> tuple[str, ...]:
    """Of a mean only the count: its total has another centre where a sum is asked beside it."""
    totals = column.read if column.kind.value != "mean" else (column.count,)
    return tuple(totals)


@pytest.mark.parametrize("policy", [dp_policy(), cell_policy()], ids=["by rows", "by cells"])
@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(data=st.data(), tables=clinics(), held=questions())
def test_what_is_implied_is_what_the_engine_counts(policy, data, tables, held):
    held = replace(held, margins=False)
    asked = data.draw(implied(held))
    assume(not validate(held, CLINIC, policy) and not validate(asked, CLINIC, policy))
    assume(roll_up(asked, held, catalogue=CLINIC, policy=policy) is not None)
    STORE.fill(tables)

    agree(asked, held, policy=policy)


# What is implied, and what is not: of each a table of persons or of their results.

AGE, SEX, BMI, AREA, INCOME = (
    ColumnRef("persons", name) for name in ("age", "sex", "bmi", "area", "income")
)
TEST, DAY, VALUE = (ColumnRef("labs", name) for name in ("test", "day", "value"))
AGES = Dimension(AGE, bands=(Decimal(20), Decimal(40), Decimal(60)))
COARSE = Dimension(AGE, bands=(Decimal(40),))
FINER = Dimension(AGE, bands=(Decimal(40), Decimal(50)))
SUM = Measure(Statistic.SUM, BMI)
MEAN = Measure(Statistic.MEAN, BMI)
MEDIAN = Measure(Statistic.QUANTILE, BMI, Decimal("0.5"))
MEN = Compare(SEX, Operator.EQ, "m")
OLD = Compare(AGE, Operator.GE, Decimal(40))


def persons(*measures: Measure, by: tuple[Dimension, ...] = (), where=None, **more) -> Query:
    return Query("clinic", "persons", measures, by, where=where, **more)


def labs(*measures: Measure, by: tuple[Dimension, ...] = (), where=None, **more) -> Query:
    joins = (Join("lab_person"),)
    return Query("clinic", "labs", measures, by, where=where, joins=joins, **more)


def grades(*measures: Measure, **more) -> Query:
    """Of results with a person, so that each has an age."""
    return replace(labs(*measures, **more), joins=(Join("lab_person", JoinKind.INNER),))


SEXES, TESTS, AREAS = Dimension(SEX), Dimension(TEST), Dimension(AREA)
COAST = Dimension(AREA, recode="coast")
SICK = Feature("sick", "labs", Aggregate.EXISTS, where=Compare(TEST, Operator.EQ, "hdl"))
HELD = persons(COUNT, SUM, MEAN, by=(SEXES, AGES))
CUT = Measure(Statistic.NONNEGATIVE_SUM, BMI)
IMPLIED = {
    "the same": (HELD, HELD),
    "one place, of sums that were cut": (
        persons(CUT, by=(AGES,), where=MEN),
        persons(CUT, COUNT, by=(SEXES, AGES)),
    ),
    "a dimension less": (persons(COUNT, by=(SEXES,)), HELD),
    "none at all": (persons(SUM, COUNT), HELD),
    "coarser bands": (persons(COUNT, by=(COARSE, SEXES)), HELD),
    "groups of codes": (persons(COUNT, by=(COAST,)), persons(COUNT, by=(AREAS,))),
    "groups, and a condition on one": (
        persons(COUNT, by=(COAST,), where=Compare(AREA, Operator.NE, "hill")),
        persons(COUNT, by=(AREAS, SEXES)),
    ),
    "one dimension twice": (
        persons(COUNT, by=(AREAS, COAST)),
        persons(COUNT, by=(AREAS,)),
    ),
    "one place of a code": (persons(COUNT, MEAN, by=(AGES,), where=MEN), HELD),
    "places by their edges": (persons(COUNT, by=(SEXES,), where=OLD), HELD),
    "both": (persons(SUM, where=And((MEN, OLD))), HELD),
    "who has a value": (persons(COUNT, where=Not(IsNull(AREA))), persons(COUNT, by=(AREAS,))),
    "a condition that both have": (
        persons(COUNT, where=And((OLD, MEN))),
        persons(COUNT, by=(SEXES,), where=OLD),
    ),
    "the same condition in other words": (
        persons(COUNT, where=Not(Compare(AGE, Operator.LT, Decimal(40)))),
        persons(COUNT, by=(SEXES,), where=OLD),
    ),
    "a mean of a sum and a count": (
        persons(Measure(Statistic.MEAN, AGE), by=(SEXES,)),
        persons(COUNT, Measure(Statistic.SUM, AGE), by=(SEXES, AREAS)),
    ),
    "a mean of the same cells that was not asked": (
        persons(Measure(Statistic.MEAN, INCOME), COUNT, by=(SEXES,)),
        persons(UNITS, COUNT, Measure(Statistic.SUM, INCOME), by=(SEXES,)),
    ),
    "a mean of rows that weigh the same": (
        grades(Measure(Statistic.MEAN, AGE), by=(TESTS,)),
        grades(COUNT, Measure(Statistic.SUM, AGE), by=(TESTS, SEXES)),
    ),
    "a table with totals": (persons(COUNT, by=(SEXES,)), replace(HELD, margins=True)),
    "a median of the same cells": (persons(MEDIAN), persons(COUNT, MEDIAN)),
    "a feature of another name": (
        persons(COUNT, by=(Dimension(FeatureRef("ill")),), features=(replace(SICK, name="ill"),)),
        persons(COUNT, by=(SEXES, Dimension(FeatureRef("sick"))), features=(SICK,)),
    ),
    "units of rows that all lie in one cell": (
        labs(UNITS, COUNT),
        labs(COUNT, UNITS, by=(SEXES,)),
    ),
    "units kept with all their rows": (labs(COUNT, where=MEN), labs(COUNT, by=(SEXES,))),
    "rows that weigh the same": (labs(COUNT, by=(SEXES, TESTS)), labs(COUNT, by=(TESTS, SEXES))),
    "rows added up that weigh the same": (
        labs(COUNT, by=(TESTS,)),
        labs(COUNT, by=(TESTS, SEXES)),
    ),
}
NOT_IMPLIED = {
    "sums that were cut, added up": (
        persons(CUT, COUNT, by=(SEXES,)),
        persons(CUT, COUNT, by=(SEXES, AGES)),
    ),
    "a sum from one that was cut": (persons(SUM, by=(SEXES,)), persons(CUT, by=(SEXES,))),
    "a mean from a sum that was cut": (
        persons(MEAN, by=(SEXES,)),
        persons(CUT, COUNT, by=(SEXES,)),
    ),
    "another number": (persons(Measure(Statistic.SUM, AGE)), HELD),
    "another dimension": (persons(COUNT, by=(AREAS,)), HELD),
    "finer bands": (persons(COUNT, by=(FINER,)), HELD),
    "codes of groups": (persons(COUNT, by=(AREAS,)), persons(COUNT, by=(COAST,))),
    "a condition within a group": (
        persons(COUNT, where=Compare(AREA, Operator.EQ, "hill")),
        persons(COUNT, by=(COAST,)),
    ),
    "a condition within a place": (
        persons(COUNT, where=Compare(AGE, Operator.GE, Decimal(45))),
        HELD,
    ),
    "a condition on something else": (persons(COUNT, where=Not(IsNull(BMI))), HELD),
    "a condition on two dimensions at once": (
        persons(COUNT, where=Or((MEN, OLD))),
        HELD,
    ),
    "fewer conditions": (persons(COUNT), persons(COUNT, by=(SEXES,), where=OLD)),
    "a mean of which nothing tells how many have a value": (persons(MEAN), HELD),
    "a mean without its count": (
        persons(Measure(Statistic.MEAN, AGE)),
        persons(Measure(Statistic.SUM, AGE), by=(SEXES,)),
    ),
    "a mean of rows that are cut in the sum": (
        grades(Measure(Statistic.MEAN, AGE)),
        grades(COUNT, Measure(Statistic.SUM, AGE), by=(SEXES,)),
    ),
    "a median of several cells": (persons(MEDIAN), persons(MEDIAN, by=(SEXES,))),
    "several cells of a table with totals": (
        persons(COUNT, by=(COARSE,)),
        persons(COUNT, by=(AGES,), margins=True),
    ),
    "totals of a table without": (replace(HELD, margins=True), HELD),
    "units that may be in several cells": (
        labs(UNITS, by=(TESTS,)),
        labs(UNITS, by=(TESTS, SEXES)),
    ),
    "rows that weigh otherwise in whole units": (
        labs(COUNT, by=(SEXES,)),
        labs(COUNT, by=(SEXES, TESTS)),
    ),
    "rows that weigh otherwise among fewer": (
        labs(COUNT, by=(TESTS,), where=Compare(TEST, Operator.EQ, "hdl")),
        labs(COUNT, by=(TESTS,)),
    ),
    "rows of another table": (labs(COUNT), persons(COUNT)),
    "rows with a match alone": (
        replace(labs(COUNT, by=(SEXES,)), joins=(Join("lab_person", JoinKind.INNER),)),
        labs(COUNT, by=(SEXES,)),
    ),
    "a feature of other rows": (
        persons(COUNT, by=(Dimension(FeatureRef("sick")),), features=(replace(SICK, where=None),)),
        persons(COUNT, by=(SEXES, Dimension(FeatureRef("sick"))), features=(SICK,)),
    ),
}


@pytest.mark.parametrize("name", IMPLIED)
@settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics())
def test_what_follows_is_found_and_is_true(name, tables):
    asked, held = IMPLIED[name]
    assert not validate(asked, CLINIC, dp_policy()), name
    assert not validate(held, CLINIC, dp_policy()), name
    STORE.fill(tables)

    assert roll_up(asked, held, catalogue=CLINIC, policy=dp_policy()) is not None
    if not held.margins:
        agree(asked, held)


@pytest.mark.parametrize("name", NOT_IMPLIED)
def test_what_does_not_follow_is_not_found(name):
    asked, held = NOT_IMPLIED[name]
    assert not validate(asked, CLINIC, dp_policy()), name
    assert not validate(held, CLINIC, dp_policy()), name

    assert roll_up(asked, held, catalogue=CLINIC, policy=dp_policy()) is None


def test_totals_are_read_where_a_table_has_them():
    held = replace(HELD, margins=True)
    found = roll_up(persons(COUNT, by=(SEXES,)), held, catalogue=CLINIC, policy=dp_policy())

    assert all(len(cells) == 1 for cells in found.cells)


def test_nothing_is_told_from_a_table_by_unknown_keys():
    catalogue, policy = worded_clinic(), worded_policy()
    held = Query("clinic", "persons", (COUNT,), (Dimension(ColumnRef("persons", "job")),))

    assert not validate(held, catalogue, policy)
    assert roll_up(held, held, catalogue=catalogue, policy=policy) is None


def test_of_groups_within_groups_only_the_same_table_tells():
    catalogue = nested_clinic()
    held = persons(COUNT, by=(Dimension(AREA, recode="inland"),))
    asked = replace(held, dimensions=())
    same = roll_up(held, held, catalogue=catalogue, policy=dp_policy())

    assert same is not None
    assert roll_up(asked, held, catalogue=catalogue, policy=dp_policy()) is None
