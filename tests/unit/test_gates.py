"""Each gate closes alone, for its own reason, at its own stages."""

from __future__ import annotations

import datetime
from dataclasses import fields, replace

import pytest

from tre.budgets import FREE, Cost, Level
from tre.gates import RULES, Situation, Stage, closed, evaluate

OPEN = Situation(
    today=datetime.date(2026, 3, 2),
    account_active=True,
    researcher=True,
    member=True,
    project_approved=True,
    project_starts=datetime.date(2026, 1, 1),
    project_ends=datetime.date(2026, 12, 31),
    dataset_granted=True,
    dataset_stopped=False,
    dataset_unsettled=False,
    version_current=True,
    policy_current=True,
    table_recalled=False,
    purpose_given=True,
    cost=Cost(10, 5),
    left=dict.fromkeys(Level, Cost(10, 5)),
    left_in_period=10,
    checkers_needed=2,
    checkers_free=2,
    publishers_free=1,
    either_free=3,
    cells_needed=6,
    cells_left=6,
    exact_this_week=4,
    exact_weekly=5,
)

CLOSES: dict[str, dict[str, object]] = {
    "account_active": {"account_active": False},
    "researcher": {"researcher": False},
    "member": {"member": False},
    "project_approved": {"project_approved": False},
    "project_dates": {"today": datetime.date(2027, 1, 1)},
    "dataset_granted": {"dataset_granted": False},
    "dataset_open": {"dataset_stopped": True},
    "dataset_settled": {"dataset_unsettled": True},
    "version_current": {"version_current": False},
    "policy_current": {"policy_current": False},
    "not_recalled": {"table_recalled": True},
    "purpose_given": {"purpose_given": False},
    "budget_pool": {"left": {**dict.fromkeys(Level, Cost(10, 5)), Level.POOL: Cost(9, 5)}},
    "budget_project": {"left": {**dict.fromkeys(Level, Cost(10, 5)), Level.PROJECT: None}},
    "budget_researcher": {
        "left": {**dict.fromkeys(Level, Cost(10, 5)), Level.RESEARCHER: Cost(10, 4)}
    },
    "budget_period": {"left_in_period": 9},
    "checker_free": {"checkers_free": 1},
    "publisher_free": {"either_free": 2},
    "exact_cells": {"cells_left": 5},
    "exact_weekly": {"exact_this_week": 5},
}


def shut(situation: Situation, stage: Stage) -> list[str]:
    return [gate.id for gate in closed(evaluate(situation, stage=stage))]


def test_every_gate_has_a_case_that_closes_it():
    assert CLOSES.keys() == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("stage", Stage)
def test_all_gates_are_open_when_all_grounds_hold(stage):
    assert shut(OPEN, stage) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_gate_closes_alone_at_exactly_its_stages(rule):
    situation = replace(OPEN, **CLOSES[rule.id])
    for stage in Stage:
        assert shut(situation, stage) == ([rule.id] if stage in rule.stages else [])


def test_a_closed_gate_says_why_who_and_what_to_do():
    situation = replace(OPEN, **{k: v for case in CLOSES.values() for k, v in case.items()})
    for gate in closed(evaluate(situation, stage=Stage.SUBMIT)):
        assert gate.reason.endswith(".")
        assert gate.remedy.endswith(".")
        assert gate.authority


def test_whoever_asks_at_no_cost_needs_no_budget():
    without = replace(OPEN, cost=FREE, left=dict.fromkeys(Level))
    assert shut(without, Stage.EXECUTE) == []


def test_a_stop_of_the_owner_closes_every_stage():
    for stage in Stage:
        assert "dataset_open" in shut(replace(OPEN, dataset_stopped=True), stage)


@pytest.mark.parametrize("day", [datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)])
def test_both_days_of_a_project_belong_to_it(day):
    assert shut(replace(OPEN, today=day), Stage.SUBMIT) == []


def test_nothing_that_gates_look_at_comes_from_a_dataset():
    numbers = {"int", "int | None", "Cost", "dict[budgets.Level, Cost | None]"}
    told = {"datetime.date", "bool", *numbers}
    assert {str(field.type) for field in fields(Situation)} == told
