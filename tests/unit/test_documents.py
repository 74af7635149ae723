"""Do the numbers in the documents hold? Each is computed again from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from disclosure_control import shapes
from disclosure_control.dp import accounting, accuracy
from queries import plan_bins, sql_tokens, validate, validate_conditions, validate_dimensions
from tests.small_tables import DP_RULES, counts_shape

DOCS = Path(__file__).parents[2] / "docs"
USUAL = 20_000_000  # of the cohort's policy
THRESHOLD = 10


def words(name: str) -> str:
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("most", "what"),
    [
        (validate.MOST_FEATURES, "features"),
        (validate.MOST_DIMENSIONS, "dimensions"),
        (validate.MOST_MEASURES, "measures"),
        (validate.MOST_JOINS, "links"),
        (validate_conditions.MOST_CONDITIONS, "conditions"),
        (validate.MOST_VALUES, "listed values"),
        (validate_dimensions.MOST_GRIDS, "tables at once"),
        (sql_tokens.LONGEST_TEXT, "characters"),
        (plan_bins.BINS_OF_A_CELL, "for a cell"),
        (shapes.MOST_BINS, "for the table"),
    ],
)
def test_the_limits_of_the_language_are_those_of_the_manual(most, what):
    assert f"{most} {what}" in words("reference/query-language.md")


def test_the_notice_tells_how_often_intervals_hold_among_shown_cells():
    notice = words("explanation/privacy-notice.md")
    assert f"(ρ = 0.02, threshold {THRESHOLD}, ± {noise().half_width})" in notice
    shown, held = among_shown(0)
    assert f"about {shown:.0%} are shown, and {held:.0%} of".replace("%", " %") in notice
    shown, held = among_shown(5)
    assert f"at 5 it is {shown:.0%} and {held:.0%}".replace("%", " %") in notice
    assert "from 8 on at least 95 %" in notice
    assert among_shown(7)[1] < 0.95 <= min(among_shown(true)[1] for true in range(8, 60))


def noise() -> accounting.VectorNoise:
    plan = accounting.noise_plan(counts_shape(1), DP_RULES, rho_nano=USUAL, mechanism=None)
    return plan.vectors[0]


def among_shown(true: int) -> tuple[float, float]:
    """The share of cells of this true count that are shown, and of those that hold it."""
    half = noise().half_width
    shown = at_least(THRESHOLD - true)
    held = at_least(max(THRESHOLD - true, -half)) - at_least(half + 1)
    return shown, held / shown


def at_least(least: int) -> float:
    """P(noise >= least), exactly; the law is symmetric."""
    if least <= 0:
        return 1 - at_least(1 - least)
    stated = noise()
    return float(accuracy.tail(stated.mechanism, scale=stated.scale, beyond=least - 1).high) / 2
