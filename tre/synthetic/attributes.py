"""What of a dataset is modelled? Columns in bins, and how many rows a unit has.

From the catalogue alone. A bin is a range of the integers of the store, so that a code is a bin of
its own position; the bins of an attribute are the labels of its axis, in their order.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from queries.catalogue import Catalogue, Column, ColumnType, LinkKind, Role, Table
from queries.language import Aggregate, ColumnRef, Dimension, Feature, FeatureRef
from queries.plan_terms import stored_bounds
from queries.resolve import column_meaning
from queries.values import date_of_days, unscaled
from tre.errors import NoTwin

MOST_BINS = 12  # of equal width, of a number or a date
NO_TABLE_OF_UNITS = "A twin needs a table with one row per unit that has a column besides the unit."
ROWS_OF = "rows_of_"


@dataclass(frozen=True, slots=True)
class Bin:
    """Integers of the store, both ends included; None: the value is missing."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """``column`` is None where it is how many rows of ``table`` a unit has."""

    table: str
    column: str | None
    bins: tuple[Bin, ...]
    dimension: Dimension

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def features(self) -> tuple[Feature, ...]:
        if self.column is not None:
            return ()
        return (Feature(ROWS_OF + self.table, self.table, Aggregate.COUNT),)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table whose rows belong to units: how many a unit has, and what is in a row."""

    table: Table
    how_many: Attribute
    columns: tuple[Attribute, ...]
    link: str | None  # to the table of units; None: not declared


@dataclass(frozen=True, slots=True)
class Attributes:
    """``units``: of the table with one row per unit; ``rows``: of every other table of units."""

    table: Table
    units: tuple[Attribute, ...]
    rows: tuple[Rows, ...]


def of_catalogue(catalogue: Catalogue) -> Attributes:
    """Raises NoTwin without a table of units."""
    table = _table_of_units(catalogue)
    others = [one for one in catalogue.tables if not one.public and one != table]
    return Attributes(
        table=table,
        units=_columns(table),
        rows=tuple(
            Rows(one, _how_many(one), _columns(one), _link(catalogue, one, table)) for one in others
        ),
    )


def _table_of_units(catalogue: Catalogue) -> Table:
    """The one that most tables are linked to."""
    found = [one for one in catalogue.tables if one.one_row_per_unit and _columns(one)]
    if not found:
        raise NoTwin(NO_TABLE_OF_UNITS)
    return max(found, key=lambda one: sum(link.right == one.name for link in catalogue.links))


def _link(catalogue: Catalogue, table: Table, units: Table) -> str | None:
    return next(
        (
            one.name
            for one in catalogue.links
            if one.kind is LinkKind.UNIT and (one.left, one.right) == (table.name, units.name)
        ),
        None,
    )


def _columns(table: Table) -> tuple[Attribute, ...]:
    """A column of one bin alone tells nothing; what a text may be, nobody has declared."""
    found = [
        _column(table, column)
        for column in table.columns
        if column.role is Role.ATTRIBUTE and column.type is not ColumnType.TEXT
    ]
    return tuple(one for one in found if len(one.bins) > 1)


def _column(table: Table, column: Column) -> Attribute:
    ref = ColumnRef(table.name, column.name)
    missing = (Bin(),) if column.nullable else ()
    if column.type is ColumnType.CODE:
        codes = tuple(Bin(at, at) for at in range(len(column.codes)))
        return Attribute(table.name, column.name, codes + missing, Dimension(ref))
    low, high = stored_bounds(column_meaning(column, table=table))
    bins = _bins(low, high, scale=column.scale)
    cuts = tuple(_written(column, one.low) for one in bins[1:] if one.low is not None)
    return Attribute(table.name, column.name, bins + missing, Dimension(ref, bands=cuts))


def _written(column: Column, stored: int) -> Decimal | datetime.date:
    if column.type is ColumnType.DATE:
        return date_of_days(stored)
    return unscaled(stored, decimals=column.decimals)


def _bins(low: int, high: int, *, scale: int) -> tuple[Bin, ...]:
    """As even as integers allow; from zero also by doubles, since most amounts are small."""
    size = high - low + 1
    count = min(MOST_BINS, size)
    edges = {low + size * at // count for at in range(count + 1)}
    if low == 0:
        edges |= {scale * 2**power for power in range((size // scale // count).bit_length())}
    return tuple(Bin(first, after - 1) for first, after in pairwise(sorted(edges)))


def _how_many(table: Table) -> Attribute:
    """None, one, two, and then by doubles up to the most that are declared."""
    most = table.max_rows_per_unit
    lows = [0, *(2**power for power in range(most.bit_length()))]
    highs = [*(low - 1 for low in lows[1:]), most]
    bins = tuple(Bin(low, high) for low, high in zip(lows, highs, strict=True))
    cuts = tuple(Decimal(low) for low in lows[1:])
    ref = FeatureRef(ROWS_OF + table.name)
    return Attribute(table.name, None, bins, Dimension(ref, bands=cuts))
