"""Two tables: is the verdict the truth, both ways, and is the formula that comes with it right?"""

from __future__ import annotations

import random

import numpy as np
import pytest

from disclosure_control.sdc.register import pairs
from disclosure_control.sdc.register.partitions import partition
from tests.laws.register.brute_force import derivable

POPULATIONS = 2000


def population(seed: int):
    """Two tables of a few sorts of people; some are near copies, some leave people out."""
    dice = random.Random(seed)
    sorts = dice.randint(2, 9)
    first = [dice.randint(dice.choice((0, 1)), dice.randint(1, 4)) for _ in range(sorts)]
    if dice.random() < 0.5:
        second = [dice.randint(dice.choice((0, 1)), dice.randint(1, 4)) for _ in range(sorts)]
    else:
        second = [label if dice.random() < 0.7 else dice.randint(0, 4) for label in first]
    people = [dice.choice((1, 2, 3, 6, 12)) for _ in range(sorts)]
    tables = (partition(np.repeat(table, people)) for table in (first, second))
    return *tables, dice.randint(2, 7)


def group_of(cut: pairs.Cut, new, earlier) -> np.ndarray:
    """What the formula counts for each person."""
    plus = np.isin(new.labels, cut.rows).astype(int)
    minus = np.isin(earlier.labels, cut.columns).astype(int)
    return minus - plus if cut.ground else plus - minus


@pytest.mark.parametrize("batch", range(4))
def test_a_pair_clashes_exactly_where_brute_force_finds_a_group(batch):
    found = {True: 0, False: 0}
    for seed in range(batch * POPULATIONS // 4, (batch + 1) * POPULATIONS // 4):
        new, earlier, threshold = population(seed)
        cut = pairs.smallest(pairs.contingency(new, earlier), threshold=threshold)
        truth = next(derivable([new, earlier], most=threshold - 1), None)
        assert (cut is None) == (truth is None), seed
        found[cut is None] += 1
        if cut is not None:
            group = group_of(cut, new, earlier)
            assert set(group.tolist()) <= {0, 1}
            assert 1 <= group.sum() == cut.people < threshold
            assert np.array_equal(group == 1, pairs.people_of(cut, new, earlier))
    assert min(found.values()) > POPULATIONS // 20


def test_a_formula_is_told_in_words():
    new, earlier = partition(np.array([1] * 30 + [2] * 3)), partition(np.array([1] * 33))
    cut = pairs.smallest(pairs.contingency(new, earlier), threshold=10)
    assert cut.people == 3
    assert pairs.in_words(cut) in {"new 2", "earlier 1 - new 1"}
