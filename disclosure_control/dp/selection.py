"""Which bin holds a quantile? A noisy minimum over public bins, three times for each cell.

The values of a cell are counted in equal bins of their declared range: n in all, below(b) of them
in front of bin b. The quantile p of q is in the bin whose ranks, from q*below(b) to q*below(b + 1),
hold p*n. Every bin is as far from a target as its ranks are, and the one that is nearest after
noise is chosen (the exponential mechanism of McSherry and Talwar 2007, by its Gumbel form; for
quantiles Smith 2011). No bin is ever told to be empty, and what is chosen is a public bin.

**What it costs.** One unit, with weights that add up to w in a cell, moves q*below(b) - p*n by
between -p*w and (q - p)*w, so every distance by at most max(p, q - p)*w. A choice at scale s then
costs  (max(p, q - p)*w)**2 / 2 s**2  zCDP (Cesar and Rogers 2021). Squares add up over cells to at
most the square of all weights of the unit, so the whole table costs no more than one cell that has
them all.

**What it is worth.** Some bin is at distance zero, so that a bin at distance d or more is chosen
with a probability of at most  (number of bins) * exp(-d / s).  Hence ``reach``. The lower end aims
that much below the quantile's rank, the upper end that much above: each fails on one side only, and
together they hold the quantile at 95 %. Beyond the ranks that exist stands one bin more on each
side, which means the end of the declared range.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from disclosure_control.errors import Refused
from disclosure_control.tables import Kind, Published, Quantile, Shape, Vector

NOISY_MAX = "noisy_max"  # its name in records
DIGITS = 50


class End(StrEnum):
    MIDDLE = "quantile"
    LOWER = "lower end"
    UPPER = "upper end"


SIDES = {End.MIDDLE: 0, End.LOWER: -1, End.UPPER: 1}
"""Of the quantile's rank, on which each choice aims."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One choice for every cell of a column."""

    column: str
    quantile: Quantile
    vector: Vector
    end: End

    @property
    def name(self) -> str:
        return name_of(self.column, self.end)

    @property
    def bins(self) -> int:
        """That can be chosen; an end has one more."""
        return self.vector.bins + (self.end is not End.MIDDLE)

    @property
    def moved(self) -> int:
        """Most that one unit moves the distances, over all cells together."""
        if self.vector.sensitivity is None:
            raise Refused(f"vector {self.vector.name} has no declared sensitivity")
        turn = max(self.quantile.part, self.quantile.parts - self.quantile.part)
        return max(1, turn * self.vector.sensitivity.l1)


def name_of(column: str, end: End) -> str:
    return f"{column}, {end}"


def selections(shape: Shape) -> Iterator[Selection]:
    """In the order of the columns; the quantile itself before its ends."""
    for column in shape.published:
        if column.kind is Kind.QUANTILE:
            found = quantile_of(column)
            vector = shape.vector(found.histogram)
            yield from (Selection(column.name, found, vector, end) for end in End)


def quantile_of(column: Published) -> Quantile:
    if column.quantile is None:
        raise Refused(f"column {column.name} names no quantile")
    return column.quantile


def reach(scale: float, *, bins: int, alpha: Decimal) -> int:
    """The least whole distance that is chosen with a probability of at most ``alpha``."""
    with localcontext(Context(prec=DIGITS)):
        exact = Decimal(scale) * (Decimal(bins) / alpha).ln()
        return int(exact.to_integral_value(ROUND_CEILING)) + 1


def span(quantile: Quantile, place: int) -> tuple[Fraction, Fraction]:
    """Least and largest value of a bin; beyond the range, its end."""
    if place < 0:
        low = high = quantile.low
    elif place >= quantile.bins:
        low = high = quantile.last
    else:
        low = quantile.low + place * quantile.width
        high = min(low + quantile.width - 1, quantile.last)
    return Fraction(low, quantile.scale), Fraction(high, quantile.scale)
