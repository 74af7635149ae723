"""Sums and the count of their rows, told by one noise. Laws by whole convolutions and by draws."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from disclosure_control.dp import accounting, accuracy, parts
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.preview import cheapest, expect
from disclosure_control.errors import Refused
from disclosure_control.policy import Mechanism
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Shape,
    Unprotected,
    Vector,
)
from tests.small_tables import DP_RULES, NOISY, RHO_NANO, moved_by

MOST = 100


ROWS = Vector("rows", Counting.ROWS, 1, 10**9, moved_by(1))
TOTAL = Vector(
    "total_x", Counting.TOTAL, 1, 10**11, moved_by(MOST), row_bounds=(0, MOST), beside="rows"
)
OTHER = replace(
    TOTAL, name="total_y", sensitivity=moved_by(7), row_bounds=(3, 7), magnitude=7 * 10**9
)
BELOW = -20  # the least of a number whose sum is told from there on
ABOVE = replace(
    TOTAL,
    name="above_x",
    sensitivity=moved_by(MOST - BELOW),
    row_bounds=(0, MOST - BELOW),
    centre=BELOW,
)
COUNT_SHOWN = Published("count", "Number", Kind.COUNT, "rows", None, 0)
SUM_SHOWN = Published("sum_x", "Sum", Kind.SUM, "rows", "total_x", 0)
MEAN_SHOWN = Published("mean_x", "Mean", Kind.MEAN, "rows", "total_x", 3)
ABOVE_SHOWN, MEAN_ABOVE = (replace(one, total="above_x") for one in (SUM_SHOWN, MEAN_SHOWN))
OTHER_SHOWN = Published("sum_y", "Sum of y", Kind.SUM, "rows", "total_y", 0)


def shape(*published: Published, cells: int = 1, total: bool = False) -> Shape:
    axis = Axis("cell", tuple(map(str, range(cells + total))), total=total)
    names = {one.total for one in published}
    totals = [one for one in (TOTAL, OTHER, ABOVE) if one.name in names]
    return Shape("person", (axis,), (ROWS, *totals), published)


def let_out(table: Shape, values: dict[str, int], *, mechanism: str | None = None):
    vectors = {one.name: (values[one.name],) * table.cells for one in table.vectors}
    grant = NoiseGrant(RHO_NANO, mechanism)
    return protect(Unprotected(table, vectors), policy=NOISY, grant=grant)


# The law of the noise.


def _weights(mechanism: str, scale: float, reach: int) -> list[float]:
    far = (
        (lambda k: math.exp(-abs(k) / scale))
        if mechanism == Mechanism.LAPLACE
        else (lambda k: math.exp(-k * k / (2 * scale * scale)))
    )
    weights = [far(k) for k in range(-reach, reach + 1)]
    whole = math.fsum(weights)
    return [one / whole for one in weights]


def _convolved(laws: list[dict[Fraction, float]]) -> dict[Fraction, float]:
    found = {Fraction(0): 1.0}
    for law in laws:
        after: dict[Fraction, float] = {}
        for (a, p), (b, q) in product(found.items(), law.items()):
            after[a + b] = after.get(a + b, 0.0) + p * q
        found = after
    return found


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("alpha", [accuracy.PER_CELL, accuracy.EACH_OF_TWO, Decimal("0.001")])
@pytest.mark.parametrize(
    "terms",
    [
        [(Fraction(1), 0.7)] * 2,
        [(Fraction(1), 2.5)] * 2,
        [(Fraction(1, 10), 9.0)] * 2,
        [(Fraction(1, 2), 1.1)] * 4,
        [
            (Fraction(1, 6), 4.0),
            (Fraction(1, 6), 4.0),
            (Fraction(1, 2), 1.3),
            (Fraction(1, 2), 1.3),
        ],
    ],
)
def test_a_half_width_of_a_mixture_holds_by_its_whole_law(mechanism, alpha, terms):
    laws = []
    for step, scale in terms:
        reach = int(30 * scale) if mechanism == Mechanism.LAPLACE else int(9 * scale) + 2
        weights = _weights(mechanism, scale, reach)
        laws.append({step * (at - reach): p for at, p in enumerate(weights)})
    law = _convolved(laws)

    h = accuracy.half_width_of_mixture(mechanism, terms=terms, alpha=alpha)

    assert math.fsum(p for at, p in law.items() if abs(at) > h) <= float(alpha)
    steps = float(sum(step for step, _ in terms))
    nearer = h - 2 * steps - 1  # by the steps that it has on top, and one for the whole number
    if mechanism == Mechanism.GAUSSIAN or len({step for step, _ in terms}) == 1:
        assert math.fsum(p for at, p in law.items() if abs(at) > nearer) > float(alpha)


def test_the_tail_of_two_laplaces_is_the_known_one():
    """(2 + y) exp(-y) / 2 on both sides together."""
    for y in (Decimal("0.5"), Decimal(3), Decimal(11)):
        known = (2 + y) * (-y).exp() / 2
        assert abs(accuracy._tail_of_laplaces(2, y) - known) < Decimal("1e-20")


# What it costs and what it is worth.


@pytest.mark.parametrize("mechanism", Mechanism)
def test_a_sum_takes_the_whole_charge_and_its_count_none(mechanism):
    plan = accounting.noise_plan(shape(SUM_SHOWN), DP_RULES, rho_nano=RHO_NANO, mechanism=mechanism)
    alone = replace(shape(SUM_SHOWN), vectors=(replace(TOTAL, beside=None),))
    noise = accounting.noise_plan(alone, DP_RULES, rho_nano=RHO_NANO, mechanism=mechanism)

    assert [(one.vector, one.rho_nano) for one in plan.vectors] == [("total_x", RHO_NANO)]
    assert plan.of("total_x") == noise.of("total_x")
    assert plan.of("rows").rho_nano == 0
    each = plan.of("total_x").variance / MOST**2
    assert plan.of("rows").variance == pytest.approx(2 * each)


def test_a_sum_from_below_zero_is_as_exact_as_both_ends_are_far():
    """U**2 + L**2, where a noise for the sum alone would be as of 1.5 U**2."""
    plan = accounting.noise_plan(shape(ABOVE_SHOWN), DP_RULES, rho_nano=RHO_NANO)
    each = plan.of("above_x").variance / (MOST - BELOW) ** 2

    assert plan.of("above_x+").variance == pytest.approx(each * (MOST**2 + BELOW**2))
    assert plan.of("rows").variance == pytest.approx(2 * each)


def test_a_sum_is_told_from_its_least_value_on_with_its_own_count_alone():
    """Any other count would not say how often that value is to be added again."""
    other = replace(ROWS, name="others")
    apart = replace(ABOVE_SHOWN, count="others")
    table = Shape("person", (Axis("cell", ("0",)),), (ROWS, other, ABOVE), (apart,))
    with pytest.raises(Refused):
        let_out(table, {"rows": 5, "others": 5, "above_x": 5})


def test_a_sum_asked_with_its_count_costs_a_third_less_than_apart():
    """At the half-width that a sum had where a count beside it took a third of the charge."""
    whole = cheapest(shape(SUM_SHOWN), DP_RULES, within=Decimal(1_000))
    apart = Shape(
        "person", (Axis("cell", ("0",)),), (ROWS, replace(TOTAL, beside=None)), (SUM_SHOWN,)
    )

    assert whole / cheapest(apart, DP_RULES, within=Decimal(1_000)) == pytest.approx(
        2 / 3, rel=0.01
    )


def test_counts_are_the_mean_of_what_several_sums_say():
    plan = accounting.noise_plan(shape(SUM_SHOWN, OTHER_SHOWN), DP_RULES, rho_nano=RHO_NANO)

    assert [one.rho_nano for one in plan.vectors] == [RHO_NANO // 2] * 2
    one, other = plan.vectors
    each = (2 * one.variance / MOST**2 + 2 * other.variance / 7**2) / 4
    assert plan.of("rows").variance == pytest.approx(each)


def test_who_differs_in_mechanism_says_nothing_of_the_count():
    """Where the planner ever takes both, the count is told by those that have the first's."""
    table = shape(SUM_SHOWN, OTHER_SHOWN)
    noises = accounting.noise_plan(table, DP_RULES, rho_nano=RHO_NANO).vectors
    mixed = (noises[0], replace(noises[1], mechanism="another"))

    assert accounting.telling(table, "rows", noises) == (TOTAL, OTHER)
    assert accounting.telling(table, "rows", mixed) == (TOTAL,)


