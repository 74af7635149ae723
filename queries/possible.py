"""Which places of an axis can hold nobody, by the filter alone? Known to everybody who reads it.

A condition on the very column or feature of the axis is tried on every value that could make a
difference: each code, or the whole numbers around each constant, cut point and bound.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from queries.language import Operator
from queries.plan_terms import (
    Absent,
    Among,
    Condition,
    Every,
    Holds,
    Negated,
    Some,
    terms_in,
)

if TYPE_CHECKING:
    from queries.plan_axes import AxisKey

_SIGNS = {
    Operator.EQ: int.__eq__,
    Operator.NE: int.__ne__,
    Operator.LT: int.__lt__,
    Operator.LE: int.__le__,
    Operator.GT: int.__gt__,
    Operator.GE: int.__ge__,
}


def empty_places(
    key: AxisKey, conditions: Iterable[Condition], *, bounds: tuple[int, int], every: bool
) -> tuple[int, ...]:
    """Positions that no value within ``bounds`` reaches; ``every``: try all, since they are few."""
    own = [one for one in conditions if terms_in(one) == {key.term}]
    if not own and not key.cuts:
        return ()
    tried = range(bounds[0], bounds[1] + 1) if every else around(key.cuts, own, bounds)
    values = [*tried, *([None] if key.missing is not None else [])]
    reached = {
        place
        for value in values
        if all(holds(one, value) is True for one in own)
        for place in _places(key, value)
    }
    return tuple(place for place in range(key.size) if place not in reached)


def satisfiable(
    conditions: Iterable[Condition], *, bounds: tuple[int, int], nullable: bool
) -> bool:
    """Can one value of a term within ``bounds`` make all of these true?"""
    own = list(conditions)
    tried = [*around((), own, bounds), *([None] if nullable else [])]
    return any(all(holds(one, value) is True for one in own) for value in tried)


def holds(condition: Condition, value: int | None) -> bool | None:
    """Of the one term that the condition reads: true, false, or None for unknown."""
    match condition:
        case Absent():
            return value is None
        case Holds(_, operator, constant):
            return None if value is None else bool(_SIGNS[operator](value, constant))
        case Among(_, constants):
            return None if value is None else value in constants
        case Negated(part):
            inner = holds(part, value)
            return None if inner is None else not inner
        case Every(parts):
            return _joined((holds(part, value) for part in parts), decisive=False)
        case Some(parts):
            return _joined((holds(part, value) for part in parts), decisive=True)


def _joined(truths: Iterable[bool | None], *, decisive: bool) -> bool | None:
    found = list(truths)
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def around(
    cuts: Iterable[int], conditions: Iterable[Condition], bounds: tuple[int, int]
) -> Iterator[int]:
    """A value on each side of everything where an answer could change."""
    low, high = bounds
    critical = {low, high, *cuts, *(one for part in conditions for one in _constants(part))}
    for one in sorted(critical):
        yield from (near for near in (one - 1, one, one + 1) if low <= near <= high)


def _constants(condition: Condition) -> Iterator[int]:
    match condition:
        case Holds(_, _, constant):
            yield constant
        case Among(_, constants):
            yield from constants
        case Negated(part):
            yield from _constants(part)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from _constants(part)


def own_place(key: AxisKey, value: int | None) -> int | None:
    """Where a value stands; None where the axis has no place for what is missing."""
    if value is None:
        own = None
    elif key.cuts:
        own = bisect_right(key.cuts, value)
    elif key.groups:
        own = key.groups[value]
    else:
        own = value
    return key.missing if own is None else own


def _places(key: AxisKey, value: int | None) -> Iterator[int]:
    """Its own, and those of every subtotal that it is in."""
    if (place := own_place(key, value)) is not None:
        yield place
    if value is not None:
        for above in key.above:
            if (whole := above[value]) is not None:
                yield whole
