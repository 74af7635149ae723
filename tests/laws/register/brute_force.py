"""What can be computed from published counts? By trying every group of a small population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

import numpy as np

from disclosure_control.sdc.register.partitions import Partition


def rows(tables: Sequence[Partition]) -> np.ndarray:
    """One row of 0 and 1 for each block."""
    return np.array(
        [table.labels == block for table in tables for block in range(1, table.blocks + 1)],
        dtype=float,
    ).reshape(-1, len(tables[0].labels))


def derivable(tables: Sequence[Partition], *, most: int) -> Iterator[frozenset[int]]:
    """Every group of 1 to ``most`` people whose number is a combination of blocks.

    People who are together in every table are together in every such group.
    """
    atoms, own = np.unique(rows(tables).T, axis=0, return_inverse=True)
    weight = np.bincount(own)
    _, values, right = np.linalg.svd(atoms.T)
    null = right[int((values > 1e-9).sum()) :]
    bits = (np.arange(1, 2 ** len(atoms))[:, None] >> np.arange(len(atoms))) & 1
    few = bits[(bits @ weight <= most)]
    inside = (np.abs(few @ null.T) < 1e-9).all(axis=1)
    yield from (
        frozenset(np.flatnonzero(np.isin(own, np.flatnonzero(group))).tolist())
        for group in few[inside]
    )


def of_few(tables: Sequence[Partition], *, most: int) -> bool:
    """Can any number of 1 to ``most`` people be computed, whatever each of them adds?"""
    atoms, own = np.unique(rows(tables).T, axis=0, return_inverse=True)
    weight = np.bincount(own.ravel())
    whole = np.linalg.matrix_rank(atoms)
    places = range(len(atoms))
    few = chain.from_iterable(combinations(places, size) for size in range(1, len(atoms) + 1))
    return any(
        np.linalg.matrix_rank(np.delete(atoms, group, axis=0)) < whole
        for group in few
        if weight[list(group)].sum() <= most
    )
