"""Does the audit of the noise acquit the door and catch every planted bug?"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from disclosure_control.dp import accounting, mechanisms, postprocess
from disclosure_control.dp.audit.door import MECHANISMS, MOVED, audit
from disclosure_control.errors import AccountingError
from disclosure_control.protect import protect

original_draw = mechanisms.draw


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_door_passes_the_audit(mechanism):
    assert list(audit(protect, mechanism=mechanism)) == []


def less_noise(share):
    """Draws with a smaller scale than the one on the record."""

    def draw(values, *, mechanism, scale, sensitivity):
        honest = original_draw(values, mechanism=mechanism, scale=scale, sensitivity=sensitivity)
        less = original_draw(
            values, mechanism=mechanism, scale=scale * share, sensitivity=sensitivity
        )
        return replace(less, rho_nano=honest.rho_nano)

    return draw


def seeded(values, *, mechanism, scale, sensitivity):
    """Noise of the right size that anybody with the seed can subtract."""
    honest = original_draw(values, mechanism=mechanism, scale=scale, sensitivity=sensitivity)
    source = random.Random(42)
    return replace(honest, values=tuple(v + round(source.gauss(0, scale)) for v in values))


def same_noise_for_all(values, *, mechanism, scale, sensitivity):
    honest = original_draw(values, mechanism=mechanism, scale=scale, sensitivity=sensitivity)
    return replace(honest, values=tuple(v + honest.values[0] - values[0] for v in values))


DRAWS_WITH_BUGS = {
    "5 % too little noise": less_noise(0.95),
    "half the noise": less_noise(0.5),
    "no noise": lambda values, **rest: replace(original_draw(values, **rest), values=values),
    "seeded noise": seeded,
    "one noise for all cells": same_noise_for_all,
}


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("bug", DRAWS_WITH_BUGS.values(), ids=DRAWS_WITH_BUGS.keys())
def test_a_bug_in_the_draw_is_caught(monkeypatch, mechanism, bug):
    monkeypatch.setattr(mechanisms, "draw", bug)
    assert next(audit(protect, mechanism=mechanism), None) is not None


def of_half(*_: object) -> int:
    return MOVED**2 // 4


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_noise_for_half_of_the_sensitivity_is_caught(monkeypatch, mechanism):
    """A unit moves a cell twice as far as the noise was made for, and both costs agree on it."""
    monkeypatch.setattr(accounting, "squared_sensitivity", of_half)
    agreeing = dict.fromkeys(accounting.Mechanism, lambda *_: 0)
    monkeypatch.setattr(mechanisms, "LIBRARY_COSTS", agreeing)
    assert next(audit(protect, mechanism=mechanism)) == "cost"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_draw_itself_refuses_noise_for_half_of_the_sensitivity(monkeypatch, mechanism):
    """The library's own cost stands in the way before any audit has to."""
    monkeypatch.setattr(accounting, "squared_sensitivity", of_half)
    with pytest.raises(AccountingError):
        next(audit(protect, mechanism=mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_contribution_that_was_not_clamped_is_caught(mechanism):
    """A unit that really adds 16 times the declared most."""
    assert next(audit(protect, mechanism=mechanism, moves=16 * MOVED)) == "neighbours"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_suppression_by_the_true_count_is_caught(monkeypatch, mechanism):
    """The door hides by the integers before noise: the mask then tells 9 from 10."""
    true_counts = {}

    def peeking(values, **rest):
        true_counts["rows"] = values
        return original_draw(values, **rest)

    def by_true_count(_shape, column, _noisy, *, threshold):
        counts = true_counts[column.count]
        return frozenset(cell for cell, count in enumerate(counts) if count < threshold)

    monkeypatch.setattr(mechanisms, "draw", peeking)
    monkeypatch.setattr(postprocess, "hidden_by", by_true_count)
    assert next(audit(protect, mechanism=mechanism)) == "suppression"


def optimistic(table, **rest):
    """States a half-width that is one too small, on the record and in the cells."""
    protected = protect(table, **rest)
    (one,) = protected.record.noise
    record = replace(protected.record, noise=(replace(one, half_width=one.half_width - 1),))
    cells = tuple(
        cell if cell.half_width is None else replace(cell, half_width=cell.half_width - 1)
        for cell in protected.columns[0]
    )
    return replace(protected, record=record, columns=(cells,))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_half_width_that_is_one_too_small_is_caught(mechanism):
    assert "half-width" in list(audit(optimistic, mechanism=mechanism))
