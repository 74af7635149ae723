"""What has no release told? Random vectors that every released block adds up to nothing in.

A group can be computed exactly where every such vector adds up to nothing over it. So sums over
groups find groups: people whom no table tells apart are an *atom*, and every atom, and every two
atoms together, of fewer than T people are looked at, against everything that ever left.

What was taken from each vector is the rest of a random one, and its square at a person is, on
average, the part of him that releases have told. Its mean over some people is how much of them is
used up: rank over people, for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import Floats, Span

VECTORS = 16
CLOSE = 1e-6  # a sum of so few numbers of size 1 that counts as nothing


@dataclass(frozen=True, slots=True, eq=False)
class Nulls:
    """``vectors`` and what was taken from each, ``told``: people x VECTORS.

    ``atoms``: equal for people whom no table tells apart.
    """

    vectors: Floats
    told: NDArray[np.float32]
    atoms: NDArray[np.uint64]

    @classmethod
    def drawn(cls, people: int, *, seed: int | None = None) -> Nulls:
        """Before anything was released. ``seed`` is for tests."""
        dice = np.random.default_rng(seed)
        vectors = dice.standard_normal((people, VECTORS))
        told = np.zeros(vectors.shape, dtype=np.float32)
        return cls(vectors, told, np.zeros(people, dtype=np.uint64))

    def extended(self, before: Span, after: Span, *, seed: int | None = None) -> Nulls:
        """With the last tables of ``after``, which ``before`` does not have."""
        vectors, told, atoms = self.vectors, self.told, self.atoms
        if after.rank > before.rank:
            more = _told(vectors, before, after)
            vectors, told = vectors - more, told + more.astype(np.float32)
        dice = np.random.default_rng(seed)
        for new in after.tables[len(before.tables) :]:
            names = dice.integers(2**63, size=new.blocks + 1, dtype=np.uint64)
            atoms = atoms ^ names[new.labels]
        return Nulls(vectors, told, atoms)

    def with_more(self, others: Nulls) -> Nulls:
        """Of people who come after these, and of whom nothing was told."""
        return Nulls(
            np.concatenate([self.vectors, others.vectors]),
            np.concatenate([self.told, others.told]),
            np.concatenate([self.atoms, others.atoms]),
        )

    def used(self, people: Bools) -> float:
        """How much of these people releases have told, from 0 to 1."""
        if not people.any():
            return 0.0
        return float(np.mean(self.told[people] ** 2, dtype=np.float64))

    def error(self, people: Bools) -> float:
        """Standard error of ``used``: a mean of as many squares as releases have told of them."""
        return float(np.sqrt(2.0 * self.used(people) / max(1, VECTORS * int(people.sum()))))

    def used_most(self, areas: Ints) -> float:
        """Of the area that is used most, with twice the error; ``areas``: of each person, or -1."""
        inside = areas >= 0
        if not inside.any():
            return 0.0
        own = areas[inside]
        squares = np.mean(self.told[inside].astype(np.float64) ** 2, axis=1)
        people = np.bincount(own)
        used = np.bincount(own, weights=squares) / np.maximum(1, people)
        error = np.sqrt(2.0 * used / (VECTORS * np.maximum(1, people)))
        return float((used + 2 * error).max())

    def may_tell(self, group: Bools) -> bool:
        """False proves that the number of these people cannot be computed."""
        sums = self.vectors[group].sum(axis=0)
        return bool((np.abs(sums) < CLOSE * max(1, int(group.sum()))).all())

    def groups(self, *, threshold: int) -> Iterator[Bools]:
        """Atoms, and two atoms together, of fewer people than the threshold, that can be told."""
        _, own, sizes = np.unique(self.atoms, return_inverse=True, return_counts=True)
        sums: Floats = np.stack(
            [np.bincount(own, weights=vector, minlength=len(sizes)) for vector in self.vectors.T],
            axis=1,
        )
        few = np.flatnonzero(sizes < threshold)
        alone = (np.abs(sums[few]) < CLOSE).all(axis=1)
        yield from (own == atom for atom in few[alone])
        few = few[~alone]
        for one, other in _opposite(sums[few]):
            first, second = few[one], few[other]
            if sizes[first] + sizes[second] < threshold:
                yield (own == first) | (own == second)


def _told(vectors: Floats, before: Span, after: Span) -> Floats:
    """The part of each vector that the last tables tell: its projection on what these add."""
    fresh = after.basis[before.rank :]
    sums = np.zeros((len(fresh), vectors.shape[1]))
    for table in np.unique(fresh[:, 0]):
        rows, new = np.flatnonzero(fresh[:, 0] == table), after.tables[int(table)]
        for at, vector in enumerate(vectors.T):
            of_block = np.bincount(new.labels, weights=vector, minlength=new.blocks + 1)
            sums[rows, at] = of_block[fresh[rows, 1]]
    own = after.factor[before.rank :, before.rank :]
    half = np.zeros((after.rank, vectors.shape[1]))
    half[before.rank :] = solve_triangular(own, sums, lower=True)
    amounts = solve_triangular(after.factor, half, lower=True, trans="T", check_finite=False)
    return _over_people(after, amounts)


def _over_people(span: Span, amounts: Floats) -> Floats:
    found = np.zeros((span.people, amounts.shape[1]))
    for table in np.unique(span.basis[:, 0]):
        rows = np.flatnonzero(span.basis[:, 0] == table)
        one: Partition = span.tables[int(table)]
        of_block = np.zeros((one.blocks + 1, amounts.shape[1]))
        of_block[span.basis[rows, 1]] = amounts[rows]
        found += of_block[one.labels]
    return found


def _opposite(sums: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of rows that add up to nothing in every column."""
    order = np.argsort(sums[:, 0])
    ordered: Floats = sums[order, 0]
    start = np.searchsorted(ordered, -sums[:, 0] - CLOSE)
    end = np.searchsorted(ordered, -sums[:, 0] + CLOSE)
    count = end - start
    first: Ints = np.repeat(np.arange(len(sums)), count)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    second = order[np.repeat(start, count) + offset]
    kept = first < second
    first, second = first[kept], second[kept]
    near = (np.abs(sums[first] + sums[second]) < CLOSE).all(axis=1)
    yield from zip(first[near].tolist(), second[near].tolist(), strict=True)
