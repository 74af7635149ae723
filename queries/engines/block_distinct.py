"""How are distinct units counted in cells that vary by row? Each unit weighs less in many cells.

Where few row-level cells exist, a unit's cells are the bits of one integer: one pass over the
rows, no table of pairs. Else pairs of unit and cell are made.
"""

from __future__ import annotations

from disclosure_control.policy import Track
from queries.engines.block import Block, selected, step
from queries.engines.expressions import cell_sql
from queries.engines.parts import by_unit
from queries.engines.reading import Reading
from queries.engines.row_cells import offset_sql, row_cell_sql, row_cells, unit_and_cell_sql
from queries.plan_terms import Level
from queries.plan_vectors import BITS, WEIGHT, Recipe


def distinct_units(read: Reading, *, recipes: tuple[Recipe, ...]) -> Block:
    write = _by_bits if row_cells(read) <= BITS else _by_pairs
    return write(read, sums={one.name: "sum(_w)" for one in recipes})


def _by_bits(read: Reading, *, sums: dict[str, str]) -> Block:
    own = cell_sql(read.keys(Level.UNIT), name=read.direct)
    bits = f"bit_or(1::BIGINT << ({row_cell_sql(read)})) AS _b"
    sets = by_unit(read, f"{read.unit} AS _u", bits)
    weight = f"{_weight(read, cells='bit_count(_b)')} AS _w"
    placed = selected(f"{own} AS _c", weight, "_b", rows=read.units_of("_sets"))
    counts = [f"sum(_w * (_b >> {cell} & 1))" for cell in range(row_cells(read))]
    counted = selected("_c", f"[{', '.join(counts)}] AS _every", rows=f" FROM ({placed})", by="1")
    return Block(
        steps=(step("_sets", sets), step("_counted", counted)),
        inner=selected(
            f"_counted._c + {offset_sql(read, cell='_r')} AS _c",
            "_every[_r + 1] AS _w",
            rows=f" FROM _counted, range({row_cells(read)}) AS _cells(_r)",
        ),
        sums=sums,
    )


def _by_pairs(read: Reading, *, sums: dict[str, str]) -> Block:
    own = cell_sql(read.keys(Level.UNIT), name=read.direct)
    unit, cell = f"_k // {row_cells(read)}", f"(_k % {row_cells(read)})"
    pairs = selected(f"{unit_and_cell_sql(read)} AS _k", rows=read.rows(), by="1")
    spread = selected(f"{unit} AS _u", "count(*) AS _g", rows=" FROM _pairs", by="1")
    weight = f"{_weight(read, cells='_g')} AS _w"
    placed = selected("_spread._u AS _u", f"{own} AS _c", weight, rows=read.units_of("_spread"))
    return Block(
        steps=(step("_pairs", pairs), step("_spread", spread), step("_placed", placed)),
        inner=selected(
            f"_placed._c + {offset_sql(read, cell=cell)} AS _c",
            "_w",
            rows=f" FROM _pairs JOIN _placed ON _placed._u = {unit}",
        ),
        sums=sums,
    )


def _weight(read: Reading, *, cells: str) -> str:
    """Exact tables count each unit fully."""
    most = read.plan.limits.groups
    exact = read.plan.track is Track.SDC
    return "1" if exact else f"({WEIGHT * most} // greatest({most}, {cells}))"
