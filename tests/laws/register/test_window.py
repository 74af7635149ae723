"""Any combination of several tables: proofs that hold, groups that are found, time that ends."""

from __future__ import annotations

import random

import numpy as np
import pytest

from disclosure_control.sdc.register import pairs, window
from disclosure_control.sdc.register.hands import missing
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.span import Span
from tests.laws.register.brute_force import derivable, of_few, rows

POPULATIONS = 400


def population(seed: int):
    """Three or four tables of a few sorts of people."""
    dice = random.Random(seed)
    sorts = dice.randint(3, 10)
    people = [dice.choice((1, 2, 4, 8, 16)) for _ in range(sorts)]
    tables = []
    for _ in range(dice.randint(3, 4)):
        labels = [dice.randint(dice.choice((0, 1)), dice.randint(1, 3)) for _ in range(sorts)]
        tables.append(partition(np.repeat(labels, people)))
    return tables, dice.randint(2, 4)


def overlapping(seed: int):
    """Four or five groups of a few sorts of people, each a table of its own."""
    dice = random.Random(seed)
    sorts = dice.randint(3, 8)
    people = [dice.choice((1, 2, 4, 8, 16)) for _ in range(sorts)]
    groups = ([dice.randint(0, 1) for _ in range(sorts)] for _ in range(dice.randint(4, 5)))
    return [partition(np.repeat(own, people)) for own in groups], dice.randint(2, 4)


@pytest.mark.parametrize("batch", range(4))
def test_a_window_has_a_group_exactly_where_brute_force_does(batch):
    found = {True: 0, False: 0}
    for seed in range(batch * POPULATIONS // 4, (batch + 1) * POPULATIONS // 4):
        tables, threshold = population(seed)
        group = window.group_in(tables, threshold=threshold, seconds=20.0)
        truth = next(derivable(tables, most=threshold - 1), None)
        assert (group is None) == (truth is None), seed
        found[group is None] += 1
        if group is not None:
            assert 1 <= group.people.sum() < threshold
            total = sum(c * (tables[t].labels == b).astype(float) for t, b, c in group.formula)
            assert np.allclose(total, group.people, atol=1e-4)
            assert group.people.sum() < threshold
    assert min(found.values()) > POPULATIONS // 40


@pytest.mark.parametrize("batch", range(4))
def test_a_number_of_few_people_is_found_exactly_where_brute_force_has_one(batch):
    """Of any coefficients: one group less another, or codes that some have too many."""
    found = {True: 0, False: 0}
    for seed in range(batch * POPULATIONS // 4, (batch + 1) * POPULATIONS // 4):
        tables, threshold = (population if seed % 2 else overlapping)(seed)
        number = window.number_in(tables, threshold=threshold, seconds=20.0)
        assert (number is not None) == of_few(tables, most=threshold - 1), seed
        found[number is None] += 1
        if number is not None:
            assert 1 <= number.people.sum() < threshold
            total = sum(c * (tables[t].labels == b).astype(float) for t, b, c in number.formula)
            assert ((np.abs(total) > 1e-4) == number.people).all()
    assert min(found.values()) > POPULATIONS // 40


def test_a_number_that_counts_nobody_once_is_found():
    """Codes less people: one has two codes too many, and two have one."""
    codes = np.zeros((3, 40), dtype=int)
    for at, own in enumerate((range(15), range(15, 30), range(30, 40))):
        codes[at, list(own)] = 1
    codes[1:, 0] = 1
    codes[2, [1, 20]] = 1
    tables = [*map(partition, codes), partition(np.ones(40, dtype=int))]
    assert window.group_in(tables, threshold=4, seconds=20.0) is None
    assert window.number_in(tables, threshold=3, seconds=20.0) is None
    number = window.number_in(tables, threshold=4, seconds=20.0)
    assert np.flatnonzero(number.people).tolist() == [0, 1, 20]


@pytest.mark.parametrize("batch", range(4))
def test_two_ways_to_decide_a_pair_agree(batch):
    """Cuts of a graph, and combinations that a hand misses, have nothing in common."""
    verdicts = set()
    for seed in range(batch * 60, batch * 60 + 60):
        dice = np.random.default_rng(seed)
        people = int(dice.integers(60, 400))
        first = dice.integers(0, dice.integers(3, 12), people)
        second = np.where(dice.random(people) < 0.9, first // dice.integers(1, 3), 0)
        moved = dice.choice(people, int(dice.integers(0, 12)), replace=False)
        second[moved] = dice.integers(0, 4, len(moved))
        tables, threshold = [partition(first), partition(second)], int(dice.integers(3, 12))
        cut = pairs.smallest(pairs.contingency(*tables), threshold=threshold)
        group = window.group_in(tables, threshold=threshold, seconds=20.0)
        assert (cut is None) == (group is None), seed
        verdicts.add(cut is None)
    assert len(verdicts) == 2


def test_what_no_hand_misses_has_no_short_combination():
    """Not of 0 and 1 only: any."""
    proved = 0
    for seed in range(400):
        tables, hands = population(seed)
        if missing(tables, hands=hands):
            continue
        proved += 1
        matrix = rows(tables)
        atoms, own = np.unique(matrix.T, axis=0, return_inverse=True)
        weight = np.bincount(own)
        for bits in range(1, 2 ** len(atoms)):
            few = (bits >> np.arange(len(atoms))) & 1 == 1
            if weight[few].sum() < hands:  # nothing is zero on all the others but nothing itself
                assert np.linalg.matrix_rank(atoms[~few]) == np.linalg.matrix_rank(atoms)
    assert proved > 20


def test_nothing_is_left_of_ordinary_tables():
    dice = np.random.default_rng(1)
    codes = [dice.integers(1, size, 20_000) for size in (6, 8, 5, 9, 7, 12)]
    crossed = (codes[a] * 20 + codes[b] for a, b in ((0, 1), (1, 2), (3, 4), (4, 5), (0, 5)))
    tables = [partition(one) for one in crossed]
    assert missing(tables, hands=10) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_a_hand_misses_is_zero_on_as_many_people_as_a_hand_has(seed):
    tables, hands = population(seed)
    people = len(tables[0].labels)
    for null in missing(tables, hands=hands):
        numbers = rows(tables).T @ null
        assert (np.abs(numbers) < 1e-8).all(axis=1).sum() >= people // hands


def test_four_tables_that_clash_only_together_are_found():
    """Each three of them tell nothing of the three people."""
    dice = np.random.default_rng(2)
    people = 400
    a, b, c = (dice.random(people) < 0.5 for _ in range(3))
    few = np.zeros(people, dtype=bool)
    few[:3] = True
    groups = [a, b & ~a, c & ~a & ~b, (a | b | c) ^ few]
    tables = [partition(group.astype(int)) for group in groups]
    for left_out in range(4):
        three = [one for at, one in enumerate(tables) if at != left_out]
        assert window.group_in(three, threshold=10, seconds=20.0) is None
    found = window.group_in(tables, threshold=10, seconds=20.0)
    assert found is None or np.array_equal(found.people, few)
    span = Span(people)
    for one in tables:
        span = span.extended(span.extension(one, span.contingencies(one)))
    assert (found is not None) == span.tells(few)


def test_no_time_is_no_proof():
    dice = np.random.default_rng(1)
    tables = [partition(dice.integers(1, 6, 60)) for _ in range(8)]
    with pytest.raises(window.Undecided):
        window.group_in(tables, threshold=6, seconds=0.0)
