"""What does an attacker hold? Shown numbers, which cells are hidden, and how cells add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

# A linear relation among cells: the coefficients of its cells; it sums to zero.
Relation = Mapping[str, float]
# One dimension: its nodes, and which of them is the sum of which.
Tree = tuple[Sequence[str], Mapping[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Released:
    """Hidden cells are None. Bounds are those known beforehand; 0 and none unless given.

    A shown number may have been rounded: it is within its ``error`` of the true one.
    """

    shown: Mapping[str, float | None]
    relations: tuple[Relation, ...]
    lower: Mapping[str, float]
    upper: Mapping[str, float]
    error: Mapping[str, float] = field(default_factory=dict)

    @property
    def hidden(self) -> tuple[str, ...]:
        return tuple(cell for cell, value in self.shown.items() if value is None)


def relations_of(trees: Sequence[Tree]) -> Iterable[Relation]:
    """Every parent is the sum of its children, in each dimension, whatever the others are."""
    for place, (_, children) in enumerate(trees):
        before = [nodes for nodes, _ in trees[:place]]
        after = [nodes for nodes, _ in trees[place + 1 :]]
        for left in product(*before):
            for right in product(*after):
                for parent, parts in children.items():
                    names = {"|".join((*left, part, *right)): -1.0 for part in parts}
                    yield {"|".join((*left, parent, *right)): 1.0, **names}
