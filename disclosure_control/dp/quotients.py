"""Where does a mean or a spread lie, given noisy vectors? Values and intervals, as exact fractions.

A mean or a ratio is two vectors, a spread three: the count n, the total of x - c and the total of
(x - c)**2 - d, with c and d the public middles of the bounds. Each vector is within its half-width
at 97.5 % (of two) or a little more than 98.33 % (of three), so all of them are together at 95 %,
whatever their noises have to do with each other. The interval is where the column's number lies if
they are: every part that it is made of is taken at its least and its most.

Squares of large numbers are rounded to whole steps, by half a step at most: a variance is not
corrected for that, and its interval is wider by as much.

A mean whose sum is told as well has a noise in common with it, and is told by ``parts``.

A mean of numbers within bounds is within them, and so are the values and ends that are told.

A variance is that of a sample: the mean square less the square of the mean, times n / (n - 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Protocol

from disclosure_control.dp import parts, regression
from disclosure_control.dp.accounting import NoisePlan
from disclosure_control.dp.estimates import Amount, Interval, Own
from disclosure_control.errors import Refused
from disclosure_control.tables import Kind, Published, Shape, Vector

ROOT_DIGITS = 12
"""Of a standard deviation, before it is rounded to the digits that are shown."""


def mean(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """Of one cell whose noisy count is above zero."""
    totals, counts = shape.vector(total_name(column)), shape.vector(column.count)
    if totals.beside is None:
        return _row_mean(totals, counts, noisy[totals.name], noisy[counts.name])
    per_count = _by_row(totals, parts.mean(totals, noisy))
    return (totals.centre + per_count) * Fraction(counts.scale, totals.scale)


def mean_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """At 95 %. None where the count may be zero or less: then nothing is known of the quotient."""
    totals, counts = shape.vector(total_name(column)), shape.vector(column.count)
    off = plan.of(totals.name).mean_half_width
    if totals.beside is None:
        number = _around(noisy[counts.name], plan.of(counts.name).mean_half_width)
        if number[0] <= 0:
            return None
        pairs = _extremes(_around(noisy[totals.name], off), number)
        least, most = (_row_mean(totals, counts, *pair) for pair in pairs)
        return least, most
    ends = parts.mean_interval(totals, noisy, half_width=off)
    if ends is None:
        return None
    low, high = (_by_row(totals, end) for end in ends)
    unit = Fraction(counts.scale, totals.scale)
    return (totals.centre + low) * unit, (totals.centre + high) * unit


def ratio(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """Of one cell whose noisy divisor is above zero."""
    above, below = shape.vector(total_name(column)), shape.vector(divisor_name(column))
    return Fraction(noisy[above.name], noisy[below.name]) * Fraction(below.scale, above.scale)


def ratio_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """At 95 %. None where the divisor may be zero or less."""
    above, below = shape.vector(total_name(column)), shape.vector(divisor_name(column))
    total, divisor = (
        _around(noisy[one.name], plan.of(one.name).mean_half_width) for one in (above, below)
    )
    if divisor[0] <= 0:
        return None
    low, high = _quotient(total, divisor)
    unit = Fraction(below.scale, above.scale)
    return low * unit, high * unit


def left_out(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """Share of rows; of one cell whose noisy number of all rows is above zero."""
    return min(max(1 - _counted(shape, column, noisy), Fraction(0)), Fraction(1))


def _counted(shape: Shape, column: Published, noisy: Own) -> Fraction:
    some, every = shape.vector(column.count), shape.vector(divisor_name(column))
    return Fraction(noisy[some.name], noisy[every.name]) * Fraction(every.scale, some.scale)


def left_out_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """At 95 %, from 0 to 1. None where there may be no row at all."""
    some, every = shape.vector(column.count), shape.vector(divisor_name(column))
    counted, rows = (
        _around(noisy[one.name], plan.of(one.name).mean_half_width) for one in (some, every)
    )
    if rows[0] <= 0:
        return None
    low, high = (end * Fraction(every.scale, some.scale) for end in _quotient(counted, rows))
    return max(Fraction(0), 1 - high), min(Fraction(1), max(Fraction(0), 1 - low))


def variance(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """Of one cell whose noisy count is more than one; not below zero."""
    read = _Spread.of(shape, column)
    number = noisy[read.counts.name]
    square = read.mean_square(Fraction(noisy[read.squares.name], number))
    offset = _by_row(read.totals, Fraction(noisy[read.totals.name], number))
    return read.variance(square - offset**2, number=number)


def variance_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """At 95 %. None where the count may be one or less: one value has no spread."""
    read = _Spread.of(shape, column)
    number, total, squares = (
        _around(noisy[one.name], plan.of(one.name).spread_half_width)
        for one in (read.counts, read.totals, read.squares)
    )
    if number[0] <= read.counts.scale:
        return None
    low, high = (_by_row(read.totals, end) for end in _quotient(total, number))
    least, most = _squared((low, high))
    fewest, largest = _quotient(squares, number)
    rounding = Fraction(read.step // 2)
    low = read.mean_square(fewest) - rounding - most
    high = read.mean_square(largest) + rounding - least
    return (
        read.variance(low, number=number[1]),
        read.variance(high, number=number[0]),
    )


def deviation(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """The root of the variance."""
    return root(variance(shape, column, noisy))


def deviation_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """The roots of the variance's ends."""
    ends = variance_interval(shape, column, noisy, plan=plan)
    return ends and (root(ends[0]), root_up(ends[1]))


