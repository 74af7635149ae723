"""How does a grid with totals tie its cells, where totals may be less than their parts together?

Some places of an axis stand for others together: subtotals, and a total of all. Distinct units
that may be in several parts do not add up: then the parts exceed the total by an *overlap*, and the
total exceeds each part by a *remainder*, both unknown to anybody and not below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from disclosure_control.sdc.suppression.instance import Floats, Ints


@dataclass(frozen=True, slots=True)
class Side:
    """One axis of a grid."""

    size: int
    sums: tuple[tuple[int, tuple[int, ...]], ...]  # a place, and those that it stands for
    adds_up: bool


@dataclass(frozen=True, slots=True, eq=False)
class Tied:
    """``equations @ values = 0``; the cells of the grid come first, then what nobody knows."""

    equations: Any  # csr_array
    values: Floats


def tied(sides: tuple[Side, ...], values: Floats) -> Tied:
    """``values``: one for each cell of the grid, row-major."""
    made = _Rows(values)
    places = np.arange(len(values)).reshape([side.size for side in sides])
    for axis, side in enumerate(sides):
        lines = np.moveaxis(places, axis, -1).reshape(-1, side.size)
        for whole, parts in side.sums:
            made.lines(lines[:, list(parts)], lines[:, whole], adds_up=side.adds_up)
    return made.done()


class _Rows:
    def __init__(self, values: Floats) -> None:
        self._values = [values]
        self._size = len(values)
        self._count = 0
        self._entries: list[tuple[Ints, Ints, Floats]] = []

    def lines(self, parts: Ints, totals: Ints, *, adds_up: bool) -> None:
        """Total minus its parts, each line an equation."""
        values = self._values[0]
        rows = self._rows(len(totals))
        self._add(rows, totals, 1.0)
        self._add(np.repeat(rows, parts.shape[1]), parts.ravel(), -1.0)
        if adds_up:
            return
        self._add(rows, self._unknown(values[parts].sum(axis=1) - values[totals]), 1.0)
        whole = np.repeat(totals, parts.shape[1])
        rows = self._rows(len(whole))
        self._add(rows, whole, 1.0)
        self._add(rows, parts.ravel(), -1.0)
        self._add(rows, self._unknown(values[whole] - values[parts.ravel()]), -1.0)

    def done(self) -> Tied:
        values = np.concatenate(self._values)
        empty = np.zeros(0, dtype=np.int64)
        rows, columns, factors = (
            np.concatenate(part) if self._entries else empty
            for part in (zip(*self._entries, strict=True) if self._entries else ((), (), ()))
        )
        shape = self._count, len(values)
        return Tied(coo_array((factors, (rows, columns)), shape=shape).tocsr(), values)

    def _rows(self, count: int) -> Ints:
        self._count += count
        return np.arange(self._count - count, self._count)

    def _unknown(self, values: Floats) -> Ints:
        self._values.append(values)
        self._size += len(values)
        return np.arange(self._size - len(values), self._size)

    def _add(self, rows: Ints, cells: Ints, factor: float) -> None:
        self._entries.append((rows, cells, np.full(len(rows), factor)))
