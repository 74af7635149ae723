"""Which SQL text asks a query? The form shows it, and reading it gives the same question again."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from queries.catalogue import Catalogue
from queries.language import (
    Aggregate,
    And,
    Between,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    In,
    IsNull,
    Join,
    JoinKind,
    Measure,
    Not,
    Or,
    Predicate,
    Query,
    Ref,
    Statistic,
    Value,
)
from queries.sql_tokens import is_plain
from queries.values import number_text

_FEATURE_SQL = {
    Aggregate.EXISTS: "count(*) > 0",
    Aggregate.COUNT: "count(*)",
    Aggregate.SUM: "sum({column})",
    Aggregate.MEAN: "avg({column})",
    Aggregate.MIN: "min({column})",
    Aggregate.MAX: "max({column})",
    Aggregate.FIRST: "arg_min({column}, {order_by})",
    Aggregate.LAST: "arg_max({column}, {order_by})",
}
_Group = tuple[str, tuple[Feature, ...]]


def render(query: Query, catalogue: Catalogue) -> str:
    """The restricted SQL of a validated query."""
    return _Renderer(query, catalogue).text()


class _Renderer:
    """One query while it is written down: which name stands for which feature."""

    def __init__(self, query: Query, catalogue: Catalogue) -> None:
        self.query, self.catalogue = query, catalogue
        self.groups = _grouped(query, catalogue)
        self.group_of = {made.name: name for name, group in self.groups for made in group}

    def text(self) -> str:
        lines = [*self._with(), *self._select(), f"FROM {_name(self.query.source)}"]
        lines += [self._join(join) for join in self.query.joins]
        lines += [self._feature_join(group) for group in self.groups]
        if self.query.where is not None:
            lines.append(f"WHERE {self._condition(self.query.where)}")
        if self.query.dimensions:
            lines.append(f"GROUP BY {self._grouped()}")
        return "\n".join(lines)

    def _grouped(self) -> str:
        dimensions = [self._dimension(one) for one in self.query.dimensions]
        if not self.query.margins:
            return ", ".join(dimensions)
        if not self.query.grouping_sets:
            return f"CUBE ({', '.join(dimensions)})"
        sets = (", ".join(dimensions[at] for at in one) for one in self.query.grouping_sets)
        return f"GROUPING SETS ({', '.join(f'({one})' for one in sets)})"

    def _with(self) -> list[str]:
        if not self.groups:
            return []
        return ["WITH " + ",\n".join(map(self._feature_group, self.groups))]

    def _feature_group(self, group: _Group) -> str:
        name, features = group
        unit = _name(self._unit(features[0].table))
        made = "".join(f", {_made(feature)} AS {_name(feature.name)}" for feature in features)
        where = features[0].where
        kept = f" WHERE {self._condition(where)}" if where is not None else ""
        lines = [
            f"  SELECT {unit}{made}",
            f"  FROM {_name(features[0].table)}{kept}",
            f"  GROUP BY {unit}",
        ]
        return "\n".join([f"{_name(name)} AS (", *lines, ")"])

    def _select(self) -> list[str]:
        parts = [*map(self._dimension, self.query.dimensions)]
        parts += map(self._measure, self.query.measures)
        return [f"SELECT {', '.join(parts)}"]

    def _join(self, join: Join) -> str:
        link = self.catalogue.link(join.link)
        if link is None:
            return ""
        kind = "LEFT JOIN" if join.kind is JoinKind.LEFT else "JOIN"
        left = f"{_name(link.left)}.{_name(link.left_column)}"
        right = f"{_name(link.right)}.{_name(link.right_column)}"
        return f"{kind} {_name(link.right)} ON {left} = {right}"

    def _feature_join(self, group: _Group) -> str:
        name, features = group
        theirs = f"{_name(name)}.{_name(self._unit(features[0].table))}"
        ours = f"{_name(self.query.source)}.{_name(self._unit(self.query.source))}"
        return f"LEFT JOIN {_name(name)} ON {theirs} = {ours}"

    def _unit(self, table: str) -> str:
        found = self.catalogue.table(table)
        return (found.unit_column if found else None) or ""

    def _dimension(self, dimension: Dimension) -> str:
        name = self._ref(dimension.ref)
        if dimension.bands:
            return f"band({name}, {', '.join(map(_value, dimension.bands))})"
        if dimension.recode is not None:
            return f"recode({name}, {_value(dimension.recode)})"
        return name

    def _measure(self, measure: Measure) -> str:
        if measure.statistic in _OF_UNITS:
            unit = _name(self._unit(self.query.source))
            return f"{_OF_UNITS[measure.statistic]}(distinct {unit})"
        if measure.ref is None:
            return "count(*)" if measure.statistic is Statistic.COUNT else "left_out(*)"
        if measure.per is not None:
            return f"{measure.statistic.value}({', '.join(map(self._ref, measure.refs))})"
        if measure.level is not None:
            return f"quantile({self._ref(measure.ref)}, {number_text(measure.level)})"
        return f"{_MEASURE_SQL[measure.statistic]}({self._ref(measure.ref)})"

    def _ref(self, ref: Ref) -> str:
        if isinstance(ref, FeatureRef):
            return f"{_name(self.group_of[ref.name])}.{_name(ref.name)}"
        return f"{_name(ref.table)}.{_name(ref.column)}"

    def _condition(self, predicate: Predicate) -> str:
        return _CONDITIONS[type(predicate)](self, predicate)

    def compare(self, predicate: Compare) -> str:
        return f"{self._ref(predicate.ref)} {predicate.operator.value} {_value(predicate.value)}"

    def one_of(self, predicate: In) -> str:
        return f"{self._ref(predicate.ref)} IN ({', '.join(map(_value, predicate.values))})"

    def between(self, predicate: Between) -> str:
        low, high = _value(predicate.low), _value(predicate.high)
        return f"{self._ref(predicate.ref)} BETWEEN {low} AND {high}"

    def is_null(self, predicate: IsNull) -> str:
        return f"{self._ref(predicate.ref)} IS NULL"

    def negation(self, predicate: Not) -> str:
        if isinstance(predicate.part, IsNull):
            return f"{self._ref(predicate.part.ref)} IS NOT NULL"
        return f"NOT ({self._condition(predicate.part)})"

    def conjunction(self, predicate: And) -> str:
        return self._connected(predicate.parts, word=" AND ")

    def disjunction(self, predicate: Or) -> str:
        return self._connected(predicate.parts, word=" OR ")

    def _connected(self, parts: tuple[Predicate, ...], *, word: str) -> str:
        if len(parts) == 1:
            return self._condition(parts[0])
        return word.join(
            f"({self._condition(part)})" if isinstance(part, And | Or) else self._condition(part)
            for part in parts
        )


_CONDITIONS: dict[type, Callable[[_Renderer, Any], str]] = {
    Compare: _Renderer.compare,
    In: _Renderer.one_of,
    Between: _Renderer.between,
    IsNull: _Renderer.is_null,
    Not: _Renderer.negation,
    And: _Renderer.conjunction,
    Or: _Renderer.disjunction,
}


_OF_UNITS = {Statistic.UNITS: "count", Statistic.UNITS_LEFT_OUT: "left_out"}
_MEASURE_SQL = {
    Statistic.SUM: "sum",
    Statistic.NONNEGATIVE_SUM: "nonnegative_sum",
    Statistic.MEAN: "avg",
    Statistic.VARIANCE: "variance",
    Statistic.STDDEV: "stddev",
}


def _grouped(query: Query, catalogue: Catalogue) -> list[_Group]:
    """Features of one table and one condition share a WITH part, named after the table."""
    groups: dict[tuple[str, Predicate | None], list[Feature]] = {}
    for feature in query.features:
        groups.setdefault((feature.table, feature.where), []).append(feature)
    taken = {table.name for table in catalogue.tables}
    named: list[_Group] = []
    for (table, _), features in groups.items():
        name = _fresh(f"of_{table}", taken)
        taken.add(name)
        named.append((name, tuple(features)))
    return named


def _fresh(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _made(feature: Feature) -> str:
    column, order_by = _name(feature.column or ""), _name(feature.order_by or "")
    return _FEATURE_SQL[feature.aggregate].format(column=column, order_by=order_by)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def _name(name: str) -> str:
    """The name, in double quotes where SQL has another meaning for the word."""
    return name if is_plain(name) else f'"{name}"'
