"""Is a quantile chosen near its rank, at its price, and is it between its ends as often as told?"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure_control.dp import choice, mechanisms, scales, selection
from disclosure_control.dp.accounting import noise_plan
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails, chi_square_tail
from disclosure_control.dp.preview import CELL_SIZES, expect
from disclosure_control.dp.selection import End, Selection
from disclosure_control.errors import Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import MOST_BINS, require_publishable
from disclosure_control.tables import (
    Counting,
    Kind,
    Published,
    Quantile,
    Sensitivity,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import DP_RULES, EXACT, NOISY, ONE, RHO_NANO, axis

LOW, LAST, WIDTH = 100, 599, 5
BINS = 100


def shape_of(cells: int, *, part: int = 1, parts: int = 2, moved: int = 1) -> Shape:
    one = Sensitivity(l0=moved, l1=moved, l2_squared=moved**2, linf=moved)
    quantile = Quantile("histogram", part, parts, LOW, WIDTH, LAST, 10)
    return Shape(
        "person",
        (axis(cells),),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            Vector("histogram", Counting.HISTOGRAM, 1, 10**9, one, bins=BINS),
        ),
        (Published("median_x", "Median", Kind.QUANTILE, "rows", None, 1, quantile=quantile),),
    )


def selection_of(shape: Shape, end: End) -> Selection:
    return next(one for one in selection.selections(shape) if one.end is end)


def histogram_of(values: list[int]) -> list[int]:
    counts = Counter((value - LOW) // WIDTH for value in values)
    return [counts[place] for place in range(BINS)]


VALUES = st.lists(st.integers(LOW, LAST), max_size=30)
LEVELS = st.sampled_from([(1, 2), (1, 4), (9, 10), (1, 100), (99, 100)])


@given(values=VALUES, more=st.integers(LOW, LAST), level=LEVELS, reach=st.integers(0, 5000))
@pytest.mark.parametrize("end", list(End))
def test_one_row_moves_no_distance_further_than_declared(end, values, more, level, reach):
    one = selection_of(shape_of(1, part=level[0], parts=level[1]), end)
    before, after = (
        choice.distances(one, np.array([histogram_of(rows)]), reach=reach)[0]
        for rows in (values, [*values, more])
    )
    assert max(abs(before - after)) <= one.moved
    assert len(before) == one.bins


@given(values=VALUES.filter(bool), level=LEVELS)
def test_the_bin_of_the_quantile_is_at_distance_zero(values, level):
    part, parts = level
    one = selection_of(shape_of(1, part=part, parts=parts), End.MIDDLE)
    (nearest,) = choice.distances(one, np.array([histogram_of(values)]), reach=0)
    at = (sorted(values)[math.ceil(len(values) * part / parts) - 1] - LOW) // WIDTH
    assert nearest[at] == 0
    assert min(nearest) == 0


@given(values=VALUES, level=LEVELS, reach=st.integers(1, 5000))
@pytest.mark.parametrize("end", [End.LOWER, End.UPPER])
def test_a_bin_on_the_wrong_side_of_the_quantile_is_at_least_a_reach_away(
    end, values, level, reach
):
    """So an end fails only where a distance is chosen that is as unlikely as ``reach`` says."""
    part, parts = level
    shape = shape_of(1, part=part, parts=parts)
    one = selection_of(shape, end)
    (apart,) = choice.distances(one, np.array([histogram_of(values)]), reach=reach)
    assert min(apart) == 0
    if not values:
        return
    quantile = sorted(values)[math.ceil(len(values) * part / parts) - 1]
    first = -1 if end is End.LOWER else 0
    for at, distance in enumerate(apart):
        low, high = selection.span(one.quantile, first + at)
        wrong = low * 10 > quantile if end is End.LOWER else high * 10 < quantile
        assert not wrong or distance >= reach


def test_choices_follow_the_law_of_the_exponential_mechanism():
    """P(bin) is proportional to exp(-distance / scale), whatever draws it."""
    scale, draws = 7.0, 20_000
    numbers = [12, 3, 0, 0, 5, 30, 8, 20, 1, 14, 2]
    weights = [math.exp(-number / scale) for number in numbers]
    choose = mechanisms.chooser(scale=scale, moved=1).choose
    counts = Counter(choose(np.array([numbers] * draws)))
    observed = [counts[at] for at in range(len(numbers))]
    expected = [draws * weight / sum(weights) for weight in weights]
    assert chi_square_tail(observed, expected) > FALSE_ALARM


@pytest.mark.parametrize("moved", [1, 3, 99 * 10**6 * 20])
def test_a_choice_costs_its_share_and_no_more(moved):
    scale = scales.scale_for(moved**2, rho_nano=RHO_NANO)
    assert 0.999 * RHO_NANO < mechanisms.chooser(scale=scale, moved=moved).rho_nano <= RHO_NANO


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan, 1])
def test_an_unsound_scale_is_refused(wrong):
    with pytest.raises(Refused):
        mechanisms.chooser(scale=wrong, moved=1)


@pytest.mark.parametrize(
    "numbers", [[], [[]], [1], [[2**62]], [[-(2**62)]], [[-(2**63)]], [[1.0]], [[True]]]
)
def test_what_are_no_whole_numbers_is_refused(numbers):
    choose = mechanisms.chooser(scale=1.0, moved=1).choose
    with pytest.raises(Refused):
        choose(np.array(numbers))


def test_a_table_without_cells_has_no_choices():
    """As of texts of which none is told: no reason to fail, which would tell of the data."""
    assert mechanisms.chooser(scale=1.0, moved=1).choose(np.zeros((0, 5), dtype=np.int64)) == ()
    assert choice.by_cell((), bins=5).shape == (0, 5)


@given(st.floats(0.5, 10**12), st.integers(2, 2**14), st.sampled_from(["0.05", "0.025", "1e-9"]))
def test_a_reach_is_passed_as_rarely_as_told(scale, bins, alpha):
    reach = selection.reach(scale, bins=bins, alpha=Decimal(alpha))
    assert bins * math.exp(-reach / scale) <= float(alpha) * (1 + 1e-9)
    assert bins * math.exp(-(reach - 2) / scale) >= float(alpha) * (1 - 1e-9)


@pytest.mark.parametrize("level", [(1, 2), (1, 10), (19, 20)])
@pytest.mark.parametrize("people", [40, 1500])
def test_published_intervals_cover_the_quantile_as_often_as_they_say(level, people):
    """Through the door, with a skewed distribution and ties; cells too small as well."""
    cells, (part, parts) = 1_000, level
    shape = shape_of(cells, part=part, parts=parts)
    values = [LOW + (at * at * 7919) % 90 if at % 3 else 250 for at in range(people)]
    values = [min(value * 2 if at % 10 == 0 else value, LAST) for at, value in enumerate(values)]
    histogram = tuple(histogram_of(values))
    table = Unprotected(shape, {"rows": (people,) * cells, "histogram": histogram * cells})

    protected = protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, None))

    truth = Decimal(sorted(values)[math.ceil(people * part / parts) - 1]) / 10
    shown = [cell for cell in protected.columns[0] if cell.status == Status.SHOWN]
    assert len(shown) > cells / 2
    assert all(cell.low <= cell.value <= cell.high for cell in shown)
    assert all(Decimal(LOW) / 10 <= cell.low <= cell.high <= Decimal(LAST) / 10 for cell in shown)
    within = sum(cell.low <= truth <= cell.high for cell in shown)
    assert binomial_tails(within, trials=len(shown), p=0.95)[0] > FALSE_ALARM
    statements = {one.vector: one for one in protected.record.noise}
    assert statements["median_x, quantile"].mechanism == "noisy_max"
    assert sum(one.rho_nano for one in protected.record.noise) <= RHO_NANO


def test_a_median_is_within_a_few_ranks():
    cells, people = 500, 10_000
    histogram = tuple(histogram_of([LOW + at % 500 for at in range(people)]))
    table = Unprotected(
        shape_of(cells),
        {"rows": (people,) * cells, "histogram": histogram * cells},
    )
    protected = protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, None))
    apart = [abs(cell.value - Decimal("34.95")) for cell in protected.columns[0]]
    assert sum(apart) / cells < Decimal("0.6")  # a bin is 0.5 wide and holds 100 people


def test_each_neighbouring_cell_is_chosen_by_fresh_noise():
    cells, people = 200, 60
    histogram = tuple(histogram_of([LOW + at * 8 for at in range(people)]))
    table = Unprotected(
        shape_of(cells),
        {"rows": (people,) * cells, "histogram": histogram * cells},
    )
    cells_shown = [
        tuple(c.value for c in protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO)).columns[0])
        for _ in range(2)
    ]
    assert cells_shown[0] != cells_shown[1]
    assert len(set(cells_shown[0])) > 3


def test_the_plan_pays_for_the_quantile_and_its_ends():
    plan = noise_plan(shape_of(3), DP_RULES, rho_nano=6_000)
    assert {one.vector: one.rho_nano for one in (*plan.vectors, *plan.selections)} == {
        "rows": 1_000,
        "median_x, quantile": 3_000,
        "median_x, lower end": 1_000,
        "median_x, upper end": 1_000,
    }


def test_the_preview_tells_percentage_points_by_size():
    (median,) = expect(shape_of(4), DP_RULES, rho_nano=RHO_NANO)
    assert median.half_width is None
    assert median.mechanism == "noisy_max"
    widths = [width for size, width in median.at_sizes if size in CELL_SIZES]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 100
    assert widths[-1] < 10


FAULTS = {
    "no quantile": {"quantile": None},
    "of nothing": {"quantile": Quantile("nowhere", 1, 2, LOW, WIDTH, LAST, 10)},
    "of a count": {"quantile": Quantile("rows", 1, 2, LOW, WIDTH, LAST, 10)},
    "of all": {"quantile": Quantile("histogram", 2, 2, LOW, WIDTH, LAST, 10)},
    "of none": {"quantile": Quantile("histogram", 0, 2, LOW, WIDTH, LAST, 10)},
    "of other bins": {"quantile": Quantile("histogram", 1, 2, LOW, WIDTH + 1, LAST, 10)},
    "of ranks that do not fit": {"quantile": Quantile("histogram", 1, 2**40, LOW, WIDTH, LAST, 10)},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_quantile_without_its_histogram_is_refused(fault):
    shape = shape_of(1)
    column = replace(shape.published[0], **FAULTS[fault])
    with pytest.raises(Refused) as refused:
        require_publishable(replace(shape, published=(column,)), NOISY)
    assert refused.value.detail == "a column reads no such vector"


def test_bins_are_for_histograms_and_not_too_many():
    shape = shape_of(1)
    rows, histogram = shape.vectors
    for vectors, detail in (
        ((replace(rows, bins=2), histogram), "a histogram has no bins"),
        ((rows, replace(histogram, bins=MOST_BINS + 1)), "a histogram is too fine"),
    ):
        with pytest.raises(Refused) as refused:
            require_publishable(replace(shape, vectors=vectors), NOISY)
        assert detail in refused.value.detail


def test_exact_tables_have_no_quantiles():
    shape = shape_of(1)
    bare = replace(shape, vectors=tuple(replace(one, sensitivity=None) for one in shape.vectors))
    with pytest.raises(Refused) as refused:
        require_publishable(bare, EXACT)
    assert refused.value.detail == "only noisy tables tell this"
