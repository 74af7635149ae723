"""Does the interval of a ratio hold it, and is it one sum by the other?"""

from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp import quotients
from disclosure_control.dp.accounting import NoisePlan, VectorNoise, noise_plan
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.preview import expect
from disclosure_control.protect import NoiseGrant, protect
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
from tests.small_tables import DP_RULES, NOISY, ONE, RHO_NANO, axis

RATIO = Published("ratio", "Visits per year", Kind.RATIO, "rows", "visits", 4, per="years")


def shape_of(cells: int) -> Shape:
    visits, years = (Sensitivity(1, most, most**2, most) for most in (20, 400))
    return Shape(
        "person",
        (axis(cells),),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            Vector("visits", Counting.TOTAL, 1, 10**12, visits, (0, 20)),
            Vector("years", Counting.TOTAL, 10, 10**12, years, (0, 400)),
        ),
        (RATIO,),
    )


def plan_of(**widths: int) -> NoisePlan:
    noises = (VectorNoise(n, "discrete_gaussian", 1.0, 1, h, h, h, h) for n, h in widths.items())
    return NoisePlan(tuple(noises), RHO_NANO)


OFF = st.integers(-100, 100)


@given(visits=st.integers(-(10**5), 10**5), years=st.integers(1, 10**5), offs=st.tuples(OFF, OFF))
def test_an_interval_holds_the_ratio_whenever_both_noises_are_within_theirs(visits, years, offs):
    noisy = {"visits": visits + 60 * offs[0] // 100, "years": years + 500 * offs[1] // 100}

    ends = quotients.ratio_interval(
        shape_of(1), RATIO, noisy, plan=plan_of(rows=1, visits=60, years=500)
    )

    if noisy["years"] <= 500:
        assert ends is None
        return
    assert ends is not None
    assert ends[0] <= Fraction(10 * visits, years) <= ends[1]
    assert ends[0] <= quotients.ratio(shape_of(1), RATIO, noisy) <= ends[1]


def test_published_ratios_cover_the_truth_as_often_as_they_say():
    cells = 3_000
    visits, years = [at % 7 for at in range(500)], [100 + at % 211 for at in range(500)]
    numbers = {"rows": 500, "visits": sum(visits), "years": sum(years)}
    table = Unprotected(shape_of(cells), {name: (one,) * cells for name, one in numbers.items()})

    (column,) = protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, None)).columns

    truth = Decimal(10 * sum(visits)) / sum(years)
    shown = [cell for cell in column if cell.status == Status.SHOWN]
    assert len(shown) == cells
    within = sum(cell.low <= truth <= cell.high for cell in shown)
    assert binomial_tails(within, trials=cells, p=0.95)[0] > FALSE_ALARM
    assert abs(statistics.mean(cell.value for cell in shown) - truth) < truth / 50


def test_both_sums_of_a_ratio_get_more_than_the_count_that_hides():
    plan = noise_plan(shape_of(1), DP_RULES, rho_nano=5_000)
    assert {one.vector: one.rho_nano for one in plan.vectors} == {
        "rows": 1_000,
        "visits": 2_000,
        "years": 2_000,
    }


def test_the_preview_tells_the_precision_of_values_in_the_middle_of_their_bounds():
    (ratio,) = expect(shape_of(4), DP_RULES, rho_nano=RHO_NANO)
    widths = [width for _, width in ratio.at_sizes if width is not None]
    assert ratio.half_width is None
    assert widths == sorted(widths, reverse=True)
    assert Decimal(0) < widths[-1] < Decimal("0.05")
