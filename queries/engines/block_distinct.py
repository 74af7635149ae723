"""How are distinct units counted in cells that vary by row? Each unit weighs less in many cells.

Where few row-level cells exist, a unit's cells are the bits of one integer: one pass over the
rows, no table of pairs. Else pairs of unit and cell are made. Who has at most G rows is in no more
cells, and weighs the same in each: their pairs are counted as they are, and only for the others is
it counted in how many cells each of them is.
"""

from __future__ import annotations

from collections.abc import Callable

from disclosure_control.policy import Track
from queries.engines.block import Block, selected, step
from queries.engines.expressions import cell_sql, column_sql
from queries.engines.parts import by_unit
from queries.engines.reading import Reading
from queries.engines.row_cells import offset_sql, pairs_sql, row_cell_sql, row_cells
from queries.plan_terms import Level, Stored
from queries.plan_vectors import BITS, WEIGHT, Recipe
from queries.store import ROWS


def distinct_units(read: Reading, *, recipes: tuple[Recipe, ...]) -> Block:
    write = _by_bits if row_cells(read) <= BITS else _by_pairs
    weights = {one.name: _whole if one.whole else _weight for one in recipes}
    columns = {how: f"_w{at}" for at, how in enumerate(dict.fromkeys(weights.values()))}
    return write(
        read,
        weights={column: how for how, column in columns.items()},
        sums={name: f"sum({columns[how]})" for name, how in weights.items()},
    )


Weigh = Callable[..., str]
"""In SQL, what a unit adds in each of its cells, by how many they are."""


def _by_bits(read: Reading, *, weights: dict[str, Weigh], sums: dict[str, str]) -> Block:
    own = cell_sql(read.keys(Level.UNIT), name=read.direct)
    bits = f"bit_or(1::BIGINT << ({row_cell_sql(read)})) AS _b"
    sets = by_unit(read, f"{read.unit} AS _u", bits)
    weighed = _weighed(read, weights, cells="bit_count(_b)")
    placed = selected(f"{own} AS _c", *weighed, "_b", rows=read.units_of("_sets"))
    every = [_counts(read, weight) for weight in weights]
    counted = selected("_c", *every, rows=f" FROM ({placed})", by="1")
    return Block(
        steps=(step("_sets", sets), step("_counted", counted)),
        inner=selected(
            f"_counted._c + {offset_sql(read, cell='_r')} AS _c",
            *(f"_every{weight}[_r + 1] AS {weight}" for weight in weights),
            rows=f" FROM _counted, range({row_cells(read)}) AS _cells(_r)",
        ),
        sums=sums,
    )


def _counts(read: Reading, weight: str) -> str:
    """The sums of a weight in each of the row-level cells, as a list."""
    cells = [f"sum({weight} * (_b >> {cell} & 1))" for cell in range(row_cells(read))]
    return f"[{', '.join(cells)}] AS _every{weight}"


def _by_pairs(read: Reading, *, weights: dict[str, Weigh], sums: dict[str, str]) -> Block:
    if read.plan.track is Track.SDC:
        return Block(*_of_few(read, weights, also=()), sums=sums)
    rows = column_sql(Stored(read.plan.source, ROWS))
    most = read.plan.limits.groups
    steps, inner = _of_few(read, weights, also=(f"{rows} <= {most}",))
    if most == read.plan.limits.unit_rows:
        return Block(steps, inner, sums)
    more, others = _of_many(read, weights, also=(f"{rows} > {most}",))
    return Block(steps=(*steps, *more), inner=f"{inner} UNION ALL {others}", sums=sums)


Part = tuple[tuple[str, ...], str]
"""Steps, and a SELECT of a cell and weights."""


def _of_few(read: Reading, weights: dict[str, Weigh], *, also: tuple[str, ...]) -> Part:
    """Of units with so few rows that they weigh the same in each of their cells."""
    cells = row_cells(read)
    pairs = pairs_sql(read, also=also)
    split = selected(f"_k // {cells} AS _u", f"_k % {cells} AS _r", rows=f" FROM ({pairs})")
    own = cell_sql(read.keys(Level.UNIT), name=read.direct)
    placed = f"{own} + {offset_sql(read, cell='_few._r')} AS _c"
    inner = selected(placed, *_weighed(read, weights, cells="1"), rows=read.units_of("_few"))
    return (step("_few", split),), inner


def _of_many(read: Reading, weights: dict[str, Weigh], *, also: tuple[str, ...]) -> Part:
    own = cell_sql(read.keys(Level.UNIT), name=read.direct)
    unit, cell = f"_k // {row_cells(read)}", f"(_k % {row_cells(read)})"
    spread = selected(f"{unit} AS _u", "count(*) AS _g", rows=" FROM _pairs", by="1")
    weighed = _weighed(read, weights, cells="_g")
    placed = selected("_spread._u AS _u", f"{own} AS _c", *weighed, rows=read.units_of("_spread"))
    inner = selected(
        f"_placed._c + {offset_sql(read, cell=cell)} AS _c",
        *weights,
        rows=f" FROM _pairs JOIN _placed ON _placed._u = {unit}",
    )
    steps = (
        step("_pairs", pairs_sql(read, also=also)),
        step("_spread", spread),
        step("_placed", placed),
    )
    return steps, inner


def _weighed(read: Reading, weights: dict[str, Weigh], *, cells: str) -> list[str]:
    return [f"{how(read, cells=cells)} AS {weight}" for weight, how in weights.items()]


def _whole(read: Reading, *, cells: str) -> str:
    """A unit in more cells than it can have rows, which ingest refuses, would count in none."""
    return f"(CASE WHEN {cells} <= {read.plan.limits.cells} THEN 1 END)"


def _weight(read: Reading, *, cells: str) -> str:
    """Exact tables count each unit fully."""
    most = read.plan.limits.groups
    exact = read.plan.track is Track.SDC
    return "1" if exact else f"({WEIGHT * most} // greatest({most}, {cells}))"
