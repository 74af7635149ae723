"""What noise does a charge buy? From a public shape and a budget to mechanism and scale.

Everything here is computed from the shape, the policy and the charge, never from data, so the same
function serves the preview and the draw. The unit of account is rho of zero-concentrated
differential privacy (zCDP; Bun and Steinke 2016), as an integer of 1e-9:

* a Gaussian of scale s on a vector that one unit moves by at most L2 costs  L2**2 / 2 s**2;
* a Laplace of scale s is pure L1/s differentially private, which is  (L1/s)**2 / 2  zCDP.

Both are  squared sensitivity / 2 s**2, so one formula finds the scale and one checks it.

**How a charge is split.** Each vector gets a share by its weight. What is published by itself, is
the numerator of a mean, a part of a ratio or the squares of a spread weighs 2; a count that only
divides or decides what is hidden weighs 1, and so does a total whose square is all that is needed.
The error of a mean x is about (noise of the total + |x - centre| noise of the count) / n; with the
centre in the middle of the bounds |x - centre| is well below the bound that scales the
noise of the total, so the total deserves the larger share. A count beside a sum of what is never
below zero gets none: one noise tells both (``parts``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction

from disclosure_control.dp import accuracy, parts, selection
from disclosure_control.dp.scales import (
    LARGEST_INTEGER,
    NANO,
    ROOM_FOR_NOISE,
    scale_for,
)
from disclosure_control.dp.selection import End, Selection
from disclosure_control.dp.totals import Group, parting_of, row_scale
from disclosure_control.errors import AccountingError, Refused
from disclosure_control.policy import DpRules, Mechanism
from disclosure_control.tables import Counting, Kind, Published, Sensitivity, Shape, Vector

CLAIM_DELTA = 1e-6  # at which an epsilon is told, before and after the draw
PUBLISHED_WEIGHT = 2
AUXILIARY_WEIGHT = 1
SELECTION_WEIGHTS = {End.MIDDLE: 3, End.LOWER: 1, End.UPPER: 1}
LEAST_ORDER, MOST_ORDER = 1e-6, 1e9  # less 1: orders of Renyi divergence that are searched
GOLDEN = (math.sqrt(5) - 1) / 2
NOTHING = "0.000"
SEARCHED = 120  # steps: the golden section of 35 to the last bit


@dataclass(frozen=True, slots=True)
class VectorNoise:
    """The noise of one vector. Half-widths are in vector integers.

    Of a table with totals, ``groups`` are what is measured; ``scale`` is the standard deviation
    that no cell or total exceeds.
    """

    vector: str
    mechanism: str
    scale: float
    rho_nano: int  # its share of the charge
    half_width: int  # holds for a cell at 95 %
    joint_half_width: int  # holds for all cells of the vector together at 95 %
    mean_half_width: int  # holds for a cell at 97.5 %, for quotients of two vectors
    spread_half_width: int  # holds for a cell at 98.3 %, for what is made of three vectors
    groups: tuple[Group, ...] = ()

    @property
    def variance(self) -> float:
        """Of the noise of a cell, at most."""
        return self.scale**2 * (2 if self.mechanism == Mechanism.LAPLACE else 1)

    @property
    def scale_text(self) -> str:
        """The exact value of the float, in decimal digits."""
        return f"{Decimal(self.scale):f}"


@dataclass(frozen=True, slots=True)
class NoisePlan:
    """The noise of a table: one entry a vector, in the order of the shape."""

    vectors: tuple[VectorNoise, ...]
    rho_nano: int  # what is charged; the shares never exceed it
    selections: tuple[VectorNoise, ...] = ()  # of quantiles; half-widths are distances of ranks
    counts: tuple[VectorNoise, ...] = ()  # of counts that are told by noisy totals, at no charge
    sums: tuple[VectorNoise, ...] = ()  # of sums that are told by both parts of a total

    def of(self, vector: str) -> VectorNoise:
        every = (*self.vectors, *self.selections, *self.counts, *self.sums)
        return next(noise for noise in every if noise.vector == vector)


def noise_plan(
    shape: Shape, rules: DpRules, *, rho_nano: int, mechanism: str | None = None
) -> NoisePlan:
    """Splits ``rho_nano`` over the vectors and picks each one's mechanism and scale.

    ``mechanism`` None lets the planner take, among those that the policy allows, the one with the
    smaller half-width at the same charge. Raises Refused for a charge or mechanism outside the
    policy, or a shape that the noisy track cannot carry; AccountingError for a charge too small
    to share.
    """
    _require_within_policy(rules, rho_nano=rho_nano, mechanism=mechanism)
    allowed = (mechanism,) if mechanism else rules.mechanisms
    shares = split(shape, rho_nano=rho_nano)
    best = _with_totals if shape.has_totals else _best
    noises = tuple(
        best(shape, vector, allowed, rho_nano=shares[vector.name]) for vector in added(shape)
    )
    selections = tuple(
        _selection(shape, one, rho_nano=shares[one.name]) for one in selection.selections(shape)
    )
    counts = tuple(_told(shape, name, noises) for name in sorted(parts.counts_told(shape)))
    sums = tuple(_of_sum(shape, one, noises) for one in parts.sums_told(shape))
    return NoisePlan(noises, rho_nano, selections, counts, sums)


def added(shape: Shape) -> tuple[Vector, ...]:
    """Vectors to which noise is added; of the others bins are chosen, or ``parts`` tell them."""
    told = parts.counts_told(shape)
    vectors = (one for one in shape.vectors if one.counts is not Counting.HISTOGRAM)
    return tuple(one for one in vectors if one.name not in told)


def telling(shape: Shape, count: str, noises: Sequence[VectorNoise]) -> tuple[Vector, ...]:
    """Totals whose parts tell a count: all that have the mechanism of the first."""
    by_name = {noise.vector: noise for noise in noises}
    totals = parts.totals_of(shape, count)
    first = by_name[totals[0].name].mechanism
    return tuple(one for one in totals if by_name[one.name].mechanism == first)


def _told(shape: Shape, count: str, noises: Sequence[VectorNoise]) -> VectorNoise:
    """The noise of a count that is told by totals; its scale is that of as much variance."""
    by_name = {noise.vector: noise for noise in noises}
    own = [(one, by_name[one.name]) for one in telling(shape, count, noises)]
    return _mixed(
        shape, count, own[0][1].mechanism, parts.terms([(one, noise.scale) for one, noise in own])
    )


def _of_sum(shape: Shape, total: Vector, noises: Sequence[VectorNoise]) -> VectorNoise:
    noise = next(one for one in noises if one.vector == total.name)
    terms = parts.sum_terms(total, noise.scale)
    return _mixed(shape, parts.sum_of(total), noise.mechanism, terms)


def _mixed(
    shape: Shape, name: str, mechanism: str, terms: Sequence[tuple[Fraction, float]]
) -> VectorNoise:
    """Of what is worked out of several draws, at no charge of its own."""
    widths = _widths(
        shape, lambda alpha: accuracy.half_width_of_mixture(mechanism, terms=terms, alpha=alpha)
    )
    scale = math.sqrt(math.fsum((float(step) * scale) ** 2 for step, scale in terms))
    return VectorNoise(name, mechanism, scale, 0, *widths)


def split(shape: Shape, *, rho_nano: int) -> dict[str, int]:
    """Whole shares by weight; they sum to at most ``rho_nano``, what cannot be shared is unused."""
    weights = {vector.name: _weight(shape, vector) for vector in added(shape)}
    weights |= {one.name: SELECTION_WEIGHTS[one.end] for one in selection.selections(shape)}
    parts = sum(weights.values())
    shares = {name: rho_nano * weight // parts for name, weight in weights.items()}
    if not shares or min(shares.values()) < 1:
        raise AccountingError("a vector would get no budget")
    return shares


def squared_sensitivity(mechanism: str, sensitivity: Sensitivity) -> int:
    """L1**2 for the Laplace, L2**2 for the Gaussian; a vector that cannot move counts as 1."""
    return max(1, SQUARED[Mechanism(mechanism)](sensitivity))


def pure_epsilon(vector: Vector, noise: VectorNoise) -> str | None:
    """The pure epsilon that the vector has, rounded up to 6 digits; None for the Gaussian."""
    if noise.mechanism != Mechanism.LAPLACE or vector.sensitivity is None:
        return None
    return _divided_up(max(1, vector.sensitivity.l1), noise.scale)


def epsilon_of_choice(one: Selection, noise: VectorNoise) -> str:
    """The pure epsilon of a choice over all cells: twice what distances move, by the scale."""
    return _divided_up(2 * one.moved, noise.scale)


def _divided_up(moved: int, scale: float) -> str:
    upwards = Context(prec=6, rounding=ROUND_CEILING)
    return f"{upwards.divide(Decimal(moved), Decimal(scale)):f}"


def implied_epsilon(rho_nano: int, *, delta: float) -> str:
    """Epsilon at ``delta``, rounded up (Canonne, Kamath and Steinke 2020, section 2.3).

    For every order a > 1 it is at most a rho + (ln(1/delta) - ln a) / (a - 1) + ln(1 - 1/a); the
    order is sought that makes it small.
    """
    return up(epsilon_at(rho_nano / NANO, delta=delta)) if rho_nano else NOTHING


def claimed_delta(delta_femto: int) -> str:
    """Of a conversion, and of telling unknown keys beside it; in decimal digits."""
    whole = Decimal(repr(CLAIM_DELTA)) + Decimal(delta_femto).scaleb(-15)
    return f"{whole.normalize():f}"


def epsilon_at(rho: float, *, delta: float) -> float:
    """Of rho-zCDP, to within rounding; whichever order the search ends at, it is an upper bound."""
    low, high = math.log(LEAST_ORDER), math.log(MOST_ORDER)
    for _ in range(SEARCHED):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if _of_order(rho, delta, left) < _of_order(rho, delta, right):
            high = right
        else:
            low = left
    return max(0.0, _of_order(rho, delta, low))


def _of_order(rho: float, delta: float, log_above: float) -> float:
    """``log_above``: of the order less 1."""
    above = math.exp(log_above)
    order = 1 + above
    return order * rho + (-math.log(delta) - math.log(order)) / above + math.log(above / order)


def up(epsilon: float) -> str:
    """To three digits, with room for the last bits."""
    return f"{math.ceil(epsilon * 1000 + 1e-6) / 1000:.3f}"


SQUARED: dict[Mechanism, Callable[[Sensitivity], int]] = {
    Mechanism.LAPLACE: lambda sensitivity: sensitivity.l1**2,
    Mechanism.GAUSSIAN: lambda sensitivity: sensitivity.l2_squared,
}


def _weight(shape: Shape, vector: Vector) -> int:
    published = any(
        vector.name in {main_vector(one), one.per}
        or (one.regression is not None and vector.name in one.regression.names)
        for one in shape.published
    )
    return PUBLISHED_WEIGHT if published else AUXILIARY_WEIGHT


def main_vector(column: Published) -> str:
    """Name of the vector whose noise decides the column's error."""
    if column.kind is Kind.QUANTILE:
        return selection.name_of(column.name, End.MIDDLE)
    if column.patterns is not None:
        return column.patterns.vector
    if column.regression is not None:
        return column.regression.products[len(column.regression.sums) - 1]  # of first and last
    return column.squares or column.total or column.count


