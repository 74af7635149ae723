"""What is the slope of one number on another, given noisy totals of products? Least squares.

The totals M of products of the numbers that explain (and of 1) and those b with the number that is
explained give coefficients B = inverse(M) b, as from the values themselves (noisy sufficient
statistics: Vu and Slavkovic 2009; Wang 2018). Whatever is centred, slopes stay as they are.

**Standard error.** Two things move a coefficient, and their variances add up:

* noise: to first order the coefficient moves by  u (db - dM B),  u its row of inverse(M), so its
  variance is a weighted sum of the known variances of the noises;
* sampling: the residual variance times the coefficient's entry of inverse(M), as in any textbook,
  with the residual sum of squares from the same noisy totals, and not below what its own noise is.

The interval is 1.96 standard errors on both sides. It takes rows to be independent, the model to be
linear and residuals to vary equally everywhere: what the record says.

**When it is told.** The first order is enough while noise is small beside what it is added to. Each
number is measured by its own root mean square, and the noise of the whole matrix, by the length of
its inverse, must stay below ``MOST_NOISE``; else the cell is hidden. So it is with fewer than
``LEAST_FREEDOM`` residual degrees of freedom. Both are decided by noisy totals alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from disclosure_control.dp.accounting import NoisePlan
from disclosure_control.dp.estimates import Interval, Own
from disclosure_control.errors import Refused
from disclosure_control.tables import Published, Regression, Shape, Vector

TWO_SIDED = 1.959963984540054  # standard errors, at 95 %
MOST_NOISE = 0.3
LEAST_FREEDOM = 30
LEAST_PIVOT = 1e-9  # of coordinates of size 1

Matrix = list[list[float]]


def slope(shape: Shape, column: Published, noisy: Own) -> Fraction:
    """Of one cell that is told."""
    fit = _Fit.of(_Totals.read(shape, column, noisy))
    if fit is None:
        raise Refused(f"column {column.name} cannot be told")
    return Fraction(fit.coefficients[1])


def slope_interval(
    shape: Shape, column: Published, noisy: Own, *, plan: NoisePlan
) -> Interval | None:
    """At 95 %, sampling included. None where noise is too much of what is known."""
    totals = _Totals.read(shape, column, noisy)
    fit = _Fit.of(totals)
    if fit is None:
        return None
    noise = _Totals.variances(shape, column, plan)
    if fit.freedom < LEAST_FREEDOM or fit.noise_of_matrix(noise) > MOST_NOISE:
        return None
    width = TWO_SIDED * math.sqrt(fit.noise(noise) + fit.sampling(noise))
    value = fit.coefficients[1]
    return Fraction(value - width), Fraction(value + width)


@dataclass(frozen=True, slots=True)
class _Totals:
    """Of 1, the numbers that explain, and the one that is explained: of each pair, a total."""

    pairs: Matrix  # both halves

    @classmethod
    def read(cls, shape: Shape, column: Published, noisy: Own) -> _Totals:
        return cls._of(
            {
                vector.name: float(noisy[vector.name] * _unit(vector))
                for vector in map(shape.vector, column.read)
            },
            column,
        )

    @classmethod
    def variances(cls, shape: Shape, column: Published, plan: NoisePlan) -> _Totals:
        """Of the noise of each total."""
        return cls._of(
            {
                vector.name: plan.of(vector.name).variance * float(_unit(vector)) ** 2
                for vector in map(shape.vector, column.read)
            },
            column,
        )

    @classmethod
    def _of(cls, values: dict[str, float], column: Published) -> _Totals:
        told = regression_of(column)
        size = len(told.sums) + 1
        names = iter((column.count, *told.names))
        pairs = [[0.0] * size for _ in range(size)]
        for first in range(size):
            for second in range(first, size):
                pairs[first][second] = pairs[second][first] = values[next(names)]
        return cls(pairs)

    @property
    def matrix(self) -> Matrix:
        """Of what explains."""
        return [row[:-1] for row in self.pairs[:-1]]

    @property
    def explained(self) -> list[float]:
        return [row[-1] for row in self.pairs[:-1]]


@dataclass(frozen=True, slots=True)
class _Fit:
    totals: _Totals
    inverse: Matrix
    coefficients: list[float]

    @classmethod
    def of(cls, totals: _Totals) -> _Fit | None:
        """None where there is no such matrix."""
        inverse = inverted(totals.matrix)
        if inverse is None:
            return None
        found = [_times(row, totals.explained) for row in inverse]
        return cls(totals, inverse, found)

    @property
    def freedom(self) -> float:
        """Residual degrees of freedom."""
        return self.totals.pairs[0][0] - len(self.coefficients)

    def noise_of_matrix(self, noise: _Totals) -> float:
        """Its length by that of the inverse, each number in its own root mean square."""
        sizes = [math.sqrt(self.totals.pairs[at][at]) for at in range(len(self.inverse))]
        apart = math.fsum(
            (value * sizes[row] * sizes[at]) ** 2
            for row, values in enumerate(self.inverse)
            for at, value in enumerate(values)
        )
        moved = math.fsum(
            value / (sizes[row] * sizes[at]) ** 2
            for row, values in enumerate(noise.matrix)
            for at, value in enumerate(values)
        )
        return math.sqrt(apart * moved)

    def noise(self, noise: _Totals) -> float:
        """The variance that noise gives the slope."""
        row, rest = self.inverse[1], [*self.coefficients, -1.0]
        return math.fsum(
            variance * (self._moved(row, rest, first, second)) ** 2
            for first, second, variance in _upper(noise.pairs)
        )

    @staticmethod
    def _moved(row: list[float], rest: list[float], first: int, second: int) -> float:
        """By one more of this total: of the slope, but for its sign."""
        last = len(row)
        if second == last:
            return row[first] if first < last else 0.0
        both = row[first] * rest[second]
        return both if first == second else both + row[second] * rest[first]

    def sampling(self, noise: _Totals) -> float:
        """The variance that the slope has over samples."""
        rest = [*self.coefficients, -1.0]
        squares = math.fsum(
            one * other * self.totals.pairs[row][at]
            for row, one in enumerate(rest)
            for at, other in enumerate(rest)
        )
        spread = math.fsum(
            variance * (rest[first] * rest[second] * (1 if first == second else 2)) ** 2
            for first, second, variance in _upper(noise.pairs)
        )
        residual = max(squares, math.sqrt(spread)) / self.freedom
        return residual * max(0.0, self.inverse[1][1])


def regression_of(column: Published) -> Regression:
    if column.regression is None:
        raise Refused(f"column {column.name} names no totals of products")
    return column.regression


def _unit(vector: Vector) -> Fraction:
    """What an integer of the vector stands for."""
    return Fraction(vector.step, vector.scale)


def _upper(pairs: Matrix) -> Iterator[tuple[int, int, float]]:
    for first, row in enumerate(pairs):
        for second in range(first, len(row)):
            yield first, second, row[second]


def _times(row: list[float], column: list[float]) -> float:
    return math.fsum(map(float.__mul__, row, column))


def inverted(matrix: Matrix) -> Matrix | None:
    """By Gauss and Jordan, each coordinate in its own size and the largest pivot first.

    None where a square is not above zero, or coordinates nearly tell each other.
    """
    size = len(matrix)
    squares = [matrix[at][at] for at in range(size)]
    if min(squares) <= 0:
        return None
    sizes = [math.sqrt(one) for one in squares]
    rows = [
        [
            *(value / (sizes[own] * sizes[at]) for at, value in enumerate(row)),
            *(float(at == own) for at in range(size)),
        ]
        for own, row in enumerate(matrix)
    ]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        if abs(rows[pivot][column]) < LEAST_PIVOT:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [value / lead for value in rows[column]]
        for row in range(size):
            if row != column:
                much = rows[row][column]
                rows[row] = [
                    value - much * own for value, own in zip(rows[row], rows[column], strict=True)
                ]
    return [
        [value / (sizes[own] * sizes[at]) for at, value in enumerate(row[size:])]
        for own, row in enumerate(rows)
    ]
