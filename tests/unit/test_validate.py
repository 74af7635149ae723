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
from tests.catalogues import clinic, dp_policy

CLINIC, POLICY = clinic(), dp_policy()
COUNT = Measure(Statistic.COUNT)
AGE, SEX, SEEN, BMI = (ColumnRef("persons", name) for name in ("age", "sex", "seen", "bmi"))
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
        (
            {"measures": (Measure(Statistic.COUNT, per=ColumnRef("nowhere", "x")),)},
            "needs_no_divisor",
            "measures[0].per",
        ),
        (
            {"measures": (Measure(Statistic.MEAN, AGE, per=BMI),)},
            "needs_no_divisor",
            "measures[0].per",
        ),
        (
            {"measures": (Measure(Statistic.RATIO, AGE, per=ColumnRef("persons", "x")),)},
            "unknown_column",
            "measures[0].per",
        ),
        ({"measures": (Measure(Statistic.RATIO, AGE),)}, "needs_divisor", "measures[0].per"),
        ({"measures": (Measure(Statistic.SLOPE, AGE),)}, "needs_explanation", "measures[0].per"),
        (
            {"measures": (Measure(Statistic.SUM, AGE, adjusted=(BMI,)),)},
            "needs_no_adjusters",
            "measures[0].adjusted",
        ),
        (
            {
                "measures": (
                    Measure(
                        Statistic.SLOPE,
                        AGE,
                        per=BMI,
                        adjusted=tuple(FeatureRef(f"f{at}") for at in range(7)),
                    ),
                )
            },
            "too_many_adjusters",
            "measures[0].adjusted",
        ),
        ({"measures": (Measure(Statistic.QUANTILE, AGE),)}, "needs_level", "measures[0].level"),
        (
            {"measures": (Measure(Statistic.UNITS, level=Decimal("0.5")),)},
            "needs_no_level",
            "measures[0].level",
        ),
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
