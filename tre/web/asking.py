"""Which question do the entries of the form ask? A typed query, or what to correct and where.

The form only reads texts into values and finds the declared links on the way to a table; whether
the question may be asked is for ``queries.validate`` alone to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from queries.catalogue import Catalogue
from queries.errors import Problem
from queries.language import (
    REGRESSIONS,
    Aggregate,
    And,
    Between,
    ColumnRef,
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
    Operator,
    Or,
    Predicate,
    Query,
    Ref,
    Statistic,
    Value,
)
from queries.values import date_from, number_from
from tre.web import choices, measure_choices
from tre.web.choices import FEATURE_MARK, Field

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and the id of the row of the form where it is."""

    place: str
    sentence: str


@dataclass(slots=True)
class _Reading:
    """Reads one form; collects every fault instead of stopping at the first."""

    catalogue: Catalogue
    nest: Row
    fields: dict[str, Field]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, sentence: str) -> None:
        self.faults.append(Fault(place, sentence))


def question(nest: Row, *, catalogue: Catalogue) -> tuple[Query | None, tuple[Fault, ...]]:
    """The query, or None with every fault of the form's own texts."""
    reading = _Reading(catalogue, nest, choices.fields(catalogue, nest))
    features = tuple(_feature(reading, n, row) for n, row in enumerate(nest["features"]))
    dimensions = tuple(_dimension(reading, n, row) for n, row in enumerate(nest["dimensions"]))
    measures = tuple(_measure(row) for row in nest["measures"])
    where = _where(reading, nest["conditions"], nest["match"], "conditions")
    if not measures:
        reading.fault("measures", "Choose at least one thing to publish, such as a number of units")
    if reading.faults:
        return None, tuple(reading.faults)
    asked = Query(
        dataset=catalogue.dataset,
        source=nest["source"],
        measures=measures,
        dimensions=dimensions,
        where=where,
        joins=_joins(reading),
        features=features,
        margins=nest["margins"] in choices.TOTALS,
        grouping_sets=_sets(nest["margins"], len(dimensions)),
    )
    return asked, ()


def _sets(totals: str, dimensions: int) -> tuple[tuple[int, ...], ...]:
    """Every table by so many dimensions and fewer, but the one by none: they add up to that."""
    most = choices.TOTALS.get(totals, 0)
    sizes = range(1, min(most, dimensions) + 1)
    return tuple(own for size in sizes for own in combinations(range(dimensions), size))


def place_of(problem: Problem) -> str:
    """The row of the form that a refusal is about; the part of the form where there is no row."""
    for pattern, place in PLACES:
        found = pattern.match(problem.where)
        if found:
            return found.expand(place)
    return "source"


PLACES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), place)
    for pattern, place in (
        (r"features\[(\d+)\]\.where(?:\.part)?\.parts\[(\d+)\]", r"features-\1-conditions-\2"),
        (r"features\[(\d+)\]\.where", r"features-\1-conditions-0"),
        (r"features\[(\d+)\]", r"features-\1"),
        (r"dimensions\[(\d+)\]", r"dimensions-\1"),
        (r"measures\[(\d+)\]", r"measures-\1"),
        (r"where(?:\.part)?\.parts\[(\d+)\]", r"conditions-\1"),
        (r"where", "conditions-0"),
        (r"(features|dimensions|measures|margins)", r"\1"),
        (r"grouping_sets", "margins"),
    )
)
"""Path of the typed query -> id in the form."""


def _ref(text: str) -> Ref:
    if text.startswith(FEATURE_MARK):
        return FeatureRef(text.removeprefix(FEATURE_MARK))
    table, _, column = text.partition(".")
    return ColumnRef(table, column)


def _feature(reading: _Reading, number: int, row: Row) -> Feature:
    place = f"features-{number}"
    if not row["name"]:
        reading.fault(place, "Give this feature a name")
    aggregate = row["aggregate"]
    if aggregate not in set(Aggregate):
        reading.fault(place, "Choose what this feature computes")
        aggregate = Aggregate.EXISTS
    return Feature(
        name=row["name"],
        table=row["table"],
        aggregate=Aggregate(aggregate),
        column=row["column"] or None,
        order_by=row["order_by"] or None,
        where=_where(reading, row["conditions"], row["match"], f"{place}-conditions"),
    )


