"""A table as Apache Parquet, for data frames. Hidden numbers are null; ``…_status`` says why."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from disclosure_control.tables import Protected
from tre.rendering import grid

SHOWN, CONFIDENTIAL, NOT_APPLICABLE = "shown", "c", "x"


def render(table: Protected, *, title: str) -> bytes:
    keys = grid.labels(table)
    arrays: dict[str, pa.Array] = {
        name: pa.array([key[place] for key in keys], pa.string())
        for place, name in enumerate(grid.dimension_names(table))
    }
    for column in grid.columns(table):
        number, kind = (int, pa.int64()) if column.whole else (float, pa.float64())
        numbers = [None if one is None else number(one) for one in column.values]
        arrays[_free(column.name, arrays)] = pa.array(numbers, kind)
        arrays[_free(f"{column.name}_status", arrays)] = pa.array(
            [_status(column, place) for place in range(len(keys))], pa.string()
        )
    told = {"title": title, "claim": table.record.claim}
    made = pa.table(arrays).replace_schema_metadata(told)
    return _written(made)


def prepare() -> None:
    """The library's first file takes seconds, and each one after it milliseconds."""
    _written(pa.table({"nothing": pa.array([], pa.int64())}))


def _written(made: pa.Table) -> bytes:
    held = io.BytesIO()
    pq.write_table(made, held, compression="zstd")
    return held.getvalue()


def _free(name: str, taken: dict[str, pa.Array]) -> str:
    """A name of its own, also where a dimension is called like a column."""
    return name if name not in taken else f"{name} ({len(taken) + 1})"


def _status(column: grid.Column, place: int) -> str:
    if column.values[place] is not None:
        return SHOWN
    return CONFIDENTIAL if place in column.hidden else NOT_APPLICABLE
