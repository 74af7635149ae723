"""Rank, derivable groups and projections of everything released, against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure_control.sdc.register.partitions import partition
from disclosure_control.sdc.register.span import Span
from tests.laws.register.brute_force import derivable, rows


def history(seed: int, *, people: int, tables: int, most: int = 6):
    """Tables of random codes; some are recodings of earlier ones, which add nothing."""
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(tables):
        if found and dice.random() < 0.3:
            old = found[dice.integers(len(found))]
            merged = dice.integers(1, 4, old.blocks + 1)
            merged[0] = 0
            found.append(partition(merged[old.labels]))
        else:
            found.append(
                partition(dice.integers(dice.integers(0, 2), dice.integers(2, most), people))
            )
    return found


def span_of(tables) -> Span:
    span = Span(len(tables[0].labels))
    for one in tables:
        span = span.extended(span.extension(one, span.contingencies(one)))
    return span


@pytest.mark.parametrize("seed", range(30))
def test_rank_and_projection_are_those_of_dense_algebra(seed):
    tables = history(seed, people=60, tables=8)
    span, matrix = span_of(tables), rows(tables)
    assert span.rank == np.linalg.matrix_rank(matrix)
    vector = np.random.default_rng(seed).normal(size=60)
    left = span.projected(vector)
    assert np.abs(matrix @ left).max() < 1e-9
    assert np.allclose(left, vector - np.linalg.pinv(matrix) @ matrix @ vector)


@pytest.mark.parametrize("seed", range(30))
def test_a_group_is_told_exactly_where_it_is_a_combination(seed):
    tables = history(seed, people=9, tables=3, most=5)
    span = span_of(tables)
    told = set(derivable(tables, most=9))
    for bits in range(1, 2**9):
        group = (bits >> np.arange(9)) & 1 == 1
        assert span.tells(group) == (frozenset(np.flatnonzero(group).tolist()) in told)
    assert told


def test_a_recoding_of_what_left_adds_no_rank():
    dice = np.random.default_rng(3)
    first = partition(dice.integers(1, 40, 5000))
    coarser = partition(first.labels // 3)
    span = span_of([first])
    assert span.rank == first.blocks
    assert span.extension(coarser, span.contingencies(coarser)).gain == 0


def test_a_large_history_stays_accurate():
    dice = np.random.default_rng(4)
    tables = [partition(dice.integers(0, 60, 20_000)) for _ in range(15)]
    span = span_of(tables)
    assert span.rank == 15 * 59
    left = span.projected(dice.normal(size=20_000))
    assert max(np.abs(np.bincount(one.labels, left)[1:]).max() for one in tables) < 1e-8
