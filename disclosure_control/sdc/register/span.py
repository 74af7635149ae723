"""What can be computed from everything that ever left? The span of all released blocks.

Blocks are rows of 0 and 1 over people. The register keeps those that are independent of the ones
before, and the Cholesky factor of their Gram matrix, whose entries are numbers of people in two
blocks at once. From it follow, without a second look at old tables: the *rank* of everything
released, whether any named group of people is a combination of released blocks, and projections.

A group is told by its distance from the span, squared: nothing where it can be computed, and nearly
nothing where all but its last digits can, which counts as the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from disclosure_control.sdc.register.pairs import contingency
from disclosure_control.sdc.register.partitions import Ints, Partition

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DEPENDENT = 1e-9  # share of a block's people below which its distance from the span is rounding
USED = 1e-6  # a factor of a block that is more than what rounding left
TOLD = 1e-7  # and of a group's, below which the group counts as told
MOST_RANK = 12_000
"""Rows of the factor, which is a square of so many numbers: beyond it no exact table may leave."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """``basis[i]`` is (table, block) of the i-th independent row; tables are in their order."""

    people: int
    tables: tuple[Partition, ...] = ()
    basis: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    factor: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def rank(self) -> int:
        return len(self.basis)

    def contingencies(self, new: Partition) -> tuple[Ints, ...]:
        """Of the new table with every earlier one."""
        return tuple(contingency(new, earlier) for earlier in self.tables)

    def extension(self, new: Partition, met: Sequence[Ints]) -> Extension:
        """``met``: the contingencies of the new table, in order of the tables."""
        cross = np.zeros((self.rank, new.blocks))
        for table, counts in enumerate(met):
            rows = np.flatnonzero(self.basis[:, 0] == table)
            if len(rows):
                cross[rows] = counts[1:, self.basis[rows, 1]].T
        half = solve_triangular(self.factor, cross, lower=True, check_finite=False)
        left = np.diag(new.sizes[1:].astype(np.float64)) - half.T @ half
        return Extension(new, half, *pivoted(left, new.sizes[1:]))

    def extended(self, by: Extension) -> Span:
        """With the new table among them."""
        kept = by.pivots
        size = self.rank + len(kept)
        factor = np.zeros((size, size))
        factor[: self.rank, : self.rank] = self.factor
        factor[self.rank :, : self.rank] = by.half[:, kept].T
        factor[self.rank :, self.rank :] = by.own
        own = np.stack([np.full(len(kept), len(self.tables)), kept + 1], axis=1)
        return Span(
            self.people,
            (*self.tables, by.new),
            np.concatenate([self.basis, own]),
            factor,
        )

    def grown(self, by: int) -> Span:
        """Over so many people more, who are in no table yet."""
        return replace(
            self,
            people=self.people + by,
            tables=tuple(one.grown(by) for one in self.tables),
        )

    def of_basis(self, amounts: Floats) -> Floats:
        """Sums over the people of each independent block; ``amounts``: one a person."""
        found = np.zeros(self.rank)
        for table, rows in self._used():
            one = self.tables[table]
            sums = np.bincount(one.labels, weights=amounts, minlength=one.blocks + 1)
            found[rows] = sums[self.basis[rows, 1]]
        return found

    def over_people(self, amounts: Floats) -> Floats:
        """For each person the sum over his independent blocks; ``amounts``: one a block."""
        found = np.zeros(self.people)
        for table, rows in self._used():
            one = self.tables[table]
            of_block = np.zeros(one.blocks + 1)
            of_block[self.basis[rows, 1]] = amounts[rows]
            found += of_block[one.labels]
        return found

    def projected(self, vector: Floats) -> Floats:
        """What is left of a vector once everything in the span is taken from it."""
        left = vector
        for _ in range(2):  # the second time removes what rounding left
            half = solve_triangular(self.factor, self.of_basis(left), lower=True)
            left = left - self.over_people(
                solve_triangular(self.factor, half, lower=True, trans="T")
            )
        return left

    def distance(self, group: Bools) -> float:
        """Squared, of the group's row of 0 and 1 from the span, in people."""
        half = solve_triangular(self.factor, self.of_basis(group.astype(np.float64)), lower=True)
        return max(0.0, float(group.sum() - half @ half))

    def tells(self, group: Bools) -> bool:
        """Can the number of these people be computed?"""
        return self.distance(group) <= TOLD * max(1, int(group.sum()))

    def blocks_for(self, group: Bools, *, table: int) -> tuple[int, ...]:
        """Of one table: the independent blocks by which the number of a told group is computed."""
        half = solve_triangular(self.factor, self.of_basis(group.astype(np.float64)), lower=True)
        amounts = solve_triangular(self.factor, half, lower=True, trans="T")
        own = (self.basis[:, 0] == table) & (np.abs(amounts) > USED)
        return tuple(self.basis[own, 1].tolist())

    def _used(self) -> list[tuple[int, Ints]]:
        tables = np.unique(self.basis[:, 0])
        return [(int(one), np.flatnonzero(self.basis[:, 0] == one)) for one in tables]


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """What a new table would add: ``pivots`` are its independent blocks, from 0."""

    new: Partition
    half: Floats
    pivots: Ints
    own: Floats  # their part of the factor

    @property
    def gain(self) -> int:
        """In rank."""
        return len(self.pivots)


def pivoted(left: Floats, sizes: Ints | Floats) -> tuple[Ints, Floats]:
    """Independent rows, the farthest from the others first, and the factor of their matrix.

    ``left``: the Gram matrix of what is left of blocks of these sizes.
    """
    scale = np.sqrt(np.asarray(sizes, dtype=np.float64))
    factor, order, rank, _ = dpstrf(left / np.outer(scale, scale), tol=DEPENDENT, lower=True)
    if not len(scale) or left[order[0] - 1, order[0] - 1] <= DEPENDENT * sizes[order[0] - 1]:
        rank = 0  # the library takes a first row whatever it is
    kept = order[:rank].astype(np.int64) - 1
    return kept, np.tril(factor[:rank, :rank]) * scale[kept][:, None]
