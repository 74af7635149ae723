"""Is a slope that of least squares, and does its interval hold the truth as often as it says?"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest

from disclosure_control.dp import regression
from disclosure_control.dp.accounting import NoisePlan, VectorNoise, noise_plan
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.preview import expect
from disclosure_control.errors import Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Regression,
    Sensitivity,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import DP_RULES, NOISY, ONE, axis

REACH = 1_000  # of every number, in thousandths of what it stands for
PLANTED = (0.3, -0.2, 0.0)  # of the numbers that explain
RHO_NANO = 100_000_000


def moved(most: int) -> Sensitivity:
    return Sensitivity(1, most, most**2, most)


def shape_of(cells: int | Axis, *, numbers: int = 3) -> Shape:
    """``numbers`` that explain and one that is explained, one row a person."""
    names = [f"x{at}" for at in range(numbers)] + ["y"]
    pairs = [f"{a}.{b}" for a, b in combinations_with_replacement(names, 2)]
    squares = [f"{one}.{one}" for one in names]
    return Shape(
        "person",
        (axis(cells) if isinstance(cells, int) else cells,),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            *(
                Vector(one, Counting.TOTAL, 1000, 10**12, moved(REACH), (-REACH, REACH))
                for one in names
            ),
            *(
                Vector(
                    pair,
                    Counting.TOTAL,
                    10**6,
                    10**15,
                    moved(REACH**2),
                    (0 if pair in squares else -(REACH**2), REACH**2),
                )
                for pair in pairs
            ),
        ),
        (
            Published(
                "slope", "Slope of y on x0", Kind.SLOPE, "rows", None, 4,
                regression=Regression(tuple(names), tuple(pairs)),
            ),
        ),
    )  # fmt: skip


def people(source, number: int, *, numbers: int = 3):
    """Explaining numbers that have to do with each other, and a planted effect of each."""
    shared = source.uniform(-0.5, 0.5, number)
    x = [0.6 * source.uniform(-1, 1, number) + 0.4 * 2 * shared for _ in range(numbers)]
    noise = source.normal(0, 0.15, number)
    y = np.clip(sum(b * own for b, own in zip(PLANTED, x, strict=False)) + noise, -1, 1)
    return [np.rint(one * REACH).astype(np.int64) for one in (*x, y)]


def totals(columns) -> list[int]:
    """In the order of the vectors."""
    pairs = combinations_with_replacement(columns, 2)
    return [
        len(columns[0]),
        *(int(one.sum()) for one in columns),
        *(int((one * other).sum()) for one, other in pairs),
    ]


def table_of(shape: Shape, cells: list[list[int]]) -> Unprotected:
    return Unprotected(
        shape,
        {vector.name: tuple(cell[at] for cell in cells) for at, vector in enumerate(shape.vectors)},
    )


def silent(shape: Shape) -> NoisePlan:
    """So little noise that nothing is seen of it."""
    return NoisePlan(
        tuple(VectorNoise(v.name, "discrete_gaussian", 1e-6, 1, 1, 1, 1, 1) for v in shape.vectors),
        1,
    )


@pytest.mark.parametrize("numbers", [1, 2, 3])
def test_without_noise_it_is_the_slope_and_interval_of_any_textbook(numbers):
    shape = shape_of(1, numbers=numbers)
    columns = people(np.random.default_rng(numbers), 500, numbers=numbers)
    own = dict(zip((v.name for v in shape.vectors), totals(columns), strict=True))
    (column,) = shape.published

    *x, y = (one / REACH for one in columns)
    design = np.column_stack([np.ones(len(y)), *x])
    found, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = ((y - design @ found) ** 2).sum() / (len(y) - numbers - 1)
    error = math.sqrt(residual * np.linalg.inv(design.T @ design)[1, 1])

    low, high = regression.slope_interval(shape, column, own, plan=silent(shape))
    assert float(regression.slope(shape, column, own)) == pytest.approx(found[1])
    assert float(low) == pytest.approx(found[1] - 1.96 * error, abs=1e-4)
    assert float(high) == pytest.approx(found[1] + 1.96 * error, abs=1e-4)


def test_the_variance_of_noise_is_how_far_small_changes_move_the_slope():
    """Of every total by itself: the slope's derivative, by difference."""
    shape = shape_of(1)
    own = dict(
        zip(
            (v.name for v in shape.vectors),
            totals(people(np.random.default_rng(1), 2000)),
            strict=True,
        )
    )
    (column,) = shape.published
    for changed in shape.vectors:
        step = Fraction(changed.scale, 100) if changed.name != "rows" else Fraction(1, 100)
        slopes = [
            regression.slope(shape, column, {**own, changed.name: own[changed.name] + sign * step})
            for sign in (-1, 1)
        ]
        derivative = float((slopes[1] - slopes[0]) / (2 * step))
        loud = NoisePlan(
            tuple(
                replace(one, scale=50.0 if one.vector == changed.name else 1e-9)
                for one in silent(shape).vectors
            ),
            1,
        )
        totals_ = regression._Totals.read(shape, column, own)
        fit = regression._Fit.of(totals_)
        noise = regression._Totals.variances(shape, column, loud)
        assert math.sqrt(fit.noise(noise)) == pytest.approx(
            abs(50 * derivative), rel=1e-3, abs=1e-9
        )


