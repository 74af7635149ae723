"""What is one row of a question worth? Joins, features and three-valued logic in plain Python.

Part of the oracle: nothing here knows of plans or SQL.
"""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from queries.catalogue import Catalogue, Column, LinkKind, Table
from queries.language import (
    Aggregate,
    And,
    Between,
    ColumnRef,
    Compare,
    Feature,
    FeatureRef,
    In,
    IsNull,
    JoinKind,
    Not,
    Operator,
    Or,
    Predicate,
    Query,
    Ref,
)

Value = str | Decimal | datetime.date | bool
Tables = Mapping[str, Sequence[Mapping[str, int | None]]]
Row = dict[tuple[str, str], int | None]
"""(table, column) -> stored integer, for the source and every linked table."""

Key = tuple[int | None, ...]
"""Of a cell: a position on each axis, None for a missing value."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the source that the filters keep."""

    unit: int
    key: Key
    row: Row


_SIGNS: dict[Operator, Callable[[int, int], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}
_ALWAYS = {Aggregate.EXISTS, Aggregate.COUNT, Aggregate.SUM}  # never missing


def stored(value: Value, *, decimals: int = 0, codes: Sequence[str] = ()) -> int:
    """The integer of the store for a constant of a question."""
    if isinstance(value, str):
        return list(codes).index(value)
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    number = value * Decimal(10) ** decimals if isinstance(value, Decimal) else int(value)
    return int(number)


@dataclass(frozen=True, slots=True)
class Context:
    query: Query
    catalogue: Catalogue
    tables: Tables

    # What names stand for.

    def table(self, name: str) -> Table:
        return next(table for table in self.catalogue.tables if table.name == name)

    def feature(self, ref: FeatureRef) -> Feature:
        return next(feature for feature in self.query.features if feature.name == ref.name)

    def column(self, ref: Ref) -> Column | None:
        """The column whose values a reference has; None for EXISTS and COUNT."""
        if isinstance(ref, ColumnRef):
            return self.table(ref.table).column(ref.column)
        feature = self.feature(ref)
        return self.table(feature.table).column(feature.column) if feature.column else None

    def codes(self, ref: Ref) -> list[str]:
        column = self.column(ref)
        return [code.value for code in column.codes] if column else []

    def most_values(self, ref: Ref) -> int:
        column = self.column(ref)
        return column.most_values if column else 0

    def decimals(self, ref: Ref) -> int:
        column = self.column(ref)
        return column.decimals if column else 0

    def nullable(self, ref: Ref) -> bool:
        if isinstance(ref, FeatureRef):
            return self.feature(ref).aggregate not in _ALWAYS
        column = self.column(ref)
        loose = {
            link.right
            for link in self.catalogue.links
            for join in self.query.joins
            if join.link == link.name and join.kind is JoinKind.LEFT
        }
        return ref.table in loose or (column is not None and column.nullable)

    def bounds(self, ref: Ref) -> tuple[int, int]:
        column = self.column(ref)
        low = high = 0
        if column and column.lower is not None and column.upper is not None:
            low, high = (
                stored(end, decimals=column.decimals) for end in (column.lower, column.upper)
            )
        if isinstance(ref, ColumnRef):
            return low, high
        feature = self.feature(ref)
        most = self.table(feature.table).max_rows_per_unit
        if feature.aggregate is Aggregate.EXISTS:
            return 0, 1
        if feature.aggregate is Aggregate.COUNT:
            return 0, most
        if feature.aggregate is Aggregate.SUM:
            return min(0, most * low), max(0, most * high)
        return low, high

    def constant(self, ref: Ref) -> bool:
        """Is the value the same for all rows of one unit?"""
        if isinstance(ref, FeatureRef):
            return True
        if ref.table == self.query.source:
            return self.table(ref.table).one_row_per_unit
        link = next(
            link
            for link in self.catalogue.links
            for join in self.query.joins
            if join.link == link.name and link.right == ref.table
        )
        if link.kind is LinkKind.UNIT:
            return True
        return self.constant(ColumnRef(link.left, link.left_column))

    # Rows.

    def joined(self) -> Iterator[Row]:
        """The rows of the source with the columns of every linked table beside them."""
        for own in self.tables[self.query.source]:
            row = {(self.query.source, name): value for name, value in own.items()}
            if all(
                self._link(join.link, row) or join.kind is JoinKind.LEFT
                for join in self.query.joins
            ):
                yield row

    def _link(self, name: str, row: Row) -> bool:
        """Adds the columns of the match, or missing values; was there a match?"""
        link = next(link for link in self.catalogue.links if link.name == name)
        wanted = row[link.left, link.left_column]
        found = next(
            (
                other
                for other in self.tables[link.right]
                if wanted is not None and other[link.right_column] == wanted
            ),
            None,
        )
        for column in self.table(link.right).columns:
            row[link.right, column.name] = found[column.name] if found else None
        return found is not None

    # Values.

    def is_truth(self, ref: Ref) -> bool:
        return isinstance(ref, FeatureRef) and self.feature(ref).aggregate is Aggregate.EXISTS

    def value(self, ref: Ref, row: Row) -> int | None:
        if isinstance(ref, ColumnRef):
            return row[ref.table, ref.column]
        source = self.table(self.query.source)
        return self.computed(self.feature(ref), row[source.name, source.unit_column or ""])

    def computed(self, feature: Feature, unit: int | None) -> int | None:
        """A feature of one unit, from that unit's rows alone."""
        table = self.table(feature.table)
        rows = [
            {(table.name, name): value for name, value in row.items()}
            for row in self.tables[table.name]
            if row[table.unit_column or ""] == unit
        ]
        if feature.where is not None:
            rows = [row for row in rows if self.truth(feature.where, row) is True]
        if feature.aggregate is Aggregate.EXISTS:
            return int(bool(rows))
        if feature.aggregate is Aggregate.COUNT:
            return min(len(rows), table.max_rows_per_unit)
        return self._aggregate(feature, rows)

    def _aggregate(self, feature: Feature, rows: list[Row]) -> int | None:
        column = (feature.table, feature.column or "")
        values = [value for row in rows if (value := row[column]) is not None]
        if feature.aggregate is Aggregate.SUM:
            low, high = self.bounds(FeatureRef(feature.name))
            return max(low, min(high, sum(values)))
        if feature.aggregate in {Aggregate.FIRST, Aggregate.LAST}:
            order = (feature.table, feature.order_by or "")
            pairs = [
                (day, value)
                for row in rows
                if (day := row[order]) is not None and (value := row[column]) is not None
            ]
            choose = min if feature.aggregate is Aggregate.FIRST else max
            return choose(pairs)[1] if pairs else None
        if not values:
            return None
        if feature.aggregate is Aggregate.MEAN:
            return (2 * sum(values) + len(values)) // (2 * len(values))
        return min(values) if feature.aggregate is Aggregate.MIN else max(values)

    # Logic: True, False, or None for unknown.

    def truth(self, predicate: Predicate, row: Row) -> bool | None:
        match predicate:
            case And(parts):
                return _all(self.truth(part, row) for part in parts)
            case Or(parts):
                return _any(self.truth(part, row) for part in parts)
            case Not(part):
                return _negated(self.truth(part, row))
            case _:
                return self._test(predicate, row)

    def _test(self, predicate: Compare | In | Between | IsNull, row: Row) -> bool | None:
        ref = predicate.ref
        match predicate:
            case IsNull():
                return self.value(ref, row) is None
            case In(values=values):
                return _any(self._compare(ref, Operator.EQ, value, row) for value in values)
            case Between(low=low, high=high):
                signs = ((Operator.GE, low), (Operator.LE, high))
                return _all(self._compare(ref, sign, value, row) for sign, value in signs)
            case Compare(operator=sign, value=value):
                return self._compare(ref, sign, value, row)

    def _compare(self, ref: Ref, sign: Operator, value: Value, row: Row) -> bool | None:
        own = self.value(ref, row)
        if own is None:
            return None
        constant = stored(value, decimals=self.decimals(ref), codes=self.codes(ref))
        return _SIGNS[sign](own, constant)


def _negated(truth: bool | None) -> bool | None:  # noqa: FBT001 - a truth value is its subject
    return None if truth is None else not truth


def _all(truths: Iterator[bool | None]) -> bool | None:
    found = list(truths)
    if False in found:
        return False
    return None if None in found else True


def _any(truths: Iterator[bool | None]) -> bool | None:
    found = list(truths)
    if True in found:
        return True
    return None if None in found else False
