"""Rules are inherited, and only ever stricter."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.alterations import Alteration, Method
from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import (
    Costs,
    DpRules,
    Policy,
    Risk,
    Routes,
    SdcRules,
    validate_policy,
)
from disclosure_control.tightened import (
    OF_POLICY,
    OF_TRACK,
    both,
    checked,
    from_yaml,
    looser,
    tightened,
)
from tests.small_tables import EXACT, NOISY

STRICTER = {
    "max_cells": 500,
    "sdc": {"threshold": 20, "dominance_k": "0.80", "p_ratio": "0.20", "costs": "equal"},
    "dp": {"threshold": 20, "rho_nano_max": 10_000_000},
}


def test_unknown_keys_may_be_told_more_seldom_and_not_more_often():
    telling = replace(NOISY, dp=replace(NOISY.dp, key_delta_femto=1000))
    for own, holds in ((0, 0), (10, 10), (1000, 1000), (5000, 1000)):
        rules = {"dp": {"key_delta_femto": own}}
        assert tightened(telling, rules).dp.key_delta_femto == holds
        assert bool(list(looser(telling, rules))) == (own > 1000)


def test_rows_of_a_cell_may_be_fewer_and_are_neither_declared_nor_dropped():
    by_cell = replace(NOISY, dp=replace(NOISY.dp, max_rows_per_group_per_unit=4))
    for own, holds in ((2, 2), (4, 4), (5, 4), (0, 4)):
        rules = {"dp": {"max_rows_per_group_per_unit": own}}
        assert tightened(by_cell, rules).dp.max_rows_per_group_per_unit == holds
        assert bool(list(looser(by_cell, rules))) == (own != holds)
    rules = {"dp": {"max_rows_per_group_per_unit": 3}}
    assert tightened(NOISY, rules).dp.max_rows_per_group_per_unit == 0


def test_every_rule_of_the_noisy_track_can_be_stricter_or_is_named_here():
    """A rule that came later must not be forgotten: what a lower level cannot restrict it takes."""
    left = {"rho_nano_min", "mechanisms"}
    assert set(OF_TRACK["dp"]) | left == {field.name for field in fields(DpRules)}
    assert set(OF_TRACK["sdc"]) == {field.name for field in fields(SdcRules)}


def test_each_track_takes_its_own_rules():
    exact, noisy = tightened(EXACT, STRICTER), tightened(NOISY, STRICTER)
    assert exact.sdc == replace(
        EXACT.sdc,
        threshold=20,
        dominance_k=Decimal("0.80"),
        p_ratio=Decimal("0.20"),
        costs=Costs.EQUAL,
    )
    assert exact.dp is None
    assert exact.max_cells == noisy.max_cells == 500
    assert noisy.dp.threshold == 20
    assert noisy.dp.rho_nano_default == noisy.dp.rho_nano_max == 10_000_000
    assert validate_policy(exact) == validate_policy(noisy) == ()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"sdc": {"threshold": 9}}, "sdc.threshold: 9 is weaker than 10, which holds"),
        ({"sdc": {"dominance_k": "0.95"}}, "sdc.dominance_k: 0.95 is weaker than 0.9, which holds"),
        ({"sdc": {"dominance_n": 1}}, "sdc.dominance_n: 1 is weaker than 2, which holds"),
        ({"sdc": {"structural_zeros": True}}, "sdc.structural_zeros: true is weaker than false"),
        ({"max_cells": 10**5}, "max_cells: 100000 is weaker than 1000, which holds"),
        ({"checkers": 1}, "checkers: 1 is weaker than 2, which holds"),
        (
            {"sdc": {"fallback": {"method": "nearest", "base": 5}}},
            "sdc.fallback: another rule is weaker than another rule",
        ),
    ],
)
def test_a_weaker_rule_is_named_and_changes_nothing(rules, said):
    rules = checked(rules)
    assert next(looser(EXACT, rules)).startswith(said)
    assert tightened(EXACT, rules) == EXACT


def test_a_way_to_alter_counts_may_be_added_and_never_replaced():
    rules = checked({"sdc": {"counts": {"method": "nearest", "base": 10}}})
    altered = tightened(EXACT, rules)
    assert altered.sdc.counts == Alteration(Method.NEAREST, base=10)
    other = checked({"sdc": {"counts": {"method": "random", "base": 5}}})
    assert list(looser(altered, other))
    assert tightened(altered, other) == altered


NUMBERS = {
    ("max_cells",): st.integers(1, 2000),
    ("checkers",): st.integers(0, 2),
    ("sdc", "threshold"): st.integers(3, 40),
    ("sdc", "dominance_n"): st.integers(1, 2),
    ("sdc", "dominance_k"): st.sampled_from(["0.5", "0.8", "0.9", "0.95"]),
    ("sdc", "p_ratio"): st.sampled_from(["0.05", "0.1", "0.2", "0.9"]),
    ("sdc", "structural_zeros"): st.booleans(),
    ("sdc", "degrees_of_freedom"): st.integers(3, 30),
    ("sdc", "costs"): st.sampled_from(list(map(str, Costs))),
}


@st.composite
def rule_sets(draw):
    rules: dict = {}
    for place in draw(st.lists(st.sampled_from(list(NUMBERS)), unique=True, min_size=1)):
        value = draw(NUMBERS[place])
        if len(place) == 1:
            rules[place[0]] = value
        else:
            rules.setdefault("sdc", {})[place[1]] = value
    return checked(rules)


def weaker_than(policy: Policy, above: Policy) -> list[str]:
    own = [
        name
        for name, order in OF_POLICY.items()
        if not order(getattr(policy, name), getattr(above, name))
    ]
    return own + [
        name
        for name, order in OF_TRACK["sdc"].items()
        if not order(getattr(policy.sdc, name), getattr(above.sdc, name))
        and getattr(policy.sdc, name) != getattr(above.sdc, name)
    ]


@given(first=rule_sets(), second=rule_sets())
def test_no_level_loosens_what_is_above_it_in_whatever_order(first, second):
    once = tightened(EXACT, first)
    twice = tightened(once, second)
    assert weaker_than(once, EXACT) == weaker_than(twice, once) == []
    assert twice == tightened(tightened(EXACT, second), first)
    assert tightened(twice, first) == tightened(twice, second) == twice
    if not list(looser(once, second)):
        assert tightened(EXACT, both(first, second)) == twice


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "stricter rules are names"),
        ("- 1", "stricter rules are names"),
        ("{}", "no rule is given"),
        ("sdc: {}", "no rule is given"),
        ("a: [", "not valid YAML"),
        ("sdc: {threshold: 20, threshold: 11}", "not valid YAML"),  # the last would win silently
        ("version: 2", "version is no rule that can be stricter"),
        ("track: dp", "track is no rule"),
        ("sdc: {speed: 1}", "sdc.speed is no rule"),
        ("dp: {mechanisms: []}", "dp.mechanisms is no rule"),
        ("sdc: {threshold: many}", "sdc.threshold: must be a whole number"),
        ("sdc: {threshold: true}", "sdc.threshold: must be a whole number"),
        ("max_cells: 1.5", "max_cells: must be a whole number"),
        ("sdc: 5", "sdc is no rule"),
        ("{1: 2}", "1 is no rule"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(text, fault):
    with pytest.raises(PolicyInvalid) as refused:
        from_yaml(text)
    assert fault in refused.value.faults[0]


@pytest.mark.parametrize(("fewest", "told"), [(0, [0, 1, 2]), (1, [1, 1, 2]), (2, [2, 2, 2])])
def test_more_checkers_are_more_at_every_risk(fewest, told):
    routed = replace(NOISY, checkers=2, routes=Routes(0, 1, Decimal("0.1")))
    under = tightened(routed, {"checkers": fewest})
    assert [under.checkers_for(risk) for risk in Risk] == told
    assert validate_policy(under) == ()
