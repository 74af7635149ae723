"""What is a query? Frozen values, reached from a form, from JSON and from restricted SQL.

A query counts, adds or averages over the rows of one *source* table, within filters and by
dimensions. Everything that it names is a declared column, a declared recode, or a *feature*:
a number computed from one unit's own rows of a linked table. Nothing here can fail on data.

Values in a query are what a researcher writes: codes are ``str`` (``Code.value``, never its
label), numbers ``Decimal``, dates ``datetime.date``, truth values ``bool``. The plan turns them
into the integers of the store.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

Value = str | Decimal | datetime.date | bool


class Aggregate(StrEnum):
    """How a feature turns one unit's rows into one value. NULLs of the column are left out."""

    EXISTS = "exists"  # boolean; False for a unit without rows
    COUNT = "count"  # rows; 0 for a unit without rows
    SUM = "sum"  # 0 for a unit without values
    MEAN = "mean"  # rounded half up to the column's decimals; NULL for a unit without values
    MIN = "min"
    MAX = "max"
    FIRST = "first"  # value at the smallest (date, value); rows without date or value left out
    LAST = "last"  # value at the largest (date, value)


class Statistic(StrEnum):
    """What a measure publishes for a cell."""

    COUNT = "count"  # rows
    UNITS = "units"  # distinct units: SQL count(distinct <unit column>)
    SUM = "sum"
    NONNEGATIVE_SUM = "nonnegative_sum"  # of what is never below zero: not shown below it
    MEAN = "mean"  # of the non-missing values
    VARIANCE = "variance"  # of the non-missing values, as of a sample: divided by n - 1
    STDDEV = "stddev"  # its root
    RATIO = "ratio"  # the sum of the values by the sum of the values of another number
    SLOPE = "slope"  # of a number on another, in the least squares of the rows that have all values
    LOG_ODDS = "log_odds"  # ratio, by one more of a number, of a yes, in a logistic regression
    LEFT_OUT = "left_out"  # share of the rows that is not counted where a unit has too many
    UNITS_LEFT_OUT = "units_left_out"  # of the cells of units, where a unit is in too many
    QUANTILE = "quantile"  # the value below which a share of the non-missing values lies


SPREADS = frozenset({Statistic.VARIANCE, Statistic.STDDEV})
"""How far values lie from their mean."""

REGRESSIONS = frozenset({Statistic.SLOPE, Statistic.LOG_ODDS})
"""Of a number, or a yes or no, on others."""

LEAVING_OUT = frozenset({Statistic.LEFT_OUT, Statistic.UNITS_LEFT_OUT})
"""What bounds leave out of a number of rows, or of units in several cells."""

SUMS = frozenset({Statistic.SUM, Statistic.NONNEGATIVE_SUM})

OF_UNITS = frozenset({Statistic.UNITS, Statistic.UNITS_LEFT_OUT})
"""Of distinct units, which are no sum of what cells have where a unit is in several of them."""

COUNTING = frozenset({Statistic.COUNT, Statistic.UNITS}) | LEAVING_OUT
"""Of rows or units, not of a number."""

NOISY_ONLY = (
    SPREADS
    | REGRESSIONS
    | LEAVING_OUT
    | {Statistic.QUANTILE, Statistic.RATIO, Statistic.NONNEGATIVE_SUM}
)
"""For which the exact track has no rules."""


class Operator(StrEnum):
    """Comparison of a value with a constant. A comparison with a missing value is unknown."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class JoinKind(StrEnum):
    """What a declared link does with rows that have no match."""

    INNER = "inner"  # drops them
    LEFT = "left"  # keeps them, with missing values


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A declared column of the source table, of a linked table, or of a feature's table."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class FeatureRef:
    """A feature of this query, by its name."""

    name: str


Ref = ColumnRef | FeatureRef


@dataclass(frozen=True, slots=True)
class Compare:
    ref: Ref
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    ref: Ref
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends included."""

    ref: Ref
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class IsNull:
    ref: Ref


@dataclass(frozen=True, slots=True)
class Not:
    part: Predicate


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Predicate, ...]


Predicate = Compare | In | Between | IsNull | Not | And | Or
"""Three-valued logic as in SQL; a filter keeps a row only where its predicate is true."""


def refs_in(predicate: Predicate) -> Iterator[Ref]:
    """Every name that a predicate looks at."""
    if isinstance(predicate, And | Or):
        for part in predicate.parts:
            yield from refs_in(part)
    elif isinstance(predicate, Not):
        yield from refs_in(predicate.part)
    else:
        yield predicate.ref


@dataclass(frozen=True, slots=True)
class Feature:
    """One value per unit, computed from this unit's rows of ``table`` that satisfy ``where``.

    ``column`` is None for EXISTS and COUNT. ``order_by`` is a date (or integer day) column,
    for FIRST and LAST only. ``where`` names columns of ``table`` only (a window is a BETWEEN on
    a date column). SUM is clamped per unit to the bounds that the plan derives from the
    catalogue (column bounds x the table's ``max_rows_per_unit``), COUNT to 0..max_rows_per_unit.
    """

    name: str
    table: str
    aggregate: Aggregate
    column: str | None = None
    order_by: str | None = None
    where: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A declared link of the catalogue, by its name."""

    link: str
    kind: JoinKind = JoinKind.LEFT


@dataclass(frozen=True, slots=True)
class Dimension:
    """One axis of the table: the codes of a column, a declared recode of it, or bands.

    ``bands`` are cut points c1 < c2 < ...: below c1, [c1, c2), ..., cn and above; dates for a
    date, numbers otherwise. A truth-valued feature needs neither. A missing value has a key of
    its own wherever it can occur.
    """

    ref: Ref
    bands: tuple[Decimal | datetime.date, ...] = ()
    recode: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    statistic: Statistic
    ref: Ref | None = None  # None for COUNT and UNITS
    level: Decimal | None = None  # QUANTILE only: above 0 and below 1, 0.5 for the median
    per: Ref | None = None  # RATIO: the number whose sum divides; regressions: what explains
    adjusted: tuple[Ref, ...] = ()  # regressions only: numbers that explain as well

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Every name that it looks at."""
        return tuple(ref for ref in (self.ref, self.per, *self.adjusted) if ref is not None)


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one dataset. Order of dimensions and measures is the order of display."""

    dataset: str
    source: str
    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...] = ()
    where: Predicate | None = None
    joins: tuple[Join, ...] = ()
    features: tuple[Feature, ...] = ()
    margins: bool = False  # with every total: over each dimension, and over any of them together
    grouping_sets: tuple[tuple[int, ...], ...] = ()  # with margins: only these tables, each by the
    #                                                  positions of its dimensions; (): all of them
