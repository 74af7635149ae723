"""How does a finished table of counts become one before protection? Its totals must hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from disclosure_control.check.reading import Keys, NotATable, Wanted, labelled, numbers
from disclosure_control.check.records import LARGEST
from disclosure_control.tables import (
    Counting,
    Evidence,
    Kind,
    Published,
    Shape,
    Unprotected,
    Vector,
)

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[int, ...]


def of_counts(frame: pd.DataFrame, wanted: Wanted) -> Unprotected:
    """One row a cell, each unit counted once. Raises NotATable, also for a total that is wrong."""
    import numpy as np

    column = wanted.counted or ""
    counts = _whole(frame, column)
    of_total = np.zeros(len(frame), dtype=bool)
    for name in wanted.by:
        of_total |= np.array([str(label) == wanted.total_label for label in frame[name]])
    inner = frame[~of_total].reset_index(drop=True)
    if inner.empty:
        raise NotATable("there are no cells beside totals")
    keys = [labelled(inner[name]) for name in wanted.by]
    grid = _filled(keys, [one for one, whole in zip(counts, of_total, strict=True) if not whole])
    totals = wanted.totals or bool(of_total.any())
    if totals:
        for axis in range(len(keys)):
            grid = np.concatenate([grid, grid.sum(axis=axis, keepdims=True)], axis=axis)
    faults = tuple(_wrong_totals(frame[of_total], wanted, keys, grid))
    if faults:
        raise NotATable(*faults)
    shape = Shape(
        wanted.unit_word,
        tuple(key.axis(totals=totals) for key in keys),
        (Vector("units", Counting.UNITS, 1, LARGEST, None),),
        (Published("count", column, Kind.UNITS, "units", None, 0, Evidence("units")),),
    )
    return Unprotected(shape, {"units": tuple(int(one) for one in grid.ravel())})


def _whole(frame: pd.DataFrame, column: str) -> list[int]:
    found = numbers(frame[column])
    counts = [one for one in found.whole if one is not None and one >= 0]
    if found.decimals or len(counts) < len(frame):
        raise NotATable(f"{column}: a count is a whole number of 0 or more")
    return counts


def _filled(keys: Sequence[Keys], counts: Sequence[int]) -> Any:
    """What no row says is zero."""
    import numpy as np

    grid = np.zeros([len(key.labels) for key in keys], dtype=object)
    seen: set[Place] = set()
    for row, count in enumerate(counts):
        place = tuple(key.places[row] for key in keys)
        if place in seen:
            labels = (key.labels[at] for key, at in zip(keys, place, strict=True))
            raise NotATable(f"the cell {', '.join(labels)} stands twice")
        seen.add(place)
        grid[place] = count
    return grid


def _wrong_totals(
    rows: pd.DataFrame, wanted: Wanted, keys: Sequence[Keys], grid: Any
) -> Iterator[str]:
    given = _whole(rows, wanted.counted or "") if len(rows) else []
    labels = [[str(label) for label in rows[name]] for name in wanted.by]
    for row, count in enumerate(given):
        own = [each[row] for each in labels]
        spelt = ", ".join(own)
        place = tuple(
            len(key.labels) if label == wanted.total_label else _at(key, label)
            for key, label in zip(keys, own, strict=True)
        )
        if None in place:
            yield f"the total {spelt} is of no cell"
        elif grid[place] != count:
            yield f"the total {spelt} is {count}; its parts add up to {grid[place]}"


def _at(key: Keys, label: str) -> int | None:
    return key.labels.index(label) if label in key.labels else None
