"""How do noisy integers become published values with intervals? By arithmetic on noise alone.

Everything here reads noisy vectors, the noise plan and public facts, so it costs nothing. Values
are rounded half to even at the column's decimals; every interval is widened to cover that rounding
too, and its ends are rounded outwards. A count below the threshold *as drawn* is hidden: hiding
by the true count would tell a reader which side of the threshold it is on.

In a table with totals, counts and sums are rounded so that they add up (``rounding``). Then a value
may lie beside its estimate by more than half a digit: its interval is that of the estimate, made
wide enough to have the value in its middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

from disclosure_control.dp import logistic, parts, quotients, rounding, selection
from disclosure_control.dp.accounting import NoisePlan
from disclosure_control.dp.estimates import Amount, Interval
from disclosure_control.dp.selection import End
from disclosure_control.errors import Refused
from disclosure_control.exact import WIDE, part_shown, shown
from disclosure_control.tables import Cell, Kind, Published, Shape, Status, Vector

HIDDEN = Cell(Status.SUPPRESSED)
NOT_ASKED = Cell(Status.NOT_ASKED)

Noisy = Mapping[str, tuple[Amount, ...]]


def publish(
    shape: Shape, noisy: Noisy, *, plan: NoisePlan, threshold: int
) -> tuple[tuple[Cell, ...], ...]:
    """One list of cells for each published column."""
    return tuple(
        tuple(_cells(shape, column, noisy, plan=plan, threshold=threshold))
        for column in shape.published
    )


def hidden_by(shape: Shape, column: Published, noisy: Noisy, *, threshold: int) -> frozenset[int]:
    """Grid positions whose noisy count is below the threshold, of those that are asked for."""
    least = threshold * shape.vector(column.count).scale
    below = frozenset(cell for cell, count in enumerate(noisy[column.count]) if count < least)
    return below - shape.not_asked


def half_width(
    column: Published, vector: Vector, *, integers: int, estimated: bool = False
) -> Decimal:
    """The published half-width of a count or sum: the same for every cell, known beforehand.

    Of what is ``estimated``, so that it may be any number, with half a digit for its rounding;
    where totals are to add up, some are rounded by a bit more.
    """
    exactly = displays_exactly(column, vector) and not estimated
    rounded = Fraction(0) if exactly else Fraction(1, 2 * 10**column.decimals)
    width = Fraction(integers, vector.scale) + rounded
    return shown(width, decimals=column.decimals, towards=math.ceil)


def is_estimated(shape: Shape, vector: Vector) -> bool:
    """Is a number of it, with noise, worked out from several that are drawn?"""
    told = {*parts.counts_told(shape), *map(parts.sum_of, parts.sums_told(shape))}
    return shape.has_totals or vector.name in told


def displays_exactly(column: Published, vector: Vector) -> bool:
    """Whether every integer of the vector is a whole number of the column's last digit."""
    return bool(10**column.decimals % vector.scale == 0)


def _cells(
    shape: Shape, column: Published, noisy: Noisy, *, plan: NoisePlan, threshold: int
) -> Iterator[Cell]:
    hidden = hidden_by(shape, column, noisy, threshold=threshold)
    show = SHOW[column.kind](shape, column, noisy, plan)
    others = {**dict.fromkeys(hidden, HIDDEN), **dict.fromkeys(shape.not_asked, NOT_ASKED)}
    return (others.get(cell) or show(cell) for cell in range(shape.cells))


Show = Callable[[int], Cell]


def _counts(shape: Shape, column: Published, noisy: Noisy, plan: NoisePlan) -> Show:
    """A count is not below zero, and its interval says so."""
    nobody = shown(Fraction(0), decimals=column.decimals)
    return _quantities(shape, shape.vector(column.count), column, noisy, plan, least=nobody)


def _sums(shape: Shape, column: Published, noisy: Noisy, plan: NoisePlan) -> Show:
    total = shape.vector(quotients.total_name(column))
    vector = replace(total, name=parts.sum_of(total))
    return _quantities(shape, vector, column, noisy, plan, least=None)


def _nonnegative_sums(shape: Shape, column: Published, noisy: Noisy, plan: NoisePlan) -> Show:
    """The true sum is not below zero: whatever lies there of value and interval is cut.

    The interval holds the truth as often as before, and the value is no further from it.
    """
    nothing = shown(Fraction(0), decimals=column.decimals)
    show = _sums(shape, column, noisy, plan)

    def cut(cell: int) -> Cell:
        sum_ = show(cell)
        value, low, high = (
            None if one is None else max(one, nothing) for one in (sum_.value, sum_.low, sum_.high)
        )
        return replace(sum_, value=value, low=low, high=high)

    return cut


