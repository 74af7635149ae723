"""Which groups of people does a published table tell the size of? Partitions, one label a person.

A table with hidden cells tells more than its shown cells: a total less the shown cells of its
line is the number of all hidden ones together. So hidden cells are merged into the block that a
published total reveals, once for each way up to a total that is shown; without totals they are in
no block. Every union of blocks of these partitions, so every total, can be computed by anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disclosure_control.tables import Axis

Ints = NDArray[np.int64]
Labels = NDArray[np.unsignedinteger[Any]]
Key = tuple[int, ...]

NOBODY = 0
OUTSIDE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """``labels[p]`` is the block of person p, from 1, or 0 for none; ``sizes[b]`` its people.

    Labels are as narrow as they can be: a history is thousands of them for each person.
    ``several``: people of these blocks can be in other blocks of the same table (``sets``).
    """

    labels: Labels
    sizes: Ints
    several: bool = False

    @property
    def blocks(self) -> int:
        return len(self.sizes) - 1

    def grown(self, by: int) -> Partition:
        """Over so many people more, who are in no block."""
        nobody = np.zeros(by, dtype=self.labels.dtype)
        sizes = self.sizes.copy()
        sizes[NOBODY] += by
        return Partition(np.concatenate([self.labels, nobody]), sizes, self.several)

    def people(self, block: int) -> Ints:
        return np.flatnonzero(self.labels == block)


def partition(labels: Ints | Labels) -> Partition:
    """Of any labels of 0 and above: blocks without people are left out, their order is kept."""
    sizes = np.bincount(labels, minlength=1)
    kept = sizes > 0
    kept[NOBODY] = True
    number = np.cumsum(kept) - 1
    return Partition(number.astype(np.min_scalar_type(number[-1]))[labels], sizes[kept])


def published(
    places: Ints, *, axes: tuple[Axis, ...], hidden: Collection[int]
) -> tuple[Partition, ...]:
    """Of a table by ``axes`` without its ``hidden`` cells, positions on the row-major grid.

    ``places``: for each person a cell that adds nothing up, or -1 for nobody's.
    """
    return tuple(one.partition for one in laid(places, axes=axes, hidden=hidden))


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """``blocks[b - 1]``: the cell that block b is; of a total, what is hidden of it."""

    partition: Partition
    blocks: tuple[int, ...]


def laid(places: Ints, *, axes: tuple[Axis, ...], hidden: Collection[int]) -> tuple[Laid, ...]:
    """As ``published``, with the cell of each block."""
    grid = _Grid(axes, frozenset(hidden))
    found: dict[bytes, Laid] = {}
    for block_of in grid.ways():
        number: dict[Key, int] = {}
        of_cell = np.zeros(grid.size + 1, dtype=np.int64)  # the last one is for OUTSIDE
        for cell in np.unique(places[places != OUTSIDE]):
            key = block_of(grid.key(int(cell)))
            of_cell[cell] = NOBODY if key is None else number.setdefault(key, len(number) + 1)
        one = partition(of_cell[places])
        found.setdefault(one.labels.tobytes(), Laid(one, tuple(map(grid.cell, number))))
    return tuple(found.values())


BlockOf = Callable[[Key], Key | None]


@dataclass(frozen=True, slots=True)
class _Grid:
    axes: tuple[Axis, ...]
    hidden: frozenset[int]

    @property
    def size(self) -> int:
        return int(np.prod([len(axis.labels) for axis in self.axes], dtype=np.int64))

    def key(self, cell: int) -> Key:
        found = []
        for axis in reversed(self.axes):
            cell, at = divmod(cell, len(axis.labels))
            found.append(at)
        return tuple(reversed(found))

    def cell(self, key: Key) -> int:
        place = 0
        for axis, at in zip(self.axes, key, strict=True):
            place = place * len(axis.labels) + at
        return place

    def ways(self) -> Iterator[BlockOf]:
        """Each order in which a hidden cell may look for a total that is shown."""
        above = [axis.above for axis in self.axes]
        deepest = [max(map(len, own), default=0) for own in above]
        if not self.hidden:
            deepest = [0] * len(self.axes)
        for order in _orders(tuple(deepest)):
            yield self._way(order, above, deepest)

    def _way(
        self, order: tuple[int, ...], above: list[tuple[Key, ...]], deepest: list[int]
    ) -> BlockOf:
        def block_of(leaf: Key) -> Key | None:
            """The cell itself; or the total whose hidden rest it is in; or none."""
            key, left = leaf, list(deepest)
            for axis in order:
                if self.cell(key) not in self.hidden:
                    return key
                left[axis] -= 1  # to this depth; whoever is less deep stays where he is
                own = (leaf[axis], *above[axis][leaf[axis]])
                key = (*key[:axis], own[max(0, len(own) - 1 - left[axis])], *key[axis + 1 :])
            return None if self.cell(key) in self.hidden else key

        return block_of


def _orders(left: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Each different order of so many steps along each axis."""
    if not any(left):
        yield ()
    for axis, count in enumerate(left):
        if count:
            fewer = (*left[:axis], count - 1, *left[axis + 1 :])
            yield from ((axis, *rest) for rest in _orders(fewer))
