"""What can the hidden cells of a table be, by what it shows and by all that left near it?

For checkers: how many people the numbers of all these tables together leave possible in a cell.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from disclosure_control.sdc.register.intervals import NoIntervals, Told, atoms_of, intervals
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Table
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Partition
from disclosure_control.sdc.register.verdict import nearest

MOST_ATOMS = 3000  # people whom the tables tell apart: so many that a solver has time for
MOST_CELLS = 12
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``most`` is None where no number bounds it."""

    cell: int
    least: int
    most: int | None


def narrowed(
    table: Table, known: Known, cells: Sequence[tuple[int, Bools]], *, seconds: float
) -> tuple[Narrowed, ...]:
    """``known``: what left before; ``cells``: hidden ones with their people. The narrowest first.

    Empty where there was no time. Of many cells those with fewest people are looked at.
    """
    end = time.monotonic() + seconds
    asked = sorted(cells, key=lambda one: int(one[1].sum()))[:MOST_CELLS]
    if not asked or seconds <= 0:
        return ()
    groups = [people for _, people in asked]
    told = [Told.exactly(one) for one in _near(table, known, groups, end=end)]
    try:
        found = intervals(told, groups, seconds=end - time.monotonic())
    except NoIntervals:
        return ()
    own = (
        Narrowed(cell, max(0, math.ceil(low - CLOSE)), _floor(high))
        for (cell, _), (low, high) in zip(asked, found, strict=True)
    )
    return tuple(sorted(own, key=_width))


def _floor(high: float) -> int | None:
    return math.floor(high + CLOSE) if math.isfinite(high) else None


def _width(one: Narrowed) -> float:
    return math.inf if one.most is None else one.most - one.least


def _near(
    table: Table, known: Known, groups: Sequence[Bools], *, end: float
) -> Iterator[Partition]:
    """Of the table itself, and of the nearest others as long as few enough are told apart."""
    own = table.partitions
    yield from own
    apart = atoms_of([*(one.labels for one in own), *groups])
    for number in nearest([own[0]], [known.span.contingencies(own[0])], known):
        other = known.span.tables[number]
        finer = atoms_of([apart, other.labels])
        if int(finer.max()) >= MOST_ATOMS or time.monotonic() > end:
            return
        apart = finer
        yield other
