"""Which stored integers does a question compare? Its filters, over terms and whole constants.

A term is NULL where the value is missing. A condition is true, false or unknown as in SQL; a
filter keeps what is true. Every operation is total: none can fail, whatever is stored.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from queries.catalogue import Catalogue, LinkKind
from queries.language import (
    And,
    Between,
    ColumnRef,
    Compare,
    FeatureRef,
    In,
    IsNull,
    Not,
    Operator,
    Or,
    Predicate,
    Query,
    Ref,
    Value,
)
from queries.resolve import Kind, Meaning, meaning
from queries.values import LARGEST_STORED, days_of, scaled


class Level(StrEnum):
    """What a term, a key or a filter depends on."""

    ROW = "row"  # a row of the source
    UNIT = "unit"  # the unit alone: the same for all its rows
    BOTH = "both"


def levels_of(query: Query, *, catalogue: Catalogue) -> dict[str, Level]:
    """Of every table in the question: does its row vary by row of the source?"""
    source = catalogue.table(query.source)
    levels = {query.source: Level.UNIT if source and source.one_row_per_unit else Level.ROW}
    for join in query.joins:
        if link := catalogue.link(join.link):
            by_unit = link.kind is LinkKind.UNIT
            levels[link.right] = Level.UNIT if by_unit else levels.get(link.left, Level.ROW)
    return levels


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of the source or of a linked table."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A feature of the unit."""

    feature: str


Term = Stored | Computed


@dataclass(frozen=True, slots=True)
class Holds:
    term: Term
    operator: Operator
    constant: int


@dataclass(frozen=True, slots=True)
class Among:
    term: Term
    constants: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    term: Term


@dataclass(frozen=True, slots=True)
class Negated:
    part: Condition


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Condition, ...]


Condition = Holds | Among | Absent | Negated | Every | Some


def term_of(ref: Ref) -> Term:
    return Stored(ref.table, ref.column) if isinstance(ref, ColumnRef) else Computed(ref.name)


def terms_in(condition: Condition) -> frozenset[Term]:
    """Every term that the condition reads."""
    if isinstance(condition, Negated):
        return terms_in(condition.part)
    if isinstance(condition, Every | Some):
        return frozenset().union(*(terms_in(part) for part in condition.parts))
    return frozenset({condition.term})


def known(ref: Ref, *, query: Query, catalogue: Catalogue) -> Meaning:
    """The meaning of a name that validation has found. Raises KeyError for any other."""
    found = meaning(ref, query=query, catalogue=catalogue)
    if found is None:
        raise KeyError(ref.name if isinstance(ref, FeatureRef) else ref.column)
    return found


def stored_constant(value: Value, *, of: Meaning) -> int:
    """The integer of a constant; beyond what a store can hold, the nearest that it cannot."""
    if isinstance(value, str):
        return next(place for place, code in enumerate(of.codes) if code.value == value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime.date):
        return days_of(value)
    beyond = LARGEST_STORED + 1
    return max(-beyond, min(beyond, scaled(value, decimals=of.decimals)))


def stored_bounds(found: Meaning) -> tuple[int, int]:
    """Least and largest stored integer. Codes are positions, truth values 0 and 1."""
    if found.kind is Kind.CODE:
        return 0, len(found.codes) - 1
    if found.kind is Kind.TRUTH:
        return 0, 1
    if found.kind is Kind.TEXT:
        return 0, found.most_values - 1
    if found.lower is None or found.upper is None:
        raise KeyError(found.title)
    lower = scaled(found.lower, decimals=found.decimals)
    return lower, scaled(found.upper, decimals=found.decimals)


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns a question's predicates into conditions on stored integers."""

    query: Query
    catalogue: Catalogue

    def condition(self, predicate: Predicate) -> Condition:
        match predicate:
            case And(parts):
                return Every(tuple(self.condition(part) for part in parts))
            case Or(parts):
                return Some(tuple(self.condition(part) for part in parts))
            case Not(part):
                return Negated(self.condition(part))
            case _:
                return self._test(predicate)

    def _test(self, predicate: Compare | In | Between | IsNull) -> Condition:
        ref = predicate.ref
        match predicate:
            case IsNull():
                return Absent(term_of(ref))
            case In(values=values):
                return Among(term_of(ref), tuple(self._constant(value, ref) for value in values))
            case Between(low=low, high=high):
                ends = ((Operator.GE, low), (Operator.LE, high))
                return Every(tuple(self._compared(ref, sign, value) for sign, value in ends))
            case Compare(operator=operator, value=value):
                return self._compared(ref, operator, value)

    def conjuncts(self, predicate: Predicate | None) -> tuple[Condition, ...]:
        """The parts of a filter that must all be true."""
        if predicate is None:
            return ()
        if isinstance(predicate, And):
            return tuple(one for part in predicate.parts for one in self.conjuncts(part))
        return (self.condition(predicate),)

    def _compared(self, ref: Ref, operator: Operator, value: Value) -> Condition:
        return Holds(term_of(ref), operator, self._constant(value, ref))

    def _constant(self, value: Value, ref: Ref) -> int:
        found = known(ref, query=self.query, catalogue=self.catalogue)
        return stored_constant(value, of=found)
