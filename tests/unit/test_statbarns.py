"""Is each kind of statistic that is no table judged by its own rules?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from disclosure_control.errors import Malformed
from disclosure_control.sdc import rules, statbarns
from disclosure_control.sdc.statbarns import Statbarn, Statistic, judge, needed
from tests.small_tables import SDC_RULES

LARGE = 1000
TABLES = {Statbarn.FREQUENCIES, Statbarn.LINEAR_AGGREGATIONS}
OTHERS = [one for one in Statbarn if one not in TABLES]


def failing(statbarn: Statbarn, **evidence: int) -> set[str]:
    whole = dict.fromkeys(needed(statbarn), LARGE) | BESIDE.get(statbarn, {}) | evidence
    found = judge(Statistic("it", statbarn, whole), SDC_RULES)
    return {one.rule for one in found if one.severity == "fail"}


BESIDE = {
    Statbarn.MODE: {"occurrences": 900},
    Statbarn.SHAPE: {"parameters": 1},
    Statbarn.ASSOCIATION: {"parameters": 5},
    Statbarn.HYPOTHESIS_TESTS: {"parameters": 5},
    Statbarn.CONCENTRATION: {"other_than_largest_percent": 60},
    Statbarn.GINI: {"other_than_largest_percent": 60},
}


def test_there_are_twelve_kinds_and_each_has_rules():
    assert len(Statbarn) == 12
    in_tables = {name for rule in rules.RULES for name in rule.statbarns}
    elsewhere = {name for rule in statbarns.RULES for name in rule.statbarns}
    assert in_tables == TABLES
    assert elsewhere == set(OTHERS)


@pytest.mark.parametrize("statbarn", [one for one in OTHERS if one is not Statbarn.EXTREMES])
def test_a_large_safe_statistic_passes(statbarn):
    assert failing(statbarn) == set()


@pytest.mark.parametrize(
    ("statbarn", "evidence", "rule"),
    [
        (Statbarn.POSITION, {"above": 9}, "quantile-sides"),
        (Statbarn.POSITION, {"below": 0}, "quantile-sides"),
        (Statbarn.POSITION, {"units": 9}, "minimum-threshold"),
        (Statbarn.EXTREMES, {}, "no-extremes"),
        (Statbarn.MODE, {"occurrences": 9}, "mode-occurrences"),
        (Statbarn.MODE, {"occurrences": 1000}, "mode-is-not-all"),
        (Statbarn.RATIOS, {"unexposed_cases": 9}, "implicit-counts"),
        (Statbarn.SURVIVAL, {"fewest_events": 1}, "survival-steps"),
        (Statbarn.SURVIVAL, {"fewest_at_risk": 9}, "survival-steps"),
        (Statbarn.ASSOCIATION, {"parameters": 991}, "residual-degrees-of-freedom"),
        (Statbarn.HYPOTHESIS_TESTS, {"patterns": 5}, "saturated-model"),
        (Statbarn.SHAPE, {"observations": 10}, "residual-degrees-of-freedom"),
        (Statbarn.CONCENTRATION, {"other_than_largest_percent": 9}, "dominance"),
        (Statbarn.GINI, {"units": 3}, "minimum-threshold"),
    ],
)
def test_each_rule_fails_by_itself(statbarn, evidence, rule):
    assert failing(statbarn, **evidence) == {rule}


def test_a_threshold_is_met_by_just_as_many():
    assert failing(Statbarn.POSITION, below=10, above=10) == set()
    assert failing(Statbarn.ASSOCIATION, parameters=990) == set()


def test_thresholds_are_the_policys():
    strict = replace(SDC_RULES, threshold=20, degrees_of_freedom=30)
    evidence = {"units": 25, "below": 19, "above": 30}
    found = judge(Statistic("median", Statbarn.POSITION, evidence), strict)
    assert [(one.rule, one.severity, one.values) for one in found] == [
        ("minimum-threshold", "info", ()),
        ("quantile-sides", "fail", ("19",)),
    ]
    assert "20 units" in found[1].threshold


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        ({"units": 25, "below": 19}, "above"),
        ({"units": 25, "below": 19, "above": -1}, "above"),
        ({"units": 25, "below": 19, "above": 2.5}, "above"),
        ({"units": 25, "below": 19, "above": 30, "median": 12}, "median"),
    ],
)
def test_evidence_that_is_missing_absurd_or_unknown_is_refused(evidence, fault):
    with pytest.raises(Malformed) as refused:
        judge(Statistic("median", Statbarn.POSITION, evidence), SDC_RULES)
    assert fault in refused.value.detail


@pytest.mark.parametrize("statbarn", sorted(TABLES))
def test_tables_are_not_judged_by_a_few_numbers(statbarn):
    with pytest.raises(Malformed):
        judge(Statistic("table", Statbarn(statbarn), {}), SDC_RULES)
