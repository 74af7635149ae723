"""How do groups of codes lie within each other? A group that holds others is their subtotal.

Groups of a recode are disjoint, or one lies within the other: sectors of industries, regions of
districts. Of two groups with the same codes the one that stands first holds the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

Groups = Sequence[tuple[str, Sequence[str]]]
"""Label -> values of codes, in the order of display."""


def chains(groups: Groups) -> dict[str, tuple[int, ...]]:
    """For each code, the groups that it is in, from the widest to the narrowest."""
    order = sorted(range(len(groups)), key=lambda at: -len(groups[at][1]))
    found: dict[str, list[int]] = {}
    for at in order:
        for code in groups[at][1]:
            found.setdefault(code, []).append(at)
    return {code: tuple(chain) for code, chain in found.items()}


def below(groups: Groups) -> dict[int, tuple[int, ...]]:
    """For each group that holds others, those directly below it, in their order."""
    pairs = {(whole, part) for chain in chains(groups).values() for whole, part in pairwise(chain)}
    found: dict[int, list[int]] = {}
    for whole, part in sorted(pairs):
        found.setdefault(whole, []).append(part)
    return {whole: tuple(parts) for whole, parts in found.items()}


def depth(groups: Groups) -> int:
    """How many subtotals the deepest group lies within; 0 where groups are disjoint."""
    return max((len(chain) for chain in chains(groups).values()), default=1) - 1


def faults(groups: Groups) -> Iterator[str]:
    """Groups that overlap without one lying within the other, and subtotals that are no sum."""
    sets = [frozenset(codes) for _, codes in groups]
    of_code = chains(groups)
    crossing = {
        (whole, part)
        for chain in of_code.values()
        for whole, part in pairwise(chain)
        if not sets[part] <= sets[whole]
    }
    for whole, part in sorted(crossing):
        first, second = groups[whole][0], groups[part][0]
        yield f"{first!r} and {second!r} share codes, and neither lies within the other"
    if crossing:
        return
    wholes = below(groups)
    for code, chain in of_code.items():
        if chain[-1] in wholes:
            yield f"the code {code} of {groups[chain[-1]][0]!r} is in none of the groups within it"


def by_levels(
    levels: Sequence[Groups],
) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...]]:
    """One list of groups made of several, the widest first; and the faults that prevent it.

    Each group stands before those within it. One that is the same as the group above, by label
    and codes, stands once.
    """
    wrong = tuple(
        f"{label!r} is not within one group of the level above it"
        for wider, own in pairwise(levels)
        for label, codes in own
        if not any(set(codes) <= set(above) for _, above in wider)
    )
    return (() if wrong else tuple(_ordered(levels))), wrong


def _ordered(levels: Sequence[Groups]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not levels:
        return
    first, *rest = levels
    for label, codes in first:
        yield label, tuple(codes)
        within = [
            [(own, members) for own, members in level if set(members) <= set(codes)]
            for level in rest
        ]
        yield from (
            (own, members)
            for own, members in _ordered(within)
            if (own, set(members)) != (label, set(codes))
        )
