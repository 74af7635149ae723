"""Is the cheapest charge for an exactness the cheapest, and does it buy it?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure_control.dp.preview import cheapest, expect, one_by_one
from disclosure_control.tables import Axis
from tests.small_tables import BOTH, DP_RULES, counts_shape, means_shape

RULES = replace(DP_RULES, rho_nano_min=1_000_000, rho_nano_max=200_000_000)
TOTALS = replace(counts_shape(1), axes=(Axis("a", ("x", "y", "z", "Total"), total=True),))


def width(shape, rules, rho_nano: int) -> Decimal:
    return expect(shape, rules, rho_nano=rho_nano)[0].half_width


@settings(max_examples=60, deadline=None)
@given(
    within=st.integers(3, 60).map(Decimal),
    shape=st.sampled_from([counts_shape(4), means_shape(4), TOTALS]),
    mechanisms=st.sampled_from([BOTH, BOTH[:1]]),
)
def test_the_cheapest_charge_is_exact_enough_and_a_digit_less_is_not(within, shape, mechanisms):
    rules = replace(RULES, mechanisms=mechanisms)
    found = cheapest(shape, rules, within=within)
    if found is None:
        assert width(shape, rules, rules.rho_nano_max) > within
        return
    assert rules.rho_nano_min <= found <= rules.rho_nano_max
    assert width(shape, rules, found) <= within
    less = found - 10 ** (len(str(found)) - 3)
    assert less < rules.rho_nano_min or width(shape, rules, less) > within


def test_what_the_least_charge_buys_costs_the_least_charge():
    assert cheapest(counts_shape(4), RULES, within=Decimal(10**6)) == RULES.rho_nano_min


@pytest.mark.parametrize("within", ["0", "0.5"])
def test_what_no_charge_buys_has_no_price(within):
    assert cheapest(counts_shape(4), RULES, within=Decimal(within)) is None


def test_what_varies_by_cell_has_no_price():
    shape = means_shape(4)
    assert cheapest(replace(shape, published=shape.published[1:]), RULES, within=Decimal(1)) is None


def test_totals_asked_one_by_one_cost_what_each_costs_alone():
    """Two tables: the cells, and their sum."""
    rho = 20_000_000
    apart = one_by_one(TOTALS, RULES, rho_nano=rho)
    alone = cheapest(counts_shape(3), RULES, within=width(TOTALS, RULES, rho))
    assert apart == 2 * alone
    assert one_by_one(counts_shape(4), RULES, rho_nano=rho) is None
    assert (
        one_by_one(replace(TOTALS, published=means_shape(1).published[1:]), RULES, rho_nano=rho)
        is None
    )


def test_a_tree_is_one_table_for_each_of_its_depths():
    tree = Axis("a", ("N", "n", "m", "S", "Total"), total=True, subtotals=((0, (1, 2)),))
    shape = replace(TOTALS, axes=(tree, Axis("b", ("x", "y", "Total"), total=True)))
    rho = 20_000_000
    alone = cheapest(counts_shape(3), RULES, within=width(shape, RULES, rho))
    assert one_by_one(shape, RULES, rho_nano=rho) == 3 * 2 * alone