# What is told.


@pytest.mark.parametrize("moved_by", [0, BELOW])
@pytest.mark.parametrize(
    ("mechanism", "total"),
    [(Mechanism.LAPLACE, False), (Mechanism.GAUSSIAN, False), (Mechanism.GAUSSIAN, True)],
)
def test_intervals_of_count_sum_and_mean_cover_the_truth(mechanism, total, moved_by):
    cells = 4_000 if not total else 60
    times = 1 if not total else 60
    missed = {"count": 0, "sum_x": 0, "mean_x": 0}
    cells_seen = 0
    for _ in range(times):
        shown = (ABOVE_SHOWN, MEAN_ABOVE) if moved_by else (SUM_SHOWN, MEAN_SHOWN)
        table = shape(COUNT_SHOWN, *shown, cells=cells, total=total)
        true = {"rows": 500, "total_x": 500 * 20, "above_x": 500 * (20 - BELOW)}
        told = let_out(table, true, mechanism=mechanism)
        for column, shown in zip(told.published, told.columns, strict=True):
            exact = {"count": 500, "sum_x": 10_000, "mean_x": 20}[column.name]
            here = shown[:cells]
            missed[column.name] += sum(not one.low <= exact <= one.high for one in here)
        cells_seen += cells

    for name, often in missed.items():
        assert binomial_tails(often, trials=cells_seen, p=0.05)[1] > FALSE_ALARM, name
    assert min(missed["count"], missed["sum_x"]) > 0.01 * cells_seen


