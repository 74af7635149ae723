"""Which earlier blocks are near copies of a new one? A difference of a few people tells about them.

Whoever knows who moved in or out of a group, and sees it counted twice, learns the rest about them:
two blocks whose symmetric difference is 1 to T - 1 people are *twins*. The index has a sketch for
each distinct block: its size, how many of its people are in each of 32 secret buckets, and sums of
two secret keys, by which equal blocks are one entry.

None is missed. People in one block only are at most the difference of sizes plus the rest, so twins
differ by less than T in size and in the sum of differences over buckets; what is left is compared
person by person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disclosure_control.sdc.register.partitions import Ints, Partition

BUCKETS = 32
KEY_BITS = 33  # sums over a whole population fit in 63 bits
AT_ONCE = 200_000  # sketches compared in one step

Small = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Of a dataset; nobody outside the register sees them. One entry a person."""

    bucket: NDArray[np.uint8]
    keys: Ints  # 2 x N

    @classmethod
    def drawn(cls, people: int, *, seed: int | None = None) -> Secrets:
        """``seed`` is for tests: without it they cannot be told."""
        dice = np.random.default_rng(seed)
        return cls(
            bucket=dice.integers(BUCKETS, size=people, dtype=np.uint8),
            keys=dice.integers(2**KEY_BITS, size=(2, people), dtype=np.int64),
        )

    def with_more(self, others: Secrets) -> Secrets:
        """Of people who come after these."""
        return Secrets(
            np.concatenate([self.bucket, others.bucket]),
            np.concatenate([self.keys, others.keys], axis=1),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One block of one table, by their numbers."""

    table: int
    block: int


@dataclass(frozen=True, slots=True)
class Twin:
    """``apart`` people are in one of the two and not in the other."""

    new: int
    earlier: Block
    apart: int


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """Of blocks in the order of their sizes."""

    sizes: Ints
    buckets: Small  # blocks x BUCKETS
    keys: Ints  # blocks x 2
    table: Ints
    block: Ints

    @classmethod
    def none(cls) -> Sketches:
        empty = np.zeros(0, dtype=np.int64)
        buckets = np.zeros((0, BUCKETS), dtype=np.int32)
        return cls(empty, buckets, np.zeros((0, 2), dtype=np.int64), empty, empty)

    @classmethod
    def of(cls, one: Partition, *, table: int, secrets: Secrets) -> Sketches:
        labels = one.labels.astype(np.int64)
        buckets = np.bincount(labels * BUCKETS + secrets.bucket, minlength=len(one.sizes) * BUCKETS)
        keys = [_sums(labels, key, count=len(one.sizes)) for key in secrets.keys]
        order = np.argsort(one.sizes[1:], kind="stable") + 1
        return cls(
            one.sizes[order],
            buckets.reshape(-1, BUCKETS)[order].astype(np.int32),
            np.stack(keys, axis=1)[order],
            np.full(len(order), table),
            order,
        )

    def with_new(self, others: Sketches) -> Sketches:
        """Blocks that are here already, person for person, are not added again."""
        known = set(map(tuple, self.keys.tolist()))
        fresh = [at for at, key in enumerate(others.keys.tolist()) if tuple(key) not in known]
        at = np.searchsorted(self.sizes, others.sizes[fresh])
        return Sketches(
            np.insert(self.sizes, at, others.sizes[fresh]),
            np.insert(self.buckets, at, others.buckets[fresh], axis=0),
            np.insert(self.keys, at, others.keys[fresh], axis=0),
            np.insert(self.table, at, others.table[fresh]),
            np.insert(self.block, at, others.block[fresh]),
        )


def _sums(labels: Ints, key: Ints, *, count: int) -> Ints:
    """Exact: halves of a key, added up as floating point numbers, stay below 2**53."""
    half = KEY_BITS // 2 + 1
    low = np.bincount(labels, weights=key & (2**half - 1), minlength=count).astype(np.int64)
    high = np.bincount(labels, weights=key >> half, minlength=count).astype(np.int64)
    return (high << half) + low


def near(new: Sketches, earlier: Sketches, *, threshold: int) -> Iterator[tuple[int, Block]]:
    """Candidates: every twin is among them, and what only looks like one."""
    most = threshold - 1
    starts = np.searchsorted(earlier.sizes, new.sizes - most, side="left")
    ends = np.searchsorted(earlier.sizes, new.sizes + most, side="right")
    for at, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for start in range(first, last, AT_ONCE):
            span = slice(start, min(start + AT_ONCE, last))
            apart = np.abs(earlier.buckets[span] - new.buckets[at]).sum(axis=1)
            same = (earlier.keys[span] == new.keys[at]).all(axis=1)
            for found in np.flatnonzero((apart <= most) & ~same) + start:
                block = Block(int(earlier.table[found]), int(earlier.block[found]))
                yield int(new.block[at]), block


def twins(
    new: Partition,
    candidates: Iterator[tuple[int, Block]],
    *,
    labels_of: Callable[[int], Partition],
    threshold: int,
) -> Iterator[Twin]:
    """Those of the candidates that are twins, person by person."""
    by_table: dict[int, list[tuple[int, int]]] = {}
    for block, other in candidates:
        by_table.setdefault(other.table, []).append((block, other.block))
    for table, found in by_table.items():
        earlier = labels_of(table)
        for block, its in found:
            apart = int(((new.labels == block) != (earlier.labels == its)).sum())
            if 1 <= apart < threshold:
                yield Twin(block, Block(table, its), apart)