def _best(shape: Shape, vector: Vector, allowed: tuple[str, ...], *, rho_nano: int) -> VectorNoise:
    """The mechanism with the smaller half-width; at equality the one with a pure epsilon."""
    order = [mechanism for mechanism in Mechanism if mechanism in allowed]
    return min(
        (_noise(shape, vector, mechanism, rho_nano=rho_nano) for mechanism in order),
        key=lambda noise: noise.half_width,
    )


def _noise(shape: Shape, vector: Vector, mechanism: Mechanism, *, rho_nano: int) -> VectorNoise:
    scale = scale_for(squared_sensitivity(mechanism, declared(vector)), rho_nano=rho_nano)
    _require_room(vector, vector.magnitude, scale)
    widths = _widths(shape, lambda alpha: accuracy.half_width(mechanism, scale=scale, alpha=alpha))
    return VectorNoise(vector.name, mechanism, scale, rho_nano, *widths)


def _with_totals(
    shape: Shape, vector: Vector, allowed: tuple[str, ...], *, rho_nano: int
) -> VectorNoise:
    """Noise for every cell and total, by ``totals``. Raises Refused without the Gaussian."""
    if Mechanism.GAUSSIAN not in allowed:
        raise Refused("noisy totals need the Gaussian")
    parting = parting_of(shape.axes, shape.grouping_sets)
    groups = parting.noise(l1=declared(vector).l1, rho_nano=rho_nano)
    for one in groups:
        largest = parting.largest(one.levels)
        _require_room(
            vector, 2 * largest * vector.magnitude, row_scale(one, largest**2 * shape.cells)
        )
    variance = parting.variance(groups)
    widths = _widths(shape, lambda alpha: accuracy.half_width_of_sums(variance, alpha=alpha))
    scale = math.sqrt(variance)
    return VectorNoise(vector.name, Mechanism.GAUSSIAN, scale, rho_nano, *widths, groups=groups)


