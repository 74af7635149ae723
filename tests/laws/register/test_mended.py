"""A mended table tells of no group that is too small, and hides itself only beside what it hid."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.mended import mended
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.verdict import Clash, Layer, Limits, judge
from disclosure_control.tables import Axis
from tests.laws.register.brute_force import derivable

T = 4
LIMITS = Limits(threshold=T, amber=1.0, closed=1.0)


def axis(count: int, *, total: bool) -> Axis:
    labels = (*(str(at) for at in range(count)), *(("Total",) if total else ()))
    return Axis("axis", labels, total=total)


def tables(dice: np.random.Generator, *, total: bool) -> tuple[Table, Table]:
    """An earlier one, and a finer one of nearly the same rows whose small cells are hidden."""
    people = int(dice.integers(12, 40))
    rows = dice.integers(3, size=people)
    moved = np.where(
        dice.random(people) < dice.choice([0.0, 0.1]), dice.integers(3, size=people), rows
    )
    earlier = Table((axis(3, total=False),), (Column(moved, ((),)),))
    axes = (axis(3, total=total), axis(2, total=total))
    width = len(axes[1].labels)
    places = rows * width + (dice.random(people) < 0.2)
    counts = np.bincount(places, minlength=len(axes[0].labels) * width)
    hidden = {cell for cell in np.flatnonzero(counts) if counts[cell] < T}
    if total and hidden:
        hidden = {a * width + b for a, b in product(range(2), range(2))}
    return earlier, Table(axes, (Column(places, (tuple(sorted(map(int, hidden))),)),))


def told(*of: Table) -> list[frozenset[int]]:
    """Each group that is too small and that all together tell of."""
    return list(derivable([one for table in of for one in table.partitions], most=T - 1))


@pytest.mark.parametrize("total", [False, True])
def test_brute_force_finds_nothing_in_a_mended_table(total):
    dice = np.random.default_rng(5)
    outcomes = {"safe": 0, "beside": 0, "elsewhere": 0, "none": 0}
    for _ in range(300):
        earlier, table = tables(dice, total=total)
        (column,) = table.columns
        first = judge(earlier.partitions, Known.nothing(len(column.places), seed=1), LIMITS)
        if not first.safe:
            continue
        verdict = judge(table.partitions, first.known, LIMITS)
        found = mended(table, first.known, LIMITS, verdict.clashes, most=0.8)
        if verdict.safe or found is None:
            outcomes["safe" if verdict.safe else "none"] += 1
            continue
        outcomes["beside" if found.beside else "elsewhere"] += 1
        left = table.hiding(found.hidden)
        assert judge(left.partitions, first.known, LIMITS).safe
        assert not told(earlier, left)
        assert set(found.hidden).isdisjoint(column.hidden[0])
        if found.beside:
            hidden = {*column.hidden[0], *found.hidden}
            assert all(set(column.places[list(own)]) <= hidden for own in told(earlier, table))
    assert outcomes["beside"] > 0, outcomes
    assert outcomes["elsewhere"] > 5, outcomes


def margin_and_finer() -> tuple[Table, Known]:
    """Rows have left; now each by two columns, of which the first row has a hidden cell."""
    rows = np.repeat(np.arange(6), 30)
    places = rows * 2
    places[:3] += 1
    known = judge([partition(rows + 1)], Known.nothing(len(rows), seed=1), LIMITS).known
    return Table((axis(6, total=False), axis(2, total=False)), (Column(places, ((1,),)),)), known


def test_what_left_is_a_margin_beneath_which_one_more_cell_is_hidden():
    table, known = margin_and_finer()
    verdict = judge(table.partitions, known, LIMITS)
    assert {one.people for one in verdict.clashes} == {3}
    found = mended(table, known, LIMITS, verdict.clashes)
    assert found is not None
    assert (found.hidden, found.beside) == ((0,), True)
    assert found.verdict.safe


def test_whom_a_filter_leaves_out_is_not_told_by_what_is_hidden():
    """The same numbers, but the three are not in the table: a hidden cell would say where."""
    table, known = margin_and_finer()
    (column,) = table.columns
    places = np.where(column.places == 1, -1, column.places)
    filtered = Table(table.axes, (Column(places, ((),)),))
    verdict = judge(filtered.partitions, known, LIMITS)
    found = mended(filtered, known, LIMITS, verdict.clashes, most=0.5)
    assert found is not None
    assert (found.hidden, found.beside) == ((0,), False)


def test_nothing_is_offered_where_hiding_cells_does_not_help():
    table, known = margin_and_finer()
    for clash in (Clash(Layer.HEADROOM), Clash(Layer.TIME)):
        assert mended(table, known, LIMITS, [clash]) is None
    clashes = judge(table.partitions, known, LIMITS).clashes
    assert mended(table, known, LIMITS, clashes, most=0.1) is None
    late = Limits(threshold=T, amber=1.0, closed=1.0, seconds=1.0)
    assert mended(table, known, late, clashes, judging=2.0) is None


def test_a_hidden_cell_of_many_is_not_given_away_either():
    """Twenty of the first row are hidden by a rule; the row has left."""
    rows = np.repeat(np.arange(6), 30)
    places = rows * 2
    places[:20] += 1
    known = judge([partition(rows + 1)], Known.nothing(len(rows), seed=1), LIMITS).known
    table = Table((axis(6, total=False), axis(2, total=False)), (Column(places, ((1,),)),))
    watched = [places == 1]
    verdict = judge(table.partitions, known, LIMITS, watched=watched)
    assert [one.layer for one in verdict.clashes] == [Layer.WATCH]
    found = mended(table, known, LIMITS, verdict.clashes, watched=watched)
    assert found is not None
    assert (found.hidden, found.beside) == ((0,), True)
    elsewhere = [np.arange(len(rows)) < 10]  # who were hidden in an earlier table, not in this
    shown = Table(table.axes, (Column(rows * 2 + (np.arange(len(rows)) < 10), ((),)),))
    verdict = judge(shown.partitions, known, LIMITS, watched=elsewhere)
    found = mended(shown, known, LIMITS, verdict.clashes, watched=elsewhere)
    assert found is None or not found.beside


def test_cells_of_every_column_are_hidden():
    table, known = margin_and_finer()
    (column,) = table.columns
    fewer = Column(np.where(np.arange(180) % 2, -1, column.places), ((1,),))
    both = Table(table.axes, (column, fewer))
    verdict = judge(both.partitions, known, LIMITS)
    found = mended(both, known, LIMITS, verdict.clashes)
    assert found is not None
    assert {one.hidden for one in both.hiding(found.hidden).columns} == {((0, 1),)}
