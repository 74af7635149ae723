"""Does the one function that draws noise refuse everything that is not sound?"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp import accounting, mechanisms, scales
from disclosure_control.errors import Refused
from disclosure_control.tables import Sensitivity
from tests.small_tables import BOTH, ONE


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((1, 2), 0.0),
        ((1, 2), -1.0),
        ((1, 2), math.nan),
        ((1, 2), math.inf),
        ((1, 2), 1),
        ((1.0, 2), 1.0),
        ((True, 2), 1.0),
        ((None, 2), 1.0),
        ((2**62, 2), 1.0),
        ((-(2**62), 2), 1.0),
    ],
)
def test_an_unsound_draw_is_refused(mechanism, values, scale):
    with pytest.raises(Refused):
        mechanisms.draw(values, mechanism=mechanism, scale=scale, sensitivity=ONE)


@pytest.mark.parametrize("mechanism", ["", "laplace", "gaussian"])
def test_an_unknown_mechanism_is_refused(mechanism):
    with pytest.raises(Refused):
        mechanisms.draw((1, 2), mechanism=mechanism, scale=1.0, sensitivity=ONE)


def test_a_negative_sensitivity_is_refused():
    negative = Sensitivity(l0=1, l1=-1, l2_squared=1, linf=1)
    with pytest.raises(Refused):
        mechanisms.draw((1,), mechanism="discrete_laplace", scale=1.0, sensitivity=negative)


@pytest.mark.parametrize("mechanism", BOTH)
def test_every_value_gets_its_own_noise(mechanism):
    draw = mechanisms.draw((0,) * 64, mechanism=mechanism, scale=1e6, sensitivity=ONE)
    assert len(set(draw.values)) > 60


@pytest.mark.parametrize("mechanism", BOTH)
def test_values_near_the_limit_keep_their_noise(mechanism):
    """Integers of 64 bits, and not of 32: nothing wraps around or saturates."""
    draw = mechanisms.draw((2**61, -(2**61)), mechanism=mechanism, scale=8.0, sensitivity=ONE)
    assert abs(draw.values[0] - 2**61) < 1000
    assert abs(draw.values[1] + 2**61) < 1000


@pytest.mark.parametrize("mechanism", BOTH)
@pytest.mark.parametrize("l1", [1, 20, 250, 2 * 10**7, 3 * 10**12])
@pytest.mark.parametrize("rho_nano", [1_000, 20_000_000, 10**9])
def test_the_library_agrees_with_the_closed_form_and_fits_the_share(mechanism, l1, rho_nano):
    moved = Sensitivity(l0=1, l1=l1, l2_squared=l1**2, linf=l1)
    squared = accounting.squared_sensitivity(mechanism, moved)
    scale = scales.scale_for(squared, rho_nano=rho_nano)
    draw = mechanisms.draw((0,), mechanism=mechanism, scale=scale, sensitivity=moved)
    closed = scales.cost_nano(squared, scale=scale)
    assert closed <= draw.rho_nano <= min(closed + 1, rho_nano)


@pytest.mark.parametrize("mechanism", BOTH)
def test_the_larger_of_both_costs_counts(mechanism, monkeypatch):
    kind = accounting.Mechanism(mechanism)
    monkeypatch.setitem(mechanisms.LIBRARY_COSTS, kind, lambda *_: 10**12)
    draw = mechanisms.draw((0,), mechanism=mechanism, scale=1.0, sensitivity=ONE)
    assert draw.rho_nano == 10**12
    monkeypatch.setitem(mechanisms.LIBRARY_COSTS, kind, lambda *_: 0)
    draw = mechanisms.draw((0,), mechanism=mechanism, scale=1.0, sensitivity=ONE)
    assert draw.rho_nano == 500_000_000


@given(squared=st.integers(0, 2**124))
def test_the_root_is_never_rounded_down(squared):
    assert Fraction(mechanisms.root_above(squared)) ** 2 >= squared
