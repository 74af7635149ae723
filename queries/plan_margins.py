"""How are totals counted? Each set of dimensions is asked again without the ones added up over.

A total over a dimension is no sum of its cells where a unit can be in several of them, and the two
largest contributions never are. So every total is a question of its own, on a grid of its own that
lies within the grid of the whole table. The same holds for subtotals, level by level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from queries.language import Query
from queries.plan_axes import AxisKey

if TYPE_CHECKING:
    from queries.plan import Plan


def grids(keys: tuple[AxisKey, ...], *, margins: bool) -> int:
    """How many tables a table with its totals and subtotals is."""
    return prod(len(_ways(key, margins=margins)) for key in keys)


def margins_of(whole: Plan, query: Query, *, planned: Callable[[Query], Plan]) -> tuple[Plan, ...]:
    """One plan for each set of totals and subtotals, with places on the whole grid."""
    return tuple(_margins(whole, query, planned))


def _margins(whole: Plan, query: Query, planned: Callable[[Query], Plan]) -> Iterator[Plan]:
    _, *others = product(*(_ways(key, margins=query.margins) for key in whole.keys))
    for ways in others:
        kept = [way is not None for way in ways]
        part = planned(
            replace(
                query,
                dimensions=tuple(
                    one for one, keep in zip(query.dimensions, kept, strict=True) if keep
                ),
                margins=False,
            )
        )
        pairs = list(zip(whole.keys, kept, strict=True))
        yield replace(
            part,
            keys=tuple(way for way in ways if way is not None),
            offset=sum(key.size * key.stride for key, keep in pairs if not keep),
        )


def _ways(key: AxisKey, *, margins: bool) -> tuple[AxisKey | None, ...]:
    """How a row is placed: by itself, by the subtotals of each depth, or by none, for the total.

    A row without a subtotal at that depth is left out.
    """
    subtotals = (replace(key, groups=groups, missing=None, above=()) for groups in key.above)
    return (key, *subtotals, *((None,) if margins else ()))
