"""Does removing one unit ever move a vector further than the plan declares?

The law runs the plan's own statement with and without each unit. Planted mutants, each of which
forgets one bound, must break it: a law that they pass would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control.dp import parts
from disclosure_control.tables import Sensitivity
from queries.engines import block_distinct, row_cells
from queries.engines.statement import statement
from queries.language import (
    ColumnRef,
    Dimension,
    IsNull,
    Join,
    Measure,
    Not,
    Predicate,
    Query,
    Statistic,
)
from queries.plan import Plan, plan
from queries.plan_vectors import Contribution
from queries.validate import validate
from queries.values import date_of_days
from tests.catalogues import cell_policy, dp_policy
from tests.engines import MemoryStore
from tests.made_up import CLINIC, UNITS, clinics, questions

STORE = MemoryStore(CLINIC)
BY_ROWS_AND_CELLS = pytest.mark.parametrize(
    "policy", [dp_policy(), cell_policy()], ids=["by rows", "by cells"]
)
SLOW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]


def violations(planned: Plan, *, sql: str | None = None) -> Iterator[tuple[str, int]]:
    """(vector, unit) wherever leaving out the unit moves the vector beyond its sensitivity."""
    whole = STORE.vectors(planned, sql=sql)
    for unit in range(UNITS):
        with STORE.without(unit):
            rest = STORE.vectors(planned, sql=sql)
        for vector in planned.shape.vectors:
            moves = [a - b for a, b in zip(whole[vector.name], rest[vector.name], strict=True)]
            if not _within(moves, vector.sensitivity):
                yield vector.name, unit


def violations_of_parts(planned: Plan, *, sql: str | None = None) -> Iterator[tuple[str, int]]:
    """(total, unit) wherever leaving out the unit moves both parts of a total beyond it."""
    whole = _parts(planned, sql=sql)
    for unit in range(UNITS):
        with STORE.without(unit):
            rest = _parts(planned, sql=sql)
        for vector in planned.shape.vectors:
            if vector.beside is None:
                continue
            pairs = zip(whole[vector.name], rest[vector.name], strict=True)
            moves = [abs(a - b) for a, b in pairs]
            squares = sum(move**2 for move in moves)
            if sum(moves) > vector.sensitivity.l1 or squares > vector.sensitivity.l2_squared:
                yield vector.name, unit


def _parts(planned: Plan, *, sql: str | None) -> dict[str, list[int]]:
    """By total: the cells of both its parts."""
    counted = STORE.vectors(planned, sql=sql)
    return {
        one.name: [*counted[one.name], *parts.rest(one, counted[one.name], counted[one.beside])]
        for one in planned.shape.vectors
        if one.beside is not None
    }


def _within(moves: list[int], bound: Sensitivity) -> bool:
    sizes = [abs(move) for move in moves]
    return (
        sum(size > 0 for size in sizes) <= bound.l0
        and sum(sizes) <= bound.l1
        and sum(size**2 for size in sizes) <= bound.l2_squared
        and max(sizes) <= bound.linf
    )


@BY_ROWS_AND_CELLS
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions())
def test_removing_one_unit_never_moves_a_vector_beyond_its_declared_sensitivity(
    policy, tables, query
):
    STORE.fill(tables)

    assert list(violations(plan(query, CLINIC, policy))) == []


@BY_ROWS_AND_CELLS
@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions(), margins=st.booleans())
def test_removing_one_unit_never_moves_both_parts_of_a_total_beyond_what_is_declared(
    policy, tables, query, margins
):
    """``rest`` refuses besides, should the second part be below zero anywhere."""
    sums = {ref: Measure(Statistic.SUM, ref) for one in query.measures for ref in one.refs}
    query = replace(query, measures=(*sums.values(), Measure(Statistic.COUNT)), margins=margins)
    assume(not validate(query, CLINIC, policy))
    planned = plan(query, CLINIC, policy)
    assume(any(one.beside for one in planned.shape.vectors))
    STORE.fill(tables)

    assert list(violations_of_parts(planned)) == []


@BY_ROWS_AND_CELLS
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions())
def test_no_vector_exceeds_its_declared_magnitude(policy, tables, query):
    STORE.fill(tables)
    planned = plan(query, CLINIC, policy)

    counted = STORE.vectors(planned)

    assert all(
        abs(cell) <= vector.magnitude < 2**62
        for vector in planned.shape.vectors
        for cell in counted[vector.name]
    )


# Planted faults. Every unit has six high results of both kinds, spread over many days.


def _extreme_tables() -> dict[str, list[dict[str, int | None]]]:
    days = (8000, 10000, 12000, 14000, 16000, 18000)
    persons = [
        {
            "person": u,
            "sex": 0,
            "age": 110,
            "bmi": 800,
            "income": 25_000_000,
            "smoker": 1,
            "seen": 10000,
            "area": None,
        }
        for u in range(UNITS)
    ]
    labs = [
        {"person": u, "test": at % 2, "value": 30_000, "day": day}
        for u in range(UNITS)
        for at, day in enumerate(days)
    ]
    return {"persons": persons, "labs": labs, "events": [], "areas": [], "regions": []}


VALUE, TEST, DAY = (ColumnRef("labs", name) for name in ("value", "test", "day"))
SEX = Dimension(ColumnRef("persons", "sex"))
MANY_DAYS = Dimension(DAY, bands=tuple(date_of_days(day) for day in range(9000, 18000, 2000)))


def _asked(measure: Measure, *dimensions: Dimension, where: Predicate | None = None) -> Query:
    joins = (Join("lab_person"),)
    return Query("clinic", "labs", (measure,), dimensions, where=where, joins=joins)


INCOME, AGE = (ColumnRef("persons", name) for name in ("income", "age"))
INCOME_BY_AGE = Query("clinic", "persons", (Measure(Statistic.SLOPE, INCOME, per=AGE),))

MUTANTS = {
    "a count that does not stop": (_asked(Measure(Statistic.COUNT), SEX), "least(_n, 3)", "_n"),
    "a count of values that does not stop": (
        _asked(Measure(Statistic.MEAN, VALUE), SEX),
        'least("_n_value", 3)',
        '"_n_value"',
    ),
    "a total that is not clamped": (
        _asked(Measure(Statistic.SUM, VALUE), SEX),
        "> 90000 THEN 90000",
        '> 90000 THEN "_t_value_0"',
    ),
    "a mean that is not scaled": (
        _asked(Measure(Statistic.MEAN, VALUE), SEX),
        ' * 3 // "_n_value"',
        "",
    ),
    "a total that is not centred": (
        _asked(Measure(Statistic.MEAN, VALUE), Dimension(TEST)),
        "- (15000)",
        "- (0)",
    ),
    "squares that are not centred": (
        _asked(Measure(Statistic.STDDEV, VALUE), Dimension(TEST)),
        "- (112500) *",
        "- (0) *",
    ),
    "squares that are not scaled": (
        _asked(Measure(Statistic.VARIANCE, VALUE), SEX),
        ' * 3 // "_n_squares.value"',
        "",
    ),
    "squares in finer steps than declared": (
        _asked(Measure(Statistic.VARIANCE, VALUE), SEX),
        "+ 500) // 1000",
        "+ 250) // 500",
    ),
    "products that are not centred": (
        INCOME_BY_AGE,
        "- (55))::BIGINT * (CASE",
        "- (0))::BIGINT * (CASE",
    ),
    "products in finer steps than declared": (
        INCOME_BY_AGE,
        "+ 157504500000000) // 1000000000",
        "+ 157504250000000) // 500000000",
    ),
    "values of which one unit has many": (
        _asked(Measure(Statistic.QUANTILE, VALUE, Decimal("0.5")), SEX),
        'greatest(3, "labs"."_rows")',
        "3",
    ),
    "values of kept rows that weigh the same": (
        _asked(Measure(Statistic.QUANTILE, VALUE, Decimal("0.5")), SEX, where=Not(IsNull(DAY))),
        "greatest(3, _n)",
        "3",
    ),
    "rows that weigh the same": (
        _asked(Measure(Statistic.COUNT), Dimension(TEST)),
        'greatest(3, "labs"."_rows")',
        "3",
    ),
    "kept rows that weigh the same": (
        _asked(Measure(Statistic.COUNT), Dimension(TEST), where=Not(IsNull(DAY))),
        "greatest(3, _n)",
        "3",
    ),
    "units that weigh the same in every cell": (
        _asked(Measure(Statistic.UNITS), MANY_DAYS),
        "greatest(2, bit_count(_b))",
        "2",
    ),
    "weights by the wrong count": (
        _asked(Measure(Statistic.COUNT), Dimension(TEST)),
        'greatest(3, "labs"."_rows")',
        'greatest(3, "labs"."_rows" - 1)',
    ),
    "kept rows by the wrong count": (
        _asked(Measure(Statistic.COUNT), Dimension(TEST), where=Not(IsNull(DAY))),
        "greatest(3, _n)",
        "greatest(3, _n - 1)",
    ),
}


@pytest.mark.parametrize("fault", MUTANTS)
def test_a_plan_that_forgets_one_bound_is_caught(fault):
    query, written, planted = MUTANTS[fault]
    STORE.fill(_extreme_tables())
    planned = plan(query, CLINIC, dp_policy())
    sql = statement(planned)

    assert written in sql
    assert list(violations(planned)) == []
    assert list(violations(planned, sql=sql.replace(written, planted)))


BY_PAIRS = {
    "every row is the first of its pair": (
        _asked(Measure(Statistic.UNITS), Dimension(TEST)),
        '"labs"."_first_test" = 1',
        '"labs"."_first_test" >= 0',
    ),
    "who has many rows weighs as who has few": (
        _asked(Measure(Statistic.UNITS), MANY_DAYS),
        '"labs"."_rows" <= 2',
        '"labs"."_rows" <= 99',
    ),
    "units that weigh the same in every cell": (
        _asked(Measure(Statistic.UNITS), MANY_DAYS),
        "greatest(2, _g)",
        "2",
    ),
    "one weighs more in each of a few": (
        _asked(Measure(Statistic.UNITS), Dimension(TEST)),
        "greatest(2, 1)",
        "1",
    ),
}


def _with_some_of_two_rows(tables):
    """One unit has two rows of one value, another one of each."""
    (first, *_) = tables["labs"]
    few = [
        {**first, "person": unit, "test": test} for unit, test in ((0, 1), (0, 1), (1, 0), (1, 1))
    ]
    return {**tables, "labs": [*few, *(row for row in tables["labs"] if row["person"] > 1)]}


@pytest.mark.parametrize("fault", BY_PAIRS)
def test_a_plan_by_pairs_that_forgets_one_bound_is_caught(fault, monkeypatch):
    query, written, planted = BY_PAIRS[fault]
    monkeypatch.setattr(block_distinct, "BITS", 0)
    monkeypatch.setattr(row_cells, "MARKED_FROM", 0)
    STORE.fill(_with_some_of_two_rows(_extreme_tables()))
    planned = plan(query, CLINIC, dp_policy())
    sql = statement(planned)

    assert written in sql
    assert list(violations(planned)) == []
    assert list(violations(planned, sql=sql.replace(written, planted)))


BY_CELLS = {
    "rows of a cell that weigh the same": (
        _asked(Measure(Statistic.COUNT), Dimension(TEST)),
        "greatest(1, _n)",
        "1",
    ),
    "cells that weigh the same": (
        _asked(Measure(Statistic.COUNT), MANY_DAYS),
        "greatest(2, _g)",
        "2",
    ),
    "a total of a cell that weighs the same": (
        _asked(Measure(Statistic.SUM, VALUE), Dimension(TEST)),
        "greatest(1, _n)",
        "1",
    ),
    "cells counted as one less": (
        _asked(Measure(Statistic.COUNT), MANY_DAYS),
        "greatest(2, _g)",
        "greatest(2, _g - 1)",
    ),
    "units that weigh the same in every cell": (
        _asked(Measure(Statistic.UNITS), MANY_DAYS),
        "greatest(2, bit_count(_b))",
        "2",
    ),
}


@pytest.mark.parametrize("fault", BY_CELLS)
def test_a_plan_by_cells_that_forgets_one_bound_is_caught(fault):
    query, written, planted = BY_CELLS[fault]
    STORE.fill(_extreme_tables())
    planned = plan(query, CLINIC, cell_policy())
    sql = statement(planned)

    assert planned.how is Contribution.CELL_WEIGHTS
    assert written in sql
    assert list(violations(planned)) == []
    assert list(violations(planned, sql=sql.replace(written, planted)))


COUNTED_TOO_FAR = {
    "a count that does not stop": (SEX, 'least("_n_value", 3)', '"_n_value"'),
    "rows that weigh more in the count": (
        Dimension(TEST),
        'sum(_w * "_n_value")',
        'sum(2 * _w * "_n_value")',
    ),
}


@pytest.mark.parametrize(
    ("fault", "policy"),
    [
        *((fault, dp_policy()) for fault in COUNTED_TOO_FAR),
        ("rows that weigh more in the count", cell_policy()),
    ],
)
def test_a_count_that_moves_further_than_its_total_is_caught(fault, policy):
    dimension, written, planted = COUNTED_TOO_FAR[fault]
    STORE.fill(_extreme_tables())
    planned = plan(_asked(Measure(Statistic.SUM, VALUE), dimension), CLINIC, policy)
    sql = statement(planned)

    assert written in sql
    assert list(violations_of_parts(planned)) == []
    assert list(violations_of_parts(planned, sql=sql.replace(written, planted)))


@BY_ROWS_AND_CELLS
@pytest.mark.parametrize("bits", [0, block_distinct.BITS], ids=["pairs", "bits"])
@pytest.mark.parametrize(
    "statistic",
    [Statistic.COUNT, Statistic.UNITS, Statistic.LEFT_OUT, Statistic.UNITS_LEFT_OUT],
)
def test_a_unit_with_more_rows_than_declared_moves_no_vector_further(
    policy, bits, statistic, monkeypatch
):
    """Ingest refuses it; should one ever be stored, its rows weigh nothing, in whatever cells."""
    monkeypatch.setattr(block_distinct, "BITS", bits)
    tables = _extreme_tables()
    tables["labs"] = [*tables["labs"], *tables["labs"]]
    STORE.fill(tables)

    assert list(violations(plan(_asked(Measure(statistic), MANY_DAYS), CLINIC, policy))) == []


def test_values_outside_their_declared_bounds_move_no_vector_further():
    """Ingest refuses them; should one ever be stored, clamping still holds."""
    tables = _extreme_tables()
    for row in tables["labs"]:
        row["value"] = 10**9
    STORE.fill(tables)
    query = _asked(Measure(Statistic.SUM, VALUE), Dimension(TEST))
    planned = plan(query, CLINIC, dp_policy())
    unclamped = statement(planned).replace("> 30000 THEN 30000", '> 30000 THEN "labs"."value"')

    assert list(violations(planned)) == []
    assert list(violations(planned, sql=unclamped))
