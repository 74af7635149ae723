"""How do the odds of a yes change with a number? Logistic regression on noisy counts of patterns.

A pattern is a band for each number that explains; of each there are the noisy numbers of rows with
yes and with no. The coefficients B solve the score equations of maximum likelihood,

    sum over patterns of  x (yes - n p(x))  =  0,    p(x) = 1 / (1 + exp(-B x)),   n = yes + no,

which are linear in the counts, so that noise leaves them true on average (fitted to noisy tables
as in Karwa and Slavkovic 2016; empty patterns with less than nobody are part of that).

**Standard error.** With H = sum n p (1 - p) x x' the sampling variance is inverse(H), and noise of
variance t adds  inverse(H) V inverse(H),  V = t sum (p**2 + (1 - p)**2) x x'.

**When it is told.** As a slope is (``regression``): while the noise of H, by the length of its
inverse, stays below ``MOST_NOISE``, and where the equations have a solution that Newton's steps
reach. Decided by noisy counts alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from disclosure_control.dp.estimates import Amount, Interval
from disclosure_control.dp.regression import LEAST_FREEDOM, MOST_NOISE, TWO_SIDED, Matrix, inverted
from disclosure_control.tables import Patterns

STEPS = 25
CLOSE = 1e-9  # of a step, in coefficients of numbers within -1 to 1
FARTHEST = 12.0  # such a coefficient: odds of 160,000, which a few yeses cannot tell


@dataclass(frozen=True, slots=True)
class Told:
    value: Fraction
    interval: Interval


def log_odds(
    patterns: Patterns, counts: Sequence[Amount], *, scale: int, variance: float
) -> Told | None:
    """Of one cell; ``counts``: noisy rows times ``scale``, each with this variance."""
    table = _Table.of(patterns, counts, scale)
    fit = table.fitted()
    if fit is None or sum(table.rows) < LEAST_FREEDOM + len(table.centres):
        return None
    coefficient, error = fit.told(variance / scale**2)
    if error is None:
        return None
    reach = table.reaches[table.told - 1]
    low, value, high = ((coefficient + way * TWO_SIDED * error) / reach for way in (-1, 0, 1))
    return Told(Fraction(value), (Fraction(low), Fraction(high)))


@dataclass(frozen=True, slots=True)
class _Table:
    """Numbers that explain are moved and stretched to -1 to 1, and stand after a 1."""

    points: list[list[float]]
    yes: list[float]
    rows: list[float]
    centres: list[float]
    reaches: list[float]
    told: int  # of the coefficients

    @classmethod
    def of(cls, patterns: Patterns, counts: Sequence[Amount], scale: int) -> _Table:
        middles = [[float(one) for one in own.middles] for own in patterns.numbers]
        explaining = [own for at, own in enumerate(middles) if at != patterns.explained]
        centres = [(own[0] + own[-1]) / 2 for own in explaining]
        reaches = [(own[-1] - own[0]) / 2 or 1.0 for own in explaining]
        found: dict[tuple[int, ...], list[float]] = {}
        places = product(*(range(len(own)) for own in middles))
        for place, count in zip(places, counts, strict=True):
            rest = (*place[: patterns.explained], *place[patterns.explained + 1 :])
            both = found.setdefault(rest, [0.0, 0.0])
            both[place[patterns.explained]] += float(count) / scale
        points = [[1.0, *_stretched(place, explaining, centres, reaches)] for place in found]
        yes = [both[1] for both in found.values()]
        told = 1 + patterns.told - (patterns.told > patterns.explained)
        return cls(points, yes, [sum(both) for both in found.values()], centres, reaches, told)

    def fitted(self) -> _Fit | None:
        coefficients = [0.0] * (len(self.centres) + 1)
        for _ in range(STEPS):
            fit = _Fit(self, coefficients)
            inverse = inverted(fit.information)
            if inverse is None:
                return None
            score = fit.score
            moves = [math.fsum(map(float.__mul__, row, score)) for row in inverse]
            coefficients = [one + move for one, move in zip(coefficients, moves, strict=True)]
            if max(map(abs, coefficients)) > FARTHEST:
                return None
            if max(map(abs, moves)) < CLOSE:
                return _Fit(self, coefficients)
        return None


@dataclass(frozen=True, slots=True)
class _Fit:
    table: _Table
    coefficients: list[float]

    def _chances(self) -> Iterator[float]:
        for point in self.table.points:
            yield 1 / (1 + math.exp(-math.fsum(map(float.__mul__, self.coefficients, point))))

    @property
    def score(self) -> list[float]:
        apart = [
            yes - rows * chance
            for yes, rows, chance in zip(
                self.table.yes, self.table.rows, self._chances(), strict=True
            )
        ]
        return [math.fsum(map(float.__mul__, apart, column)) for column in self._columns]

    @property
    def _columns(self) -> list[list[float]]:
        return [list(column) for column in zip(*self.table.points, strict=True)]

    @property
    def information(self) -> Matrix:
        chances = self._chances()
        return self._summed(
            [rows * p * (1 - p) for rows, p in zip(self.table.rows, chances, strict=True)]
        )

    def _summed(self, weights: list[float]) -> Matrix:
        """Of products of coordinates."""
        columns = self._columns
        weighed = [list(map(float.__mul__, weights, column)) for column in columns]
        return [
            [math.fsum(map(float.__mul__, own, column)) for column in columns] for own in weighed
        ]

    def told(self, variance: float) -> tuple[float, float | None]:
        """The coefficient and its standard error; None where noise is too much of what is known."""
        inverse = inverted(self.information)
        chances = list(self._chances())
        shaken = self._summed([variance * (p**2 + (1 - p) ** 2) for p in chances])
        squares = [[value**2 for value in point] for point in self.table.points]
        moved = math.fsum(
            2 * variance * (p * (1 - p)) ** 2 * math.fsum(own) ** 2
            for p, own in zip(chances, squares, strict=True)
        )
        value, at = self.coefficients[self.table.told], self.table.told
        if inverse is None or inverse[at][at] <= 0:
            return value, None
        length = math.sqrt(math.fsum(one**2 for row in inverse for one in row))
        if length * math.sqrt(moved) > MOST_NOISE:
            return value, None
        row = inverse[at]
        noise = math.fsum(
            row[one] * row[other] * shaken[one][other]
            for one, other in product(range(len(row)), repeat=2)
        )
        return value, math.sqrt(inverse[at][at] + noise)


def _stretched(
    place: tuple[int, ...],
    middles: list[list[float]],
    centres: list[float],
    reaches: list[float],
) -> Iterator[float]:
    for at, own, centre, reach in zip(place, middles, centres, reaches, strict=True):
        yield (own[at] - centre) / reach
