"""Which further cells are hidden, so that totals do not give the unsafe ones back?

Counts come first: all of them hide the same cells. What a number's sums and means hide contains
that, since a mean times its count is a sum. A pattern that grows protects whatever it protected.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from disclosure_control.errors import NotProtected
from disclosure_control.policy import SdcRules
from disclosure_control.sdc.evidence import Exact
from disclosure_control.sdc.levels import Level
from disclosure_control.sdc.series import Series, Unsafe, published_counts, published_totals
from disclosure_control.sdc.suppression.instance import Floats, Instance, InstanceInvalid, Ints
from disclosure_control.sdc.suppression.margins import Side, tied
from disclosure_control.sdc.suppression.solve import NoPattern, suppress
from disclosure_control.tables import Kind, Shape


def complete(
    shape: Shape, exact: Exact, *, unsafe: Unsafe, rules: SdcRules, seconds: float
) -> tuple[Mapping[str, frozenset[int]], tuple[Series, ...]]:
    """The hidden cells of every column, unsafe ones included, and each series that they protect.

    Raises NotProtected.
    """
    counts = tuple(published_counts(shape, exact, unsafe=unsafe, rules=rules))
    totals = tuple(published_totals(shape, exact, unsafe=unsafe, rules=rules))
    clock = _Clock(seconds, len(counts) + sum(map(len, totals)))
    hidden = frozenset(cell for one in counts for cell in one.unsafe)
    for one in counts:
        hidden = _grown(shape, exact, one, hidden, counted=None, clock=clock)
    by_total: dict[str, frozenset[int]] = {}
    for group in totals:
        more = hidden | frozenset(group[0].unsafe)
        for one in group:
            more = _grown(shape, exact, one, more, counted=hidden, clock=clock)
        by_total[group[0].vector] = more
    every = {
        column.name: by_total[column.total] if column.total is not None else hidden
        for column in shape.published
    }
    return every, (*counts, *(one for group in totals for one in group))


class _Clock:
    """Shares the time that is left among the series that wait.

    Half of it for the next: each begins with what those before it hide, and has less to find.
    """

    def __init__(self, seconds: float, waiting: int) -> None:
        self._end = time.monotonic() + seconds
        self._waiting = waiting

    def share(self) -> float:
        left = max(0.0, self._end - time.monotonic())
        self._waiting -= 1
        return left if self._waiting <= 0 else left / 2


def _grown(
    shape: Shape,
    exact: Exact,
    series: Series,
    hidden: frozenset[int],
    *,
    counted: frozenset[int] | None,
    clock: _Clock,
) -> frozenset[int]:
    """``hidden`` and what this series needs beside. ``counted``: where counts are hidden."""
    lower, upper = known_bounds(shape, exact, series, counted=counted)
    instance = _instance(shape, series, hidden, lower=lower, upper=upper)
    if not len(instance.primary):
        return hidden
    try:
        found = suppress(instance, seconds=clock.share())
    except (NoPattern, InstanceInvalid):
        raise NotProtected from None
    return hidden | frozenset(int(cell) for cell in found.secondary)


def known_bounds(
    shape: Shape, exact: Exact, series: Series, *, counted: frozenset[int] | None
) -> tuple[Floats, Floats]:
    """What anybody knows of each cell beforehand: declared bounds, times rows that are shown."""
    if series.counts:
        least = np.minimum(np.array(series.values, dtype=np.float64), series.least)
        return least, np.full(shape.cells, np.inf)
    vector = shape.vector(series.vector)
    low, high = vector.row_bounds or (-vector.magnitude, vector.magnitude)
    lower = np.full(shape.cells, 0.0 if low >= 0 else -float(vector.magnitude))
    upper = np.full(shape.cells, 0.0 if high <= 0 else float(vector.magnitude))
    rows = next((one.count for one in shape.published if one.kind is Kind.COUNT), None)
    if rows is not None and vector.row_bounds is not None:
        shown = np.ones(shape.cells, dtype=bool)
        shown[list(counted or ())] = False
        count = np.array(exact[rows], dtype=np.float64)
        lower[shown], upper[shown] = low * count[shown], high * count[shown]
    return lower, upper


def _instance(
    shape: Shape, series: Series, hidden: frozenset[int], *, lower: Floats, upper: Floats
) -> Instance:
    sides = tuple(
        Side(len(axis.labels), axis.sums, adds_up)
        for axis, adds_up in zip(shape.axes, series.adds_up, strict=True)
    )
    grid = tied(sides, np.array(series.values, dtype=np.float64))
    unknown = len(grid.values) - shape.cells
    primary, needed = _needed(series, lower=lower, upper=upper)
    given = sorted(hidden - set(primary.tolist()))
    certain = np.array(series.values) == 0  # a zero that is shown is known, and stays so
    certain[sorted(hidden)] = False
    upper = np.where(certain, np.minimum(upper, 0.0), upper)
    lower = np.where(certain, np.maximum(lower, 0.0), lower)
    return Instance(
        cells=tuple(map(str, range(len(grid.values)))),
        values=grid.values,
        equations=grid.equations,
        lower=np.concatenate([lower, np.zeros(unknown)]),
        upper=np.concatenate([upper, np.full(unknown, np.inf)]),
        cost=np.concatenate([np.array(series.cost, dtype=np.float64), np.ones(unknown)]),
        primary=primary,
        lpl=np.array([one.below for one in needed], dtype=np.float64),
        upl=np.array([one.above for one in needed], dtype=np.float64),
        singletons=np.array(sorted(series.alone), dtype=np.int64),
        width=np.array([one.width for one in needed], dtype=np.float64),
        given=np.array([*given, *range(shape.cells, len(grid.values))], dtype=np.int64),
    )


def _needed(series: Series, *, lower: Floats, upper: Floats) -> tuple[Ints, list[Level]]:
    """Unsafe cells that are not known from their bounds alone, and how far each must stay open."""
    needed = {
        cell: level.within(series.values[cell], lower=lower[cell], upper=upper[cell])
        for cell, level in sorted(series.unsafe.items())
    }
    open_to = {cell: level for cell, level in needed.items() if level.below + level.above}
    return np.array(list(open_to), dtype=np.int64), list(open_to.values())
