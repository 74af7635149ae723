"""What do published numbers leave open? Against a solver of our own over people, not atoms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from disclosure_control.sdc.register.intervals import NoIntervals, Told, intervals
from disclosure_control.sdc.register.partitions import partition


def bounds(told, group, sort_of):
    """One unknown for each sort of people, equations and errors written out."""
    sorts = int(sort_of.max()) + 1
    rows, low, high = [], [], []
    for one in told:
        for block, number in one.numbers.items():
            if number is not None:
                members = np.unique(sort_of[one.partition.labels == block])
                rows.append(np.isin(np.arange(sorts), members).astype(float))
                low.append(number - one.error)
                high.append(number + one.error)
    inside = np.isin(np.arange(sorts), np.unique(sort_of[group])).astype(float)
    matrix = np.array(rows)
    both = np.vstack([matrix, -matrix])
    limit = np.concatenate([high, -np.array(low)])
    least = linprog(inside, A_ub=both, b_ub=limit, bounds=(0, None))
    most = linprog(-inside, A_ub=both, b_ub=limit, bounds=(0, None))
    return least.fun, (-most.fun if most.status == 0 else np.inf)


@pytest.mark.parametrize("seed", range(20))
def test_intervals_are_those_of_every_published_number_together(seed):
    dice = np.random.default_rng(seed)
    sorts = 9
    sort_of = np.repeat(np.arange(sorts), dice.integers(1, 15, sorts))
    told = []
    for _ in range(3):
        one = partition(dice.integers(0, 4, sorts)[sort_of])
        error = float(dice.choice((0.0, 0.0, 2.0)))
        numbers = {
            block: None if dice.random() < 0.2 else float(one.sizes[block])
            for block in range(1, one.blocks + 1)
        }
        told.append(Told(one, numbers, error))
    group = np.isin(sort_of, dice.choice(sorts, 2, replace=False))
    (found,) = intervals(told, [group], seconds=20.0)
    assert found == pytest.approx(bounds(told, group, sort_of), abs=1e-6)
    assert found[0] <= group.sum() + 1e-9 <= found[1] + 1e-6


def test_two_exact_tables_tell_a_hidden_number_that_one_of_them_hides():
    people = np.repeat([1, 2, 3], [30, 4, 40])
    hidden = Told(partition(people), {1: 30.0, 2: None, 3: 40.0})
    together = Told.exactly(partition(np.where(people == 3, 0, 1)))
    group = people == 2
    assert intervals([hidden], [group], seconds=10.0) == [(0.0, np.inf)]
    assert intervals([hidden, together], [group], seconds=10.0) == [(4.0, 4.0)]


def test_numbers_that_do_not_fit_together_give_no_interval():
    people = np.repeat([1, 2], [10, 10])
    wrong = Told(partition(np.ones(20, dtype=int)), {1: 15.0})
    with pytest.raises(NoIntervals):
        intervals([Told.exactly(partition(people)), wrong], [people == 1], seconds=10.0)