def declared(vector: Vector) -> Sensitivity:
    if vector.sensitivity is None:
        raise Refused(f"vector {vector.name} has no declared sensitivity")
    return vector.sensitivity


def _require_room(vector: Vector, magnitude: int, scale: float) -> None:
    if magnitude + ROOM_FOR_NOISE * scale >= LARGEST_INTEGER:
        raise Refused(f"vector {vector.name} leaves no room for its noise")


def _widths(shape: Shape, width: Callable[[Decimal], int]) -> tuple[int, int, int, int]:
    """At what each may fail: in the order of ``VectorNoise``."""
    return (
        width(accuracy.PER_CELL),
        width(accuracy.joint_alpha(shape.cells)),
        width(accuracy.EACH_OF_TWO),
        width(accuracy.EACH_OF_THREE),
    )


def _selection(shape: Shape, one: Selection, *, rho_nano: int) -> VectorNoise:
    """A choice costs as a Gaussian of its scale does, whatever mechanisms the policy names.

    It is pure differential privacy as well, so that no policy could exclude it for being less.
    """
    scale = scale_for(one.moved**2, rho_nano=rho_nano)
    if one.quantile.parts * one.vector.magnitude + ROOM_FOR_NOISE * scale >= LARGEST_INTEGER:
        raise Refused(f"vector {one.vector.name} leaves no room for its noise")
    reaches = _widths(shape, lambda alpha: selection.reach(scale, bins=one.bins, alpha=alpha))
    return VectorNoise(one.name, selection.NOISY_MAX, scale, rho_nano, *reaches)


def _require_within_policy(rules: DpRules, *, rho_nano: int, mechanism: str | None) -> None:
    if not rules.rho_nano_min <= rho_nano <= rules.rho_nano_max:
        raise Refused("the charge is outside the policy")
    if mechanism is not None and mechanism not in rules.mechanisms:
        raise Refused("the mechanism is outside the policy")
