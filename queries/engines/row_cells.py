"""Where within a unit does a row fall? The axes that vary by row, numbered densely from 0."""

from __future__ import annotations

from math import prod

from queries.engines.expressions import key_sql, times
from queries.engines.reading import Reading
from queries.plan_terms import Level


def row_cells(read: Reading) -> int:
    return prod(key.size for key in read.keys(Level.ROW))


def row_cell_sql(read: Reading) -> str:
    """NULL off the grid."""
    keys = zip(read.keys(Level.ROW), _strides(read), strict=True)
    return " + ".join(times(key_sql(key, name=read.direct), stride) for key, stride in keys)


def unit_and_cell_sql(read: Reading) -> str:
    """One integer for both; NULL off the grid."""
    return f"{read.unit} * {row_cells(read)} + {row_cell_sql(read)}"


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
