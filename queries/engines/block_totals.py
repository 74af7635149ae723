"""How do totals of units become sums by cell? For cells of units, and for exact evidence.

``_totals`` has one row a unit; where exact evidence is asked for cells that vary by row, one row
a unit and row-level cell. Such a table of pairs is the dearest step that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from disclosure_control.policy import Track
from disclosure_control.tables import Counting
from queries.engines.block import (
    EXTREMES,
    Block,
    centres,
    own_count,
    own_total,
    selected,
    step,
)
from queries.engines.expressions import cell_sql, clamped
from queries.engines.parts import by_unit
from queries.engines.reading import Reading
from queries.engines.row_cells import offset_sql, row_cells, unit_and_cell_sql
from queries.plan_measured import Measured
from queries.plan_terms import Level
from queries.plan_vectors import Contribution, Recipe
from queries.store import RECORD_KEY


def unit_totals(read: Reading) -> Block:
    by_cell = read.plan.how is Contribution.ROW_WEIGHTS
    total = _TOTALS[read.plan.track]
    return Block(
        steps=(_totals_step(read, by_cell=by_cell),),
        inner=_framed_totals(read, by_cell=by_cell),
        sums={one.name: total(one, read) for one in read.plan.recipes},
    )


def _totals_step(read: Reading, *, by_cell: bool) -> str:
    key = unit_and_cell_sql(read) if by_cell else read.unit
    own = [one for one in read.plan.measured if one.level is Level.ROW]
    sums = [column for one in own for column in _own_sums(one, read)]
    keys = [f"max({read.key}) AS {RECORD_KEY}"] if read.keyed else []
    columns = (f"{key} AS _k", "count(*) AS _n", *keys, *sums)
    grouped = selected(*columns, rows=read.rows(), by="1") if by_cell else by_unit(read, *columns)
    unit = f"_k // {row_cells(read)}" if by_cell else "_k"
    return step("_totals", selected("*", f"{unit} AS _u", rows=f" FROM ({grouped})"))


def _own_sums(one: Measured, read: Reading) -> Iterator[str]:
    """Of a number of the rows; it fits, by the plan's magnitudes."""
    if one.nullable:
        yield f"count({read.direct(one.term)}) AS {own_count(one)}"
    for centre in centres(one, recipes=read.plan.recipes):
        total = f"sum({read.value(one)} - ({centre}))::BIGINT"
        yield f"{total} AS {own_total(one, centre)}"


def _framed_totals(read: Reading, *, by_cell: bool) -> str:
    cell = cell_sql(read.keys(Level.UNIT), name=read.direct)
    if by_cell:
        cell += f" + {offset_sql(read, cell=f'(_k % {row_cells(read)})')}"
    sums = [column for one in read.plan.measured for column in _carried_sums(one, read)]
    keys = [f"_totals.{RECORD_KEY} AS {RECORD_KEY}"] if read.keyed else []
    return selected(f"{cell} AS _c", "_n", *keys, *sums, rows=read.units_of("_totals"))


def _carried_sums(one: Measured, read: Reading) -> Iterator[str]:
    """A number of the unit itself counts once for each of its rows."""
    wanted = centres(one, recipes=read.plan.recipes)
    if one.nullable:
        yield _carried_count(one, read)
    if one.level is Level.ROW:
        yield from (own_total(one, centre) for centre in wanted)
        return
    for centre in wanted:
        yield f"_n * ({read.value(one)} - ({centre})) AS {own_total(one, centre)}"


def _carried_count(one: Measured, read: Reading) -> str:
    if one.level is Level.ROW:
        return own_count(one)
    return f"CASE WHEN {read.direct(one.term)} IS NULL THEN 0 ELSE _n END AS {own_count(one)}"


def _bounded_sum(recipe: Recipe, read: Reading) -> str:
    """DP: counts stop at K; totals are clamped to K rows, or scaled to them."""
    if recipe.whole and recipe.counts is Counting.ROWS:
        return f"sum(least(_n, {read.plan.limits.unit_rows}))"
    rows, of = read.plan.limits.rows, read.measured(recipe)
    count = own_count(of) if of else "_n"
    if recipe.counts is Counting.UNITS:
        return "count(*)"
    if of is None or recipe.counts is not Counting.TOTAL:
        return f"sum(least({count}, {rows}))"
    total, most = own_total(of, recipe.centre), rows * of.reach(recipe.centre)
    if recipe.to_rows:
        return f"sum(CASE WHEN {count} > {rows} THEN {total} * {rows} // {count} ELSE {total} END)"
    return f"sum({clamped(total, lower=-most, upper=most)})"


def _exact_sum(recipe: Recipe, read: Reading) -> str:
    """SDC: what the inner SELECT, one row for each unit in a cell, says of the cell."""
    of = read.measured(recipe)
    count = own_count(of) if of else "_n"
    if recipe.counts is Counting.UNITS:
        return "count(*)"
    if recipe.counts is Counting.KEYS:
        return f"sum({RECORD_KEY})"
    if of is None or recipe.counts is Counting.ROWS:
        return f"sum({count})"
    if recipe.counts is Counting.CONTRIBUTORS:
        return f"count(*) FILTER ({count} > 0)"
    total = own_total(of, 0)
    return EXTREMES.get(recipe.counts, "sum({0})").format(total)


_TOTALS: dict[Track, Callable[[Recipe, Reading], str]] = {
    Track.DP: _bounded_sum,
    Track.SDC: _exact_sum,
}
