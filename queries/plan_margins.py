"""How are totals counted? Each set of dimensions is asked again without the ones added up over.

A total over a dimension is no sum of its cells where a unit can be in several of them, and the two
largest contributions never are. So every total is a question of its own, on a grid of its own that
lies within the grid of the whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from queries.language import Query

if TYPE_CHECKING:
    from queries.plan import Plan


def margins_of(whole: Plan, query: Query, *, planned: Callable[[Query], Plan]) -> tuple[Plan, ...]:
    """One plan for each set of dimensions but the full one, with places on the whole grid."""
    return tuple(_margins(whole, query, planned))


def _margins(whole: Plan, query: Query, planned: Callable[[Query], Plan]) -> Iterator[Plan]:
    for kept in product((True, False), repeat=len(query.dimensions)):
        if not all(kept):
            pairs = list(zip(query.dimensions, whole.keys, kept, strict=True))
            part = planned(
                replace(
                    query,
                    dimensions=tuple(dimension for dimension, _, keep in pairs if keep),
                    margins=False,
                )
            )
            strides = [key.stride for _, key, keep in pairs if keep]
            yield replace(
                part,
                keys=tuple(
                    replace(key, stride=stride)
                    for key, stride in zip(part.keys, strides, strict=True)
                ),
                offset=sum(key.size * key.stride for _, key, keep in pairs if not keep),
            )
