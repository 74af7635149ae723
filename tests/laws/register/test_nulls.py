"""Vectors that no release tells: one or two atoms are found, and use is rank over people."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure_control.sdc.register.nulls import CLOSE, Nulls
from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.span import Span
from tests.laws.register.brute_force import derivable
from tests.laws.register.test_span import history


def released(tables, *, seed: int = 1) -> tuple[Span, Nulls]:
    people = len(tables[0].labels)
    span, nulls = Span(people), Nulls.drawn(people, seed=seed)
    for number, one in enumerate(tables):
        after = span.extended(span.extension(one, span.contingencies(one)))
        nulls = nulls.extended(span, after, seed=100 + number)
        span = after
    return span, nulls


@pytest.mark.parametrize("seed", range(20))
def test_every_released_block_adds_up_to_nothing(seed):
    tables = history(seed, people=300, tables=12, most=9)
    _, nulls = released(tables)
    for one in tables:
        for vector in nulls.vectors.T:
            assert np.abs(np.bincount(one.labels, vector)[1:]).max() < 1e-8


@pytest.mark.parametrize("seed", range(60))
def test_atoms_and_pairs_of_atoms_that_can_be_told_are_those_of_brute_force(seed):
    tables = history(seed, people=10, tables=4, most=5)
    _, nulls = released(tables)
    threshold = 4
    labels = np.stack([one.labels for one in tables], axis=1)
    _, own = np.unique(labels, axis=0, return_inverse=True)
    wanted = {
        group
        for group in derivable(tables, most=threshold - 1)
        if len(set(own[sorted(group)].tolist())) <= 2
    }
    found = {frozenset(np.flatnonzero(one).tolist()) for one in nulls.groups(threshold=threshold)}
    assert found <= wanted
    singles = {group for group in wanted if len(set(own[sorted(group)].tolist())) == 1}
    assert singles <= found
    # two atoms that can each be told are found as two
    assert all(
        group in found or all(frozenset([p]) <= frozenset.union(*singles) for p in group)
        for group in wanted - singles
    )


@pytest.mark.parametrize("tables", [5, 20])
def test_what_is_used_is_rank_over_people(tables):
    codes = history(tables, people=4000, tables=tables, most=30)
    span, nulls = released(codes)
    everybody = np.ones(4000, dtype=bool)
    assert abs(nulls.used(everybody) - span.rank / 4000) < 4 * nulls.error(everybody)


def test_the_people_of_a_filter_are_used_up_while_the_whole_looks_untouched():
    dice = np.random.default_rng(3)
    people = 20_000
    inside = np.zeros(people, dtype=bool)
    inside[:500] = True
    tables = [partition(np.where(inside, dice.integers(1, 12, people), 0)) for _ in range(20)]
    span, nulls = released(tables)
    assert nulls.used(np.ones(people, dtype=bool)) < 0.05
    assert abs(nulls.used(inside) - span.rank / 500) < 4 * nulls.error(inside)
    assert nulls.used(~inside) < 0.02


def test_a_group_that_is_safe_adds_up_to_something():
    _, nulls = released(history(2, people=500, tables=6))
    dice = np.random.default_rng(5)
    for _ in range(50):
        group = dice.choice(500, 5, replace=False)
        assert np.abs(nulls.vectors[group].sum(axis=0)).max() > CLOSE