def _quantities(
    shape: Shape,
    vector: Vector,
    column: Published,
    noisy: Noisy,
    plan: NoisePlan,
    *,
    least: Decimal | None,
) -> Show:
    if shape.has_totals:
        return _adding_up(shape, vector, column, noisy, plan, least=least)
    integers = plan.of(vector.name).half_width
    width = half_width(column, vector, integers=integers, estimated=is_estimated(shape, vector))
    amounts = noisy[vector.name]

    @cache
    def told(amount: Amount) -> Cell:  # many cells have one and the same
        value = part_shown(amount, vector.scale, decimals=column.decimals)
        return _within(value, width, least=least)

    return lambda cell: told(amounts[cell])


def _adding_up(
    shape: Shape,
    vector: Vector,
    column: Published,
    noisy: Noisy,
    plan: NoisePlan,
    *,
    least: Decimal | None,
) -> Show:
    digits = Fraction(10**column.decimals, vector.scale)
    estimates = [amount * digits for amount in noisy[vector.name]]
    values = rounding.adding_up(shape.axes, estimates)
    width = plan.of(vector.name).half_width * digits

    def show(cell: int) -> Cell:
        off = abs(values[cell] - estimates[cell])
        wide = Fraction(width + off) / 10**column.decimals
        value = Decimal(values[cell]).scaleb(-column.decimals)
        outwards = shown(wide, decimals=column.decimals, towards=math.ceil)
        return _within(value, outwards, least=least)

    return show


def _within(value: Decimal, width: Decimal, *, least: Decimal | None) -> Cell:
    low = WIDE.subtract(value, width)
    return Cell(
        Status.SHOWN,
        value=value,
        half_width=width,
        low=low if least is None else max(low, least),
        high=WIDE.add(value, width),
    )


def _quantiles(_: Shape, column: Published, noisy: Noisy, __: NoisePlan) -> Show:
    """The middle of the chosen bin, and from the lower end's bin to the upper end's."""
    quantile = selection.quantile_of(column)
    places = {end: noisy[selection.name_of(column.name, end)] for end in End}

    def show(cell: int) -> Cell:
        ends = {end: selection.span(quantile, int(places[end][cell])) for end in End}
        low, high = ends[End.MIDDLE]
        return Cell(
            Status.SHOWN,
            value=shown((low + high) / 2, decimals=column.decimals),
            low=shown(min(low, ends[End.LOWER][0]), decimals=column.decimals, towards=math.floor),
            high=shown(max(high, ends[End.UPPER][1]), decimals=column.decimals, towards=math.ceil),
        )

    return show


def _odds(shape: Shape, column: Published, noisy: Noisy, plan: NoisePlan) -> Show:
    """Hidden where noise is too much of what is known."""
    patterns = column.patterns
    if patterns is None:
        raise Refused(f"column {column.name} names no patterns")
    vector, counts = shape.vector(patterns.vector), noisy[patterns.vector]
    variance = plan.of(vector.name).variance

    def show(cell: int) -> Cell:
        own = counts[cell * vector.bins : (cell + 1) * vector.bins]
        told = logistic.log_odds(patterns, own, scale=vector.scale, variance=variance)
        return HIDDEN if told is None else _told(column, told.value, told.interval)

    return show


def _divided(shape: Shape, column: Published, noisy: Noisy, plan: NoisePlan) -> Show:
    """Hidden where nothing is known of the quotient."""
    told = quotients.TOLD[column.kind]
    read = parts.read(shape, column)

    def show(cell: int) -> Cell:
        own = {name: noisy[name][cell] for name in read}
        ends = told.interval(shape, column, own, plan=plan)
        if ends is None:
            return HIDDEN
        return _told(column, told.value(shape, column, own), ends)

    return show


def _told(column: Published, value: Fraction, ends: Interval) -> Cell:
    return Cell(
        Status.SHOWN,
        value=shown(value, decimals=column.decimals),
        low=shown(ends[0], decimals=column.decimals, towards=math.floor),
        high=shown(ends[1], decimals=column.decimals, towards=math.ceil),
    )


SHOW: dict[Kind, Callable[[Shape, Published, Noisy, NoisePlan], Show]] = {
    Kind.COUNT: _counts,
    Kind.UNITS: _counts,
    Kind.SUM: _sums,
    Kind.NONNEGATIVE_SUM: _nonnegative_sums,
    Kind.QUANTILE: _quantiles,
    Kind.LOG_ODDS: _odds,
    **dict.fromkeys(quotients.TOLD, _divided),
}
