"""How are a sum and the count of its rows known from one noise? As two parts of a whole.

A number from 0 to U adds x to its total and 1 to the count of its rows. What is left of U adds up
to a second part, of U - x. Neither part is ever below zero, and for each row both together are U:
so one unit, whose count moves by at most C, moves both parts together by at most U C, in whatever
cells, which is as far as it moves the total alone. Hence the noise that pays for the total pays for
both: the total is the one part, and the count is both by U. Asked apart they would share a charge.
The two parts are the corners of what one row can add, so no noise of this kind lies closer (the
K-norm mechanism: Hardt and Talwar 2010; Awan and Slavkovic 2021).

With the Gaussian a unit moves the squares of both parts of a cell together by at most the square of
U times what it moves the count there, since neither part is below zero: over all cells by U**2
times what it moves the squares of the count. With totals, what it moves is a mixture of moves of
single leaves of either part, as in ``totals``. Where a unit has more rows than count, its total is
cut to U times those that do, so that the second part is not below zero either.

Of several such totals with one count, the count is the mean of what each pair of parts says.

Where values may be below zero, from L on, the parts are x - L and U - x, as much together as the
range. The sum is the first and L times the count: both parts, each times its end of the range by
the range. With L small beside U that is hardly more noise than the first part's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from disclosure_control.dp.estimates import Amount, Interval, Own
from disclosure_control.errors import Refused
from disclosure_control.tables import Published, Shape, Vector

TWO = 2  # parts of a total


def counts_told(shape: Shape) -> frozenset[str]:
    """Counts that have no noise of their own."""
    return frozenset(one.beside for one in shape.vectors if one.beside is not None)


def totals_of(shape: Shape, count: str) -> tuple[Vector, ...]:
    return tuple(one for one in shape.vectors if one.beside == count)


def rest_of(total: Vector) -> str:
    """Name of the second part; no vector has a full stop at its end."""
    return f"{total.name}."


def sum_of(total: Vector) -> str:
    """Under which name the sum stands, among noisy numbers and in a plan of noise."""
    return f"{total.name}+" if _is_moved(total) else total.name


def _is_moved(total: Vector) -> bool:
    return total.beside is not None and total.centre != 0


def sums_told(shape: Shape) -> tuple[Vector, ...]:
    """Totals of which the sum is worked out of both parts."""
    return tuple(one for one in shape.vectors if _is_moved(one))


def ends(total: Vector) -> tuple[Fraction, Fraction]:
    """How often each part counts in the sum: the total, and what is left of it."""
    of_rest = Fraction(total.centre, whole(total))
    return 1 + of_rest, of_rest


def summed(total: Vector, noisy: Mapping[str, Sequence[Amount]]) -> tuple[Fraction, ...]:
    """The sum of each cell, in the vector's integers."""
    above, below = ends(total)
    return tuple(one * above + rest * below for one, rest in _both(total, noisy))


def sum_terms(total: Vector, scale: float) -> list[tuple[Fraction, float]]:
    """Of the noise of a sum: how often each draw counts, and its scale."""
    return [(abs(end), scale) for end in ends(total)]


def whole(total: Vector) -> int:
    """What both parts are for a row, in the integers of the store.

    Raises Refused where a row could add less than nothing.
    """
    least, most = total.row_bounds or (0, 0)
    if least < 0 or most <= 0:
        raise Refused(f"vector {total.name} has no two parts")
    return most


def rest(total: Vector, totals: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    """The second part of each cell. Raises Refused for a total that its rows cannot have."""
    most = whole(total)
    found = tuple(most * count - own for own, count in zip(totals, counts, strict=True))
    if any(one < 0 for one in found):
        raise Refused(f"vector {total.name} is more than its rows may add")
    return found


def counted(
    totals: Sequence[Vector], noisy: Mapping[str, Sequence[Amount]]
) -> tuple[Fraction, ...]:
    """The count of each cell, of both noisy parts of these totals."""
    said = [
        [Fraction(one + other, whole(total)) for one, other in _both(total, noisy)]
        for total in totals
    ]
    return tuple(sum(each, start=Fraction(0)) / len(said) for each in zip(*said, strict=True))


def _both(total: Vector, noisy: Mapping[str, Sequence[Amount]]) -> zip[tuple[Amount, Amount]]:
    return zip(noisy[total.name], noisy[rest_of(total)], strict=True)


def terms(pairs: Sequence[tuple[Vector, float]]) -> list[tuple[Fraction, float]]:
    """Of a count's noise; ``pairs``: totals that tell it, and the scales of their parts."""
    return [(_step(total, pairs), scale) for total, scale in pairs for _ in range(TWO)]


def _step(total: Vector, pairs: Sequence[tuple[Vector, float]]) -> Fraction:
    """What one more in a part is to the count."""
    return Fraction(1, whole(total) * len(pairs))


def read(shape: Shape, column: Published) -> tuple[str, ...]:
    """Names of all noisy numbers that a column is worked out from."""
    totals = (shape.vector(name) for name in column.read)
    return (*column.read, *(rest_of(one) for one in totals if one.beside is not None))


def mean(total: Vector, noisy: Own) -> Fraction:
    """Of one cell whose parts together are above zero: what a row adds."""
    own = noisy[total.name]
    return whole(total) * Fraction(own, own + noisy[rest_of(total)])


def mean_interval(total: Vector, noisy: Own, *, half_width: int) -> Interval | None:
    """Where both parts are within ``half_width``; None where both may be nothing.

    The mean grows with the total and falls with the rest, so that its ends are where the one is
    least and the other most; together they are then what they are now.
    """
    own = noisy[total.name]
    both = own + noisy[rest_of(total)]
    if both <= TWO * half_width:
        return None
    low, high = (whole(total) * Fraction(own + off, both) for off in (-half_width, half_width))
    return low, high
