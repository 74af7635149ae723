"""Is every combination of some tables spread over many people? A proof that needs no search.

Deal all people out into T hands. Suppose that in each hand the tables' blocks are as independent of
each other as among everybody. Then a combination of blocks that is not zero for everybody is not
zero for somebody in each hand: so it is a number of T people at least, whatever its coefficients.
That is more than is asked, since it covers differences of two small groups too.

People are dealt so that each small block is in as many hands as it can be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import LinAlgError, eigvalsh

from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import Floats, pivoted

INDEPENDENT = 1e-6  # least eigenvalue of the Gram matrix of a hand's blocks
DEALS = 3


def is_spread(tables: Sequence[Partition], *, hands: int, seed: int = 0) -> bool:
    """Has every combination of the tables' blocks at least so many people? False: not known."""
    dice = np.random.default_rng(seed)
    basis: Ints | None = None
    for _ in range(DEALS):
        grams = _grams(tables, _dealt(tables, hands, dice), hands)
        if basis is None:
            whole = grams.sum(axis=0)
            basis, _ = pivoted(whole, np.diag(whole))
        if all(_independent(gram[np.ix_(basis, basis)]) for gram in grams):
            return True
    return False


def _independent(gram: Floats) -> bool:
    if (np.diag(gram) <= 0).any():
        return False
    try:
        least = eigvalsh(gram, subset_by_index=(0, 0))
    except LinAlgError:
        return False
    return bool(least[0] > INDEPENDENT)


def _dealt(tables: Sequence[Partition], hands: int, dice: np.random.Generator) -> Ints:
    """The hand of each person. Whoever is in the smallest blocks is dealt first, block by block."""
    people = len(tables[0].labels)
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    sizes = [np.where(one.labels > 0, one.sizes[one.labels], people + 1) for one in tables]
    rarest = np.argmin(sizes, axis=0)
    labels = np.stack([one.labels for one in tables])
    everybody = np.arange(people)
    block = starts[rarest] + labels[rarest, everybody]
    order = np.lexsort((dice.random(people), block, np.min(sizes, axis=0)))
    dealt = np.empty(people, dtype=np.int64)
    dealt[order] = (np.arange(people) + dice.integers(hands)) % hands
    return dealt


def _grams(tables: Sequence[Partition], dealt: Ints, hands: int) -> Floats:
    """For each hand, how many of its people are in two blocks at once: hands x blocks x blocks."""
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    grams = np.zeros((hands, starts[-1], starts[-1]))
    for first, one in enumerate(tables):
        own = dealt * (one.blocks + 1) + one.labels
        rows = slice(starts[first], starts[first + 1])
        for second in range(first, len(tables)):
            other = tables[second]
            columns = slice(starts[second], starts[second + 1])
            shape = hands, one.blocks + 1, other.blocks + 1
            flat = np.bincount(
                own * (other.blocks + 1) + other.labels, minlength=int(np.prod(shape))
            )
            counts = flat.reshape(shape)[:, 1:, 1:]
            grams[:, rows, columns] = counts
            grams[:, columns, rows] = counts.transpose(0, 2, 1)
    return grams
