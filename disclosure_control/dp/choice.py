"""How far is each bin from a quantile, and which one is chosen? On the true histogram.

``selection`` says what is chosen, what it costs and why that is so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from disclosure_control.dp.selection import SIDES, End, Selection

Integers = NDArray[np.int64]
Choose = Callable[[Integers], tuple[int, ...]]
"""Draws for each row the place of a distance that is nearly the least."""


def by_cell(histogram: Sequence[int], *, bins: int) -> Integers:
    """Shape (cells, bins); a table may have no cell."""
    return np.array(histogram, dtype=np.int64).reshape(-1, bins)


def chosen(
    selection: Selection, counts: Integers, *, reach: int, choose: Choose
) -> tuple[int, ...]:
    """For each cell the bin, from 0; -1 and ``bins`` are the ends beyond the range.

    ``counts``: of the selection's bins, shape (cells, bins).
    """
    first = -1 if selection.end is End.LOWER else 0
    return tuple(first + place for place in choose(distances(selection, counts, reach=reach)))


def distances(selection: Selection, counts: Integers, *, reach: int) -> Integers:
    """Of every bin that can be chosen, in ranks times ``parts``; one row for each cell."""
    part, parts = selection.quantile.part, selection.quantile.parts
    ranks = parts * np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1, dtype=np.int64)
    everybody = ranks[:, -1:]
    target = part * (everybody // parts) + SIDES[selection.end] * reach
    apart: Integers = np.maximum(np.maximum(ranks[:, :-1] - target, target - ranks[:, 1:]), 0)
    if selection.end is End.LOWER:
        return np.hstack((np.maximum(target, 0), apart))
    if selection.end is End.UPPER:
        return np.hstack((apart, np.maximum(everybody - target, 0)))
    return apart
