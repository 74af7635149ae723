"""Which number does a true count become? One function for each method of alteration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from disclosure_control.alterations import Alteration, Method, midpoint, nearest
from disclosure_control.errors import NotProtected
from disclosure_control.perturbation import of_count
from disclosure_control.sdc.series import Series
from disclosure_control.tables import Sum

DRAW_BITS = 64

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """True counts of one vector, and the sums of record keys of the same cells."""

    alteration: Alteration
    series: Series
    sizes: tuple[int, ...]
    sums: tuple[tuple[Sum, ...], ...]  # of each axis
    keys: Counts
    seconds: float

    def fraction(self, cell: int, of: int) -> int:
        """A number from 0 to ``of`` - 1, all alike, that the units of the cell decide.

        Of them alone: where records and units are equally many, or a total has a single part, two
        draws of one count would narrow it.
        """
        text = str(self.keys[cell]).encode()
        digest = hashlib.blake2b(text, digest_size=DRAW_BITS // 8).digest()
        return int.from_bytes(digest, "big") * of >> DRAW_BITS


def altered_counts(drawn: Drawn) -> Counts:
    """Raises NotProtected where totals that add up are not found in time."""
    return _ALTERING[drawn.alteration.method](drawn)


Altering = Callable[[Drawn], Counts]


def _each(alter: Callable[[Drawn, int, int], int]) -> Altering:
    """Each count by itself; zero stays zero."""
    return lambda drawn: tuple(
        alter(drawn, cell, count) if count else 0 for cell, count in enumerate(drawn.series.values)
    )


def _nearest(drawn: Drawn, _: int, count: int) -> int:
    return nearest(count, base=drawn.alteration.base)


def _midpoint(drawn: Drawn, _: int, count: int) -> int:
    return midpoint(count, base=drawn.alteration.base)


def _at_random(drawn: Drawn, cell: int, count: int) -> int:
    """Upwards as often as the count is far from the multiple below."""
    base = drawn.alteration.base
    rest = count % base
    return count - rest + (base if drawn.fraction(cell, base) < rest else 0)


def _perturbed(drawn: Drawn, cell: int, count: int) -> int:
    lines = of_count(drawn.alteration.table, count)
    place = drawn.fraction(cell, sum(one.weight for one in lines))
    for line in lines:
        place -= line.weight
        if place < 0:
            return count + line.noise
    raise AssertionError("a draw lies within the weights")


def _controlled(drawn: Drawn) -> Counts:
    from disclosure_control.sdc import controlled  # with a solver, which is large

    try:
        return controlled.rounded(
            drawn.series.values,
            base=drawn.alteration.base,
            sizes=drawn.sizes,
            sums=tuple(
                sums if adds_up else ()
                for sums, adds_up in zip(drawn.sums, drawn.series.adds_up, strict=True)
            ),
            seconds=drawn.seconds,
        )
    except controlled.NotFound:
        raise NotProtected from None


_ALTERING: Mapping[Method, Altering] = {
    Method.NEAREST: _each(_nearest),
    Method.RANDOM: _each(_at_random),
    Method.MIDPOINT: _each(_midpoint),
    Method.CONTROLLED: _controlled,
    Method.CELL_KEY: _each(_perturbed),
}
