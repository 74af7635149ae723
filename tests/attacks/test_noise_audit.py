"""Does the audit of the noise acquit the door and catch every planted bug?"""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from disclosure_control.dp import (
    accounting,
    accuracy,
    keys,
    mechanisms,
    noisy,
    parts,
    postprocess,
    rounding,
    selection,
)
from disclosure_control.dp.audit import choices
from disclosure_control.dp.audit.choices import audit_choices
from disclosure_control.dp.audit.door import MECHANISMS, MOVED, audit
from disclosure_control.dp.audit.keys import audit_keys
from disclosure_control.dp.audit.parts import audit_parts
from disclosure_control.dp.audit.together import audit_together
from disclosure_control.dp.totals import Parting
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


# What is chosen among bins.

original_chooser = mechanisms.chooser
FEW = 6_000  # for bugs that are far off


def test_the_door_passes_the_audit_of_choices():
    assert list(audit_choices(protect)) == []


def at_scale(share):
    """Chooses with less noise than the record says."""

    def chooser(*, scale, moved):
        honest = original_chooser(scale=scale, moved=moved)
        return replace(honest, choose=original_chooser(scale=scale * share, moved=moved).choose)

    return chooser


def nearest(*, scale, moved):
    """No noise at all."""
    honest = original_chooser(scale=scale, moved=moved)
    return replace(honest, choose=lambda rows: tuple(rows.argmin(axis=1).tolist()))


def remembered(*, scale, moved):
    """The law is right, and every draw is the one of before."""
    source = random.Random(42)

    def choose(rows):
        return tuple(one(numbers) for numbers in rows.tolist())

    def one(numbers):
        weights = [math.exp(-number / scale) for number in numbers]
        return source.choices(range(len(numbers)), weights)[0]

    return replace(original_chooser(scale=scale, moved=moved), choose=choose)


CHOICES_WITH_BUGS = {
    "5 % too little noise": (at_scale(0.95), "spread"),
    "half the noise": (at_scale(0.5), "spread"),
    "no noise": (nearest, "repeated draw"),
    "seeded choices": (remembered, "repeated draw"),
}


@pytest.mark.parametrize("bug", CHOICES_WITH_BUGS)
def test_a_bug_in_the_choice_is_caught(monkeypatch, bug):
    planted, fault = CHOICES_WITH_BUGS[bug]
    if bug == "half the noise":
        monkeypatch.setattr(choices, "DRAWS", FEW)
    monkeypatch.setattr(mechanisms, "chooser", planted)
    assert next(audit_choices(protect), None) == fault


def test_a_bin_that_is_never_told_is_caught(monkeypatch):
    """As far off in the mean, in another shape."""

    def never_the_second(*, scale, moved):
        honest = original_chooser(scale=scale, moved=moved)

        def choose(rows):
            return tuple(place if place != 5 else 4 for place in honest.choose(rows))

        return replace(honest, choose=choose)

    monkeypatch.setattr(choices, "DRAWS", FEW)
    monkeypatch.setattr(mechanisms, "chooser", never_the_second)
    assert "law" in list(audit_choices(protect))


