"""A new table against everything that left: each layer by an example of its own, and all by law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.verdict import Layer, Limits, judge
from tests.laws.register.brute_force import derivable

PEOPLE = 2000
LIMITS = Limits(threshold=10, amber=0.3, closed=0.5)
DICE = np.random.default_rng(1)
AREA, JOB, AGE = (DICE.integers(1, size, PEOPLE) for size in (6, 8, 5))


def after(*tables, limits=LIMITS) -> Known:
    known = Known.nothing(len(tables[0]), seed=1)
    for labels in tables:
        verdict = judge([partition(labels)], known, limits)
        assert verdict.safe, verdict.clashes
        known = verdict.known
    return known


def layers(labels, known, limits=LIMITS):
    return {clash.layer for clash in judge([partition(labels)], known, limits).clashes}


def test_ordinary_tables_leave():
    known = after(AREA, JOB, AREA * 10 + AGE)
    verdict = judge([partition(JOB * 10 + AGE)], known, LIMITS)
    assert verdict.safe
    assert verdict.after.everybody > verdict.before.everybody


def test_the_same_question_without_one_person_is_a_twin_and_a_pair():
    known = after(AREA)
    without = AREA.copy()
    without[7] = 0
    assert {Layer.TWINS, Layer.PAIRS, Layer.HISTORY} <= layers(without, known)


def test_a_small_block_of_its_own_is_refused():
    few = np.where(np.arange(PEOPLE) < 9, 1, 2)
    assert Layer.OWN in layers(few, Known.nothing(PEOPLE, seed=1))


def test_a_margin_then_the_finer_table_without_its_small_cell_is_a_pair():
    finer = np.where((AREA == 1) & (np.cumsum(AREA == 1) <= 4), 0, AREA * 10)
    known = after(AREA)
    verdict = judge([partition(finer)], known, LIMITS)
    clash = next(one for one in verdict.clashes if one.layer is Layer.PAIRS)
    assert clash.people == 4
    assert clash.tables == (0,)


@pytest.mark.parametrize(("left_out", "refused"), [(12, True), (29, True), (30, False)])
def test_where_sums_are_told_larger_groups_are_refused_too(left_out, refused):
    known = after(AREA)
    without = AREA.copy()
    without[np.flatnonzero(AREA == 1)[:left_out]] = 0
    counts, sums = LIMITS, replace(LIMITS, told=3 * LIMITS.threshold)
    assert layers(without, known, counts) == set(), "their number may be told"
    assert layers(without, known, sums) == ({Layer.PAIRS} if refused else set())


def test_tables_that_clash_only_together_are_found_by_the_window():
    few = np.zeros(PEOPLE, dtype=bool)
    few[:3] = True
    a, b, c = (DICE.random(PEOPLE) < 0.5 for _ in range(3))
    ours = [a, b & ~a, c & ~a & ~b]
    rest = (a | b | c) ^ few
    known = after(*(group.astype(int) for group in ours))
    found = judge([partition(rest.astype(int))], known, LIMITS).clashes
    told = few & ~(a | b | c)
    hidden = few & (a | b | c)
    if told.any() != hidden.any():  # else it is a difference of two groups, which is no group
        assert Layer.WINDOW in {clash.layer for clash in found}


def test_a_watched_group_must_not_be_told_however_large_it_is():
    group = AREA == 2
    known = replace(after(JOB), watched=(group,))
    assert layers(AREA, known) == {Layer.WATCH}


def test_partitions_of_one_table_are_judged_together():
    split = np.where(np.arange(PEOPLE) < 1000, 1, 2)
    moved = np.where(np.arange(PEOPLE) < 1003, 1, 2)
    verdict = judge([partition(split), partition(moved)], Known.nothing(PEOPLE, seed=1), LIMITS)
    assert not verdict.safe


def test_headroom_closes_and_a_recoding_of_what_left_costs_nothing():
    tight = replace(LIMITS, closed=0.004, amber=0.002)
    known = after(AREA, limits=tight)
    assert Layer.HEADROOM in layers(JOB, known, tight)
    coarser = judge([partition(AREA // 3 + 1)], known, tight)
    assert coarser.safe
    assert coarser.after.everybody == coarser.before.everybody
    assert coarser.amber


def test_the_people_of_a_filter_have_a_meter_of_their_own():
    limits = Limits(threshold=10, amber=0.04, closed=0.08)
    inside = np.arange(PEOPLE) < 400
    known = Known.nothing(PEOPLE, seed=1)
    released = 0
    for seed in range(30):
        codes = np.random.default_rng(seed).integers(1, 7, PEOPLE)
        verdict = judge([partition(np.where(inside, codes, 0))], known, limits)
        if not verdict.safe:
            assert {clash.layer for clash in verdict.clashes} == {Layer.HEADROOM}
            break
        known, released = verdict.known, released + 1
    assert 2 <= released <= 6
    assert known.span.rank / PEOPLE < limits.amber
    assert known.span.rank / 400 <= limits.closed


def test_an_area_has_a_meter_too():
    """A table of three codes within 30 people tells a tenth of them, of all hardly anything."""
    areas = np.minimum(np.arange(PEOPLE) // 30, 20) - 1  # the first 30 are in none
    codes = np.where(areas == 3, 1 + np.arange(PEOPLE) % 3, 0)
    limits = Limits(threshold=10, amber=0.04, closed=0.06)
    everybody = np.ones(PEOPLE, dtype=bool)
    known = Known.nothing(PEOPLE, seed=1)
    told = judge([partition(codes)], known, limits, kept=everybody)
    assert told.safe
    verdict = judge([partition(codes)], known, limits, kept=everybody, areas=[areas])
    assert [one.layer for one in verdict.clashes] == [Layer.HEADROOM]
    assert verdict.before.areas == 0
    assert verdict.after.areas == pytest.approx(3 / 30, rel=0.8)
    assert verdict.after.most == told.after.most < 0.01
    elsewhere = np.where(areas == 3, -1, areas)
    assert judge([partition(codes)], known, limits, kept=everybody, areas=[elsewhere]).safe
    nobody = np.full(PEOPLE, -1)
    assert judge([partition(codes)], known, limits, kept=everybody, areas=[nobody]).safe


def test_what_is_not_decided_in_time_is_a_clash():
    codes = np.random.default_rng(3).integers(1, 6, (9, 60))
    loose = Limits(threshold=2, amber=1.0, closed=2.0)
    known = after(*codes[:8], limits=loose)
    verdict = judge([partition(codes[8])], known, replace(loose, threshold=6, seconds=0.0))
    assert Layer.TIME in {clash.layer for clash in verdict.clashes}


@pytest.mark.parametrize("batch", range(4))
def test_no_group_of_few_people_can_be_computed_from_what_leaves(batch):
    """Against brute force: whatever leaves, and whatever is kept back for such a group."""
    limits = Limits(threshold=4, amber=1.0, closed=2.0)
    left = kept = 0
    for seed in range(batch * 100, batch * 100 + 100):
        dice = np.random.default_rng(seed)
        people = np.repeat(np.arange(8), dice.choice((2, 4, 5, 9), 8))
        known = Known.nothing(len(people), seed=seed)
        released = []
        for _ in range(5):
            one = partition(dice.integers(dice.integers(0, 2), dice.integers(2, 4), 8)[people])
            verdict = judge([one], known, limits)
            truth = next(derivable([*released, one], most=3), None)
            if verdict.safe:
                assert truth is None, seed
                known, released, left = verdict.known, [*released, one], left + 1
            elif {clash.layer for clash in verdict.clashes} - {Layer.TWINS}:
                assert truth is not None, seed
                kept += 1
    assert min(left, kept) > 30


def test_three_who_join_between_versions_cannot_be_counted():
    """The same question of the next version: its difference is the few who came."""
    known = after(AREA).grown(3, seed=2)
    joined = np.concatenate([AREA, [4, 4, 4]])
    verdict = judge([partition(joined)], known, LIMITS)
    assert {Layer.TWINS, Layer.PAIRS} <= {clash.layer for clash in verdict.clashes}
    enough = after(AREA).grown(60, seed=2)
    assert judge(
        [partition(np.concatenate([AREA, np.repeat([1, 2, 3, 4, 5], 12)]))], enough, LIMITS
    ).safe


def test_whoever_leaves_is_in_no_block_of_what_follows():
    left = AREA.copy()
    left[np.flatnonzero(AREA == 3)[:4]] = 0
    assert Layer.PAIRS in layers(left, after(AREA).grown(0))


def test_meters_and_watched_groups_grow_with_the_people():
    inside = AREA == 2
    known = replace(after(np.where(AREA == 1, JOB, 0)), watched=(inside,)).grown(50, seed=3)
    assert known.span.people == PEOPLE + 50
    assert all(len(one) == PEOPLE + 50 for one in (*known.watched, *known.populations))
    verdict = judge([partition(np.concatenate([AREA, np.zeros(50, dtype=int)]))], known, LIMITS)
    assert Layer.WATCH in {clash.layer for clash in verdict.clashes}


def test_sums_over_the_same_people_must_not_tell_the_new_values_of_a_few():
    known = after(AREA)
    few, many, none = (np.zeros(PEOPLE, dtype=bool) for _ in range(3))
    few[np.flatnonzero(AREA == 2)[:4]] = True
    many[np.flatnonzero(AREA == 2)[:14]] = True
    for changed, clashes in ((few, {Layer.REVISED}), (many, set()), (none, set())):
        verdict = judge([partition(AREA)], known, LIMITS, revised=changed)
        assert {clash.layer for clash in verdict.clashes} == clashes