def _dimension(reading: _Reading, number: int, row: Row) -> Dimension:
    kind = _kind(reading, row["ref"])
    cuts: list[Any] = []
    for text in filter(None, re.split(r"[,;\s]+", row["bands"])):
        cut = date_from(text) if kind == "date" else number_from(text)
        if cut is None:
            example = reading.fields[row["ref"]].cuts if row["ref"] in reading.fields else "10, 20"
            reading.fault(
                f"dimensions-{number}",
                f"Enter cut points for {_called(reading, row)} with commas, such as {example}",
            )
            break
        cuts.append(cut)
    return Dimension(_ref(row["ref"]), bands=tuple(cuts), recode=row["recode"] or None)


def _measure(row: Row) -> Measure:
    statistic, level = measure_choices.statistic_of(row["statistic"])
    ref, per = (_ref(row[name]) if row[name] else None for name in ("ref", "per"))
    if statistic in REGRESSIONS:
        others = (_ref(one) for one in row["adjusted"])
        return Measure(statistic, ref, None, per, tuple(one for one in others if one != per))
    return Measure(statistic, ref, level, per if statistic is Statistic.RATIO else None)


def _where(reading: _Reading, rows: list[Row], match: str, place: str) -> Predicate | None:
    parts = [_condition(reading, row, f"{place}-{n}") for n, row in enumerate(rows)]
    known = tuple(part for part in parts if part is not None)
    if not known:
        return None
    alone = len(known) == 1
    return known[0] if alone else Or(known) if match == "any" else And(known)


def _condition(reading: _Reading, row: Row, place: str) -> Predicate | None:
    ref, operator = _ref(row["ref"]), row["operator"]
    if operator in {"missing", "present"}:
        return IsNull(ref) if operator == "missing" else Not(IsNull(ref))
    if operator in {"yes", "no"}:
        return Compare(ref, Operator.EQ, operator == "yes")
    if operator in {"in", "not in"}:
        return _one_of(reading, ref, row, place)
    if operator == "between":
        return _range(reading, ref, row, place)
    if operator not in set(Operator):
        reading.fault(place, "Choose how to compare")
        return None
    value = _value(reading, row, row["value"], place)
    return None if value is None else Compare(ref, Operator(operator), value)


def _one_of(reading: _Reading, ref: Ref, row: Row, place: str) -> Predicate | None:
    if not row["codes"]:
        reading.fault(place, "Choose at least one code")
        return None
    chosen = In(ref, tuple(row["codes"]))
    return Not(chosen) if row["operator"] == "not in" else chosen


def _range(reading: _Reading, ref: Ref, row: Row, place: str) -> Predicate | None:
    low = _value(reading, row, row["value"], place)
    if low is not None and not row["high"]:
        reading.fault(place, f"Enter where the range of {_called(reading, row)} ends")
        return None
    high = _value(reading, row, row["high"], place) if low is not None else None
    return None if low is None or high is None else Between(ref, low, high)


def _value(reading: _Reading, row: Row, text: str, place: str) -> Value | None:
    is_date = _kind(reading, row["ref"]) == "date"
    value: Value | None = date_from(text) if is_date else number_from(text.replace(" ", ""))
    if value is None:
        kind, example = ("date", "2010-01-31") if is_date else ("number", "12.5")
        sentence = f"Enter a {kind} for {_called(reading, row)}, such as {example}"
        reading.fault(place, sentence)
    return value


def _called(reading: _Reading, row: Row) -> str:
    found = choices.field_of(reading.catalogue, reading.nest, row["ref"])
    return found.title if found is not None else str(row["ref"])


def _kind(reading: _Reading, ref: str) -> str:
    found = choices.field_of(reading.catalogue, reading.nest, ref)
    return found.kind if found is not None else "unknown"


def _joins(reading: _Reading) -> tuple[Join, ...]:
    """Declared links to every table that the question uses, from the source outwards."""
    kinds = {row["name"]: row["kind"] for row in reading.nest["links"]}
    on_the_way = choices.reachable(reading.catalogue, source=reading.nest["source"])
    needed = _tables_used(reading) | {
        link.right for link in on_the_way.values() if link and kinds.get(link.name) == "inner"
    }
    for link in reversed([link for link in on_the_way.values() if link is not None]):
        if link.right in needed:
            needed.add(link.left)
    return tuple(
        Join(link.name, JoinKind.INNER if kinds.get(link.name) == "inner" else JoinKind.LEFT)
        for link in on_the_way.values()
        if link is not None and link.right in needed
    )


def _tables_used(reading: _Reading) -> set[str]:
    rows = [*reading.nest["dimensions"], *reading.nest["measures"], *reading.nest["conditions"]]
    refs = [row["ref"] for row in rows if row["ref"] and not row["ref"].startswith(FEATURE_MARK)]
    return {ref.partition(".")[0] for ref in refs}
