"""Which blocks answer a plan? A table from its contribution and track to what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from disclosure_control.policy import Track
from disclosure_control.tables import Counting
from queries.engines.block import Block
from queries.engines.block_cells import weighted_cells
from queries.engines.block_distinct import distinct_units
from queries.engines.block_rows import plain_rows, unit_rows, weighted_rows
from queries.engines.block_totals import unit_totals
from queries.engines.reading import Reading
from queries.plan_vectors import Contribution


def blocks_of(read: Reading) -> Iterator[Block]:
    """The blocks that together count every vector of the plan."""
    plan = read.plan
    evidence = plan.track is Track.SDC and (read.keyed or any(one.of for one in plan.recipes))
    if plan.how is Contribution.UNIT_ROWS:
        yield unit_rows(read)
    elif plan.how is Contribution.UNIT_TOTALS or evidence:
        yield unit_totals(read)
    else:
        yield from _by_row(read)


def _by_row(read: Reading) -> Iterator[Block]:
    """Cells vary by row: rows and distinct units are counted apart."""
    recipes = read.plan.recipes
    units = tuple(one for one in recipes if one.counts is Counting.UNITS)
    rows = tuple(one for one in recipes if one.counts is not Counting.UNITS)
    if rows:
        yield _rows_by(read)(read, recipes=rows)
    if units:
        yield distinct_units(read, recipes=units)


def _rows_by(read: Reading) -> Callable[..., Block]:
    if read.plan.track is not Track.DP:
        return plain_rows
    return weighted_cells if read.plan.how is Contribution.CELL_WEIGHTS else weighted_rows
