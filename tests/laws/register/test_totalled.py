"""Can totals of a table that hid its small cells leave later, and does what it hides say more?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.totalled import MOST_SHARE, totalled
from disclosure_control.sdc.register.verdict import Limits, judge
from disclosure_control.tables import Axis

T = 5
LIMITS = Limits(threshold=T, amber=1.0, closed=1.0)
SIZES = [(12,), (5, 6), (3, 4, 4)]


def axes_of(sizes: tuple[int, ...]) -> tuple[Axis, ...]:
    return tuple(Axis(f"axis {at}", tuple(map(str, range(size)))) for at, size in enumerate(sizes))


def people_in(sizes: tuple[int, ...], seed: int) -> np.ndarray:
    """About forty in a cell, in a few of them hardly anybody."""
    dice = np.random.default_rng(seed)
    cells = int(np.prod(sizes))
    shares = np.where(dice.random(cells) < 0.08, 0.003, dice.uniform(0.5, 2.0, cells))
    return dice.choice(cells, 40 * cells, p=shares / shares.sum())


def small(places: np.ndarray, cells: int) -> tuple[int, ...]:
    return tuple(np.flatnonzero(np.bincount(places, minlength=cells) < T).tolist())


def table(sizes: tuple[int, ...], places: np.ndarray, hidden: tuple[int, ...]) -> Table:
    return Table(axes_of(sizes), (Column(places, (hidden,)),))


def totals_of(sizes: tuple[int, ...], places: np.ndarray):
    """The table by each smaller set of the axes where no cell is small; everybody is the last."""
    own = np.unravel_index(places, sizes)
    for count in range(len(sizes) - 1, -1, -1):
        for axes in combinations(range(len(sizes)), count):
            less = tuple(sizes[at] for at in axes)
            place = np.zeros(len(places), dtype=np.int64)
            for at in axes:
                place = place * sizes[at] + own[at]
            if not small(place, int(np.prod(less or (1,)))):
                yield table(less or (1,), place, ())


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_each_of_its_totals_may_leave_later(sizes):
    tried = clashed = 0
    for seed in range(16):
        places = people_in(sizes, seed)
        cells = int(np.prod(sizes))
        asked = table(sizes, places, small(places, cells))
        more = totalled(asked, threshold=T, seconds=20.0)
        if not more:
            continue
        tried += 1
        assert len(more) <= MOST_SHARE * cells
        assert set(more).isdisjoint(asked.hidden_in_all_columns)
        known = judge(asked.hiding(more).partitions, nobody(places), LIMITS).known
        bare = judge(asked.partitions, nobody(places), LIMITS).known
        for one in totals_of(sizes, places):
            clashed += not judge(one.partitions, bare, LIMITS).safe
            assert judge(one.partitions, known, LIMITS).safe
    assert tried > 1
    assert clashed > 1, "without further cells they could not"


def nobody(places: np.ndarray) -> Known:
    return Known.nothing(len(places), seed=1)


@pytest.mark.parametrize("sizes", SIZES[1:], ids=str)
def test_whoever_is_in_a_hidden_cell_the_same_cells_are_hidden(sizes):
    """Empty or not, and wherever one of them is."""
    for seed in range(4):
        places = people_in(sizes, seed)
        hidden = small(places, int(np.prod(sizes)))
        if len(hidden) < 2:
            continue
        shown = places[~np.isin(places, hidden)]
        found = {
            totalled(table(sizes, np.append(shown, [one, one]), hidden), threshold=T, seconds=20.0)
            for one in hidden[:3]
        }
        assert len(found) == 1


@pytest.mark.parametrize("cells", range(5, 14))
def test_how_many_may_be_hidden_does_not_depend_on_who_is_in_hidden_cells(cells):
    """Two cells are hidden: with people in both, in one, or in none."""
    shown = np.repeat(np.arange(cells - 2), 40)
    hidden = (cells - 2, cells - 1)
    worlds = ([], [cells - 1], [cells - 2, cells - 1], [cells - 2] * 3 + [cells - 1] * 3)
    found = {
        totalled(table((cells,), np.append(shown, own).astype(int), hidden), threshold=T, seconds=9)
        for own in worlds
    }
    assert len(found) == 1


def test_nothing_is_hidden_where_nothing_was_or_totals_are_told():
    places = people_in((5, 6), 1)
    assert totalled(table((5, 6), places, ()), threshold=T, seconds=20.0) == ()
    total = Axis("total", ("a", "b", "Total"), total=True)
    told = Table((total,), (Column(places % 2, ((1,),)),))
    assert totalled(told, threshold=T, seconds=20.0) == ()


def test_not_where_too_much_would_be_hidden_or_time_ends():
    places = np.repeat(np.arange(4), [40, 40, 40, 2])
    asked = table((4,), places, (3,))
    assert totalled(asked, threshold=T, seconds=20.0) == ()
    many = table((12,), np.repeat(np.arange(12), [40] * 11 + [2]), (11,))
    assert len(totalled(many, threshold=T, seconds=20.0)) == 1
    assert totalled(many, threshold=T, seconds=0.0) == ()


def test_a_cell_that_some_columns_show_is_no_reason():
    """One that is dominated is hidden in the column of sums alone."""
    places = np.repeat(np.arange(12), 40)
    columns = (Column(places, ((), (3,))),)
    assert totalled(Table(axes_of((12,)), columns), threshold=T, seconds=20.0) == ()
