"""Which typed queries are refused, by which code, at which path? For those SQL cannot spell."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from queries.errors import QueryRefused
from queries.language import (
    Aggregate,
    And,
    Between,
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
from queries.validate import (
    MOST_DIMENSIONS,
    MOST_FEATURES,
    MOST_JOINS,
    MOST_MEASURES,
    admit,
    validate,
)
from queries.validate_conditions import DEEPEST_CONDITION, MOST_CONDITIONS
from tests.catalogues import clinic, dp_policy, nested_clinic, sdc_policy

CLINIC, POLICY = clinic(), dp_policy()
COUNT = Measure(Statistic.COUNT)
AGE, SEX, SEEN = (ColumnRef("persons", name) for name in ("age", "sex", "seen"))
TOP = Feature("top", "labs", Aggregate.MAX, "value")
PLAIN = Query("clinic", "persons", (COUNT,))


def problems(**parts: object) -> list[tuple[str, str]]:
    found = validate(replace(PLAIN, **parts), CLINIC, POLICY)
    return [(problem.code, problem.where) for problem in found]


def deep(depth: int):
    predicate = IsNull(AGE)
    for _ in range(depth - 1):
        predicate = Not(predicate)
    return predicate


def where(predicate) -> dict[str, object]:
    return {"where": predicate}


def featured(**changed: object) -> dict[str, object]:
    return {"features": (replace(TOP, **changed),)}


def test_a_plain_question_is_answerable():
    assert problems() == []
    assert admit(PLAIN, CLINIC, POLICY) is PLAIN


@pytest.mark.parametrize(
    ("parts", "code", "place"),
    [
        ({"dataset": "other"}, "unknown_dataset", "dataset"),
        ({"source": "people"}, "unknown_table", "source"),
        ({"source": "areas"}, "public_source", "source"),
        ({"measures": ()}, "no_measure", "measures"),
        ({"joins": (Join("hom"),)}, "unknown_link", "joins[0].link"),
        ({"joins": (Join("in_region"),)}, "link_unreachable", "joins[0].link"),
        ({"joins": (Join("home"), Join("home"))}, "table_twice", "joins[1].link"),
        ({"joins": (Join("lab_person"),)}, "link_unreachable", "joins[0].link"),
        ({"measures": (Measure(Statistic.COUNT, AGE),)}, "measure_with_ref", "measures[0].ref"),
        ({"measures": (Measure(Statistic.SUM),)}, "measure_without_ref", "measures[0].ref"),
        ({"measures": (Measure(Statistic.SUM, SEX),)}, "needs_number", "measures[0].ref"),
        ({"measures": (COUNT, COUNT)}, "duplicate_measure", "measures[1]"),
        (
            {"measures": (Measure(Statistic.MEAN, FeatureRef("top")),)},
            "unknown_feature",
            "measures[0].ref",
        ),
        ({"dimensions": (Dimension(SEX), Dimension(SEX))}, "duplicate_dimension", "dimensions[1]"),
        ({"dimensions": (Dimension(AGE),)}, "needs_bands", "dimensions[0]"),
        (
            {"dimensions": (Dimension(ColumnRef("events", "kind"), recode="heart"),)},
            "table_not_linked",
            "dimensions[0].ref",
        ),
        (
            {"dimensions": (Dimension(AGE, bands=(Decimal(3),), recode="coast"),)},
            "bands_and_recode",
            "dimensions[0]",
        ),
        (
            {"dimensions": (Dimension(AGE, bands=(Decimal(3), Decimal(3))),)},
            "bands_not_rising",
            "dimensions[0].bands",
        ),
        (
            {"dimensions": (Dimension(AGE, bands=(datetime.date(2000, 1, 1),)),)},
            "wrong_type",
            "dimensions[0].bands[0]",
        ),
        (
            {"dimensions": (Dimension(SEEN, bands=(Decimal(10_000),)),)},
            "wrong_type",
            "dimensions[0].bands[0]",
        ),
        (
            {"dimensions": (Dimension(SEEN, bands=(datetime.date(1980, 1, 1),)),)},
            "bands_outside",
            "dimensions[0].bands[0]",
        ),
        (featured(name="Top"), "bad_name", "features[0].name"),
        (featured(name="a; b"), "bad_name", "features[0].name"),
        (featured(table="lab"), "unknown_table", "features[0].table"),
        (featured(table="areas"), "public_feature", "features[0].table"),
        (featured(column=None), "needs_value_column", "features[0].column"),
        (featured(column="person"), "unit_column", "features[0].column"),
        (featured(column="test"), "min_of_code", "features[0].column"),
        (featured(aggregate=Aggregate.MEAN, column="day"), "needs_number", "features[0].column"),
        (featured(aggregate=Aggregate.COUNT), "needs_no_column", "features[0].column"),
        (featured(aggregate=Aggregate.LAST), "needs_order", "features[0].order_by"),
        (featured(order_by="day"), "needs_no_order", "features[0].order_by"),
        (
            featured(aggregate=Aggregate.FIRST, order_by="value"),
            "needs_date",
            "features[0].order_by",
        ),
        (
            featured(where=IsNull(FeatureRef("top"))),
            "feature_in_feature",
            "features[0].where.ref",
        ),
        (featured(where=IsNull(AGE)), "other_table_in_feature", "features[0].where.ref"),
        ({"features": (TOP, TOP)}, "duplicate_feature", "features[1].name"),
        (
            {
                "features": (TOP, replace(TOP, name="peak")),
                "measures": tuple(Measure(Statistic.SUM, FeatureRef(n)) for n in ("top", "peak")),
            },
            "duplicate_measure",
            "measures[1]",
        ),
        (
            {
                "features": (TOP, replace(TOP, name="peak")),
                "dimensions": tuple(
                    Dimension(FeatureRef(n), bands=(Decimal(50),)) for n in ("top", "peak")
                ),
            },
            "duplicate_dimension",
            "dimensions[1]",
        ),
        (where(And(())), "empty_list", "where.parts"),
        (where(Or((And(()),))), "empty_list", "where.parts[0].parts"),
        (where(In(SEX, ())), "empty_list", "where.values"),
        (where(In(SEX, ("f", "x"))), "unknown_code", "where.values[1]"),
        (where(In(SEX, ("Female",))), "unknown_code", "where.values[0]"),
        (where(Compare(AGE, Operator.EQ, "40")), "wrong_type", "where.value"),
        (where(Compare(AGE, Operator.EQ, value=True)), "wrong_type", "where.value"),
        (where(Compare(AGE, Operator.EQ, Decimal("NaN"))), "too_large", "where.value"),
        (where(Compare(AGE, Operator.EQ, Decimal("1e999999"))), "too_large", "where.value"),
        (where(Compare(AGE, Operator.EQ, Decimal("1e-999999"))), "too_fine", "where.value"),
        (where(Compare(AGE, Operator.EQ, Decimal(2**62))), "too_large", "where.value"),
        (
            where(Compare(SEEN, Operator.LT, datetime.datetime(2000, 1, 1))),  # noqa: DTZ001
            "wrong_type",
            "where.value",
        ),
        (where(Not(Between(AGE, Decimal(9), Decimal(8)))), "empty_range", "where.part"),
        (where(deep(DEEPEST_CONDITION + 1)), "too_deep", "where"),
        (where(deep(100_000)), "too_deep", "where"),
        (featured(where=deep(DEEPEST_CONDITION + 1)), "too_deep", "features[0].where"),
        (where(Or((IsNull(AGE),) * MOST_CONDITIONS)), "too_many_conditions", "where"),
        (where(In(AGE, tuple(map(Decimal, range(1001))))), "too_many_values", "where"),
        ({"features": (TOP,) * (MOST_FEATURES + 1)}, "too_many_features", "features"),
        ({"measures": (COUNT,) * (MOST_MEASURES + 1)}, "too_many_measures", "measures"),
        (
            {"dimensions": (Dimension(SEX),) * (MOST_DIMENSIONS + 1)},
            "too_many_dimensions",
            "dimensions",
        ),
        ({"joins": (Join("home"),) * (MOST_JOINS + 1)}, "too_many_joins", "joins"),
    ],
)
def test_a_query_is_refused_by_code_at_its_path(parts, code, place):
    assert (code, place) in problems(**parts)


def test_every_problem_is_named_at_once():
    found = problems(
        source="people",
        joins=(Join("nowhere"),),
        measures=(Measure(Statistic.SUM),),
        where=Compare(AGE, Operator.EQ, "x"),
    )

    assert {code for code, _ in found} >= {
        "unknown_table",
        "unknown_link",
        "measure_without_ref",
        "table_not_linked",
    }


def test_the_size_of_the_grid_is_said():
    bands = tuple(map(Decimal, range(1, 51)))
    dimensions = (Dimension(AGE, bands), Dimension(ColumnRef("persons", "bmi"), bands[10:]))
    (found,) = validate(replace(PLAIN, dimensions=dimensions), CLINIC, POLICY)

    assert found.code == "too_many_cells"
    assert str(51 * (41 + 1)) in found.message  # the body mass index may be missing
    assert "2000" in found.message


def test_the_nearest_code_is_suggested():
    (found,) = validate(replace(PLAIN, where=In(SEX, ("femal",))), CLINIC, POLICY)

    assert "Did you mean Female?" in found.message


def test_a_refused_query_carries_its_problems():
    with pytest.raises(QueryRefused) as refused:
        admit(replace(PLAIN, measures=()), CLINIC, POLICY)

    assert [problem.code for problem in refused.value.problems] == ["no_measure"]
    assert "measure" in refused.value.detail


NESTED, EXACT = nested_clinic(), sdc_policy()
KIND = ColumnRef("events", "kind")
EVENTS = Query("clinic", "events", (COUNT,))
TREE = Dimension(KIND, recode="ragged")
SEVERITY = ColumnRef("events", "severity")
SEVERE = Dimension(SEVERITY, bands=(Decimal(1),))


@pytest.mark.parametrize(
    ("parts", "policy", "code", "place"),
    [
        ({"dimensions": (TREE,)}, POLICY, "margins_noisy", "dimensions[0].recode"),
        ({"dimensions": (TREE,), "margins": True}, POLICY, "margins_noisy", "margins"),
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


def test_subtotals_and_totals_of_exact_tables_may_be_asked():
    query = replace(EVENTS, dimensions=(TREE, SEVERE), margins=True)
    assert validate(query, NESTED, EXACT) == ()
    both = (Dimension(KIND), Dimension(KIND, recode="heart"))
    assert validate(replace(EVENTS, dimensions=both), NESTED, EXACT) == ()


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
