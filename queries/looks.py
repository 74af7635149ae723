"""How is each statistic of a number called, and with how many digits is it shown?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from disclosure_control.tables import Kind
from queries.language import Statistic
from queries.values import number_text

MOST_DIGITS = 9
SLOPE_DIGITS = 2  # more than the number explained has, times the range of what explains it
SHARE_DIGITS = 4
RATIO_DIGITS = 4  # more than the number has that is divided
QUARTILES = {
    Decimal("0.25"): "lower quartile",
    Decimal("0.5"): "median",
    Decimal("0.75"): "upper quartile",
}


@dataclass(frozen=True, slots=True)
class Looks:
    """How a number that is added up is published: with ``digits`` more than its values have.

    ``power``: of the values' unit, in which the number is measured.
    """

    title: str
    kind: Kind
    digits: int
    power: int = 1


LOOKS = {
    Statistic.SUM: Looks("Sum of", Kind.SUM, 0),
    Statistic.NONNEGATIVE_SUM: Looks("Sum, not below zero, of", Kind.NONNEGATIVE_SUM, 0),
    Statistic.MEAN: Looks("Mean of", Kind.MEAN, 1),
    Statistic.VARIANCE: Looks("Variance of", Kind.VARIANCE, 1, power=2),
    Statistic.STDDEV: Looks("Standard deviation of", Kind.STDDEV, 1),
}
PROPORTION = Looks("Proportion with", Kind.MEAN, 2)
"""The mean of a yes-or-no feature, whose values are in tenths."""


def ratio_words(of: str, per: str) -> str:
    return f"ratio of {of} to {per}, as sums"


def slope_words(of: str, on: str, *others: str) -> str:
    """Such as "slope of Income on Age, adjusted for Sex"."""
    return f"slope of {of} on {on}{_adjusted(others)}"


def odds_words(of: str, on: str, *others: str) -> str:
    """Such as "log odds ratio of diabetes by Age, adjusted for Sex"."""
    return f"log odds ratio of {of} by {on}{_adjusted(others)}"


def _adjusted(others: tuple[str, ...]) -> str:
    return f", adjusted for {' and '.join(others)}" if others else ""


OF_SEVERAL: dict[Statistic, Callable[..., str]] = {
    Statistic.RATIO: ratio_words,
    Statistic.SLOPE: slope_words,
    Statistic.LOG_ODDS: odds_words,
}


def quantile_words(level: Decimal) -> str:
    """Such as "median" or "10 % quantile"."""
    return QUARTILES.get(level) or f"{number_text(100 * level)} % quantile"
