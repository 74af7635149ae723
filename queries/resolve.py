"""What does a name in a query stand for? Its type, codes, bounds, and whether it can be missing.

Read from the catalogue and the query alone. Validation, sentences and the size of the key grid
all take it from here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from queries.catalogue import Catalogue, Code, Column, ColumnType, Recode, Role, Table
from queries.language import (
    Aggregate,
    ColumnRef,
    Dimension,
    Feature,
    FeatureRef,
    JoinKind,
    Query,
    Ref,
    Value,
)
from queries.values import date_from


class Kind(StrEnum):
    """What values a reference has."""

    CODE = "a code"
    NUMBER = "a number"
    DATE = "a date"
    TRUTH = "yes or no"
    TEXT = "a text of unknown values"


_KINDS = {
    ColumnType.CODE: Kind.CODE,
    ColumnType.NUMBER: Kind.NUMBER,
    ColumnType.DATE: Kind.DATE,
    ColumnType.TEXT: Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is publicly known of the values of a column or feature. Bounds of dates are days."""

    kind: Kind
    title: str
    codes: tuple[Code, ...] = ()
    lower: Decimal | None = None
    upper: Decimal | None = None
    decimals: int = 0
    nullable: bool = False
    role: Role = Role.ATTRIBUTE
    public: bool = False  # a column of a look-up table
    most_values: int = 0  # of a text


def meaning(ref: Ref, *, query: Query, catalogue: Catalogue) -> Meaning | None:
    """None if the query or the catalogue does not know the name."""
    if isinstance(ref, FeatureRef):
        feature = feature_named(ref.name, query=query)
        return feature_meaning(feature, catalogue=catalogue) if feature else None
    table = catalogue.table(ref.table)
    column = table.column(ref.column) if table else None
    if table is None or column is None:
        return None
    found = column_meaning(column, table=table)
    loose = table.name in loosely_linked(query, catalogue=catalogue)
    return replace(found, nullable=True) if loose else found


def column_meaning(column: Column, *, table: Table) -> Meaning:
    """Of a column in its own table; a left join may add missing values."""
    return Meaning(
        kind=_KINDS[column.type],
        title=column.title,
        codes=column.codes,
        lower=column.lower,
        upper=column.upper,
        decimals=column.decimals,
        nullable=column.nullable,
        role=column.role,
        public=table.public,
        most_values=column.most_values,
    )


def feature_meaning(feature: Feature, *, catalogue: Catalogue) -> Meaning | None:
    """Features are total: only those that choose or average values can be missing."""
    table = catalogue.table(feature.table)
    if table is None:
        return None
    if feature.aggregate is Aggregate.EXISTS:
        return Meaning(Kind.TRUTH, feature.name)
    if feature.aggregate is Aggregate.COUNT:
        most = Decimal(table.max_rows_per_unit)
        return Meaning(Kind.NUMBER, feature.name, lower=Decimal(0), upper=most)
    column = table.column(feature.column) if feature.column else None
    if column is None:
        return None
    value = replace(column_meaning(column, table=table), title=feature.name)
    if feature.aggregate is Aggregate.SUM:
        return _sum_of(value, rows=table.max_rows_per_unit)
    return replace(value, nullable=True)


def _sum_of(value: Meaning, *, rows: int) -> Meaning:
    """Anything from no row to as many rows as a unit may have."""
    zero = Decimal(0)
    return replace(
        value,
        lower=None if value.lower is None else min(zero, value.lower * rows),
        upper=None if value.upper is None else max(zero, value.upper * rows),
        nullable=False,
    )


def feature_named(name: str, *, query: Query) -> Feature | None:
    """The feature of this query with that name."""
    return next((feature for feature in query.features if feature.name == name), None)


def linked_tables(query: Query, *, catalogue: Catalogue) -> tuple[str, ...]:
    """The source and every table that a declared link adds, in order."""
    links = (catalogue.link(join.link) for join in query.joins)
    return (query.source, *(link.right for link in links if link))


def loosely_linked(query: Query, *, catalogue: Catalogue) -> frozenset[str]:
    """Tables of which a row of the source may have none."""
    links = (catalogue.link(join.link) for join in query.joins if join.kind is JoinKind.LEFT)
    return frozenset(link.right for link in links if link)


def recode_of(dimension: Dimension, *, query: Query, catalogue: Catalogue) -> Recode | None:
    """The dimension's recode, if it is declared for the very column that the dimension shows."""
    recode = catalogue.recode(dimension.recode) if dimension.recode else None
    place = origin(dimension.ref, query=query)
    if recode is None or place != ColumnRef(recode.table, recode.column):
        return None
    return recode


def origin(ref: Ref, *, query: Query) -> ColumnRef | None:
    """The column whose values a reference has; None for a feature that computes new ones."""
    if isinstance(ref, ColumnRef):
        return ref
    feature = feature_named(ref.name, query=query)
    if feature is None or feature.column is None:
        return None
    return ColumnRef(feature.table, feature.column)


def key_count(dimension: Dimension, *, query: Query, catalogue: Catalogue) -> int:
    """How many keys the dimension has on the public grid, the one of missing values included."""
    found = meaning(dimension.ref, query=query, catalogue=catalogue)
    if found is None:
        return 1
    keys, missing = len(found.codes), found.nullable
    if dimension.bands:
        keys = len(dimension.bands) + 1
    elif found.kind is Kind.TRUTH:
        keys = len((False, True))
    elif found.kind is Kind.TEXT:
        keys = found.most_values
    elif recode := recode_of(dimension, query=query, catalogue=catalogue):
        keys = len(recode.groups)
        grouped = {value for _, values in recode.groups for value in values}
        missing = missing or any(code.value not in grouped for code in found.codes)
    return keys + int(missing)


def fitted(value: Value, found: Meaning | None) -> Value:
    """Text as the date or code that it spells where that is what is compared."""
    if found is None or not isinstance(value, str):
        return value
    if found.kind is Kind.DATE:
        return date_from(value) or value
    if found.kind is Kind.CODE and all(code.value != value for code in found.codes):
        return next((code.value for code in found.codes if code.label == value), value)
    return value
