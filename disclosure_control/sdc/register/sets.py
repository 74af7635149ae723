"""How does a table lie over people of whom one can be in several cells?

Where an axis is *shared*, as diseases of people are, cells overlap. What is told of such a table is
how many different people are in each cell, and in each total over them, which is no sum. For every
label of the shared axes, totals included, the others make a table of its own in which each person
is in one cell at most: a *slice*. What is published are the blocks of all slices (``partitions``),
and whatever can be computed is a combination of these sets. Sets that have nobody in common are put
into one partition, which tells neither more nor less.

One thing more is told, by an inequality: a total cannot have more people than its parts together.
Where it has more than the parts that are shown, the hidden ones have at least the rest: few people,
unless that is as many as the threshold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import OUTSIDE, Ints, Partition, laid, partition
from disclosure_control.sdc.register.verdict import Clash, Layer
from disclosure_control.tables import Axis

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """``places``: of each person the cell of the axes that are not shared, or -1.

    ``cells``: where those cells are on the grid of the whole table.
    """

    axes: tuple[Axis, ...]
    places: Ints
    cells: Ints

    def blocks(self, hidden: Collection[int]) -> Iterator[Bools]:
        """Who is in each block that is published, without cells that are hidden on the grid."""
        own = np.flatnonzero(np.isin(self.cells, list(hidden))).tolist()
        for one in laid(self.places, axes=self.axes, hidden=own):
            for block in range(1, one.partition.blocks + 1):
                yield one.partition.labels == block


def slices(people: Ints, cells: Ints, *, of: int, axes: Sequence[Axis]) -> tuple[Slice, ...]:
    """One for each label of the shared axes together.

    ``people``, ``cells``: who is in which cell that adds nothing up, on the row-major grid of
    ``axes``; one person several times. ``of``: how many people there are. Raises ValueError where
    somebody is in two cells of one slice.
    """
    grid = tuple(len(axis.labels) for axis in axes)
    places = np.unravel_index(cells, grid)
    own = [at for at, axis in enumerate(axes) if not axis.shared]
    shared = [at for at, axis in enumerate(axes) if axis.shared]
    sizes = tuple(grid[at] for at in own)
    number = np.zeros(len(cells), dtype=np.int64)
    for at in own:
        number = number * grid[at] + places[at]
    everywhere = np.unravel_index(np.arange(np.prod(sizes, dtype=np.int64)), sizes) if own else ()
    found = []
    for labels in product(*(range(grid[at]) for at in shared)):
        inside = np.ones(len(cells), dtype=bool)
        for at, label in zip(shared, labels, strict=True):
            inside &= np.isin(places[at], _under(axes[at], label))
        index = dict(zip(own, everywhere, strict=True)) | dict(zip(shared, labels, strict=True))
        on_grid = np.atleast_1d(np.ravel_multi_index([index[at] for at in range(len(grid))], grid))
        found.append(
            Slice(
                tuple(axes[at] for at in own),
                _placed(people[inside], number[inside], of=of),
                on_grid,
            )
        )
    return tuple(found)


def _under(axis: Axis, label: int) -> list[int]:
    return [leaf for leaf, above in enumerate(axis.above) if leaf == label or label in above]


def _placed(people: Ints, cells: Ints, *, of: int) -> Ints:
    places = np.full(of, OUTSIDE, dtype=np.int64)
    places[people] = cells
    if (places[people] != cells).any():
        raise ValueError("a person is in two cells of one slice")
    return places


def packed(blocks: Sequence[Bools]) -> tuple[Partition, ...]:
    """Each different set once, and in as few partitions as the first that has room makes them."""
    taken: list[tuple[Bools, list[Bools]]] = []
    for block in {one.tobytes(): one for one in blocks if one.any()}.values():
        for everybody, members in taken:
            if not (everybody & block).any():
                np.logical_or(everybody, block, out=everybody)
                members.append(block)
                break
        else:
            taken.append((block.copy(), [block]))
    return tuple(replace(partition(_labels(members)), several=True) for _, members in taken)


def _labels(members: Sequence[Bools]) -> Ints:
    labels = np.zeros(len(members[0]), dtype=np.int64)
    for number, member in enumerate(members, start=1):
        labels[member] = number
    return labels


def bounded(
    cut: Sequence[Slice], *, axes: Sequence[Axis], hidden: Collection[int], threshold: int
) -> Iterator[Clash]:
    """Totals over shared labels that have a few people more than the shown parts of them."""
    many = _sizes(cut, axes)
    flat = np.ones(many.size, dtype=bool)
    flat[list(hidden)] = False
    seen = flat.reshape(many.shape)
    for at, axis in enumerate(axes):
        if not axis.shared:
            continue
        for whole, parts in axis.sums:
            own, some = np.take(many, parts, axis=at), np.take(seen, parts, axis=at)
            rest = np.take(many, whole, axis=at) - (own * some).sum(axis=at)
            told = np.take(seen, whole, axis=at) & ~some.all(axis=at)
            told &= (rest > 0) & (rest < threshold)
            if told.any():
                yield Clash(Layer.OWN, formula="total - shown", people=int(rest[told].min()))


def _sizes(cut: Sequence[Slice], axes: Sequence[Axis]) -> Ints:
    """How many different people are in each cell of the grid, totals included."""
    grid = tuple(len(axis.labels) for axis in axes)
    flat = np.zeros(int(np.prod(grid, dtype=np.int64)), dtype=np.int64)
    for one in cut:
        flat[one.cells] = np.bincount(one.places[one.places != OUTSIDE], minlength=len(one.cells))
    sizes: Ints = flat.reshape(grid)
    for at, axis in enumerate(axes):
        if not axis.shared:
            under = [_under(axis, label) for label in range(grid[at])]
            added = [np.take(sizes, leaves, axis=at).sum(axis=at) for leaves in under]
            sizes = np.stack(added, axis=at)
    return sizes