def root(square: Fraction) -> Fraction:
    """Rounded down to ROOT_DIGITS digits after the point."""
    scale = 10**ROOT_DIGITS
    return Fraction(isqrt(square.numerator * scale**2 // square.denominator), scale)


def root_up(square: Fraction) -> Fraction:
    found = root(square)
    return found if found**2 == square else found + Fraction(1, 10**ROOT_DIGITS)


def total_name(column: Published) -> str:
    if column.total is None:
        raise Refused(f"column {column.name} names no total")
    return column.total


def divisor_name(column: Published) -> str:
    if column.per is None:
        raise Refused(f"column {column.name} names no divisor")
    return column.per


@dataclass(frozen=True, slots=True)
class _Spread:
    """The vectors of a spread. ``unit``: what a square of the store's integers is when shown."""

    counts: Vector
    totals: Vector
    squares: Vector

    @classmethod
    def of(cls, shape: Shape, column: Published) -> _Spread:
        if column.squares is None:
            raise Refused(f"column {column.name} names no squares")
        counts, squares = shape.vector(column.count), shape.vector(column.squares)
        totals = shape.vector(total_name(column))
        return cls(counts, totals, squares)

    @property
    def step(self) -> int:
        return self.squares.step

    @property
    def unit(self) -> Fraction:
        return Fraction(self.counts.scale, self.squares.scale)

    def mean_square(self, per_count: Fraction) -> Fraction:
        """In the store's integers, from what the squares are in all by count."""
        return (self.squares.centre + _by_row(self.squares, per_count)) * self.step

    def variance(self, apart: Fraction, *, number: Amount) -> Fraction:
        """``apart``: mean square less squared mean, of a population; shown is n / (n - 1) of it."""
        return max(Fraction(0), apart) * self.unit * Fraction(number, number - self.counts.scale)


def _by_row(vector: Vector, quotient: Fraction) -> Fraction:
    """A total by its count, kept within what one row may add: the mean of rows is."""
    if vector.row_bounds is None:
        return quotient
    least, most = vector.row_bounds
    if quotient.numerator < least * quotient.denominator:
        return Fraction(least)
    if quotient.numerator > most * quotient.denominator:
        return Fraction(most)
    return quotient


def _row_mean(totals: Vector, counts: Vector, total: Amount, number: Amount) -> Fraction:
    """As ``_by_row``, and from the centre on, of so many rows; one fraction for all of it."""
    if totals.row_bounds is not None:
        least, most = totals.row_bounds
        total = min(max(total, least * number), most * number)
    above = (totals.centre * number + total) * counts.scale
    return Fraction(above, number * totals.scale)


def _around(value: Amount, half_width: int) -> tuple[Amount, Amount]:
    return value - half_width, value + half_width


def _quotient(numerator: tuple[Amount, Amount], divisor: tuple[Amount, Amount]) -> Interval:
    """Of any two numbers in these ranges, the divisor above zero."""
    low, high = (Fraction(*pair) for pair in _extremes(numerator, divisor))
    return low, high


def _extremes(
    numerator: tuple[Amount, Amount], divisor: tuple[Amount, Amount]
) -> tuple[tuple[Amount, Amount], tuple[Amount, Amount]]:
    """Of which two the quotient is the least, and of which the most."""
    (low, high), (least, most) = numerator, divisor
    return (low, least if low < 0 else most), (high, most if high < 0 else least)


def _squared(ends: Interval) -> Interval:
    low, high = sorted(abs(end) for end in ends)
    return (Fraction(0) if ends[0] <= 0 <= ends[1] else low**2), high**2


class Value(Protocol):
    def __call__(self, shape: Shape, column: Published, noisy: Own) -> Fraction: ...


class Ends(Protocol):
    def __call__(
        self, shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
    ) -> Interval | None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """How a kind of quotient is told of one cell."""

    value: Value
    interval: Ends


TOLD: dict[Kind, Told] = {
    Kind.MEAN: Told(mean, mean_interval),
    Kind.RATIO: Told(ratio, ratio_interval),
    Kind.LEFT_OUT: Told(left_out, left_out_interval),
    Kind.SLOPE: Told(regression.slope, regression.slope_interval),
    Kind.VARIANCE: Told(variance, variance_interval),
    Kind.STDDEV: Told(deviation, deviation_interval),
}
