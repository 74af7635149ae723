"""Do published values and intervals follow from the noisy integers, rounding included?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp.accounting import NoisePlan, VectorNoise
from disclosure_control.dp.postprocess import half_width, publish
from disclosure_control.dp.preview import CELL_SIZES, expect
from disclosure_control.errors import Refused
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Sensitivity,
    Shape,
    Status,
    Vector,
)
from tests.small_tables import (
    COUNT,
    DP_RULES,
    EXACT,
    NOISY,
    ONE,
    RHO_NANO,
    axis,
    counts_shape,
    means_shape,
)


def plan_of(**widths: int) -> NoisePlan:
    return NoisePlan(
        tuple(
            VectorNoise(name, "discrete_gaussian", 1.0, 1, h, h, h, h) for name, h in widths.items()
        ),
        RHO_NANO,
    )


def sums_shape(*, scale: int, decimals: int) -> Shape:
    moved = Sensitivity(l0=1, l1=100, l2_squared=10**4, linf=100)
    return Shape(
        "person",
        (axis(1),),
        (
            Vector("rows", Counting.ROWS, 1, 10**6, ONE),
            Vector("total", Counting.TOTAL, scale, 10**12, moved),
        ),
        (Published("sum_x", "Sum", Kind.SUM, "rows", "total", decimals),),
    )


def nonnegative(*, scale: int = 1, decimals: int = 0, least: int = 0) -> Shape:
    plain = sums_shape(scale=scale, decimals=decimals)
    total = replace(plain.vectors[1], row_bounds=(least, 100))
    column = replace(plain.published[0], kind=Kind.NONNEGATIVE_SUM)
    return replace(plain, vectors=(plain.vectors[0], total), published=(column,))


@pytest.mark.parametrize(
    ("noisy", "cell"),
    [
        (500, (500, 480, 520)),
        (15, (15, 0, 35)),
        (0, (0, 0, 20)),
        (-15, (0, 0, 5)),
        (-20, (0, 0, 0)),
        (-400, (0, 0, 0)),
    ],
)
def test_of_a_sum_that_is_not_below_zero_nothing_below_it_is_shown(noisy, cell):
    plan = plan_of(rows=3, total=20)
    ((shown,),) = publish(nonnegative(), {"rows": (50,), "total": (noisy,)}, plan=plan, threshold=9)
    assert (shown.value, shown.low, shown.high) == cell
    assert shown.half_width == 20
    ((hidden,),) = publish(nonnegative(), {"rows": (5,), "total": (500,)}, plan=plan, threshold=9)
    assert hidden.status is Status.SUPPRESSED


@given(
    noisy=st.integers(-(10**4), 10**4),
    true=st.integers(0, 10**4),
    scale=st.sampled_from([1, 10, 3]),
    decimals=st.integers(0, 2),
)
def test_cutting_a_sum_at_zero_never_loses_the_truth_and_never_moves_away_from_it(
    noisy, true, scale, decimals
):
    """And the value lies in its interval."""
    found = []
    for made in (sums_shape, nonnegative):
        shape = made(scale=scale, decimals=decimals)
        values = {"rows": (50,), "total": (noisy,)}
        ((cell,),) = publish(shape, values, plan=plan_of(rows=3, total=700), threshold=9)
        found.append(cell)
    plain, cut = found
    truth = Fraction(true, scale)
    assert not plain.low <= truth <= plain.high or cut.low <= truth <= cut.high
    assert 0 <= cut.low <= cut.value <= cut.high
    assert abs(Fraction(cut.value) - truth) <= abs(Fraction(plain.value) - truth)


def test_what_may_be_below_zero_or_adds_up_is_not_cut():
    require_publishable(nonnegative(), NOISY)
    with pytest.raises(Refused):
        require_publishable(nonnegative(least=-1), NOISY)
    with pytest.raises(Refused):
        require_publishable(
            replace(nonnegative(), axes=(Axis("x", ("a", "b", "Total"), total=True),)), NOISY
        )
    with pytest.raises(Refused):
        require_publishable(nonnegative(), EXACT)


@pytest.mark.parametrize(
    ("noisy", "shown"), [(9, False), (10, True), (-3, False), (0, False), (11, True)]
)
def test_a_noisy_count_below_the_threshold_is_hidden(noisy, shown):
    ((cell,),) = publish(counts_shape(1), {"rows": (noisy,)}, plan=plan_of(rows=3), threshold=10)
    assert (cell.status == Status.SHOWN) == shown
    assert (cell.value is not None) == shown


def test_a_hidden_cell_has_no_number_at_all():
    ((cell,),) = publish(counts_shape(1), {"rows": (2,)}, plan=plan_of(rows=3), threshold=10)
    assert (cell.value, cell.half_width, cell.low, cell.high) == (None, None, None, None)


def test_a_weighted_count_is_compared_with_the_threshold_in_its_own_scale():
    shape = counts_shape(2, scale=10**6)
    noisy = {"rows": (9_999_999, 10_000_000)}
    (cells,) = publish(shape, noisy, plan=plan_of(rows=3), threshold=10)
    assert [cell.status for cell in cells] == [Status.SUPPRESSED, Status.SHOWN]


def test_the_interval_of_a_count_does_not_reach_below_zero():
    ((cell,),) = publish(counts_shape(1), {"rows": (12,)}, plan=plan_of(rows=20), threshold=10)
    assert (cell.low, cell.value, cell.half_width, cell.high) == (0, 12, 20, 32)


def test_a_whole_count_is_published_with_the_mechanisms_own_half_width():
    width = half_width(COUNT, counts_shape(1).vectors[0], integers=14)
    assert width == 14


@given(
    true=st.integers(-(10**12), 10**12),
    off=st.integers(-997, 997),
    scale=st.sampled_from([1, 2, 3, 10, 1000, 10**6, 10**7]),
    decimals=st.integers(0, 6),
)
def test_an_interval_holds_the_true_value_whenever_the_noise_is_within_its_half_width(
    true, off, scale, decimals
):
    shape = sums_shape(scale=scale, decimals=decimals)
    noisy = {"rows": (50,), "total": (true + off,)}
    ((cell,),) = publish(shape, noisy, plan=plan_of(rows=3, total=997), threshold=10)
    assert cell.value is not None
    assert cell.half_width is not None
    assert cell.low is not None
    assert cell.high is not None
    assert abs(Fraction(cell.value) - Fraction(true, scale)) <= Fraction(cell.half_width)
    assert Fraction(cell.low) <= Fraction(true, scale) <= Fraction(cell.high)
    assert all(-part.as_tuple().exponent == decimals for part in (cell.value, cell.half_width))


@given(scale=st.sampled_from([1, 10, 10**6]), decimals=st.integers(0, 6), h=st.integers(0, 10**9))
def test_a_published_half_width_gives_away_at_most_the_rounding(scale, decimals, h):
    shape = sums_shape(scale=scale, decimals=decimals)
    width = half_width(shape.published[0], shape.vectors[1], integers=h)
    exact = 10**decimals % scale == 0
    allowed = Fraction(0) if exact else Fraction(3, 2 * 10**decimals)
    assert Fraction(h, scale) <= Fraction(width) <= Fraction(h, scale) + allowed


@given(
    count=st.integers(1, 10**5),
    mean=st.integers(-250, 250),
    count_off=st.integers(-30, 30),
    total_off=st.integers(-4000, 4000),
)
def test_the_interval_of_a_mean_holds_it_whenever_both_noises_are_within_theirs(
    count, mean, count_off, total_off
):
    noisy = {"rows": (count + count_off,), "centred_bmi": (count * mean + total_off,)}
    plan = plan_of(rows=30, centred_bmi=4000)
    cell = publish(means_shape(1), noisy, plan=plan, threshold=10)[1][0]
    bounded = count + count_off > 30
    assert (cell.status == Status.SHOWN) == bounded
    if cell.value is None or cell.low is None or cell.high is None:
        assert not bounded
        return
    assert cell.half_width is None
    assert cell.low <= cell.value <= cell.high
    assert Fraction(cell.low) <= Fraction(350 + mean, 10) <= Fraction(cell.high)


def test_a_mean_is_centred_scaled_and_rounded_half_to_even():
    noisy = {"rows": (80,), "centred_bmi": (-6001,)}
    cell = publish(means_shape(1), noisy, plan=plan_of(rows=1, centred_bmi=1), threshold=10)[1][0]
    assert cell.value == Decimal("27.50")  # 35.0 - 600.1 / 80 = 27.49875
    cells = publish(
        means_shape(1),
        {"rows": (20,), "centred_bmi": (-1499,)},
        plan=plan_of(rows=1, centred_bmi=1),
        threshold=10,
    )
    assert cells[1][0].value == Decimal("27.50")  # 27.505 exactly: to the even digit


def test_a_weighted_mean_takes_the_weights_out_again():
    """Totals of weight x (value - centre): the weight of a million cancels, the centre is the
    store's integer."""
    weight = 10**6
    moved = Sensitivity(l0=1, l1=1, l2_squared=1, linf=1)
    shape = Shape(
        "person",
        (axis(1),),
        (
            Vector("rows", Counting.ROWS, weight, 10**15, moved),
            Vector("centred", Counting.TOTAL, 10 * weight, 10**15, moved, centre=350),
        ),
        (Published("mean_x", "Mean", Kind.MEAN, "rows", "centred", 2),),
    )
    noisy = {"rows": (200 * weight,), "centred": (200 * weight * -50,)}
    ((cell,),) = publish(shape, noisy, plan=plan_of(rows=1, centred=1), threshold=10)
    assert cell.value == Decimal("30.00")


def test_the_preview_states_the_half_width_that_is_then_published():
    counts, means = expect(means_shape(4), DP_RULES, rho_nano=RHO_NANO)
    assert counts.half_width is not None
    assert counts.shown_from == DP_RULES.threshold + counts.half_width
    assert means.half_width is None
    assert [size for size, _ in means.at_sizes] == list(CELL_SIZES)
    widths = [width for _, width in means.at_sizes if width is not None]
    assert widths == sorted(widths, reverse=True)


@given(count=st.integers(35, 200), total=st.integers(-(10**6), 10**6))
def test_a_mean_and_its_interval_stay_within_the_declared_bounds(count, total):
    rows, sums = means_shape(1).vectors
    bounded = replace(means_shape(1), vectors=(rows, replace(sums, row_bounds=(-250, 250))))
    noisy, plan = {"rows": (count,), "centred_bmi": (total,)}, plan_of(rows=30, centred_bmi=4000)
    cell, free = (
        publish(shape, noisy, plan=plan, threshold=10)[1][0] for shape in (bounded, means_shape(1))
    )
    assert Decimal(10) <= cell.low <= cell.value <= cell.high <= Decimal(60)
    if abs(total) + 4000 <= 250 * (count - 30):
        assert cell == free
