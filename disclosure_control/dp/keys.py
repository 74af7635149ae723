"""Which keys that nobody declared may be told? Those with enough units, by their noisy number.

Of texts, a table has the keys that occur, so that a key which is there at all could tell of the one
unit that has it. Noise is added to the number of units of each key that occurs, and the key is told
where that is at least a threshold; everything else is counted of told keys only. Two datasets that
differ by one unit differ in keys of that unit alone, of which none is told in either but by
chance delta: then what is told costs what the noise costs (delta-approximate zCDP, Bun and Steinke
2016, section 8; Korolova et al. 2009; Wilson et al. 2020).

**The threshold.** In keys that it alone has, a unit adds nothing below zero, at most Linf to a
cell, at most L1 in all, to at most L0 cells; each key has C cells, and the others of them hold
nobody. The chance that some noisy cell reaches T is at most the sum of P(noise >= T - added), which
is convex in what is added while that is below T, so that it is largest where as much as possible
lies in cells of Linf. Hence, with n = ceil(L1 / Linf),

    delta <= n P(noise >= T - Linf) + (C L0 - n) P(noise >= T).

With one row a unit that is P(noise >= T - 1): a key is told at T and accounted for at T - 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from math import prod

from disclosure_control import shapes
from disclosure_control.dp import accuracy
from disclosure_control.dp.accounting import NoisePlan, VectorNoise, declared
from disclosure_control.dp.estimates import Amount
from disclosure_control.errors import Refused
from disclosure_control.policy import DpRules
from disclosure_control.tables import Axis, Sensitivity, Shape, Texts, Vector

Values = Mapping[str, tuple[int, ...]]


def delta_femto(shape: Shape, rules: DpRules) -> int:
    """What telling keys costs, in 1e-15."""
    return 0 if shape.unknown is None else rules.key_delta_femto


def units_of(shape: Shape, least: int) -> Decimal:
    """The threshold as a number of units."""
    return Decimal(least) / vector_of(shape).scale


def vector_of(shape: Shape) -> Vector:
    """Of units, by which keys are told. Raises Refused where there is none."""
    found = shapes.deciding(shape)
    if found is None:
        raise Refused("nothing says how many units a key has")
    return found


def least(shape: Shape, rules: DpRules, plan: NoisePlan) -> int | None:
    """The threshold in vector integers; None where all keys are declared.

    The least that costs no more than the policy's delta, and no less than what hides a cell.
    """
    if shape.unknown is None:
        return None
    vector = vector_of(shape)
    found = _least(
        plan.of(vector.name),
        declared(vector),
        shape.cells // len(_axis(shape).labels),
        rules.key_delta_femto,
    )
    return max(found, rules.threshold * vector.scale)


@lru_cache(maxsize=256)
def _least(noise: VectorNoise, moved: Sensitivity, cells: int, femto: int) -> int:
    """Where the bound is met; it falls with the threshold."""
    most = Decimal(femto).scaleb(-15)
    each = 2 * most / max(-(-moved.l1 // moved.linf), cells * moved.l0)
    low = moved.linf  # too low: half of all noise is beyond it
    high = moved.linf + 1 + accuracy.half_width(noise.mechanism, scale=noise.scale, alpha=each)
    while high - low > 1:
        middle = (low + high) // 2
        enough = delta(middle, noise=noise, moved=moved, cells=cells) <= most
        low, high = (low, middle) if enough else (middle, high)
    return high


def delta(threshold: int, *, noise: VectorNoise, moved: Sensitivity, cells: int) -> Decimal:
    """At most the chance that a key of one unit alone is told. ``cells``: of each key."""
    reached = -(-moved.l1 // moved.linf)
    others = max(0, cells * moved.l0 - reached)
    near, far = (_at_least(threshold - by, noise) for by in (moved.linf, 0))
    return reached * near + others * far


def _at_least(bound: int, noise: VectorNoise) -> Decimal:
    """P(noise >= bound), for bounds above 0: half of what lies beyond on both sides."""
    if bound < 1:
        return Decimal(1)
    return accuracy.tail(noise.mechanism, scale=noise.scale, beyond=bound - 1).high / 2


def present(shape: Shape, counts: Sequence[int], texts: Texts) -> tuple[int, ...]:
    """Places of keys that some unit has. Raises Refused for a place without a text."""
    some = _labels(shape, (cell for cell, count in enumerate(counts) if count))
    some &= set(range(len(texts)))
    if any(texts[label] is None for label in some):
        raise Refused("a key has no text")
    return tuple(sorted(some))


def told(
    shape: Shape, noisy: Mapping[int, Amount], some: Mapping[int, str], *, least: int
) -> tuple[int, ...]:
    """Those of ``some`` keys that reach the threshold in a cell, by noisy numbers of units.

    In the order of their texts, which says nothing of others.
    """
    high = _labels(shape, (cell for cell, number in noisy.items() if number >= least))
    return tuple(sorted(high & some.keys(), key=some.__getitem__))


def cells_of(shape: Shape, labels: Sequence[int]) -> tuple[int, ...]:
    """Grid positions of a table of these keys, and of missing values, in its order."""
    at = _at(shape)
    places = [range(len(axis.labels)) for axis in shape.axes]
    every = range(len(_axis(shape).labels))
    places_told = (*labels, *every[_axis(shape).texts :])
    cells = [0]
    for axis, own in zip(shape.axes, (*places[:at], places_told, *places[at + 1 :]), strict=True):
        size = len(axis.labels)
        cells = [cell * size + place for cell in cells for place in own]
    return tuple(cells)


def taken(shape: Shape, values: Values, labels: Sequence[int]) -> Values:
    """Every vector, of these keys alone."""
    cells = cells_of(shape, labels)
    return {
        vector.name: tuple(
            values[vector.name][cell * vector.bins + bin_]
            for cell in cells
            for bin_ in range(vector.bins)
        )
        for vector in shape.vectors
    }


def narrowed(shape: Shape, texts: Texts, labels: Sequence[int]) -> Shape:
    """The shape of a table of these keys."""
    axis = _axis(shape)
    own = [text for text in (texts[label] for label in labels) if text is not None]
    known = axis.labels[axis.texts :]
    axes = list(shape.axes)
    axes[_at(shape)] = replace(axis, labels=(*own, *known), empty=())
    return replace(shape, axes=tuple(axes))


def _at(shape: Shape) -> int:
    if shape.unknown is None:
        raise Refused("all keys are declared")
    return shape.unknown


def _axis(shape: Shape) -> Axis:
    return shape.axes[_at(shape)]


def _labels(shape: Shape, cells: Iterable[int]) -> set[int]:
    """Places on the axis of unknown keys in which these cells are."""
    at = _at(shape)
    size = len(shape.axes[at].labels)
    stride = prod(len(axis.labels) for axis in shape.axes[at + 1 :])
    return {cell // stride % size for cell in cells}
