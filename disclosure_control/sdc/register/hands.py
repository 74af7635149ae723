"""Where could a combination of some tables that counts few people be? Only where a hand misses it.

Deal all people out into T hands. A group of fewer than T people leaves a hand without any of them,
so the combination that counts the group is zero on all of that hand. Where the tables' blocks are
as independent of each other in a hand as among everybody, nothing but zero is zero there. So
mostly nothing is left to look at, which proves that no combination counts 1 to T - 1 people, of any
coefficients; and what is left has few dimensions.

People are dealt so that each small block is in as many hands as it can be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpstrf

from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import Floats, pivoted

Counts = NDArray[np.int32]

ZERO = 1e-9  # of a block's people in a hand: what is left of it beside others
DEALS = 4
FEW = 8  # dimensions that are searched in no time


def missing(tables: Sequence[Partition], *, hands: int, seed: int = 0) -> list[Floats]:
    """Combinations that are zero on a hand: for each hand with any, blocks x dimensions.

    Of several deals the one that leaves least. Blocks are those of all tables, in order.
    """
    dice = np.random.default_rng(seed)
    labels = [one.labels.astype(np.int64) for one in tables]
    blocks = [one.blocks for one in tables]
    basis: Ints | None = None
    best: list[Floats] | None = None
    for _ in range(DEALS):
        grams = _grams(labels, blocks, _dealt(tables, hands, dice), hands=hands)
        if basis is None:
            whole = grams.sum(axis=0, dtype=np.float64)
            basis, _ = pivoted(whole, np.diag(whole))
        found = [null for gram in grams if (null := _null(gram, basis)).shape[1]]
        if best is None or _dimensions(found) < _dimensions(best):
            best = found
        if _dimensions(best) <= FEW:
            break
    return best or []


def _dimensions(nulls: list[Floats]) -> int:
    return max((null.shape[1] for null in nulls), default=0)


def _null(gram: Counts, basis: Ints) -> Floats:
    """What of the basis is zero for everybody in the hand."""
    own = gram[np.ix_(basis, basis)].astype(np.float64)
    scale = np.sqrt(np.where(np.diag(own) > 0, np.diag(own), 1.0))
    factor, order, rank, _ = dpstrf(own / np.outer(scale, scale), tol=ZERO, lower=True)
    order = order - 1
    if not own[order[0], order[0]] > 0:
        rank = 0
    null = np.zeros((len(gram), len(basis) - rank))
    if null.shape[1]:
        above = factor[rank:, :rank].T
        within = solve_triangular(factor[:rank, :rank], above, lower=True, trans="T")
        null[basis[order[:rank]]] = -within / scale[order[:rank]][:, None]
        null[basis[order[rank:]]] = np.diag(1.0 / scale[order[rank:]])
    return null


def _dealt(tables: Sequence[Partition], hands: int, dice: np.random.Generator) -> Ints:
    """The hand of each person. Whoever is in the smallest blocks is dealt first, block by block."""
    people = len(tables[0].labels)
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    sizes = np.stack(
        [np.where(one.labels > 0, one.sizes[one.labels], people + 1) for one in tables]
    )
    rarest = np.argmin(sizes, axis=0)
    labels = np.stack([one.labels for one in tables])
    block = starts[rarest] + labels[rarest, np.arange(people)]
    order = np.lexsort((dice.random(people), block, np.min(sizes, axis=0)))
    dealt = np.empty(people, dtype=np.int64)
    dealt[order] = (np.arange(people) + dice.integers(hands)) % hands
    return dealt


def _grams(labels: Sequence[Ints], blocks: Sequence[int], dealt: Ints, *, hands: int) -> Counts:
    """How many people of a hand are in two blocks at once: hands x blocks x blocks."""
    starts = np.cumsum([0, *blocks])
    grams = np.zeros((hands, starts[-1], starts[-1]), dtype=np.int32)
    cell = np.empty_like(dealt)  # one for all: new memory takes as long as counting does
    for first, one in enumerate(labels):
        rows, height = slice(starts[first], starts[first + 1]), blocks[first] + 1
        place = dealt * height + one
        begins: dict[int, Ints] = {}
        for second in range(first, len(labels)):
            columns, width = slice(starts[second], starts[second + 1]), blocks[second] + 1
            wide = 1 << blocks[second].bit_length()
            if wide not in begins:
                begins[wide] = place * wide
            np.add(begins[wide], labels[second], out=cell)
            flat = np.bincount(cell, minlength=hands * height * wide)
            counts = flat.reshape(hands, height, wide)[:, 1:, 1:width]
            grams[:, rows, columns] = counts
            grams[:, columns, rows] = counts.transpose(0, 2, 1)
    return grams
