"""How do rows become sums by cell, one at a time? Unit rows, weighted rows, and plain rows."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure_control.tables import Counting
from queries.engines.block import COUNTS, EXTREMES, Block, own_count, own_value, selected, step
from queries.engines.expressions import Namer, cell_sql, column_sql
from queries.engines.parts import by_unit
from queries.engines.reading import Reading
from queries.plan_measured import Measured
from queries.plan_terms import Level, Stored, Term, terms_in
from queries.plan_vectors import WEIGHT, Recipe
from queries.store import RECORD_KEY, ROWS


def unit_rows(read: Reading) -> Block:
    """The source has one row a unit."""
    values = [f"{read.value(one)} AS {own_value(one)}" for one in read.plan.measured]
    cell = f"{cell_sql(read.plan.keys, name=read.direct)} AS _c"
    key = [f"{read.key} AS {RECORD_KEY}"] if read.keyed else []
    return Block(
        steps=(),
        inner=selected(cell, *key, *values, rows=read.everything()),
        sums={one.name: _unit_row_sum(one, of=read.measured(one)) for one in read.plan.recipes},
    )


def _unit_row_sum(recipe: Recipe, *, of: Measured | None) -> str:
    if recipe.counts is Counting.KEYS:
        return f"sum({RECORD_KEY})"
    if of is None:
        return "count(*)"
    if recipe.counts in COUNTS:
        return f"count({own_value(of)})"
    if recipe.counts is Counting.TOTAL:
        return f"sum({own_value(of)} - ({recipe.centre}))"
    return EXTREMES[recipe.counts].format(own_value(of))


def plain_rows(read: Reading, *, recipes: tuple[Recipe, ...]) -> Block:
    """Exact counts of rows."""
    cell = f"{cell_sql(read.plan.keys, name=read.direct)} AS _c"
    return Block(
        steps=(),
        inner=selected(cell, rows=read.everything()),
        sums={one.name: "count(*)" for one in recipes},
    )


def weighted_rows(read: Reading, *, recipes: tuple[Recipe, ...]) -> Block:
    """Each row weighs less where its unit has more than K of them.

    Rows of one weight and cell are added up first, then weighed: one product for many rows. How
    many rows a unit has stands beside each row in the store; they are counted only where a filter
    keeps some of them.
    """
    steps, summed = _of_all_rows(read) if read.plan.keeps_all_rows else _of_kept_rows(read)
    return Block(
        steps=(*steps, step("_summed", summed)),
        inner=selected("*", f"{WEIGHT * read.plan.limits.rows} // _m AS _w", rows=" FROM _summed"),
        sums={one.name: weighted_sum(one, of=read.measured(one)) for one in recipes},
    )


def _of_all_rows(read: Reading) -> tuple[tuple[str, ...], str]:
    rows = column_sql(Stored(read.plan.source, ROWS))
    values = [part for one in read.plan.measured for part in added_up(one, read, name=read.direct)]
    cell = f"{cell_sql(read.plan.keys, name=read.direct)} AS _c"
    columns = (cell, f"{_divisor(read, rows=rows)} AS _m", "count(*) AS _n", *values)
    return (), selected(*columns, rows=read.everything(), by="1, 2")


def _of_kept_rows(read: Reading) -> tuple[tuple[str, ...], str]:
    carried = _carried(read)

    def name(term: Term) -> str:
        return f"_framed.{carried[term]}" if term in carried else read.direct(term)

    cell = f"_framed._c + {cell_sql(read.keys(Level.ROW), name=name)} AS _c"
    values = [part for one in read.plan.measured for part in added_up(one, read, name=name)]
    rows = (
        f" FROM {read.source()}{read.joins(Level.ROW, unit=read.unit)}"
        f" JOIN _framed ON _framed._u = {read.unit}"
        f"{read.where(Level.ROW, Level.BOTH, name=name)}"
    )
    summed = selected(cell, "_framed._m AS _m", "count(*) AS _n", *values, rows=rows, by="1, 2")
    return _framed(read, carried=carried), summed


def added_up(one: Measured, read: Reading, *, name: Namer) -> Iterator[str]:
    if one.nullable:
        yield f"count({name(one.term)}) AS {own_count(one)}"
    yield f"sum({read.value(one, name=name)}) AS {own_value(one)}"


def _framed(read: Reading, *, carried: dict[Term, str]) -> tuple[str, ...]:
    """Units with what divides their weight, their part of the cell, and what else a row needs."""
    columns = [
        "_per_unit._u AS _u",
        f"{_divisor(read, rows='_n')} AS _m",
        f"{cell_sql(read.keys(Level.UNIT), name=read.direct)} AS _c",
        *(f"{read.direct(term)} AS {column}" for term, column in carried.items()),
    ]
    return (
        step("_per_unit", by_unit(read, f"{read.unit} AS _u", "count(*) AS _n")),
        step("_framed", selected(*columns, rows=read.units_of("_per_unit"))),
    )


def _divisor(read: Reading, *, rows: str) -> str:
    """Of a weight: max(K, rows of the unit); a narrow type tells the engine that it has few values.

    A unit with more rows than declared, which ingest refuses, would weigh nothing.
    """
    most, declared = read.plan.limits.rows, read.plan.limits.unit_rows
    narrow = "UTINYINT" if declared < 2**8 else "BIGINT"
    return f"(CASE WHEN {rows} <= {declared} THEN greatest({most}, {rows}) END)::{narrow}"


def _carried(read: Reading) -> dict[Term, str]:
    """Terms of the unit that are needed beside a row, and their columns."""
    terms = [term for one in read.of_level(Level.BOTH) for term in terms_in(one.condition)]
    terms += [one.term for one in read.plan.measured]
    own = {term for term in terms if read.plan.level_of(term) is Level.UNIT}
    return {term: f"_t{at}" for at, term in enumerate(sorted(own, key=repr))}


def weighted_sum(recipe: Recipe, *, of: Measured | None) -> str:
    """The sum of w·(x - centre) is that of w·(Σx - centre·n) over rows of one weight."""
    if recipe.whole:
        return "sum(CASE WHEN _w IS NOT NULL THEN _n END)"
    count = own_count(of) if of else "_n"
    if of is None or recipe.counts in COUNTS:
        return f"sum(_w * {count})"
    return f"sum(_w * ({own_value(of)} - ({recipe.centre}) * {count}))"
