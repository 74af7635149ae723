"""Does a charge buy exactly the noise that it pays for?"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp import accounting, mechanisms, scales
from disclosure_control.dp.accounting import NANO, noise_plan
from disclosure_control.errors import AccountingError, Refused
from disclosure_control.tables import Counting, Sensitivity, Shape, Vector
from tests.small_tables import BOTH, COUNT, DP_RULES, RHO_NANO, axis, counts_shape, means_shape

sensitivities = st.integers(1, 2**50)
charges = st.integers(1, NANO)


@given(squared=sensitivities.map(lambda size: size**2), rho_nano=charges)
def test_the_scale_never_costs_more_than_its_share_and_is_hardly_larger_than_needed(
    squared, rho_nano
):
    scale = scales.scale_for(squared, rho_nano=rho_nano)
    assert scales.cost_nano(squared, scale=scale) <= rho_nano
    closer = scale * (1 - 4e-6)
    assert squared * NANO / (2 * Fraction(closer) ** 2) > rho_nano


@given(rho_nano=st.integers(100, NANO))
def test_shares_never_add_up_to_more_than_the_charge(rho_nano):
    shares = accounting.split(means_shape(3), rho_nano=rho_nano)
    assert sum(shares.values()) <= rho_nano < sum(shares.values()) + len(shares)


def test_a_count_that_nobody_sees_gets_half_of_what_a_total_gets():
    shape = means_shape(3)
    mean_only = Shape(shape.unit, shape.axes, shape.vectors, shape.published[1:])
    assert accounting.split(mean_only, rho_nano=300) == {"rows": 100, "centred_bmi": 200}
    assert accounting.split(shape, rho_nano=300) == {"rows": 150, "centred_bmi": 150}


def test_a_charge_too_small_to_share_buys_nothing():
    with pytest.raises(AccountingError):
        accounting.split(means_shape(3), rho_nano=1)


def test_the_gaussian_scale_is_the_textbook_one():
    (noise,) = noise_plan(counts_shape(4), DP_RULES, rho_nano=RHO_NANO).vectors
    assert noise.mechanism == "discrete_gaussian"
    assert noise.scale == pytest.approx(1 / math.sqrt(2 * 0.02), rel=2e-6)


def test_the_laplace_scale_is_the_textbook_one():
    plan = noise_plan(counts_shape(4), DP_RULES, rho_nano=RHO_NANO, mechanism="discrete_laplace")
    epsilon = math.sqrt(2 * 0.02)
    assert plan.vectors[0].scale == pytest.approx(1 / epsilon, rel=2e-6)
    stated = accounting.pure_epsilon(counts_shape(4).vectors[0], plan.vectors[0])
    assert stated is not None
    assert float(stated) == pytest.approx(epsilon, rel=1e-5)


def test_the_planner_takes_the_mechanism_with_the_smaller_half_width():
    widely_spread = Sensitivity(l0=100, l1=100, l2_squared=100, linf=1)
    for shape in (counts_shape(4), counts_shape(4, moved=widely_spread)):
        chosen = noise_plan(shape, DP_RULES, rho_nano=RHO_NANO).vectors[0]
        either = [
            noise_plan(shape, DP_RULES, rho_nano=RHO_NANO, mechanism=one).vectors[0] for one in BOTH
        ]
        assert chosen.half_width == min(one.half_width for one in either)


def test_at_equal_half_widths_the_one_with_a_pure_epsilon_is_taken():
    generous = replace(DP_RULES, rho_nano_max=10**11)
    (noise,) = noise_plan(counts_shape(4), generous, rho_nano=2 * 10**10).vectors
    assert (noise.mechanism, noise.half_width) == ("discrete_laplace", 0)


@pytest.mark.parametrize(
    ("rho_nano", "mechanism"),
    [(999, None), (10**9 + 1, None), (RHO_NANO, "gaussian"), (RHO_NANO, "none")],
)
def test_what_the_policy_does_not_allow_is_refused(rho_nano, mechanism):
    with pytest.raises(Refused):
        noise_plan(counts_shape(4), DP_RULES, rho_nano=rho_nano, mechanism=mechanism)


def test_a_vector_without_a_declared_sensitivity_is_refused():
    with pytest.raises(Refused):
        noise_plan(counts_shape(4, moved=None), DP_RULES, rho_nano=RHO_NANO)


def test_a_vector_without_room_for_its_noise_is_refused():
    most = 2**62 - 1
    moved = Sensitivity(l0=1, l1=most, l2_squared=most**2, linf=most)
    shape = Shape("person", (axis(2),), (Vector("rows", Counting.ROWS, 1, most, moved),), (COUNT,))
    with pytest.raises(Refused):
        noise_plan(shape, DP_RULES, rho_nano=RHO_NANO)


def test_the_scale_text_is_the_exact_value_of_the_float():
    (noise,) = noise_plan(counts_shape(4), DP_RULES, rho_nano=RHO_NANO).vectors
    assert Decimal(noise.scale_text) == Decimal(noise.scale)
    assert len(noise.scale_text) < 30


@pytest.mark.parametrize("rho_nano", [1, 1000, 10**6, RHO_NANO, 10**8, 10**9, 7 * 10**9])
@pytest.mark.parametrize("delta", [1e-6, 1e-9])
def test_the_implied_epsilon_is_the_librarys_rounded_up(rho_nano, delta):
    rho = rho_nano / scales.NANO
    ours = accounting.epsilon_at(rho, delta=delta)
    assert ours == pytest.approx(mechanisms.implied_epsilon(rho, delta=delta), rel=1e-6)
    stated = float(accounting.implied_epsilon(rho_nano, delta=delta))
    assert ours <= stated < ours + 0.0011
    assert ours < rho + 2 * math.sqrt(rho * math.log(1 / delta)), "the usual bound is larger"


@pytest.mark.parametrize("rho", [0.001, 0.02, 0.5, 4.0])
def test_a_gaussian_keeps_the_implied_epsilon(rho):
    """By its own law: delta(epsilon) of the Gaussian (Balle and Wang 2018) is below delta."""
    delta, moved = 1e-6, math.sqrt(2 * rho)  # in standard deviations
    epsilon = accounting.epsilon_at(rho, delta=delta)
    below = NormalDist().cdf
    own = below(moved / 2 - epsilon / moved) - math.exp(epsilon) * below(
        -moved / 2 - epsilon / moved
    )
    assert 0 < own < delta


def test_what_costs_nothing_implies_nothing():
    assert accounting.implied_epsilon(0, delta=1e-6) == "0.000"