@pytest.mark.parametrize("summed", [SUM_SHOWN, ABOVE_SHOWN])
def test_half_widths_are_those_of_the_preview(summed):
    table = shape(COUNT_SHOWN, summed, cells=3)
    expected = {one.name: one.half_width for one in expect(table, DP_RULES, rho_nano=RHO_NANO)}
    told = let_out(table, {"rows": 5_000, "total_x": 100_000, "above_x": 200_000})

    for column, cells in zip(told.published, told.columns, strict=True):
        assert {one.half_width for one in cells} == {expected[column.name]}


def test_a_mean_at_a_size_is_as_exact_as_the_preview_says():
    (_, expected) = expect(shape(SUM_SHOWN, MEAN_SHOWN), DP_RULES, rho_nano=RHO_NANO)
    widths = dict(expected.at_sizes)
    told = let_out(
        shape(SUM_SHOWN, MEAN_SHOWN, cells=50), {"rows": 5_000, "total_x": 5_000 * MOST // 2}
    )

    halves = [(one.high - one.low) / 2 for one in told.columns[1]]
    assert all(abs(half - widths[5000]) <= widths[5000] / 20 for half in halves)


def test_the_record_says_with_which_count_a_noise_is_told():
    table = shape(SUM_SHOWN, cells=2)
    (noise,) = let_out(table, {"rows": 50, "total_x": 100}).record.noise

    assert (noise.vector, noise.beside, noise.rho_nano) == ("total_x", "rows", RHO_NANO)


def test_hidden_where_the_count_that_is_told_is_small():
    told = let_out(shape(SUM_SHOWN, cells=50), {"rows": 0, "total_x": 0})
    shown = [one for one in told.columns[0] if one.value is not None]

    assert len(shown) < 25


# What no plan may ask for.


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TOTAL, row_bounds=(-1, MOST)),
        replace(TOTAL, row_bounds=(0, 0)),
        replace(TOTAL, row_bounds=None),
        replace(TOTAL, beside="nobody"),
        replace(TOTAL, beside="total_x"),
        replace(TOTAL, sensitivity=moved_by(MOST - 1)),
        replace(TOTAL, sensitivity=replace(moved_by(MOST), l2_squared=MOST**2 - 1)),
    ],
)
def test_a_total_that_cannot_be_parted_is_refused(wrong):
    table = replace(shape(SUM_SHOWN), vectors=(ROWS, wrong))
    with pytest.raises(Refused):
        let_out(table, {"rows": 5, "total_x": 5})


def test_a_count_that_decides_which_keys_are_told_keeps_a_noise_of_its_own():
    axis = Axis("key", ("0", "1"), unknown=True)
    units = replace(ROWS, name="units", counts=Counting.UNITS)
    vectors = (units, replace(TOTAL, beside="units"))
    table = Shape("person", (axis,), vectors, (replace(SUM_SHOWN, count="units"),))
    policy = replace(NOISY, dp=replace(DP_RULES, key_delta_femto=10**6))
    values = {"units": (5, 5), "total_x": (5, 5)}

    with pytest.raises(Refused) as refused:
        protect(Unprotected(table, values, ("a", "b")), policy=policy, grant=NoiseGrant(RHO_NANO))
    assert "no such count beside it" in refused.value.detail


def test_a_total_beyond_what_its_rows_may_add_is_refused():
    with pytest.raises(Refused) as refused:
        parts.rest(TOTAL, (MOST * 3 + 1,), (3,))
    assert "more than its rows may add" in refused.value.detail
    assert parts.rest(TOTAL, (MOST * 3, 0), (3, 3)) == (0, MOST * 3)
