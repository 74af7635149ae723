"""Are numbers and prices written so that nobody is misled?"""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.policy import DpRules
from tests.catalogues import clinic, dp_policy
from tre.lifecycle import State
from tre.web import answers, choices, measure_choices, prices, words

BUDGETS = st.integers(0, 10**15)


@given(BUDGETS)
def test_a_budget_is_written_without_losing_a_digit(nano: int):
    assert Decimal(words.rho(nano)) * 10**9 == nano


@given(part=BUDGETS, whole=BUDGETS)
def test_what_is_left_is_never_overstated(part: int, whole: int):
    assert words.share(part, whole) * whole <= part * 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("-1234.50"), "\N{MINUS SIGN}1,234.50"),
        (Decimal(0), "0"),
        (1234567, "1,234,567"),
        (None, ""),
    ],
)
def test_numbers_keep_their_decimals_and_group_their_thousands(value: Decimal, text: str):
    assert words.number(value) == text


def test_every_state_has_a_word_and_running_has_one_word_only():
    assert set(words.TAGS) == set(State)
    assert words.TAGS[State.VALIDATED] == words.TAGS[State.EXECUTED]


def test_moments_say_their_time_zone():
    at = datetime.datetime(2026, 3, 2, 9, 5, tzinfo=datetime.UTC)
    assert words.moment(at) == "2 March 2026 at 09:05 UTC"


@given(st.lists(st.integers(1, 10**12), min_size=3, max_size=3).map(sorted))
def test_offers_rise_stay_in_the_policy_and_hold_its_usual_price(three: list[int]):
    low, usual, high = three
    rules = DpRules(10, usual, low, high, ("discrete_gaussian",), 1, 1)
    offered = prices.amounts(rules)
    assert list(offered) == sorted(set(offered))
    assert offered[0] == low
    assert offered[-1] == high
    assert usual in offered


@given(st.text(max_size=20))
def test_only_a_plain_whole_number_is_read_as_a_price(text: str):
    read = prices.read(text)
    assert read is None or str(read) == text.lstrip("0") or read == 0


def test_the_form_offers_every_attribute_within_reach_and_never_the_unit():
    nest = answers.complete({"source": "labs"})
    offered = choices.fields(clinic(), nest)
    assert {"labs.value", "persons.age", "areas.region", "regions.climate"} <= set(offered)
    assert not {"labs.person", "persons.person", "areas.area", "events.kind"} & set(offered)


def test_the_form_never_offers_to_add_up_a_public_table():
    nest = answers.complete({"source": "persons"})
    groups = measure_choices.measures(clinic(), nest, rules=dp_policy().dp)
    values = {option.value for group in groups for option in group.options}
    assert "mean:persons.bmi" in values
    assert not any("areas." in value for value in values)


@pytest.mark.parametrize(("source", "offered"), [("persons", True), ("labs", False)])
def test_the_form_offers_regressions_where_rows_are_independent(source: str, offered: bool):
    ill = {"name": "ill", "was": "ill", "table": "events", "aggregate": "exists"}
    nest = answers.complete({"source": source, "features": [ill]})
    values = {
        option.value
        for group in measure_choices.measures(clinic(), nest, rules=dp_policy().dp)
        for option in group.options
    }
    for value in ("slope:persons.bmi", "log_odds:@ill"):
        assert (value in values) == offered
    assert "mean:@ill" in values


@pytest.mark.parametrize(
    ("source", "most", "offered"), [("persons", 3, False), ("labs", 3, True), ("labs", 6, False)]
)
def test_the_form_offers_what_bounds_leave_out_where_they_do(source: str, most: int, offered: bool):
    nest = answers.complete({"source": source})
    rules = dp_policy(max_rows_per_unit=most).dp
    counts = measure_choices.measures(clinic(), nest, rules=rules)[0].options
    assert ("left_out" in {option.value for option in counts}) == offered
    exact = measure_choices.measures(clinic(), nest, rules=None)[0].options
    assert not {"left_out", "units_left_out"} & {option.value for option in exact}


@pytest.mark.parametrize(
    ("source", "most", "offered"), [("persons", 1, False), ("labs", 5, True), ("labs", 6, False)]
)
def test_the_form_offers_which_cells_of_units_are_left_out(source: str, most: int, offered: bool):
    nest = answers.complete({"source": source})
    rules = dp_policy(max_groups_per_unit=most).dp
    counts = measure_choices.measures(clinic(), nest, rules=rules)[0].options
    assert ("units_left_out" in {option.value for option in counts}) == offered


def test_example_cut_points_rise_within_the_bounds():
    for field in choices.fields(clinic(), answers.complete({"source": "persons"})).values():
        if field.kind == "number":
            cuts = [Decimal(text) for text in field.cuts.split(", ")]
            assert cuts == sorted(set(cuts))
