"""Does the interval of a variance hold it, and is a standard deviation its root, to the digit?"""

from __future__ import annotations

import statistics
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp import quotients
from disclosure_control.dp.accounting import NoisePlan, VectorNoise, noise_plan
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.preview import CELL_SIZES, expect
from disclosure_control.errors import Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import (
    Counting,
    Kind,
    Published,
    Sensitivity,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import DP_RULES, EXACT, NOISY, ONE, RHO_NANO, axis

CENTRE, REACH = 350, 250  # values of 10.0 to 60.0, in tenths
SD = Published("stddev_bmi", "Standard deviation", Kind.STDDEV, "rows", "sums", 2, None, "squares")
VARIANCE = replace(SD, name="variance_bmi", kind=Kind.VARIANCE)


def moved(most: int) -> Sensitivity:
    return Sensitivity(l0=1, l1=most, l2_squared=most**2, linf=most)


def spreads_shape(cells: int, *, step: int = 1) -> Shape:
    most = (REACH**2 + step // 2) // step
    return Shape(
        "person",
        (axis(cells),),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            Vector(
                "sums", Counting.TOTAL, 10, 10**12, moved(REACH), (-REACH, REACH), centre=CENTRE
            ),
            Vector(
                "squares", Counting.TOTAL, 100, 10**15, moved(most - most // 2),
                (-(most // 2), most - most // 2), centre=most // 2, step=step,
            ),
        ),
        (VARIANCE, SD),
    )  # fmt: skip


def counted(shape: Shape, values: list[int]) -> dict[str, int]:
    squares = shape.vector("squares")
    rounded = [((v - CENTRE) ** 2 + squares.step // 2) // squares.step for v in values]
    return {
        "rows": len(values),
        "sums": sum(v - CENTRE for v in values),
        "squares": sum(one - squares.centre for one in rounded),
    }


def plan_of(**widths: int) -> NoisePlan:
    noises = (VectorNoise(n, "discrete_gaussian", 1.0, 1, h, h, h, h) for n, h in widths.items())
    return NoisePlan(tuple(noises), RHO_NANO)


VALUES = st.lists(st.integers(CENTRE - REACH, CENTRE + REACH), min_size=2, max_size=60)
OFF = st.integers(-100, 100)


@given(values=VALUES, offs=st.tuples(OFF, OFF, OFF), step=st.sampled_from((1, 10, 1000)))
def test_an_interval_holds_the_spread_whenever_all_three_noises_are_within_theirs(
    values, offs, step
):
    shape = spreads_shape(1, step=step)
    widths = {"rows": 3, "sums": 700, "squares": 40_000 // step}
    noisy = {
        name: exact + widths[name] * off // 100
        for (name, exact), off in zip(counted(shape, values).items(), offs, strict=True)
    }
    truth = Fraction(statistics.variance(map(Fraction, values))) / 100

    ends = quotients.variance_interval(shape, VARIANCE, noisy, plan=plan_of(**widths))

    if noisy["rows"] - widths["rows"] <= 1:
        assert ends is None
        return
    assert ends is not None
    low, high = quotients.deviation_interval(shape, SD, noisy, plan=plan_of(**widths)) or (0, 0)
    assert ends[0] <= truth <= ends[1]
    assert low**2 <= truth <= high**2
    if noisy["rows"] > 1:
        assert ends[0] <= quotients.variance(shape, VARIANCE, noisy) <= ends[1]


@given(values=VALUES)
def test_without_noise_it_is_the_spread_of_the_sample(values):
    shape = spreads_shape(1)
    found = quotients.variance(shape, VARIANCE, counted(shape, values))
    assert found == Fraction(statistics.variance(map(Fraction, values))) / 100


@given(st.fractions(min_value=0, max_value=10**9))
def test_a_root_is_rounded_down_or_up_by_less_than_its_last_digit(square):
    low, high = quotients.root(square), quotients.root_up(square)
    assert low**2 <= square <= high**2
    assert high - low <= Fraction(1, 10**quotients.ROOT_DIGITS)


def test_weights_cancel_in_a_spread():
    weight = 10**6
    shape = spreads_shape(1)
    weighted = replace(
        shape, vectors=tuple(replace(one, scale=one.scale * weight) for one in shape.vectors)
    )
    exact = counted(shape, [100, 300, 320, 600, 250])
    heavy = {name: number * weight for name, number in exact.items()}
    assert quotients.variance(weighted, VARIANCE, heavy) == quotients.variance(
        shape, VARIANCE, exact
    )


@pytest.mark.parametrize("step", [1, 1000])
def test_published_intervals_cover_the_truth_as_often_as_they_say(step):
    """3,000 cells with one truth: at least 95 % of them cover it, through the door."""
    cells = 3_000
    shape = spreads_shape(cells, step=step)
    values = [CENTRE + (at * 37 % 301) - 150 for at in range(400)]
    table = Unprotected(
        shape, {name: (number,) * cells for name, number in counted(shape, values).items()}
    )

    protected = protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, None))

    truth = Decimal(statistics.variance(values)) / 100
    for column, wanted in zip(protected.columns, (truth, truth.sqrt()), strict=True):
        shown = [cell for cell in column if cell.status == Status.SHOWN]
        assert len(shown) == cells
        assert all(cell.half_width is None for cell in shown)
        assert all(cell.low <= cell.value <= cell.high for cell in shown)
        within = sum(cell.low <= wanted <= cell.high for cell in shown)
        assert binomial_tails(within, trials=cells, p=0.95)[0] > FALSE_ALARM


def test_squares_get_the_largest_share():
    shape = spreads_shape(1)
    shares = {
        one.vector: one.rho_nano for one in noise_plan(shape, DP_RULES, rho_nano=4_000).vectors
    }
    assert shares == {"rows": 1_000, "sums": 1_000, "squares": 2_000}


def test_the_preview_tells_the_precision_of_evenly_spread_values_by_size():
    variance, deviation = expect(spreads_shape(4), DP_RULES, rho_nano=RHO_NANO)
    for one in (variance, deviation):
        assert one.half_width is None
        assert [size for size, _ in one.at_sizes] == list(CELL_SIZES)
        widths = [width for _, width in one.at_sizes if width is not None]
        assert widths == sorted(widths, reverse=True)
        assert len(widths) >= 3


@pytest.mark.parametrize(
    "column",
    [
        replace(SD, squares=None),
        replace(SD, total=None),
        replace(SD, squares="rows"),
        replace(SD, squares="nowhere"),
    ],
)
def test_a_spread_without_its_squares_or_total_is_refused(column):
    with pytest.raises(Refused) as refused:
        require_publishable(replace(spreads_shape(1), published=(column,)), NOISY)
    assert refused.value.detail == "a column reads no such vector"


def test_exact_tables_have_no_spreads():
    shape = spreads_shape(1)
    bare = replace(shape, vectors=tuple(replace(one, sensitivity=None) for one in shape.vectors))
    with pytest.raises(Refused) as refused:
        require_publishable(bare, EXACT)
    assert refused.value.detail == "only noisy tables tell this"


@pytest.mark.parametrize("step", [10, 1000])
@pytest.mark.parametrize("side", [-1, 1])
def test_an_interval_covers_squares_that_all_round_the_same_way(step, side):
    """Half a step at most, and all the way to it."""
    shape = spreads_shape(1, step=step)
    within = [v for v in range(CENTRE - REACH, CENTRE + REACH) if _off(v, step) * side > 0]
    furthest = max(abs(_off(v, step)) for v in within)
    values = [v for v in within if abs(_off(v, step)) == furthest]
    ends = quotients.variance_interval(
        shape, VARIANCE, counted(shape, values), plan=plan_of(rows=0, sums=0, squares=0)
    )
    assert ends is not None
    assert ends[0] <= Fraction(statistics.variance(map(Fraction, values))) / 100 <= ends[1]


def _off(value: int, step: int) -> int:
    """By how much a squared distance is rounded up."""
    square = (value - CENTRE) ** 2
    return (square + step // 2) // step * step - square
