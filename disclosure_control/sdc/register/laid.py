"""How does a table lie over people, and how would it with further cells hidden?

A table is columns that count the same or different people by the cells of one grid; each column
hides some of its cells. What is published of it are partitions (``partitions``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Laid, Partition, laid
from disclosure_control.tables import Axis
from disclosure_control.withheld import patterns_with

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """``places``: the cell of each person, or -1; ``hidden``: the different patterns of cells."""

    places: Ints
    hidden: tuple[Cells, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One partition, and which column and pattern it is of."""

    laid: Laid
    column: Column
    hidden: Cells


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    axes: tuple[Axis, ...]
    columns: tuple[Column, ...]

    def hiding(self, cells: Collection[int]) -> Table:
        return replace(
            self,
            columns=tuple(
                replace(one, hidden=patterns_with(one.hidden, cells)) for one in self.columns
            ),
        )

    def parts(self) -> tuple[Part, ...]:
        found: dict[bytes, Part] = {}
        for column in self.columns:
            for hidden in column.hidden:
                for one in laid(column.places, axes=self.axes, hidden=hidden):
                    found.setdefault(one.partition.labels.tobytes(), Part(one, column, hidden))
        return tuple(found.values())

    @property
    def partitions(self) -> tuple[Partition, ...]:
        return tuple(one.laid.partition for one in self.parts())

    @property
    def hidden_in_all_columns(self) -> Cells:
        every = (frozenset(hidden) for one in self.columns for hidden in one.hidden)
        return tuple(sorted(frozenset.intersection(*every)))

    def everywhere_hidden(self) -> Bools:
        """Who is in a cell that is hidden, in every column and pattern?"""
        found = [np.isin(one.places, hidden) for one in self.columns for hidden in one.hidden]
        hidden: Bools = np.logical_and.reduce(found)
        return hidden

    def hides_nobody(self) -> bool:
        """Is a cell hidden, of those that add nothing up, without anybody in it?"""
        return any(
            cell not in occupied and self.within(cell) == {cell}
            for one in self.columns
            for occupied in (frozenset(one.places.tolist()),)
            for hidden in one.hidden
            for cell in hidden
        )

    def within(self, cell: int) -> frozenset[int]:
        """The cells that add nothing up and are in this one; the cell itself where it is one."""
        place = np.unravel_index(cell, [len(axis.labels) for axis in self.axes])
        wholes = [{whole for whole, _ in axis.sums} for axis in self.axes]
        choices = [
            [
                leaf
                for leaf, above in enumerate(axis.above)
                if leaf not in own and (leaf == at or at in above)
            ]
            for axis, at, own in zip(self.axes, place, wholes, strict=True)
        ]
        sizes = [len(axis.labels) for axis in self.axes]
        return frozenset(int(np.ravel_multi_index(leaf, sizes)) for leaf in product(*choices))

    def sizes(self) -> Ints:
        """The most people that any column has in each cell that adds nothing up."""
        size = int(np.prod([len(axis.labels) for axis in self.axes], dtype=np.int64))
        counts = [np.bincount(one.places[one.places >= 0], minlength=size) for one in self.columns]
        most: Ints = np.max(counts, axis=0)
        return most
