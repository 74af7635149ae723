"""Would the laws notice? Each mistake that is easy to make, made, and found by brute force."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from disclosure_control.sdc.register import hands, pairs, twins, window
from disclosure_control.sdc.register.partitions import partition, published
from disclosure_control.tables import Axis
from tests.laws.register import test_pairs, test_window
from tests.laws.register.brute_force import derivable

POPULATIONS = 300


def wrong_pairs(threshold_of: Callable[[int], int] = lambda threshold: threshold) -> Iterator[int]:
    """Populations of two tables whose verdict is not the truth."""
    for seed in range(POPULATIONS):
        new, earlier, threshold = test_pairs.population(seed)
        counts = pairs.contingency(new, earlier)
        cut = pairs.smallest(counts, threshold=threshold_of(threshold))
        if (cut is None) != (next(derivable([new, earlier], most=threshold - 1), None) is None):
            yield seed


def wrong_windows() -> Iterator[int]:
    for seed in range(POPULATIONS):
        tables, threshold = test_window.population(seed)
        found = window.group_in(tables, threshold=threshold, seconds=20.0)
        if (found is None) != (next(derivable(tables, most=threshold - 1), None) is None):
            yield seed


def test_without_a_mistake_nothing_is_wrong():
    assert list(wrong_pairs()) == []
    assert list(wrong_windows()) == []


@pytest.mark.parametrize("by", [-1, 1])
def test_a_threshold_that_is_off_by_one(by):
    assert list(wrong_pairs(lambda threshold: threshold + by))


def test_people_outside_who_are_two_groups(monkeypatch):
    """Block 0 of both tables is one: whoever is in neither table is on no side."""

    def apart(cls, table, threshold):
        rows, columns = table.shape
        edges = np.zeros((rows + columns, rows + columns), dtype=np.int64)
        edges[:rows, rows:] = table
        node = np.concatenate([np.arange(rows), np.arange(rows + 1, rows + columns)])
        return cls(edges, node, threshold)

    monkeypatch.setattr(pairs._Graph, "of", classmethod(apart))
    assert list(wrong_pairs())


def test_sets_that_are_closed_the_wrong_way(monkeypatch):
    right = pairs._Graph._follows
    monkeypatch.setattr(pairs._Graph, "_follows", lambda graph: right(graph) | (graph.edges > 0))
    assert list(wrong_pairs())


def test_a_rule_that_merges_too_much(monkeypatch):
    right = pairs._Graph._follows
    monkeypatch.setattr(
        pairs._Graph, "_follows", lambda graph: right(graph) | (graph.edges >= graph.threshold - 1)
    )
    assert list(wrong_pairs())


def test_one_hand_less(monkeypatch):
    right = hands.missing
    monkeypatch.setattr(
        window, "missing", lambda tables, **asked: right(tables, hands=asked["hands"] - 1)
    )
    assert list(wrong_windows())


def test_dimensions_that_are_forgotten(monkeypatch):
    right = hands.missing
    monkeypatch.setattr(
        window,
        "missing",
        lambda tables, **asked: [
            null[:, 1:] for null in right(tables, **asked) if null.shape[1] > 1
        ],
    )
    assert list(wrong_windows())


AXIS = Axis("area", ("a", "b", "c", "Total"), total=True)
PLACES = np.repeat([0, 1, 2], [30, 20, 40])
EARLIER = np.repeat([0, 1, 0], [30, 15, 45])  # all of b but five


def clash_with(hidden: set[int]) -> bool:
    earlier = partition(EARLIER)
    return any(
        pairs.smallest(pairs.contingency(one, earlier), threshold=10)
        for one in published(PLACES, axes=(AXIS,), hidden=hidden)
    )


def test_hidden_cells_that_count_as_published():
    """a and b are hidden, and only their sum is told."""
    assert not clash_with({0, 1})
    assert clash_with(set())


def test_hidden_cells_that_count_as_untold():
    """The total less what is shown tells of b alone."""
    assert clash_with({1})
    (untold,) = published(PLACES, axes=(Axis("area", AXIS.labels),), hidden={1})
    assert untold.blocks == 2


def test_twins_by_the_larger_difference_only(monkeypatch):
    """Six in and six out are twelve people apart, not six."""
    people = np.zeros(500, dtype=int)
    people[:100] = 1
    moved = people.copy()
    moved[:6], moved[200:206] = 0, 1
    secrets = twins.Secrets.drawn(500, seed=1)
    known = twins.Sketches.of(partition(people), table=0, secrets=secrets)
    own = twins.Sketches.of(partition(moved), table=1, secrets=secrets)
    for threshold, is_twin in ((12, False), (13, True)):
        near = twins.near(own, known, threshold=threshold)
        found = twins.twins(
            partition(moved), near, labels_of=lambda _: partition(people), threshold=threshold
        )
        assert bool(list(found)) == is_twin
