"""Is a log odds ratio that of logistic regression, and does its interval hold the truth?"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from disclosure_control.dp import logistic
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.preview import expect
from disclosure_control.errors import Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import MOST_PATTERNS, require_publishable
from disclosure_control.tables import (
    Axis,
    Bands,
    Counting,
    Kind,
    Patterns,
    Published,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import DP_RULES, NOISY, ONE, axis

AGES = Bands(0, 5, 79, 1)  # 16 bands of five years
TRUTH = Bands()
RHO_NANO = 100_000_000
BASE, BY_AGE, BY_SMOKING = -1.5, 0.04, 0.7


def shape_of(cells: int | Axis, *, told: int = 0) -> Shape:
    """Of age, a disease and smoking: the disease is explained."""
    patterns = Patterns("patterns", (AGES, TRUTH, TRUTH), 1, told)
    return Shape(
        "person",
        (axis(cells) if isinstance(cells, int) else cells,),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            Vector("patterns", Counting.PATTERNS, 1, 10**9, ONE, bins=patterns.bins),
        ),
        (Published("odds", "Odds", Kind.LOG_ODDS, "rows", None, 4, patterns=patterns),),
    )


def people(source, number: int):
    age = np.clip(source.normal(45, 15, number), 0, 79).astype(int)
    smokes = source.random(number) < 0.2 + 0.004 * age
    chance = 1 / (1 + np.exp(-(BASE + BY_AGE * (age - 45) + BY_SMOKING * smokes)))
    return age, source.random(number) < chance, smokes


def counted(columns) -> list[int]:
    age, ill, smokes = columns
    places = (age // 5) * 4 + ill * 2 + smokes
    return np.bincount(places, minlength=64).tolist()


def table_of(shape: Shape, cells: list[list[int]]) -> Unprotected:
    values = {
        "rows": tuple(sum(cell) for cell in cells),
        "patterns": tuple(count for cell in cells for count in cell),
    }
    return Unprotected(shape, values)


def newton(points, yes, rows):
    """Maximum likelihood by numpy, and its inverse information."""
    found = np.zeros(points.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-points @ found))
        information = (points * (rows * p * (1 - p))[:, None]).T @ points
        found = found + np.linalg.solve(information, points.T @ (yes - rows * p))
    return found, np.linalg.inv(information)


@pytest.mark.parametrize(("told", "place"), [(0, 1), (2, 2)])
def test_without_noise_it_is_the_estimate_and_interval_of_any_textbook(told, place):
    counts = counted(people(np.random.default_rng(1), 3000))
    (column,) = shape_of(1, told=told).published
    answer = logistic.log_odds(column.patterns, counts, scale=1, variance=1e-12)

    grid = np.array(counts).reshape(16, 2, 2)
    middles = np.arange(16) * 5 + 2.0
    points = np.array([[1, age, smokes] for age in middles for smokes in (0, 1)])
    yes, rows = grid[:, 1, :].reshape(-1), grid.sum(axis=1).reshape(-1)
    found, covariance = newton(points, yes, rows)
    error = math.sqrt(covariance[place, place])

    assert float(answer.value) == pytest.approx(found[place], rel=1e-6)
    assert float(answer.interval[0]) == pytest.approx(found[place] - 1.96 * error, rel=1e-3)
    assert float(answer.interval[1]) == pytest.approx(found[place] + 1.96 * error, rel=1e-3)


def test_a_scale_of_counts_changes_nothing():
    counts = counted(people(np.random.default_rng(1), 3000))
    (column,) = shape_of(1).published
    one = logistic.log_odds(column.patterns, counts, scale=1, variance=4.0)
    ten = logistic.log_odds(
        column.patterns, [10 * count for count in counts], scale=10, variance=400.0
    )
    assert float(one.value) == pytest.approx(float(ten.value))
    assert float(one.interval[0]) == pytest.approx(float(ten.interval[0]))


@pytest.mark.parametrize(("each", "told"), [(2_000, 0), (2_000, 2), (10_000, 0), (10_000, 2)])
def test_intervals_hold_planted_effects_in_93_to_97_of_100_samples(each, told):
    """Sampling and noise together; every sample is another cell of one table."""
    cells = 800
    truth = BY_AGE if told == 0 else BY_SMOKING
    source = np.random.default_rng(each + told)
    shape = shape_of(cells, told=told)
    samples = [counted(people(source, each)) for _ in range(cells)]
    table = protect(
        table_of(shape, samples), policy=NOISY, grant=NoiseGrant(RHO_NANO, "discrete_gaussian")
    )
    told_cells = [cell for cell in table.columns[0] if cell.status is Status.SHOWN]
    held = sum(float(cell.low) <= truth <= float(cell.high) for cell in told_cells)

    assert len(told_cells) > 0.9 * cells
    assert binomial_tails(held, trials=len(told_cells), p=0.93)[0] > FALSE_ALARM
    assert binomial_tails(held, trials=len(told_cells), p=0.97)[1] > FALSE_ALARM


@pytest.mark.parametrize("counts", [[0] * 64, [50, 0, 0, 0] * 16, [5, 0, 5, 0] * 16])
def test_nothing_is_told_where_noise_is_all_there_is(counts):
    """Of nobody, of who never is ill, and of whose smoking does not vary."""
    shape = shape_of(200, told=2)
    table = protect(table_of(shape, [counts] * 200), policy=NOISY, grant=NoiseGrant(10_000_000))
    told = sum(cell.status is Status.SHOWN for cell in table.columns[0])
    assert told <= 2
    assert {one.rule for one in table.record.findings} >= {"bounded-interval"}


@pytest.mark.parametrize("largest", [1, 30, 10**6, 10**15])
def test_no_noise_ends_in_an_error(largest):
    """Whatever integers come: budget was spent on them."""
    (column,) = shape_of(1).published
    source = np.random.default_rng(7)
    for least in (-largest, 0):
        for counts in source.integers(least, largest + 1, (300, 64)).tolist():
            told = logistic.log_odds(column.patterns, counts, scale=1, variance=25.0)
            assert told is None or told.interval[0] <= told.value <= told.interval[1]
    for counts in ([1] * 64, [0, 0, largest, 0] * 16, [largest] + [0] * 63):
        logistic.log_odds(column.patterns, counts, scale=1, variance=25.0)


def test_before_asking_it_is_told_what_it_is_worth():
    (expected,) = expect(shape_of(1), DP_RULES, rho_nano=RHO_NANO)
    widths = dict(expected.at_sizes)
    assert widths[20] is None
    assert 0 < widths[5000] < 0.02


def test_the_record_says_what_its_interval_takes_for_granted():
    shape = shape_of(1)
    counts = counted(people(np.random.default_rng(5), 5000))
    record = protect(table_of(shape, [counts]), policy=NOISY, grant=NoiseGrant(RHO_NANO)).record
    assert any("logistic model holds" in text for text in record.leaves_out)
    assert {one.vector for one in record.noise} == {"rows", "patterns"}
    assert sum(one.rho_nano for one in record.noise) <= RHO_NANO


def test_middles_stand_for_bands():
    assert TRUTH.middles == (0, 1)
    assert Bands(0, 4, 9, 10).middles == (Fraction(15, 100), Fraction(55, 100), Fraction(85, 100))


PATTERNS = shape_of(1).published[0].patterns


@pytest.mark.parametrize(
    "patterns",
    [
        None,
        replace(PATTERNS, vector="rows"),
        replace(PATTERNS, vector="nowhere"),
        replace(PATTERNS, told=1),
        replace(PATTERNS, told=3),
        replace(PATTERNS, explained=0, told=1),
        replace(PATTERNS, numbers=(AGES, TRUTH)),
        replace(PATTERNS, numbers=(replace(AGES, width=0), TRUTH, TRUTH)),
    ],
)
def test_patterns_that_do_not_fit_are_refused(patterns):
    shape = shape_of(1)
    require_publishable(shape, NOISY)
    with pytest.raises(Refused):
        require_publishable(
            replace(shape, published=(replace(shape.published[0], patterns=patterns),)), NOISY
        )


def test_more_patterns_than_can_be_fitted_in_time_and_totals_are_refused():
    require_publishable(shape_of(MOST_PATTERNS // 64), NOISY)
    with pytest.raises(Refused):
        require_publishable(shape_of(MOST_PATTERNS // 64 + 1), NOISY)
    with pytest.raises(Refused):
        require_publishable(shape_of(Axis("area", ("a", "b", "Total"), total=True)), NOISY)
