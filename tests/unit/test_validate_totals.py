"""Which questions with totals or subtotals are refused, by which code, at which path?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from queries.language import (
    Aggregate,
    And,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    In,
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
from queries.validate import validate
from tests.catalogues import dp_policy, nested_clinic, sdc_policy

NOISY = dp_policy()
LAPLACE = dp_policy(mechanisms=("discrete_laplace",))
COUNT = Measure(Statistic.COUNT)
AGE, SEX = (ColumnRef("persons", name) for name in ("age", "sex"))

NESTED, EXACT = nested_clinic(), sdc_policy()
KIND = ColumnRef("events", "kind")
EVENTS = Query("clinic", "events", (COUNT,))
TREE = Dimension(KIND, recode="ragged")
SEVERITY = ColumnRef("events", "severity")
UNITS = Measure(Statistic.UNITS)
MEDIAN = Measure(Statistic.QUANTILE, SEVERITY, Decimal("0.5"))
SEVERE = Dimension(SEVERITY, bands=(Decimal(1),))


@pytest.mark.parametrize(
    ("parts", "policy", "code", "place"),
    [
        ({"dimensions": (TREE,)}, LAPLACE, "margins_noisy", "dimensions[0].recode"),
        ({"dimensions": (TREE,), "margins": True}, LAPLACE, "margins_noisy", "margins"),
        (
            {"dimensions": (TREE,), "measures": (COUNT, UNITS)},
            NOISY,
            "margins_units",
            "measures[1]",
        ),
        ({"dimensions": (TREE,), "measures": (MEDIAN,)}, NOISY, "margins_binned", "measures[0]"),
        ({"margins": True}, NOISY, "margins_of_nothing", "margins"),
        ({"margins": True}, EXACT, "margins_of_nothing", "margins"),
        (
            {"dimensions": (TREE, Dimension(KIND, recode="heart"))},
            EXACT,
            "margins_again",
            "dimensions[1].ref",
        ),
        (
            {"dimensions": (Dimension(KIND), Dimension(KIND, recode="heart")), "margins": True},
            EXACT,
            "margins_again",
            "dimensions[1].ref",
        ),
        (
            {
                "dimensions": (TREE,),
                "where": Or((Compare(KIND, Operator.EQ, "mi"), IsNull(SEVERITY))),
            },
            EXACT,
            "margins_filtered",
            "dimensions[0].ref",
        ),
        (
            {
                "dimensions": (
                    TREE,
                    *(Dimension(FeatureRef(f"f{n}")) for n in range(3)),
                ),
                "features": tuple(
                    Feature(f"f{n}", "labs", Aggregate.EXISTS, where=IsNull(c))
                    for n, c in enumerate(ColumnRef("labs", c) for c in ("value", "day", "test"))
                ),
                "margins": True,
            },
            EXACT,
            "margins_too_many",
            "margins",
        ),
    ],
)
def test_totals_and_subtotals_that_may_not_be_asked(parts, policy, code, place):
    found = validate(replace(EVENTS, **parts), NESTED, policy)
    assert (code, place) in [(one.code, one.where) for one in found]


TWO = (Dimension(KIND), SEVERE)


@pytest.mark.parametrize(
    ("parts", "policy", "code", "place"),
    [
        ({"margins": False}, NOISY, "sets_without_margins", "grouping_sets"),
        ({}, EXACT, "sets_exact", "grouping_sets"),
        ({"grouping_sets": ((0,), (2,))}, NOISY, "sets_unknown", "grouping_sets[1]"),
        ({"grouping_sets": (tuple(range(9_999)),)}, NOISY, "sets_unknown", "grouping_sets[0]"),
        ({"grouping_sets": ((0, 0), (1,))}, NOISY, "sets_twice", "grouping_sets[0]"),
        ({"grouping_sets": ((0, 1), (1, 0))}, NOISY, "sets_again", "grouping_sets[1]"),
        ({"grouping_sets": ((0,),) * 10_000}, NOISY, "sets_again", "grouping_sets[1]"),
        ({"grouping_sets": ((0,), ())}, NOISY, "sets_without", "dimensions[1]"),
        ({"grouping_sets": ((1, 0),)}, NOISY, "sets_alone", "grouping_sets"),
        ({"dimensions": ()}, NOISY, "margins_of_nothing", "margins"),
    ],
)
def test_some_tables_that_may_not_be_asked(parts, policy, code, place):
    asked = {"dimensions": TWO, "margins": True, "grouping_sets": ((0,), (1,))}
    assert validate(replace(EVENTS, **asked), NESTED, NOISY) == ()
    found = validate(replace(EVENTS, **{**asked, **parts}), NESTED, policy)
    assert (code, place) in [(one.code, one.where) for one in found]
    assert len(found) < 10


def test_subtotals_and_totals_of_exact_tables_may_be_asked():
    query = replace(EVENTS, dimensions=(TREE, SEVERE), margins=True)
    assert validate(query, NESTED, EXACT) == ()
    both = (Dimension(KIND), Dimension(KIND, recode="heart"))
    assert validate(replace(EVENTS, dimensions=both), NESTED, EXACT) == ()


def test_noisy_tables_have_totals_whatever_everybody_knows_to_be_empty():
    """Noise hides empty cells as well as others."""
    query = replace(EVENTS, dimensions=(TREE, Dimension(KIND, recode="heart")), margins=True)
    assert validate(query, NESTED, NOISY) == ()
    assert validate(replace(query, dimensions=(TREE,), margins=False), NESTED, NOISY) == ()


def test_distinct_units_have_noisy_totals_where_each_is_in_one_cell():
    linked = replace(EVENTS, joins=(Join("event_person"),), measures=(UNITS,), margins=True)
    assert validate(replace(linked, dimensions=(Dimension(SEX),)), NESTED, NOISY) == ()
    found = validate(replace(linked, dimensions=(Dimension(SEX), TREE)), NESTED, NOISY)
    assert [one.code for one in found] == ["margins_units"]


AREA, REGION, DEPRIVATION = (
    ColumnRef(table, column)
    for table, column in (("persons", "area"), ("areas", "region"), ("areas", "deprivation"))
)


def has(name: str, *kinds: str) -> Feature:
    return Feature(name, "events", Aggregate.EXISTS, where=In(KIND, kinds) if kinds else None)


PERSONS = Query(
    "clinic",
    "persons",
    (COUNT,),
    joins=(Join("home"),),
    features=(has("any"), has("dm", "dm"), has("mi", "mi", "st"), has("ht", "ht", "mi")),
)


@pytest.mark.parametrize(
    ("dimensions", "condition", "codes"),
    [
        ((AREA, REGION), None, ["margins_told", "margins_twice"]),  # an area lies in one region
        ((REGION, SEX), None, ["margins_told"]),  # which regions there are is public
        ((REGION, DEPRIVATION), None, ["margins_told", "margins_told", "margins_twice"]),
        ((AREA, SEX), None, []),
        ((AREA, SEX), IsNull(REGION), ["margins_filtered"]),
        ((AREA, SEX), Not(Or((IsNull(AREA), IsNull(AGE)))), ["margins_filtered"]),
        ((AREA, SEX), Compare(AGE, Operator.GT, Decimal(40)), []),
        ((AREA, SEX), And((In(AREA, ("hill",)), Not(IsNull(SEX)))), []),  # of each by itself
        ((FeatureRef("any"), FeatureRef("dm")), None, ["margins_twice"]),  # none without any
        ((FeatureRef("dm"), FeatureRef("mi")), None, []),  # different kinds
        ((FeatureRef("mi"), FeatureRef("ht")), None, ["margins_twice"]),  # mi is of both
        ((FeatureRef("dm"),), Compare(FeatureRef("any"), Operator.EQ, True), ["margins_filtered"]),
        ((FeatureRef("dm"),), Compare(FeatureRef("mi"), Operator.EQ, True), []),
    ],
)
def test_with_totals_nothing_may_say_which_cells_are_empty(dimensions, condition, codes):
    bands = {DEPRIVATION: (Decimal(50),)}
    query = replace(
        PERSONS,
        dimensions=tuple(Dimension(ref, bands=bands.get(ref, ())) for ref in dimensions),
        where=condition,
        margins=True,
    )
    assert [one.code for one in validate(query, NESTED, EXACT)] == codes
    assert validate(replace(query, margins=False), NESTED, EXACT) == ()


def test_a_feature_over_the_rows_that_are_counted_says_something_about_them():
    query = replace(
        EVENTS,
        features=(has("mi", "mi"),),
        dimensions=(Dimension(KIND), Dimension(FeatureRef("mi"))),
        margins=True,
    )
    found = [one.code for one in validate(query, NESTED, EXACT)]
    assert {"margins_told", "margins_twice"} == set(found)


@pytest.mark.parametrize(
    ("kind", "codes"), [(JoinKind.LEFT, []), (JoinKind.INNER, ["margins_told"])]
)
def test_keys_that_a_public_table_lacks_are_known_to_be_dropped(kind, codes):
    query = replace(
        PERSONS, joins=(Join("home", kind),), dimensions=(Dimension(AREA),), margins=True
    )
    assert [one.code for one in validate(query, NESTED, EXACT)] == codes


DAY, VALUE, TEST = (ColumnRef("labs", name) for name in ("day", "value", "test"))


@pytest.mark.parametrize(
    ("aggregate", "column", "condition", "codes"),
    [
        (Aggregate.EXISTS, None, None, []),
        (Aggregate.EXISTS, None, Compare(TEST, Operator.EQ, "hdl"), []),
        (Aggregate.EXISTS, None, IsNull(TEST), ["margins_foregone"]),  # it is never missing
        (Aggregate.EXISTS, None, Compare(VALUE, Operator.GT, Decimal(300)), ["margins_foregone"]),
        (Aggregate.EXISTS, None, Compare(VALUE, Operator.GE, Decimal(300)), []),
        (
            Aggregate.EXISTS,
            None,
            And((Compare(TEST, Operator.EQ, "hdl"), Compare(TEST, Operator.EQ, "sbp"))),
            ["margins_foregone"],
        ),
        (
            Aggregate.COUNT,
            None,
            Or((Compare(TEST, Operator.EQ, "hdl"), IsNull(VALUE))),
            ["margins_foregone"],
        ),
        (Aggregate.MAX, "value", Compare(TEST, Operator.EQ, "hdl"), []),
        (Aggregate.MAX, "value", Compare(VALUE, Operator.LT, Decimal(5)), ["margins_foregone"]),
    ],
)
def test_a_feature_whose_own_condition_rules_values_out(aggregate, column, condition, codes):
    feature = Feature("f", "labs", aggregate, column, where=condition)
    bands = () if aggregate is Aggregate.EXISTS else (Decimal(2),)
    query = replace(
        PERSONS,
        features=(feature,),
        dimensions=(Dimension(FeatureRef("f"), bands=bands),),
        margins=True,
    )
    assert [one.code for one in validate(query, NESTED, EXACT)] == codes
    assert validate(replace(query, margins=False), NESTED, EXACT) == ()
