"""Where within a unit does a row fall? The axes that vary by row, numbered densely from 0.

Pairs of unit and cell are found by a search over all rows. Where a column of many values is the one
axis that varies by row and rows are kept or dropped with their unit, the store has marked them.
"""

from __future__ import annotations

from math import prod

from queries.engines.block import selected
from queries.engines.expressions import column_sql, key_sql, times
from queries.engines.reading import Reading
from queries.plan_terms import Level, Stored
from queries.store import FIRST, MARKED_FROM


def row_cells(read: Reading) -> int:
    return prod(key.size for key in read.keys(Level.ROW))


def row_cell_sql(read: Reading) -> str:
    """NULL off the grid."""
    keys = zip(read.keys(Level.ROW), _strides(read), strict=True)
    return " + ".join(times(key_sql(key, name=read.direct), stride) for key, stride in keys)


def unit_and_cell_sql(read: Reading) -> str:
    """One integer for both; NULL off the grid."""
    return f"{read.unit} * {row_cells(read)} + {row_cell_sql(read)}"


def pairs_sql(read: Reading, *, also: tuple[str, ...] = ()) -> str:
    """A SELECT of ``_k``, one integer for a unit and a cell that it is in; NULL off the grid.

    ``also``: conditions on the source's rows that hold for all of a unit's or for none.
    """
    pair = f"{unit_and_cell_sql(read)} AS _k"
    if mark := _mark(read):
        return selected(pair, rows=read.rows(also=(*also, f"{mark} = 1")))
    return selected(pair, rows=read.rows(also=also), by="1")


def _mark(read: Reading) -> str | None:
    """The column that marks the first row of each pair: of a column that is an axis as it is."""
    (key, *others) = read.keys(Level.ROW)
    usable = read.marked and read.plan.keeps_all_rows and key.keys >= MARKED_FROM
    if others or not usable:
        return None
    if not isinstance(key.term, Stored) or key.term.table != read.plan.source:
        return None
    whole = not (key.cuts or key.groups or key.bins)
    return column_sql(Stored(read.plan.source, FIRST + key.term.column)) if whole else None


def offset_sql(read: Reading, *, cell: str) -> str:
    """What a dense row-level cell adds to the position on the whole grid."""
    own = read.keys(Level.ROW)
    if len(own) == 1:
        return times(cell, own[0].stride)
    keys = zip(own, _strides(read), strict=True)
    return " + ".join(times(f"{cell} // {stride} % {key.size}", key.stride) for key, stride in keys)


def _strides(read: Reading) -> list[int]:
    sizes = [key.size for key in read.keys(Level.ROW)]
    return [prod(sizes[at + 1 :]) for at in range(len(sizes))]