def test_choices_for_half_of_the_sensitivity_are_caught(monkeypatch):
    monkeypatch.setattr(selection.Selection, "moved", property(lambda _: MOVED // 2))
    assert next(audit_choices(protect)) == "cost"


def test_ends_that_aim_at_the_quantile_itself_are_caught(monkeypatch):
    monkeypatch.setattr(choices, "DRAWS", FEW)
    monkeypatch.setattr(selection, "reach", lambda *_, **__: 0)
    assert "coverage" in list(audit_choices(protect))


# Cells with their totals.

original_group = mechanisms.draw_group


def test_the_door_passes_the_audit_of_totals():
    assert list(audit_together(protect)) == []


def with_bug(change):
    """Of what is drawn for each number, given the true ones, the group and its length."""

    def draw(values, *, group):
        honest = original_group(values, group=group)
        return {
            norm: replace(own, values=tuple(change(values[norm], own.values, group, norm)))
            for norm, own in honest.items()
        }

    return draw


def scaled(share):
    return with_bug(
        lambda true, noisy, _, norm: (
            round(t + share * (n - t)) for t, n in zip(true, noisy, strict=True)
        )
    )


def of_one_length(true, noisy, group, norm):
    """Noise that forgets how long the coefficients are."""
    short = math.sqrt(norm)
    return (round(t + (n - t) / short) for t, n in zip(true, noisy, strict=True))


def seeded_group(true, noisy, group, norm):
    source = random.Random(42)
    return (t + round(source.gauss(0, group.scale * math.sqrt(norm))) for t in true)


def none_of_differences(true, noisy, group, norm):
    return true if group.levels[1:] == (1, 1) else noisy


GROUPS_WITH_BUGS = {
    "5 % too little noise": scaled(0.95),
    "half the noise": scaled(0.5),
    "no noise": scaled(0),
    "noise of single numbers": with_bug(of_one_length),
    "seeded noise": with_bug(seeded_group),
    "one group without noise": with_bug(none_of_differences),
}


@pytest.mark.parametrize("bug", GROUPS_WITH_BUGS.values(), ids=GROUPS_WITH_BUGS.keys())
def test_a_bug_in_the_noise_of_totals_is_caught(monkeypatch, bug):
    monkeypatch.setattr(mechanisms, "draw_group", bug)
    assert next(audit_together(protect), None) is not None


def test_scales_for_a_smaller_part_of_a_unit_are_caught(monkeypatch):
    """Of a cell, each group is said to have half of what it has."""
    honest = Parting.leaf
    monkeypatch.setattr(Parting, "leaf", lambda self, levels: honest(self, levels) / 2)
    assert next(audit_together(protect)) == "cost"


def test_totals_that_are_estimated_by_themselves_are_caught(monkeypatch):
    """Each number rounded as it is."""
    apart = lambda _, estimates: tuple(map(round, estimates))  # noqa: E731
    monkeypatch.setattr(rounding, "adding_up", apart)
    assert "sums" in list(audit_together(protect))


def test_intervals_of_totals_that_are_too_narrow_are_caught(monkeypatch):
    narrow = lambda variance, *, alpha: math.ceil(1.8 * math.sqrt(variance))  # noqa: E731
    monkeypatch.setattr(accuracy, "half_width_of_sums", narrow)
    assert "coverage" in list(audit_together(protect))


# Keys that nobody declared.


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_door_passes_the_audit_of_keys(mechanism):
    assert list(audit_keys(protect, mechanism=mechanism)) == []


def at_the_threshold_itself(threshold, *, noise, moved, cells):
    """As if a lone unit added nothing: what OpenDP issue 2922 is about."""
    return keys._at_least(threshold, noise)


def told_by_true_counts(shape, noisy, some, *, least):
    return tuple(label for label in some if peeked[label] >= least)


peeked: list[int] = []
honest_told, honest_present = keys.told, keys.present


def told_one_lower(shape, noisy, some, *, least):
    return honest_told(shape, noisy, some, least=least - 1)


def absent_keys(shape, counts, texts):
    return tuple(range(len(texts)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_delta_that_is_taken_at_the_threshold_is_caught(monkeypatch, mechanism):
    keys._least.cache_clear()
    monkeypatch.setattr(keys, "delta", at_the_threshold_itself)
    assert "delta" in set(audit_keys(protect, mechanism=mechanism))
    keys._least.cache_clear()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_threshold_one_lower_than_stated_is_caught(monkeypatch, mechanism):
    monkeypatch.setattr(keys, "told", told_one_lower)
    assert list(audit_keys(protect, mechanism=mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_telling_keys_by_true_counts_is_caught(monkeypatch, mechanism):
    def peeking(shape, counts, texts):
        peeked[:] = counts
        return honest_present(shape, counts, texts)

    monkeypatch.setattr(keys, "present", peeking)
    monkeypatch.setattr(keys, "told", told_by_true_counts)
    assert list(audit_keys(protect, mechanism=mechanism))


def test_telling_keys_that_nobody_has_is_caught(monkeypatch):
    monkeypatch.setattr(keys, "present", absent_keys)
    monkeypatch.setattr(keys, "told", lambda shape, noisy, some, *, least: tuple(some))
    faults = set(audit_keys(protect, mechanism="discrete_gaussian"))
    assert "keys that nobody has" in faults


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_keys_told_with_less_noise_than_stated_are_caught(monkeypatch, mechanism):
    monkeypatch.setattr(mechanisms, "draw", less_noise(0.8))
    assert "how often keys are told" in set(audit_keys(protect, mechanism=mechanism))


def test_a_number_drawn_again_after_it_decided_is_caught(monkeypatch):
    """Two draws of one charge: the first decides, the second is told."""
    monkeypatch.setattr(noisy, "_with_keys", drawn_again)
    faults = set(audit_keys(protect, mechanism="discrete_gaussian"))
    assert "another number than that by which a key is told" in faults


honest_with_keys = noisy._with_keys


def drawn_again(shape, values, texts, *, plan, least):
    narrow, own, _ = honest_with_keys(shape, values, texts, plan=plan, least=least)
    return narrow, own, {}


# Sums with their counts.


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_door_passes_the_audit_of_sums_with_their_counts(mechanism):
    assert list(audit_parts(protect, mechanism=mechanism)) == []


honest_both = noisy._both


def with_rest(change):
    """Both parts as drawn, but what is left changed: given its true and noisy cells, and noise."""

    def both(shape, vector, cells, noise, *, draw):
        found = honest_both(shape, vector, cells, noise, draw=draw)
        own, true = found[vector.name], cells[1]
        added = [after - before for after, before in zip(own, cells[0], strict=True)]
        name = parts.rest_of(vector)
        return {**found, name: tuple(change(true, found[name], added))}

    return both


PARTS_WITH_BUGS = {
    "what is left has no noise": with_rest(lambda true, noisy, added: true),
    "what is left has the noise of the total": with_rest(
        lambda true, noisy, added: [one + more for one, more in zip(true, added, strict=True)]
    ),
    "the count has no noise": with_rest(
        lambda true, noisy, added: [one - more for one, more in zip(true, added, strict=True)]
    ),
    "what is left has 5 % too little noise": with_rest(
        lambda true, noisy, added: [
            one + round(0.95 * (other - one)) for one, other in zip(true, noisy, strict=True)
        ]
    ),
}


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("bug", PARTS_WITH_BUGS.values(), ids=PARTS_WITH_BUGS.keys())
def test_a_bug_in_the_noise_of_parts_is_caught(monkeypatch, mechanism, bug):
    monkeypatch.setattr(noisy, "_both", bug)
    assert next(audit_parts(protect, mechanism=mechanism), None) is not None


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_too_little_noise_of_both_parts_is_caught(monkeypatch, mechanism):
    monkeypatch.setattr(mechanisms, "draw", less_noise(0.95))
    assert list(audit_parts(protect, mechanism=mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_noise_for_half_of_what_both_parts_move_is_caught(monkeypatch, mechanism):
    honest = accounting.squared_sensitivity
    half = lambda mechanism, moved: -(-honest(mechanism, moved) // 4)  # noqa: E731
    monkeypatch.setattr(accounting, "squared_sensitivity", half)
    monkeypatch.setattr(noisy, "_require_within", lambda costs, share, *, of: None)
    assert "cost" in list(audit_parts(protect, mechanism=mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_intervals_of_counts_that_are_too_narrow_are_caught(monkeypatch, mechanism):
    """As if the count had the noise of one part."""
    honest = accuracy.half_width_of_mixture
    narrow = lambda mechanism, *, terms, alpha: honest(mechanism, terms=terms[:1], alpha=alpha)  # noqa: E731
    monkeypatch.setattr(accuracy, "half_width_of_mixture", narrow)
    assert "coverage of counts" in list(audit_parts(protect, mechanism=mechanism))
