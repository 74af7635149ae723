"""Can the counts of two tables be combined into the number of a few people? Decided exactly.

Some group of 1 to T - 1 people is a combination of the two tables' blocks if, and only if, there
is a set S of blocks, closed under "a column in S brings every row that meets it", whose leaving
people, those of a row in S and a column outside, are 1 to T - 1. People outside a table are in its
block 0; both blocks 0 are one. (If: rows of S less columns of S. Only if: coefficients of the
combination, negative for columns, differ by 0 or 1 along every pair of blocks that meet; the blocks
above any level are such a set, and each of the people leaves exactly one of these sets.)

Blocks that no such set separates are merged first: what is left is mostly one, which proves safety.
What is not is decided by smallest cuts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, maximum_flow

from disclosure_control.sdc.register.partitions import NOBODY, Ints, Partition

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FAR = 2**30  # a capacity that no cut of people reaches


@dataclass(frozen=True, slots=True)
class Cut:
    """Sum of the ``rows`` less the sum of the ``columns`` is the number of ``people``.

    Where ``ground``, block 0 of both is among them: the rest of the rows less the rest of columns.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    ground: bool
    people: int


def contingency(one: Partition, other: Partition) -> Ints:
    """How many people are in block i of one and block j of the other; nobody counts at (0, 0)."""
    width = other.blocks + 1
    flat = np.bincount(
        one.labels.astype(np.int64) * width + other.labels, minlength=(one.blocks + 1) * width
    )
    table = flat.reshape(one.blocks + 1, width)
    table[NOBODY, NOBODY] = 0
    return table


def smallest(table: Ints, *, threshold: int) -> Cut | None:
    """A combination that gives 1 to ``threshold`` - 1 people; None proves that there is none.

    ``table``: the contingency of rows and columns.
    """
    return next(cuts(table, threshold=threshold), None)


def cuts(table: Ints, *, threshold: int) -> Iterator[Cut]:
    """Combinations of so few people, one for each two blocks that any such separates."""
    graph = _Graph.of(table, threshold)
    while (merged := graph.merged()) is not graph:
        graph = merged
    yield from (_cut(inside, table) for inside in graph.cuts())


def people_of(cut: Cut, new: Partition, earlier: Partition) -> Bools:
    """Who is counted."""
    rows, columns = np.isin(new.labels, cut.rows), np.isin(earlier.labels, cut.columns)
    return columns & ~rows if cut.ground else rows & ~columns


def in_words(cut: Cut) -> str:
    """Such as "new 3 + new 4 - earlier 1"."""
    if cut.ground:
        rows, columns = cut.columns, cut.rows
        plus, minus = ("earlier", rows), ("new", columns)
    else:
        plus, minus = ("new", cut.rows), ("earlier", cut.columns)
    added = " + ".join(f"{plus[0]} {block}" for block in plus[1]) or "0"
    return added + "".join(f" - {minus[0]} {block}" for block in minus[1])


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """Nodes are sets of blocks; ``edges[u, v]`` people are in a row of u and a column of v.

    ``node`` of each block: rows from 1, then columns from 1, and block 0 of both first.
    """

    edges: Ints
    node: Ints
    threshold: int

    @classmethod
    def of(cls, table: Ints, threshold: int) -> _Graph:
        rows, columns = table.shape
        size = rows + columns - 1
        edges = np.zeros((size, size), dtype=np.int64)
        edges[1:rows, rows:] = table[1:, 1:]
        edges[1:rows, 0] = table[1:, 0]
        edges[0, rows:] = table[0, 1:]
        return cls(edges, np.arange(size), threshold)

    def merged(self) -> _Graph:
        """With nodes that follow from each other as one; the same graph if there are none."""
        count, own = connected_components(csr_array(self._follows()), connection="strong")
        if count == len(self.edges):
            return self
        member = coo_array(
            (np.ones(len(own), dtype=np.int64), (own, np.arange(len(own)))),
            shape=(count, len(own)),
        ).tocsr()
        edges = np.asarray((member @ csr_array(self.edges) @ member.T).todense())
        np.fill_diagonal(edges, 0)
        return _Graph(edges, own[self.node], self.threshold)

    def _follows(self) -> Bools:
        """[u, v]: with u in a set of few leaving people, v is in it too."""
        met = self.edges > 0
        gone = (met | np.eye(len(met), dtype=bool)).astype(np.float32)  # out of S with v
        rows, columns = np.flatnonzero(met.any(axis=1)), np.flatnonzero(met.any(axis=0))
        weight = self.edges[np.ix_(rows, columns)].astype(np.float32)
        follows: Bools = met.T.copy()
        # else so many of u's people leave
        follows[rows] |= weight @ gone[:, columns].T >= self.threshold
        # else so many leave into v
        follows[:, columns] |= gone[rows].T @ weight >= self.threshold
        return follows

    def cuts(self) -> Iterator[Bools]:
        """Each set of blocks whose leaving people are 1 to threshold - 1, as far as needed."""
        joined, component = connected_components(csr_array(self.edges > 0), directed=False)
        for each in range(joined):
            root, *others = np.flatnonzero(component == each)
            network = self._network()
            for other in others:
                for source, sink in ((root, other), (other, root)):
                    flow = maximum_flow(network, int(source), int(sink))
                    if flow.flow_value < self.threshold:
                        yield _reached(network - flow.flow, int(source))[self.node]

    def _network(self) -> csr_array:
        capacity = np.minimum(self.edges, self.threshold).astype(np.int32)
        return csr_array(np.where(self.edges.T > 0, np.int32(FAR), capacity))


def _reached(left: csr_array, source: int) -> Bools:
    """Nodes on the source's side of the cut."""
    open_to = csr_array(left > 0)
    seen = np.zeros(open_to.shape[0], dtype=bool)
    waiting = [source]
    seen[source] = True
    while waiting:
        at = waiting.pop()
        following = open_to.indices[open_to.indptr[at] : open_to.indptr[at + 1]]
        fresh = following[~seen[following]]
        seen[fresh] = True
        waiting += fresh.tolist()
    return seen


def _cut(inside: Bools, table: Ints) -> Cut:
    rows = len(table)
    row = inside[:rows]
    column = np.concatenate([inside[:1], inside[rows:]])
    leaving = int(table[np.ix_(row, ~column)].sum())
    flip = bool(inside[0])  # counted the other way round, without block 0
    chosen_rows = ~row if flip else row
    chosen_columns = ~column if flip else column
    return Cut(
        rows=tuple((np.flatnonzero(chosen_rows[1:]) + 1).tolist()),
        columns=tuple((np.flatnonzero(chosen_columns[1:]) + 1).tolist()),
        ground=flip,
        people=leaving,
    )
