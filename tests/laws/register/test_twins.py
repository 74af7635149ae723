"""Near copies of released blocks: found if, and only if, 1 to T - 1 people differ."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure_control.sdc.register import twins
from disclosure_control.sdc.register.partitions import partition

PEOPLE = 20_000
T = 10
SECRETS = twins.Secrets.drawn(PEOPLE, seed=1)


def history(dice: np.random.Generator, tables: int = 12):
    sizes = [dice.integers(2, 60) for _ in range(tables)]
    return [partition(dice.integers(0, size, PEOPLE) ** 2 // size) for size in sizes]


def index(tables):
    known = twins.Sketches.none()
    for number, one in enumerate(tables):
        known = known.with_new(twins.Sketches.of(one, table=number, secrets=SECRETS))
    return known


def found(new, tables, *, threshold=T):
    own = twins.Sketches.of(new, table=-1, secrets=SECRETS)
    candidates = twins.near(own, index(tables), threshold=threshold)
    return list(twins.twins(new, candidates, labels_of=tables.__getitem__, threshold=threshold))


def edited(block: np.ndarray, *, out: int, into: int, dice) -> np.ndarray:
    people = block.copy()
    people[dice.choice(np.flatnonzero(block), out, replace=False)] = False
    people[dice.choice(np.flatnonzero(~block), into, replace=False)] = True
    return people


@pytest.mark.parametrize("seed", range(40))
def test_an_edited_copy_is_found_exactly_where_a_few_people_differ(seed):
    dice = np.random.default_rng(seed)
    tables = history(dice)
    table = tables[dice.integers(len(tables))]
    block = int(dice.choice(np.flatnonzero(table.sizes[1:] > 8))) + 1
    out, into = (int(number) for number in dice.integers(0, 8, 2))
    people = edited(table.labels == block, out=out, into=into, dice=dice)
    new = partition(people.astype(int))

    truth = {
        (number, other, int(apart))
        for number, earlier in enumerate(tables)
        for other in range(1, earlier.blocks + 1)
        if 1 <= (apart := (people != (earlier.labels == other)).sum()) < T
    }
    assert {
        (one.earlier.table, one.earlier.block, one.apart) for one in found(new, tables)
    } == truth
    assert (1 <= out + into < T) == any(apart == out + into for _, _, apart in truth)


def test_a_block_that_is_released_already_is_no_twin_of_itself():
    tables = history(np.random.default_rng(5))
    assert found(tables[3], tables) == []


def test_equal_blocks_are_one_entry():
    tables = history(np.random.default_rng(6), tables=3)
    assert len(index([*tables, *tables]).sizes) == len(index(tables).sizes)


@pytest.mark.parametrize(("apart", "threshold", "is_twin"), [(4, 5, True), (5, 5, False)])
def test_the_threshold_is_the_first_difference_that_is_safe(apart, threshold, is_twin):
    people = np.zeros(PEOPLE, dtype=int)
    people[:500] = 1
    more = people.copy()
    more[500 : 500 + apart] = 1
    assert bool(found(partition(more), [partition(people)], threshold=threshold)) == is_twin


def test_sums_of_keys_are_exact_for_a_whole_population():
    one = partition(np.ones(PEOPLE, dtype=int))
    sketch = twins.Sketches.of(one, table=0, secrets=SECRETS)
    assert sketch.keys[0].tolist() == [sum(map(int, key)) for key in SECRETS.keys]
