"""Which integers must be counted, and how far can one unit move each?

The four shapes of contribution, with K rows and G groups of the policy, R declared rows of a
unit, S the scale of weights, and m the largest size of what one row adds (1 for a count, the
largest distance from the centre within the declared bounds for a total):

* unit rows: one row a unit, so one cell, by at most m.
* unit totals: all rows of a unit fall in one cell. Counts stop at K. The total of a sum is
  clamped to K·m. The total of a mean is scaled to K rows where there are n > K of them
  (total·K / n, cut towards zero), so that the mean stays one of its rows. At most K·m.
* row weights: a row of a unit with n rows (after filters) weighs ⌊S·K / max(K, n)⌋. A unit's
  weights add up to at most S·K, so it moves the vector by at most S·K·m in all.
* distinct units: a unit in g cells weighs ⌊S·G / max(G, g)⌋ in each, so L1 <= S·G and
  L2² <= S²·G.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations_with_replacement
from math import prod

from disclosure_control.policy import Policy
from disclosure_control.tables import Counting, Sensitivity, Vector
from queries.catalogue import Catalogue, Table
from queries.errors import QueryRefused, problem
from queries.language import SPREADS, ColumnRef, Measure, Query, Ref, Statistic
from queries.plan_terms import Level, Term, known, stored_bounds, term_of
from queries.resolve import Kind

WEIGHT = 10**6
"""S: the integer that stands for the weight 1."""

LIMIT = 2**62
"""Every magnitude stays below it, so that no sum of the engine can overflow."""

ROUND_FIGURE = 2
"""Declared sizes are round figures: magnitudes hold for up to twice as many rows."""


BITS = 62
"""Most cells that one integer holds as a set: up to so many, no table of pairs is made."""


SQUARES = "squares."
"""Before the name of a number whose squares are added up; no declared name has a full stop."""

MOMENT = "moment."
"""Before the names of numbers whose distances from their midpoints are multiplied."""

TENTHS = 10

STEPS = 10**6
"""Of the largest square: finer steps would change no number that noise leaves to be seen."""

KEY_BITS = 32
"""Of a record key: a whole number from 0 on."""

COUNTED = frozenset({Counting.ROWS, Counting.UNITS, Counting.CONTRIBUTORS, Counting.NEGATIVE})
"""What is a number of rows or units, and not an amount."""


class Contribution(StrEnum):
    """How the rows of one unit add up to a bounded contribution."""

    UNIT_ROWS = "unit rows"
    UNIT_TOTALS = "unit totals"
    ROW_WEIGHTS = "row weights"


@dataclass(frozen=True, slots=True)
class Limits:
    """Public numbers that bound a contribution. ``rows`` and ``groups`` are 0 on the SDC track."""

    rows: int  # K, at most R
    groups: int  # G, at most R and the number of cells
    cells: int  # most cells that one unit can be in
    table_rows: int  # most rows of the source
    unit_rows: int  # R

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
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that is added up: a column or feature, kept within its declared bounds.

    ``lower`` and ``upper`` bound what is added; ``values`` what is read, where that is something
    else: the squared distance from the midpoint, or ``factor`` times the value.
    """

    name: str
    title: str
    term: Term
    level: Level
    lower: int
    upper: int
    decimals: int
    nullable: bool
    values: tuple[int, int] | None = None
    squared: bool = False
    step: int = 1  # of squares and products, which are rounded to it
    factor: int = 1
    parts: tuple[Measured, ...] = ()  # a moment: the product of their distances from midpoints,
    complete: tuple[Measured, ...] = ()  # in rows where all of these have a value

    @property
    def squares(self) -> Measured:
        """The squared distance of a value from the midpoint, a number like any other.

        Within 0 to the square of the reach, so that its own midpoint halves what a unit moves. In
        steps of a power of ten, so that sums of large squares fit.
        """
        largest = self.reach(self.midpoint) ** 2
        step = 1
        while largest > STEPS * step:
            step *= 10
        return replace(
            self,
            name=SQUARES + self.name,
            lower=0,
            upper=(largest + step // 2) // step,
            decimals=2 * self.decimals,
            values=(self.lower, self.upper),
            squared=True,
            step=step,
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        """Everything that is read."""
        return tuple(dict.fromkeys(one.term for one in self.complete)) or (self.term,)

    @property
    def midpoint(self) -> int:
        return (self.lower + self.upper) // 2

    @property
    def row_bounds(self) -> tuple[int, int]:
        """Of what one row adds; a missing value adds nothing."""
        if self.nullable:
            return min(self.lower, 0), max(self.upper, 0)
        return self.lower, self.upper

    def reach(self, centre: int) -> int:
        """Largest distance of a value from the centre."""
        return max(abs(self.lower - centre), abs(self.upper - centre))


@dataclass(frozen=True, slots=True)
class Moments:
    """What least squares need of some numbers, the last of which is explained by the others.

    ``products`` has each pair of numbers, row by row of the upper triangle.
    """

    sums: tuple[Measured, ...]
    products: tuple[Measured, ...]

    @classmethod
    def of(cls, numbers: Sequence[Measured]) -> Moments:
        whole = tuple(sorted(numbers, key=lambda one: one.name))
        return cls(
            tuple(_moment((one,), whole) for one in numbers),
            tuple(
                _moment(tuple(sorted(pair, key=lambda one: one.name)), whole)
                for pair in combinations_with_replacement(numbers, 2)
            ),
        )


def _moment(parts: tuple[Measured, ...], whole: tuple[Measured, ...]) -> Measured:
    """In steps of a power of ten, as squares are."""
    largest = prod(one.reach(one.midpoint) for one in parts)
    step = 1
    while len(parts) > 1 and largest > STEPS * step:
        step *= 10
    upper = (largest + step // 2) // step
    squared = len(set(parts)) < len(parts)
    names = ".".join(one.name for one in parts)
    return replace(
        parts[0],
        name=f"{MOMENT}{names}:{'-'.join(one.name for one in whole)}",
        title=" and ".join(dict.fromkeys(one.title for one in parts)),
        lower=0 if squared else -upper,
        upper=upper,
        decimals=sum(one.decimals for one in parts),
        nullable=any(one.nullable for one in whole),
        values=None,
        step=step,
        factor=1,
        parts=parts,
        complete=whole,
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an engine counts for one vector. ``of`` names a measured number; None counts rows.

    A histogram is a count of rows by ``bins`` of that number, so many from ``low`` on, each of
    ``width`` of the store's integers. Patterns are counted by ``bands``: names and widths.
    """

    name: str
    counts: Counting
    of: str | None = None
    centre: int = 0
    to_rows: bool = False  # unit totals only: the total of a mean, scaled to K rows
    bins: int = 1
    low: int = 0
    width: int = 1
    bands: tuple[tuple[str, int], ...] = ()


def measured_in(
    query: Query, *, catalogue: Catalogue, levels: dict[str, Level]
) -> dict[Ref, Measured]:
    """Every number that is added up; two measures of one number share it."""
    refs = {ref: None for one in query.measures for ref in one.refs}
    plain = [_plain_name(ref) for ref in refs]
    return {
        ref: _measured(ref, query=query, catalogue=catalogue, levels=levels, shared=plain)
        for ref in refs
    }


def added_up(query: Query, measured: dict[Ref, Measured]) -> dict[str, Measured]:
    """By name, all numbers that are read of each row; squares where a spread needs them."""
    values = {one.name: one for one in measured.values()}
    spreads = (one.ref for one in query.measures if one.statistic in SPREADS)
    squares = (measured[ref].squares for ref in spreads if ref is not None)
    found = values | {one.name: one for one in squares}
    for one in query.measures:
        if one.statistic is Statistic.SLOPE:
            moments = moments_of(one, measured)
            found |= {part.name: part for part in (*moments.sums, *moments.products)}
        if one.statistic is Statistic.LOG_ODDS:
            whole = complete_of(one, measured)
            found[whole.name] = whole
    return found


def complete_of(measure: Measure, measured: dict[Ref, Measured]) -> Measured:
    """Something that has a value in every row in which all numbers of a measure have one."""
    numbers = sorted((measured[ref] for ref in measure.refs), key=lambda one: one.name)
    return _moment((numbers[0],), tuple(numbers))


def moments_of(measure: Measure, measured: dict[Ref, Measured]) -> Moments:
    """Of a slope: that which explains first, then what it is adjusted for."""
    of, *others = measure.refs
    return Moments.of([measured[ref] for ref in (*others, of)])


def _measured(
    ref: Ref,
    *,
    query: Query,
    catalogue: Catalogue,
    levels: dict[str, Level],
    shared: list[str],
) -> Measured:
    meaning = known(ref, query=query, catalogue=catalogue)
    lower, upper = stored_bounds(meaning)
    name = _plain_name(ref)
    table = ref.table if isinstance(ref, ColumnRef) else None
    if meaning.kind is Kind.TRUTH:
        return _truth(ref, name=name, title=meaning.title)
    return Measured(
        name=f"{table}_{name}" if table and shared.count(name) > 1 else name,
        title=meaning.title,
        term=term_of(ref),
        level=levels[table] if table else Level.UNIT,
        lower=lower,
        upper=upper,
        decimals=meaning.decimals,
        nullable=meaning.nullable,
    )


def _truth(ref: Ref, *, name: str, title: str) -> Measured:
    """In tenths, so that a whole number lies in the middle and halves what a unit moves."""
    return Measured(
        name=name,
        title=title,
        term=term_of(ref),
        level=Level.UNIT,
        lower=0,
        upper=TENTHS,
        decimals=1,
        nullable=False,
        values=(0, 1),
        factor=TENTHS,
    )


def _plain_name(ref: Ref) -> str:
    return ref.column if isinstance(ref, ColumnRef) else ref.name


def noisy_vector(
    recipe: Recipe, *, of: Measured | None, how: Contribution, limits: Limits, times: int = 1
) -> Vector:
    """A vector of the DP track. Raises QueryRefused where ``times`` a sum might not fit."""
    reach = of.reach(recipe.centre) if of and recipe.counts is Counting.TOTAL else 1
    if recipe.counts is Counting.HISTOGRAM and how is Contribution.UNIT_TOTALS:
        how = Contribution.ROW_WEIGHTS  # rows of one unit fall in several bins
    weighted = how is Contribution.ROW_WEIGHTS
    scale = WEIGHT if weighted else 1
    if weighted and recipe.counts is Counting.UNITS:
        moved = Sensitivity(
            l0=limits.cells,
            l1=WEIGHT * limits.groups,
            l2_squared=WEIGHT**2 * limits.groups,
            linf=WEIGHT,
        )
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
