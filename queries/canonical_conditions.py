"""Which conditions say the same? One spelling for each, equal in three-valued logic.

Negations move inwards to the comparisons, where every step keeps unknown unknown. Comparisons
become ranges with both ends included (stored values are whole numbers) or lists; lists and
parts are sorted, nested parts of one kind are merged, repetitions dropped.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from queries.language import (
    And,
    Between,
    Compare,
    In,
    IsNull,
    Not,
    Operator,
    Or,
    Predicate,
    Ref,
    Value,
)
from queries.resolve import Kind, Meaning
from queries.values import LARGEST_STORED, date_of_days, days_of, scaled, unscaled

MeaningOf = Callable[[Ref], Meaning | None]
KeyOf = Callable[[Predicate], str]

_EARLIEST, _LATEST = days_of(datetime.date.min), days_of(datetime.date.max)


@dataclass(frozen=True, slots=True)
class Canonical:
    """How conditions of one query are rewritten: what names mean, and in which order parts go."""

    meaning: MeaningOf
    key: KeyOf

    def of(self, predicate: Predicate) -> Predicate:
        """The one spelling of a validated condition."""
        return self._rewrite(predicate, negated=False)

    def _rewrite(self, predicate: Predicate, *, negated: bool) -> Predicate:
        if isinstance(predicate, Not):
            return self._rewrite(predicate.part, negated=not negated)
        if isinstance(predicate, And | Or):
            parts = [self._rewrite(part, negated=negated) for part in predicate.parts]
            return self._connected(parts, conjunction=isinstance(predicate, And) is not negated)
        if isinstance(predicate, IsNull):
            return Not(predicate) if negated else predicate
        return self._comparison(predicate, negated=negated)

    def _comparison(self, predicate: Compare | In | Between, *, negated: bool) -> Predicate:
        if isinstance(predicate, Between):
            low = self._range(predicate.ref, Operator.GE, predicate.low, negated=negated)
            high = self._range(predicate.ref, Operator.LE, predicate.high, negated=negated)
            return self._connected([low, high], conjunction=not negated)
        if isinstance(predicate, In):
            return self._list(predicate.ref, predicate.values, negated=negated)
        if predicate.operator in _LISTED:
            negative = negated is not (predicate.operator is Operator.NE)
            return self._list(predicate.ref, (predicate.value,), negated=negative)
        return self._range(predicate.ref, predicate.operator, predicate.value, negated=negated)

    def _list(self, ref: Ref, values: Iterable[Value], *, negated: bool) -> Predicate:
        kept: set[Value] = {self._value(ref, value) for value in values}
        found = self.meaning(ref)
        truth = found is not None and found.kind is Kind.TRUTH  # never missing: two values
        if negated and truth and kept != {*_TRUTHS}:  # a list of none is no condition
            negated, kept = False, {*_TRUTHS} - kept
        listed = In(ref, tuple(sorted(kept, key=_sort_key)))
        return Not(listed) if negated else listed

    def _value(self, ref: Ref, value: Value) -> Value:
        found = self.meaning(ref)
        if not isinstance(value, Decimal) or found is None:
            return value
        return unscaled(scaled(value, decimals=found.decimals), decimals=found.decimals)

    def _range(self, ref: Ref, operator: Operator, value: Value, *, negated: bool) -> Predicate:
        """Write x < 5 as x <= 4, in the last declared decimal; at the ends of time as it is."""
        operator = _NEGATED[operator] if negated else operator
        value = self._value(ref, value)
        if operator in _STRICT:
            closed, step = _STRICT[operator]
            moved = self._moved(ref, value, step=step)
            return Compare(ref, operator, value) if moved is None else Compare(ref, closed, moved)
        return Compare(ref, operator, value)

    def _moved(self, ref: Ref, value: Value, *, step: int) -> Value | None:
        if isinstance(value, datetime.date):
            days = days_of(value) + step
            return date_of_days(days) if _EARLIEST <= days <= _LATEST else None
        found = self.meaning(ref)
        if not isinstance(value, Decimal) or found is None:
            return None
        stored = scaled(value, decimals=found.decimals) + step
        return unscaled(stored, decimals=found.decimals) if abs(stored) <= LARGEST_STORED else None

    def _connected(self, parts: list[Predicate], *, conjunction: bool) -> Predicate:
        kind = And if conjunction else Or
        flat = [
            inner for part in parts for inner in (part.parts if type(part) is kind else (part,))
        ]
        merged = _ranges(flat) if conjunction else flat
        merged = _lists(merged, negated=conjunction)
        unique = {self.key(part): part for part in merged}
        ordered = tuple(unique[key] for key in sorted(unique))
        return ordered[0] if len(ordered) == 1 else kind(ordered)


_TRUTHS: tuple[Value, ...] = (False, True)
_LISTED = frozenset({Operator.EQ, Operator.NE})
_NEGATED = {
    Operator.LT: Operator.GE,
    Operator.GE: Operator.LT,
    Operator.GT: Operator.LE,
    Operator.LE: Operator.GT,
}
_STRICT = {Operator.LT: (Operator.LE, -1), Operator.GT: (Operator.GE, 1)}


def _ranges(parts: list[Predicate]) -> list[Predicate]:
    """In an AND: the closed ranges of one name as one range, unless nothing lies in it."""
    lows: dict[Ref, Any] = {}
    highs: dict[Ref, Any] = {}
    others = [part for part in parts if not _closed(part, lows, highs)]
    for ref in {**lows, **highs}:
        others += _range_parts(ref, lows.get(ref), highs.get(ref))
    return others


def _closed(part: Predicate, lows: dict[Ref, Any], highs: dict[Ref, Any]) -> bool:
    """Whether the part was one end of a range, or both, and has been taken into the dicts."""
    if isinstance(part, Between):
        lows[part.ref] = max(part.low, lows.get(part.ref, part.low))
        highs[part.ref] = min(part.high, highs.get(part.ref, part.high))
        return True
    if not isinstance(part, Compare):
        return False
    if part.operator is Operator.GE:
        lows[part.ref] = max(part.value, lows.get(part.ref, part.value))
    elif part.operator is Operator.LE:
        highs[part.ref] = min(part.value, highs.get(part.ref, part.value))
    return part.operator in {Operator.GE, Operator.LE}


def _range_parts(ref: Ref, low: Any, high: Any) -> list[Predicate]:
    if low is None:
        return [Compare(ref, Operator.LE, high)]
    if high is None:
        return [Compare(ref, Operator.GE, low)]
    if low <= high:
        return [In(ref, (low,)) if low == high else Between(ref, low, high)]
    return [Compare(ref, Operator.GE, low), Compare(ref, Operator.LE, high)]


def _lists(parts: list[Predicate], *, negated: bool) -> list[Predicate]:
    """In an OR: the lists of one name as one list. In an AND: the excluded lists as one."""
    lists: dict[Ref, set[Value]] = {}
    others: list[Predicate] = []
    for part in parts:
        inner = part.part if isinstance(part, Not) else part
        if isinstance(inner, In) and isinstance(part, Not) is negated:
            lists.setdefault(inner.ref, set()).update(inner.values)
        else:
            others.append(part)
    for ref, values in lists.items():
        merged = In(ref, tuple(sorted(values, key=_sort_key)))
        others.append(Not(merged) if negated else merged)
    return others


def _sort_key(value: Value) -> tuple[str, Any]:
    """Values of one list are of one type; the type's name only keeps a stray one in order."""
    return type(value).__name__, value
