"""What does a query ask, in plain English? For pages, dossiers and the public register.

    Number of persons and mean of Body mass index, by Sex; Age (below 40, 40 to 59, 60 and over),
    among those with Smoker: Yes, linked to Areas. Here top is the largest Result of each person's
    Laboratory results with Test: HDL cholesterol.

Written from the catalogue's titles and labels, so that it says nothing that is not public.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from queries import nested
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
    JoinKind,
    Measure,
    Not,
    Operator,
    Or,
    Predicate,
    Query,
    Ref,
    Statistic,
    Value,
)
from queries.looks import LOOKS, OF_SEVERAL, PROPORTION, quantile_words
from queries.plan_axes import band_labels
from queries.resolve import Kind, Meaning, meaning, recode_of
from queries.values import number_text

_FEATURE_WORDS = {
    Aggregate.EXISTS: "whether there are any of",
    Aggregate.COUNT: "the number of",
    Aggregate.SUM: "the sum of {column} over",
    Aggregate.MEAN: "the mean {column} of",
    Aggregate.MIN: "the smallest {column} of",
    Aggregate.MAX: "the largest {column} of",
    Aggregate.FIRST: "the first {column}, by {order_by}, of",
    Aggregate.LAST: "the last {column}, by {order_by}, of",
}
_OPERATOR_WORDS = {
    Operator.EQ: ": {value}",
    Operator.NE: " other than {value}",
    Operator.LT: " below {value}",
    Operator.LE: " at most {value}",
    Operator.GT: " above {value}",
    Operator.GE: " at least {value}",
}


def describe(query: Query, catalogue: Catalogue) -> str:
    """One to a few sentences for a validated query."""
    return _Describer(query, catalogue).text()


class _Describer:
    """One query while it is put into words."""

    def __init__(self, query: Query, catalogue: Catalogue) -> None:
        self.query, self.catalogue = query, catalogue

    def text(self) -> str:
        parts = [_joined([self._measure(measure) for measure in self.query.measures])]
        if self.query.dimensions:
            parts.append("by " + "; ".join(map(self._dimension, self.query.dimensions)))
            parts[-1] += self._totals()
        if self.query.where is not None:
            parts.append(f"among those with {self._condition(self.query.where)}")
        parts += self._links()
        sentence = ", ".join(parts)
        sentences = [sentence[:1].upper() + sentence[1:], *map(self._feature, self.query.features)]
        return " ".join(f"{one}." for one in sentences)

    def _totals(self) -> str:
        if not self.query.margins:
            return ""
        if not self.query.grouping_sets:
            return ", with all totals"
        names = [self._short(one) for one in self.query.dimensions]
        tables = (" × ".join(names[at] for at in one) for one in self.query.grouping_sets)
        return f": the tables by {_joined([one or 'none of these' for one in tables])} alone"

    def _measure(self, measure: Measure) -> str:
        if measure.ref is None:
            return self._counted(measure.statistic)
        name = self._name(measure.ref)
        found = self._meaning(measure.ref)
        if measure.per is not None:
            return OF_SEVERAL[measure.statistic](*map(self._name, measure.refs))
        if found is not None and found.kind is Kind.TRUTH:
            return f"{PROPORTION.title.lower()} {name}"
        if measure.level is not None:
            return f"{quantile_words(measure.level)} of {name}"
        return f"{LOOKS[measure.statistic].title.lower()} {name}"

    def _counted(self, statistic: Statistic) -> str:
        if statistic is Statistic.UNITS:
            return f"number of {self.catalogue.units}"
        if statistic is Statistic.UNITS_LEFT_OUT:
            return f"share of {self.catalogue.units} in cells that bounds leave out"
        if statistic is Statistic.LEFT_OUT:
            return f"share of {self._rows()} that bounds leave out"
        return f"number of {self._rows()}"

    def _rows(self) -> str:
        table = self.catalogue.table(self.query.source)
        if table is None:
            return self.query.source
        return self.catalogue.units if table.one_row_per_unit else f"rows of {table.title}"

    def _short(self, dimension: Dimension) -> str:
        recode = recode_of(dimension, query=self.query, catalogue=self.catalogue)
        return recode.title if recode else self._name(dimension.ref)

    def _dimension(self, dimension: Dimension) -> str:
        name = self._name(dimension.ref)
        found = self._meaning(dimension.ref)
        if dimension.bands and found is not None:
            return f"{name} ({', '.join(band_labels(dimension.bands, of=found))})"
        recode = recode_of(dimension, query=self.query, catalogue=self.catalogue)
        if recode and nested.depth(recode.groups):
            return f"{recode.title}, with subtotals"
        if recode:
            return f"{recode.title} ({', '.join(label for label, _ in recode.groups)})"
        return name

    def _links(self) -> list[str]:
        words = []
        for join in self.query.joins:
            link = self.catalogue.link(join.link)
            table = self.catalogue.table(link.right) if link else None
            if table:
                only = ", matching rows only" if join.kind is JoinKind.INNER else ""
                words.append(f"linked to {table.title}{only}")
        return words

    def _feature(self, feature: Feature) -> str:
        table = self.catalogue.table(feature.table)
        title = table.title if table else feature.table
        words = _FEATURE_WORDS[feature.aggregate].format(
            column=self._column(feature.table, feature.column),
            order_by=self._column(feature.table, feature.order_by),
        )
        kept = f" with {self._condition(feature.where)}" if feature.where is not None else ""
        return f"Here {feature.name} is {words} each {self.catalogue.unit}'s {title}{kept}"

    def _column(self, table: str, column: str | None) -> str:
        found = self.catalogue.table(table)
        declared = found.column(column) if found and column else None
        return declared.title if declared else ""

    def _name(self, ref: Ref) -> str:
        return ref.name if isinstance(ref, FeatureRef) else self._column(ref.table, ref.column)

    def _condition(self, predicate: Predicate) -> str:
        return _CONDITIONS[type(predicate)](self, predicate)

    def compare(self, predicate: Compare) -> str:
        value = self._value(predicate.ref, predicate.value)
        return self._name(predicate.ref) + _OPERATOR_WORDS[predicate.operator].format(value=value)

    def one_of(self, predicate: In) -> str:
        values = [self._value(predicate.ref, value) for value in predicate.values]
        return f"{self._name(predicate.ref)}: {' or '.join(values)}"

    def between(self, predicate: Between) -> str:
        low = self._value(predicate.ref, predicate.low)
        high = self._value(predicate.ref, predicate.high)
        return f"{self._name(predicate.ref)} from {low} to {high}"

    def is_null(self, predicate: IsNull) -> str:
        return f"{self._name(predicate.ref)} missing"

    def negation(self, predicate: Not) -> str:
        if isinstance(predicate.part, IsNull):
            return f"{self._name(predicate.part.ref)} not missing"
        return f"not ({self._condition(predicate.part)})"

    def conjunction(self, predicate: And) -> str:
        return self._connected(predicate.parts, word=" and ")

    def disjunction(self, predicate: Or) -> str:
        return self._connected(predicate.parts, word=" or ")

    def _connected(self, parts: tuple[Predicate, ...], *, word: str) -> str:
        return word.join(
            f"({self._condition(part)})" if isinstance(part, And | Or) else self._condition(part)
            for part in parts
        )

    def _value(self, ref: Ref, value: Value) -> str:
        found = self._meaning(ref)
        if found is not None and found.kind is Kind.CODE:
            return next((code.label for code in found.codes if code.value == value), str(value))
        return _plain(value)

    def _meaning(self, ref: Ref) -> Meaning | None:
        return meaning(ref, query=self.query, catalogue=self.catalogue)


_CONDITIONS: dict[type, Callable[[_Describer, Any], str]] = {
    Compare: _Describer.compare,
    In: _Describer.one_of,
    Between: _Describer.between,
    IsNull: _Describer.is_null,
    Not: _Describer.negation,
    And: _Describer.conjunction,
    Or: _Describer.disjunction,
}


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return number_text(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
