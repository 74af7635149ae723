"""Does every half-width keep its promise, and would the next smaller integer break it?

The probabilities are computed here in other ways than in the code: small scales by exact sums of
fractions or of 60 digits over the whole support, large ones by convexity, which encloses the sum
between two integrals, and by a continued fraction for the normal tail.
"""

from __future__ import annotations

import math
import time
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure_control.dp import accuracy, mechanisms
from disclosure_control.dp.accuracy import EACH_OF_TWO, PER_CELL, half_width, joint_alpha
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from tests.small_tables import BOTH, ONE

GAUSSIAN, LAPLACE = BOTH
ALPHAS = (PER_CELL, EACH_OF_TWO, joint_alpha(10), joint_alpha(2_000), joint_alpha(100_000))
SMALL = (0.05, 0.3, 0.5, 1.0, 1.7, 3.7, 7.071075439453125, 15.9, 16.0, 16.1, 31.4, 64.0)
LARGE = (200.0, 1767.767578125, 1e5, 7.3e6, 2.5e8, 1e10)
HUGE = (1e12, 4e15, 1e17)


@lru_cache(maxsize=256)
def weights(mechanism: str, scale: float) -> tuple[Decimal, ...]:
    """exp(-k*k / 2 scale**2) or exp(-k / scale) for k = 0, 1, ..., far beyond 40 digits."""
    with localcontext(prec=60):
        s = Decimal(scale)
        last = int(scale * (16 if mechanism == GAUSSIAN else 110)) + 16
        exponent = (
            (lambda k: -Decimal(k * k) / (2 * s * s))
            if mechanism == GAUSSIAN
            else (lambda k: -Decimal(k) / s)
        )
        return tuple(exponent(k).exp() for k in range(last))


def summed_tail(mechanism: str, scale: float, beyond: int) -> Decimal:
    with localcontext(prec=60):
        terms = weights(mechanism, scale)
        whole = 2 * sum(terms) - terms[0]
        return 2 * sum(terms[beyond + 1 :]) / whole if beyond >= 0 else Decimal(1)


def normal_tail(y: Decimal, *, depth: int = 3000) -> Decimal:
    """P(|N| > y) = 2 density(y) / (y + 1/(y + 2/(y + 3/...)))."""
    rest = y
    for k in range(depth, 0, -1):
        rest = y + k / rest
    return 2 * (-y * y / 2).exp() / (2 * accuracy.PI).sqrt() / rest


def enclosed_tail(scale: float, beyond: int) -> tuple[Decimal, Decimal]:
    """From both sides, for beyond > scale: there the terms are convex, so each is at most its
    integral from k - 1/2 to k + 1/2, and the trapezium of two is at least theirs."""
    with localcontext(prec=60):
        s = Decimal(scale)
        first = beyond + 1
        half_a_term = (-(Decimal(first) ** 2) / (2 * s * s)).exp() / (s * (2 * accuracy.PI).sqrt())
        return normal_tail(first / s) + half_a_term, normal_tail((first - Decimal("0.5")) / s)


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("scale", SMALL)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_half_width_covers_and_the_next_smaller_does_not(mechanism, scale, alpha):
    h = half_width(mechanism, scale=scale, alpha=alpha)
    assert summed_tail(mechanism, scale, h) <= alpha
    assert h == 0 or summed_tail(mechanism, scale, h - 1) > alpha


@pytest.mark.parametrize("scale", LARGE)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_large_gaussian_half_width_covers_and_the_next_smaller_does_not(scale, alpha):
    h = half_width(GAUSSIAN, scale=scale, alpha=alpha)
    assert enclosed_tail(scale, h)[1] <= alpha
    assert enclosed_tail(scale, h - 1)[0] > alpha


@pytest.mark.parametrize("scale", LARGE + HUGE)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_large_laplace_half_width_covers_and_the_next_smaller_does_not(scale, alpha):
    """The closed form again, with 80 digits."""
    h = half_width(LAPLACE, scale=scale, alpha=alpha)
    with localcontext(prec=80):
        p = (-1 / Decimal(scale)).exp()
        tails = [2 * (-(k + 1) / Decimal(scale)).exp() / (1 + p) for k in (h, h - 1)]
    assert tails[0] <= alpha < tails[1]


@pytest.mark.parametrize("scale", HUGE)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_huge_gaussian_half_width_is_the_last_integer_before_the_normal_quantile(scale, alpha):
    h = half_width(GAUSSIAN, scale=scale, alpha=alpha)
    assert enclosed_tail(scale, h)[1] <= alpha
    assert enclosed_tail(scale, h - 1)[0] > alpha


@settings(deadline=None)
@given(
    mechanism=st.sampled_from(BOTH),
    scale=st.floats(0.02, 40),
    alpha=st.sampled_from(ALPHAS),
)
def test_at_any_scale_the_half_width_is_the_smallest_that_covers(mechanism, scale, alpha):
    h = half_width(mechanism, scale=scale, alpha=alpha)
    assert summed_tail(mechanism, scale, h) <= alpha
    assert h == 0 or summed_tail(mechanism, scale, h - 1) > alpha


@settings(deadline=None)
@given(mechanism=st.sampled_from(BOTH), scale=st.floats(0.02, 40), beyond=st.integers(-2, 400))
def test_the_exact_tail_lies_within_its_bracket(mechanism, scale, beyond):
    bracket = accuracy.tail(mechanism, scale=scale, beyond=beyond)
    exact = summed_tail(mechanism, scale, beyond)
    assert bracket.low <= exact <= bracket.high
    assert bracket.high - bracket.low < Decimal("1e-14")


@pytest.mark.parametrize("cells", [1, 2, 10, 1_000, 100_000])
def test_the_joint_level_is_95_percent_for_all_cells_together(cells):
    with localcontext(prec=80):
        missed = (1 - joint_alpha(cells)) ** cells - (1 - PER_CELL)
    assert 0 <= missed < Decimal("1e-30")


def test_a_half_width_takes_about_a_millisecond_at_any_scale():
    accuracy._half_width.cache_clear()
    scales = [1.1 * 3.3**k for k in range(34)]
    started = time.process_time()
    for scale in scales:
        for mechanism in BOTH:
            half_width(mechanism, scale=scale, alpha=PER_CELL)
    assert (time.process_time() - started) / (2 * len(scales)) < 0.002


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("scale", [0.8, 7.07, 1767.767578125])
def test_simulation_agrees_with_the_stated_coverage(mechanism, scale):
    """The number of draws within h is binomial with the exact coverage: Clopper and Pearson's
    interval around what was seen holds it."""
    trials = 20_000
    h = half_width(mechanism, scale=scale, alpha=PER_CELL)
    noise = mechanisms.draw((0,) * trials, mechanism=mechanism, scale=scale, sensitivity=ONE)
    within = sum(abs(value) <= h for value in noise.values)
    coverage = 1 - float(accuracy.tail(mechanism, scale=scale, beyond=h).high)
    assert min(binomial_tails(within, trials=trials, p=coverage)) > FALSE_ALARM / 2
    assert coverage >= 0.95


def test_the_pi_of_the_code_is_pi():
    """Machin's formula in fractions: pi = 16 atan(1/5) - 4 atan(1/239)."""

    def atan(inverse: int) -> Fraction:
        return sum(
            (Fraction((-1) ** k, (2 * k + 1) * inverse ** (2 * k + 1)) for k in range(48)),
            start=Fraction(0),
        )

    assert abs(Fraction(accuracy.PI) - (16 * atan(5) - 4 * atan(239))) < Fraction(1, 10**57)
    assert math.isclose(float(accuracy.PI), math.pi)
