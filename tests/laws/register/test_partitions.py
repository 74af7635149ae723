"""Are the blocks of a published table those that its shown cells tell, no fewer and no more?"""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from disclosure_control.sdc.register.partitions import OUTSIDE, partition, published
from disclosure_control.tables import Axis
from tests.laws.register.brute_force import rows

PLAIN = Axis("plain", ("a", "b", "c"))
TOTALS = Axis("totals", ("a", "b", "c", "Total"), total=True)
TREE = Axis(
    "tree",
    ("W", "a", "b", "E", "c", "d", "Total"),
    total=True,
    subtotals=((0, (1, 2)), (3, (4, 5))),
)
RAGGED = Axis("ragged", ("W", "a", "b", "c", "d", "Total"), total=True, subtotals=((0, (1, 2)),))
GRIDS = [
    (PLAIN,),
    (TOTALS,),
    (PLAIN, TOTALS),
    (TOTALS, TOTALS),
    (TREE,),
    (TREE, TOTALS),
    (RAGGED,),
    (RAGGED, TOTALS),
    (TOTALS, TOTALS, TOTALS),
]


def in_span(of: np.ndarray, vectors: np.ndarray) -> bool:
    if not len(of):
        return not vectors.any()
    found = np.linalg.lstsq(of.T, vectors.T, rcond=None)[0]
    return bool(np.allclose(of.T @ found, vectors.T, atol=1e-8))


def cells_of(axes: tuple[Axis, ...], leaf: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The leaf, and every total that it is in."""
    return list(product(*((at, *axis.above[at]) for axis, at in zip(axes, leaf, strict=True))))


@pytest.mark.parametrize("axes", GRIDS, ids=lambda axes: " x ".join(axis.name for axis in axes))
@pytest.mark.parametrize("seed", range(12))
def test_blocks_are_what_shown_cells_tell(axes, seed):
    dice = random.Random(seed)
    sizes = [len(axis.labels) for axis in axes]
    places = {place: at for at, place in enumerate(product(*map(range, sizes)))}
    wholes = [{whole for whole, _ in axis.sums} for axis in axes]
    leaves = [
        place
        for place in places
        if not any(at in own for at, own in zip(place, wholes, strict=True))
    ]
    people = [dice.choice(leaves) for _ in range(40)] + [None] * 3
    share = dice.choice((0.0, 0.2, 0.5, 0.8))
    hidden = {at for at in places.values() if dice.random() < share}

    of_person = np.array([OUTSIDE if one is None else places[one] for one in people])
    found = published(of_person, axes=axes, hidden=hidden)

    shown = np.array(
        [
            [one is not None and place in cells_of(axes, one) for one in people]
            for place, at in places.items()
            if at not in hidden
        ],
        dtype=float,
    ).reshape(-1, len(people))
    for one in found:
        assert in_span(shown, rows([one])), "a block that nobody can compute"
    told = np.concatenate([rows([one]) for one in found]) if found else shown[:0]
    assert in_span(told, shown), "a shown cell that is no union of blocks"


def test_without_totals_hidden_cells_are_in_no_block():
    (one,) = published(np.array([0, 0, 1, 2, OUTSIDE]), axes=(PLAIN,), hidden={1})
    assert one.labels.tolist() == [1, 1, 0, 2, 0]
    assert one.sizes.tolist() == [2, 2, 1]


def test_the_rest_of_a_line_is_one_block_for_each_total_that_is_shown():
    axes = (TOTALS, TOTALS)
    people = np.array([0, 1, 4, 5, 10])  # (a, a), (a, b), (b, a), (b, b), (c, c)
    found = published(people, axes=axes, hidden={0, 1, 4, 5})
    assert {tuple(one.labels.tolist()) for one in found} == {(1, 1, 2, 2, 3), (1, 2, 1, 2, 3)}


def test_empty_blocks_are_left_out():
    one = partition(np.array([0, 4, 4, 2]))
    assert one.labels.tolist() == [0, 2, 2, 1]
    assert one.blocks == 2
    assert one.people(2).tolist() == [1, 2]
