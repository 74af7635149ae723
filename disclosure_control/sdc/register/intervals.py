"""How closely do all published numbers together tell a hidden number? For checkers only.

Unknown is how many people of each *atom* there are: those whom no table, and no group that is asked
about, tells apart. Every published number is the sum of its atoms, within its error where it was
rounded or perturbed. This layer looks at numbers, so nothing of it may reach an author by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from disclosure_control.sdc.audit.attacker import Attacker, AuditOutOfTime, Contradiction
from disclosure_control.sdc.audit.released import Relation, Released
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Labels, Partition


class NoIntervals(Exception):
    """Time ended, or the numbers do not fit together."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A partition and what was published of its blocks, each within its error; None for nothing."""

    partition: Partition
    numbers: Mapping[int, float | None]
    error: float = 0.0

    @classmethod
    def exactly(cls, partition: Partition) -> Told:
        sizes = partition.sizes.tolist()
        return cls(partition, dict(enumerate(sizes[1:], start=1)))


def intervals(
    told: Sequence[Told], groups: Sequence[Bools], *, seconds: float
) -> list[tuple[float, float]]:
    """The least and most people that each group can have. Raises NoIntervals.

    Of tables that share people with the groups' component only, all others change nothing.
    """
    own = atoms_of([*(one.partition.labels for one in told), *groups])
    shown: dict[str, float | None] = {f"atom {at}": None for at in range(int(own.max()) + 1)}
    error: dict[str, float] = {}
    relations: list[Relation] = []
    for table, one in enumerate(told):
        for block, atoms in _members(own, one.partition.labels):
            name = f"block {table}.{block}"
            shown[name] = one.numbers.get(block)
            error[name] = one.error
            relations.append(_sum(name, atoms))
    for number, group in enumerate(groups):
        name = f"group {number}"
        shown[name] = None
        relations.append(_sum(name, np.unique(own[group])))
    released = Released(shown=shown, relations=tuple(relations), lower={}, upper={}, error=error)
    try:
        attacker = Attacker(released, seconds=seconds)
        return [attacker.interval(f"group {number}") for number in range(len(groups))]
    except (AuditOutOfTime, Contradiction):
        raise NoIntervals from None


def _sum(name: str, atoms: Ints) -> Relation:
    return {name: 1.0, **dict.fromkeys((f"atom {at}" for at in atoms), -1.0)}


def atoms_of(labels: Sequence[Labels | Bools | Ints]) -> Ints:
    """The atom of each person, from 0."""
    own: Ints = np.zeros(len(labels[0]), dtype=np.int64)
    for one in labels:
        code = own * (int(one.max()) + 1) + one.astype(np.int64)
        _, own = np.unique(code, return_inverse=True)
    return own


def _members(own: Ints, labels: Labels) -> Iterable[tuple[int, Ints]]:
    """The atoms of each block."""
    pairs = np.unique(np.stack([labels.astype(np.int64), own]), axis=1)
    for block in np.unique(pairs[0]):
        if block:
            yield int(block), pairs[1][pairs[0] == block]
