"""Which integers must be counted, and how far can one unit move each?

The shapes of contribution, with K rows, G groups and M rows in each of the policy, R declared rows
of a unit, S the scale of weights, and m the largest size of what one row adds (1 for a count, the
largest distance from the centre within the declared bounds for a total):

* unit rows: one row a unit, so one cell, by at most m.
* unit totals: all rows of a unit fall in one cell. Counts stop at K. The total of a sum is
  clamped to K·m. The total of a mean is scaled to K rows where there are n > K of them
  (total·K / n, cut towards zero), so that the mean stays one of its rows. At most K·m.
* row weights: a row of a unit with n rows (after filters) weighs ⌊S·K / max(K, n)⌋. A unit's
  weights add up to at most S·K, so it moves the vector by at most S·K·m in all.
* cell weights, where the policy has an M with M·G <= K < R and M < K: a row of a unit with n rows
  in its cell and rows in g cells weighs ⌊S·G·M / (max(G, g)·max(M, n))⌋. A unit's weights add up to
  at most S·M in one cell and S·G·M in all, so L1 <= S·G·M·m and L2² <= S²·G·M²·m².
* distinct units: a unit in g cells weighs ⌊S·G / max(G, g)⌋ in each, so L1 <= S·G and
  L2² <= S²·G.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from disclosure_control.policy import Policy
from disclosure_control.shapes import BINNED
from disclosure_control.tables import Counting, Sensitivity, Vector
from queries.catalogue import Table
from queries.errors import QueryRefused, problem
from queries.plan_measured import Measured

WEIGHT = 10**6
"""S: the integer that stands for the weight 1."""

LIMIT = 2**62
"""Every magnitude stays below it, so that no sum of the engine can overflow."""

ROUND_FIGURE = 2
"""Declared sizes are round figures: magnitudes hold for up to twice as many rows."""


BITS = 62
"""Most cells that one integer holds as a set: up to so many, no table of pairs is made."""


KEY_BITS = 32
"""Of a record key: a whole number from 0 on."""

COUNTED = frozenset({Counting.ROWS, Counting.UNITS, Counting.CONTRIBUTORS, Counting.NEGATIVE})
"""What is a number of rows or units, and not an amount."""


class Contribution(StrEnum):
    """How the rows of one unit add up to a bounded contribution."""

    UNIT_ROWS = "unit rows"
    UNIT_TOTALS = "unit totals"
    ROW_WEIGHTS = "row weights"
    CELL_WEIGHTS = "cell weights"


BY_ROW = frozenset({Contribution.ROW_WEIGHTS, Contribution.CELL_WEIGHTS})
"""Where rows of one unit fall in several cells."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Public numbers that bound a contribution. ``rows`` and ``groups`` are 0 on the SDC track."""

    rows: int  # K, at most R
    groups: int  # G, at most R and the number of cells
    cells: int  # most cells that one unit can be in
    table_rows: int  # most rows of the source
    unit_rows: int  # R
    each: int = 0  # M, at most R; 0: none is declared

    @property
    def by_cell(self) -> bool:
        """Do cell weights need less noise than row weights, and more by no mechanism?

        Not where all rows of a unit count: there none is left out for less noise.
        """
        fewer = 0 < self.each * self.groups <= self.rows and self.each < self.rows
        return fewer and self.rows < self.unit_rows

    @classmethod
    def of(cls, policy: Policy, *, source: Table, cells: int) -> Limits:
        most = source.max_rows_per_unit
        rules = policy.dp
        return cls(
            rows=min(rules.max_rows_per_unit, most) if rules else 0,
            groups=min(rules.max_groups_per_unit, most, cells) if rules else 0,
            cells=min(cells, most),
            table_rows=ROUND_FIGURE * source.declared_rows,
            unit_rows=most,
            each=min(rules.max_rows_per_group_per_unit, most) if rules else 0,
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an engine counts for one vector. ``of`` names a measured number; None counts rows.

    A histogram is a count of rows by ``bins`` of that number, from its lower bound on, each of
    ``width`` of the store's integers. Patterns are counted by ``bands``: names and widths.
    """

    name: str
    counts: Counting
    of: str | None = None
    centre: int = 0
    to_rows: bool = False  # unit totals only: the total of a mean, scaled to K rows
    bins: int = 1
    width: int = 1
    bands: tuple[tuple[str, int], ...] = ()
    beside: str | None = None  # a total with which the count of its rows is told: its name
    whole: bool = False  # every row of a unit counts, or every cell that it is in


def noisy_vector(
    recipe: Recipe, *, of: Measured | None, how: Contribution, limits: Limits, times: int = 1
) -> Vector:
    """A vector of the DP track. Raises QueryRefused where ``times`` a sum might not fit."""
    if recipe.whole:
        return _every_row(recipe, how=how, limits=limits, times=times)
    reach = of.reach(recipe.centre) if of and recipe.counts is Counting.TOTAL else 1
    if recipe.counts in BINNED and how is not Contribution.UNIT_ROWS:
        how = Contribution.ROW_WEIGHTS  # rows of one unit fall in several bins
    weighted = how in BY_ROW
    scale = WEIGHT if weighted else 1
    if weighted and recipe.counts is Counting.UNITS:
        moved = Sensitivity(
            l0=limits.cells,
            l1=WEIGHT * limits.groups,
            l2_squared=WEIGHT**2 * limits.groups,
            linf=WEIGHT,
        )
    elif how is Contribution.CELL_WEIGHTS:
        moved = _in_every_cell(reach=WEIGHT * limits.each * reach, limits=limits)
    else:
        moved = _in_one_direction(recipe, reach=reach, how=how, limits=limits)
    decimals = of.decimals if of and recipe.counts is Counting.TOTAL else 0
    return Vector(
        name=recipe.name,
        counts=recipe.counts,
        scale=scale * 10**decimals,
        magnitude=_fitting(scale * reach, of=of, limits=limits, times=times),
        sensitivity=moved,
        centre=recipe.centre,
        row_bounds=_less_centre(of, recipe.centre) if recipe.counts is Counting.TOTAL else None,
        step=of.step if of else 1,
        bins=recipe.bins,
        beside=recipe.beside,
    )


def _in_every_cell(*, reach: int, limits: Limits) -> Sensitivity:
    """A unit may add as much to each of several cells."""
    groups = limits.groups
    return Sensitivity(l0=limits.cells, l1=groups * reach, l2_squared=groups * reach**2, linf=reach)


def _every_row(recipe: Recipe, *, how: Contribution, limits: Limits, times: int) -> Vector:
    """Of all rows that a unit may have, in whichever cells; or of all cells that it may be in."""
    most = limits.unit_rows
    cells = limits.cells if how in BY_ROW else 1
    if recipe.counts is Counting.UNITS:
        moved = Sensitivity(l0=cells, l1=cells, l2_squared=cells, linf=1)
    else:
        moved = Sensitivity(l0=cells, l1=most, l2_squared=most**2, linf=most)
    return Vector(
        name=recipe.name,
        counts=recipe.counts,
        scale=1,
        magnitude=_fitting(1, of=None, limits=limits, times=times),
        sensitivity=moved,
    )


def _less_centre(of: Measured | None, centre: int) -> tuple[int, int] | None:
    """Of a value; a missing one is in no mean."""
    return (of.lower - centre, of.upper - centre) if of else None


def _in_one_direction(
    recipe: Recipe, *, reach: int, how: Contribution, limits: Limits
) -> Sensitivity:
    """All that a unit adds could fall in one cell, so L1, L2 and L∞ agree."""
    once = how is Contribution.UNIT_ROWS or recipe.counts is Counting.UNITS
    most = reach if once else reach * limits.rows
    most *= WEIGHT if how is Contribution.ROW_WEIGHTS else 1
    cells = limits.cells if how is Contribution.ROW_WEIGHTS else 1
    if recipe.counts is Counting.HISTOGRAM and not once:
        cells = limits.unit_rows  # bins: one for each row
    return Sensitivity(l0=cells, l1=most, l2_squared=most**2, linf=most)


def exact_vector(recipe: Recipe, *, of: Measured | None, limits: Limits) -> Vector:
    """A vector of the SDC track. Raises QueryRefused where a sum might not fit."""
    adds = recipe.counts not in COUNTED
    reach = of.reach(0) if of and adds else 1
    if recipe.counts is Counting.KEYS:
        reach = 2**KEY_BITS
    return Vector(
        name=recipe.name,
        counts=recipe.counts,
        scale=10**of.decimals if of and adds else 1,
        magnitude=_fitting(reach, of=of, limits=limits),
        sensitivity=None,
        row_bounds=of.row_bounds if of and recipe.counts is Counting.TOTAL else None,
    )


def _fitting(per_row: int, *, of: Measured | None, limits: Limits, times: int = 1) -> int:
    """The magnitude; with room for a unit's total times K, which unit totals compute."""
    magnitude = max(per_row, 1) * limits.table_rows
    largest = max(times * magnitude, per_row * limits.unit_rows * max(limits.rows, 1))
    if of and (of.squared or of.parts):  # before they are rounded
        largest = max(largest, 2 * (of.upper + 1) * of.step)
    if largest >= LIMIT:
        name = of.title if of else "rows"
        raise QueryRefused((problem("magnitude", where="measures", name=name),))
    return magnitude
