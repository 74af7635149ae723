"""How are cells and totals rounded so that they still add up? Cell by cell, up or down.

Estimates add up as fractions; rounded one by one they would not. Each leaf is rounded up or down,
whichever leaves all totals that it is part of nearer to their estimates, and then some are turned
over as long as that brings totals nearer (controlled rounding: Cox 1987, for which no exact way is
known beyond two dimensions). Totals are sums of rounded leaves: within two or three of their
estimates for tables of up to five dimensions. It reads noisy numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TypeVar

from disclosure_control.dp.contrasts import basis_of
from disclosure_control.tables import Axis

Number = TypeVar("Number", int, float)

ROUNDS = 3  # of turning leaves over
GAIN = 1e-9


def adding_up(axes: tuple[Axis, ...], estimates: Sequence[Fraction | int]) -> tuple[int, ...]:
    """A whole number for each cell and total of a row-major table, near its estimate."""
    leaves = _leaves(axes)
    rounded = [0] * len(estimates)
    off = [0.0] * len(estimates)  # of totals, so far
    for places in leaves:
        own = math.floor(estimates[places[0]])
        part = float(estimates[places[0]] - own)
        _add(off, places, -part)
        _add(rounded, places, own)
        if part and _worth(off, places, 1) > 0:
            _add(off, places, 1)
            _add(rounded, places, 1)
    for _ in range(ROUNDS):
        if not sum(_turned(off, rounded, places) for places in leaves):
            break
    return tuple(rounded)


def _turned(off: list[float], rounded: list[int], places: tuple[int, ...]) -> bool:
    """Of one leaf: whether it lies on the other side of its estimate now."""
    step = -1 if off[places[0]] > 0 else 1
    turned = off[places[0]] != 0 and _worth(off, places, step) > GAIN
    if turned:
        _add(off, places, step)
        _add(rounded, places, step)
    return turned


def _worth(off: list[float], places: tuple[int, ...], step: int) -> float:
    """By how much squares of what numbers are off get less."""
    return -sum(2 * off[at] * step + 1 for at in places)


def _add(numbers: list[Number], places: tuple[int, ...], amount: Number) -> None:
    for at in places:
        numbers[at] += amount


def _leaves(axes: tuple[Axis, ...]) -> list[tuple[int, ...]]:
    """Of each leaf, its own place and those of all totals that it is part of."""
    stride = 1
    by_axis: list[list[tuple[int, ...]]] = []
    for axis in reversed(axes):
        above, own = axis.above, basis_of(axis).leaves
        by_axis.insert(0, [tuple(stride * at for at in (leaf, *above[leaf])) for leaf in own])
        stride *= len(axis.labels)
    return [tuple(map(sum, product(*one))) for one in product(*by_axis)]
