"""Is every weak or malformed policy refused, and every good one kept byte for byte?"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from disclosure_control import policy as policies
from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Risk, Routes, Track
from tests.small_tables import DP_RULES, EXACT, NOISY, SDC_RULES

COHORT = """
version: 3
track: dp
max_cells: 2000
checkers: 1
dp:
  threshold: 10
  rho_nano_default: 20000000
  rho_nano_min: 1000000
  rho_nano_max: 200000000
  mechanisms: [discrete_gaussian, discrete_laplace]
  max_rows_per_unit: 20
  max_groups_per_unit: 5
"""
FIRMS = """
version: 1
track: sdc
max_cells: 500
checkers: 2
sdc: {threshold: 10, dominance_n: 2, dominance_k: 0.90, p_ratio: "0.10"}
"""

WEAK = {
    "version": replace(NOISY, version=0),
    "no cells": replace(NOISY, max_cells=0),
    "endless table": replace(NOISY, max_cells=10**9),
    "three checkers": replace(NOISY, checkers=3),
    "one checker for exact": replace(EXACT, checkers=1),
    "noisy without rules": replace(NOISY, dp=None),
    "exact without rules": replace(EXACT, sdc=None),
    "rules of both": replace(NOISY, sdc=SDC_RULES),
    "threshold 2": replace(NOISY, dp=replace(DP_RULES, threshold=2)),
    "free question": replace(NOISY, dp=replace(DP_RULES, rho_nano_min=0)),
    "default below least": replace(NOISY, dp=replace(DP_RULES, rho_nano_default=1)),
    "default above most": replace(NOISY, dp=replace(DP_RULES, rho_nano_max=10_000)),
    "boundless charge": replace(NOISY, dp=replace(DP_RULES, rho_nano_max=2 * 10**9)),
    "no mechanism": replace(NOISY, dp=replace(DP_RULES, mechanisms=())),
    "unknown mechanism": replace(NOISY, dp=replace(DP_RULES, mechanisms=("gaussian",))),
    "mechanism twice": replace(NOISY, dp=replace(DP_RULES, mechanisms=("discrete_laplace",) * 2)),
    "no rows": replace(NOISY, dp=replace(DP_RULES, max_rows_per_unit=0)),
    "no groups": replace(NOISY, dp=replace(DP_RULES, max_groups_per_unit=0)),
    "exact threshold 2": replace(EXACT, sdc=replace(SDC_RULES, threshold=2)),
    "three dominate": replace(EXACT, sdc=replace(SDC_RULES, dominance_n=3)),
    "k of 0": replace(EXACT, sdc=replace(SDC_RULES, dominance_k=Decimal(0))),
    "k of 0.99": replace(EXACT, sdc=replace(SDC_RULES, dominance_k=Decimal("0.99"))),
    "p of 0.01": replace(EXACT, sdc=replace(SDC_RULES, p_ratio=Decimal("0.01"))),
    "p of 2": replace(EXACT, sdc=replace(SDC_RULES, p_ratio=Decimal(2))),
}


ROUTES = Routes(low=0, middle=1, audit_share=Decimal("0.10"))
ROUTED = replace(NOISY, checkers=2, routes=ROUTES)
WEAK |= {
    "routes of exact tables": replace(EXACT, routes=Routes(2, 2, Decimal(0))),
    "fewer at middle risk": replace(ROUTED, routes=replace(ROUTES, low=2)),
    "more than the most": replace(ROUTED, checkers=0, routes=replace(ROUTES, middle=1)),
    "below nobody": replace(ROUTED, routes=replace(ROUTES, low=-1)),
    "more than all": replace(ROUTED, routes=replace(ROUTES, audit_share=Decimal("1.1"))),
}


@pytest.mark.parametrize("policy", [NOISY, EXACT, ROUTED], ids=["noisy", "exact", "routed"])
def test_a_sound_policy_has_no_fault(policy):
    assert policies.validate_policy(policy) == ()


@pytest.mark.parametrize("policy", WEAK.values(), ids=WEAK.keys())
def test_a_weak_policy_has_exactly_its_fault(policy):
    assert len(policies.validate_policy(policy)) == 1


def test_every_fault_is_named_at_once():
    weak = replace(NOISY, version=0, checkers=7, dp=replace(DP_RULES, threshold=1))
    assert len(policies.validate_policy(weak)) == 3


@pytest.mark.parametrize("text", [COHORT, FIRMS], ids=["cohort", "firms"])
def test_a_file_and_its_json_are_the_same_policy(text):
    policy = policies.from_yaml(text)
    assert policies.from_json(policies.to_json(policy)) == policy
    assert policies.from_json(json.loads(policies.to_json(policy))) == policy


def test_a_file_opens_the_track_it_names():
    assert policies.from_yaml(COHORT).track == Track.DP
    assert policies.from_yaml(FIRMS).track == Track.SDC


def test_the_same_rule_spelled_otherwise_has_the_same_hash():
    spelled = FIRMS.replace("0.90", "0.9").replace('"0.10"', "0.1")
    assert policies.policy_hash(policies.from_yaml(spelled)) == policies.policy_hash(
        policies.from_yaml(FIRMS)
    )


@pytest.mark.parametrize(
    "other",
    [replace(NOISY, checkers=2), replace(NOISY, dp=replace(DP_RULES, threshold=11)), EXACT],
    ids=["checkers", "threshold", "track"],
)
def test_another_rule_has_another_hash(other):
    assert policies.policy_hash(other) != policies.policy_hash(NOISY)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (COHORT + "leeway: 1\n", "unknown key 'leeway'"),
        (COHORT.replace("threshold: 10", "threshold: ten"), "policy.dp.threshold"),
        (COHORT.replace("threshold: 10", "threshold: 10.0"), "policy.dp.threshold"),
        (COHORT.replace("threshold: 10", "threshold: true"), "policy.dp.threshold"),
        (COHORT.replace("  threshold: 10\n", ""), "threshold is missing"),
        (COHORT.replace("checkers: 1", "checkers: 1\nchecker: 2"), "unknown key 'checker'"),
        (COHORT.replace("version: 3", "version: 3\nversion: 4"), "not valid YAML"),
        (COHORT.replace("track: dp", "track: both"), "needs a two-person exception"),
        (COHORT.replace("track: dp", "track: none"), "policy.track"),
        (COHORT.replace("track: dp", "track: sdc"), "needs the rules sdc"),
        (COHORT.replace("[discrete_gaussian, discrete_laplace]", "gaussian"), "mechanisms"),
        (FIRMS.replace("0.90", ".nan"), "policy.sdc.dominance_k"),
        (FIRMS.replace("0.90", "1e-9999999"), "policy.sdc.dominance_k"),
        ("", "a mapping"),
        ("- 1", "a mapping"),
        ("a: [", "not valid YAML"),
        ("? [a]\n: b", "not valid YAML"),
        ("&a [*a]", "a mapping"),
        ("!!python/object/apply:os.getcwd []", "not valid YAML"),
    ],
)
def test_a_file_that_is_not_a_policy_is_refused_with_its_fault(text, fault):
    with pytest.raises(PolicyInvalid) as refused:
        policies.from_yaml(text)
    assert fault in "; ".join(refused.value.faults)


def test_text_that_is_not_json_is_refused():
    with pytest.raises(PolicyInvalid):
        policies.from_json("{")


def test_routes_say_how_many_look_at_each_risk_and_do_not_touch_other_hashes():
    told = [[one.checkers_for(risk) for risk in Risk] for one in (NOISY, ROUTED)]
    assert told == [[NOISY.checkers] * 3, [0, 1, 2]]
    assert "routes" not in policies.to_json(NOISY)
    text = COHORT.replace(
        "checkers: 1", "checkers: 2\nroutes: {low: 0, middle: 1, audit_share: 0.1}"
    )
    spelled = policies.from_yaml(text)
    assert spelled.routes == ROUTES
    assert policies.from_json(policies.to_json(spelled)) == spelled
    assert policies.policy_hash(spelled) != policies.policy_hash(policies.from_yaml(COHORT))
    again = policies.from_yaml(text.replace("0.1}", '"0.10"}'))
    assert policies.policy_hash(again) == policies.policy_hash(spelled)