@pytest.mark.parametrize(
    ("each", "rho_nano"), [(600, 10**9), (2_000, RHO_NANO), (20_000, RHO_NANO)]
)
def test_intervals_hold_planted_effects_in_93_to_97_of_100_samples(each, rho_nano):
    """Sampling and noise together; every sample is another cell of one table."""
    cells = 1_200
    source = np.random.default_rng(each)
    shape = shape_of(cells)
    samples = [totals(people(source, each)) for _ in range(cells)]
    table = protect(
        table_of(shape, samples), policy=NOISY, grant=NoiseGrant(rho_nano, "discrete_gaussian")
    )
    told = [cell for cell in table.columns[0] if cell.status is Status.SHOWN]
    held = sum(float(cell.low) <= PLANTED[0] <= float(cell.high) for cell in told)

    assert len(told) > 0.9 * cells
    assert binomial_tails(held, trials=len(told), p=0.93)[0] > FALSE_ALARM
    assert binomial_tails(held, trials=len(told), p=0.97)[1] > FALSE_ALARM
    assert all(cell.low <= cell.value <= cell.high for cell in told)


def test_a_cell_in_which_noise_is_too_much_of_what_is_known_is_hidden():
    shape = shape_of(300)
    source = np.random.default_rng(2)
    samples = [totals(people(source, 60)) for _ in range(300)]
    table = protect(table_of(shape, samples), policy=NOISY, grant=NoiseGrant(20_000_000))
    assert all(cell.status is Status.SUPPRESSED for cell in table.columns[0])
    rules = {one.rule: one for one in table.record.findings}
    assert rules["bounded-interval"].cells
    assert rules["bounded-interval"].threshold.startswith("noise small")


@pytest.mark.parametrize("numbers", [1, 3])
def test_nothing_is_told_of_numbers_that_do_not_vary(numbers):
    """Noise alone: never a slope, however the noise falls."""
    shape = shape_of(500, numbers=numbers)
    nothing = [[100_000, *[0] * (len(shape.vectors) - 1)]] * 500
    table = protect(table_of(shape, nothing), policy=NOISY, grant=NoiseGrant(RHO_NANO))
    assert all(cell.status is Status.SUPPRESSED for cell in table.columns[0])


@pytest.mark.parametrize("largest", [1, 10**6, 10**15])
def test_no_noise_ends_in_an_error(largest):
    """Whatever integers come: budget was spent on them."""
    shape = shape_of(2_000)
    source = np.random.default_rng(7)
    cells = source.integers(-largest, largest + 1, (2_000, len(shape.vectors))).tolist()
    cells += [[0] * len(shape.vectors), [1] * len(shape.vectors)]
    (column,) = shape.published
    for cell in cells:
        own = dict(zip((v.name for v in shape.vectors), cell, strict=True))
        ends = regression.slope_interval(shape, column, own, plan=silent(shape))
        assert ends is None or ends[0] <= regression.slope(shape, column, own) <= ends[1]


def test_totals_of_a_table_have_slopes_too():
    shape = shape_of(Axis("area", ("a", "b", "Total"), total=True))
    source = np.random.default_rng(3)
    samples = [totals(people(source, 20_000)) for _ in range(2)]
    empty = [0] * len(shape.vectors)
    table = protect(table_of(shape, [*samples, empty]), policy=NOISY, grant=NoiseGrant(RHO_NANO))
    widths = [float(cell.high - cell.low) for cell in table.columns[0]]
    assert widths[2] < min(widths[:2])
    assert all(abs(float(cell.value) - PLANTED[0]) < 0.05 for cell in table.columns[0])
    assert any("independent" in text for text in table.record.leaves_out)


def test_before_asking_it_is_told_what_a_slope_is_worth():
    (expected,) = expect(shape_of(1), DP_RULES, rho_nano=RHO_NANO)
    widths = dict(expected.at_sizes)
    assert expected.half_width is None
    assert widths[20] is None
    assert 0 < widths[5000] < 0.1


def test_every_total_has_its_share():
    plan = noise_plan(shape_of(1), DP_RULES, rho_nano=RHO_NANO)
    shares = {one.vector: one.rho_nano for one in plan.vectors}
    assert len(set(shares.values())) == 2
    assert shares["rows"] < shares["x0"] == shares["y.y"]


@pytest.mark.parametrize(
    "told",
    [
        None,
        Regression(("y",), ("y.y",)),
        Regression(("x0", "y"), ("x0.x0", "x0.y")),
        Regression(("x0", "y"), ("x0.x0", "x0.y", "z")),
        Regression(("x0", "y"), ("x0.x0", "x0.y", "rows")),
    ],
)
def test_totals_that_are_no_square_are_refused(told):
    shape = shape_of(1)
    column = replace(shape.published[0], regression=told)
    require_publishable(shape, NOISY)
    with pytest.raises(Refused):
        require_publishable(replace(shape, published=(column,)), NOISY)
