"""How are rows weighed by the cell that they are in? Each unit's rows of a cell at once.

Rows of one unit and cell are added up first. They weigh less where there are more than M of them,
and where the unit has rows in more than G cells.
"""

from __future__ import annotations

from queries.engines.block import Block, selected, step
from queries.engines.block_rows import added_up, weighted_sum
from queries.engines.expressions import cell_sql
from queries.engines.reading import Reading
from queries.plan_vectors import WEIGHT, Recipe


def weighted_cells(read: Reading, *, recipes: tuple[Recipe, ...]) -> Block:
    values = [part for one in read.plan.measured for part in added_up(one, read, name=read.direct)]
    cell = f"{cell_sql(read.plan.keys, name=read.direct)} AS _c"
    columns = (f"{read.unit} AS _u", cell, "count(*) AS _n", *values)
    pairs = selected(*columns, rows=read.everything(), by="1, 2")
    reached = ("count(_c) AS _g", "sum(_n) AS _all")
    spread = selected("_u", *reached, rows=" FROM _parted", by="1")
    return Block(
        steps=(step("_parted", pairs), step("_reached", spread)),
        inner=selected(
            "_parted.*",
            f"{_weight(read)} AS _w",
            rows=" FROM _parted JOIN _reached ON _reached._u = _parted._u",
        ),
        sums={one.name: weighted_sum(one, of=read.measured(one)) for one in recipes},
    )


def _weight(read: Reading) -> str:
    """A unit with more rows than declared, which ingest refuses, would weigh nothing."""
    limits = read.plan.limits
    whole = WEIGHT * limits.groups * limits.each
    cells, rows = f"greatest({limits.groups}, _g)", f"greatest({limits.each}, _n)"
    return f"CASE WHEN _all <= {limits.unit_rows} THEN {whole} // ({cells} * {rows}) END"
