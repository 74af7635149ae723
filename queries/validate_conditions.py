"""Do the conditions of a query compare declared things with values that they can have?"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from queries.catalogue import Code
from queries.catalogue_faults import MOST_DECIMALS
from queries.errors import Problem, problem
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
from queries.scope import Scope, nearest, shown
from queries.values import LARGEST_STORED, decimals_of, number_text, scaled

MOST_CONDITIONS = 64  # predicate nodes of the whole query
DEEPEST_CONDITION = 16

_PYTHON_TYPES: dict[Kind, type] = {
    Kind.CODE: str,
    Kind.NUMBER: Decimal,
    Kind.DATE: datetime.date,
    Kind.TRUTH: bool,
}
_EXAMPLES = {
    Kind.NUMBER: "12.5",
    Kind.DATE: "DATE '2020-01-31'",
    Kind.TRUTH: "TRUE or FALSE",
}
_EQUALITY = frozenset({Operator.EQ, Operator.NE})
_UNORDERED = {Kind.CODE: "order_of_codes", Kind.TRUTH: "order_of_truth"}


def condition_problems(predicate: Predicate, *, scope: Scope, where: str) -> Iterator[Problem]:
    """Every fault of one condition. Call only if its depth was found to be allowed."""
    if isinstance(predicate, Compare | In | Between) and _is_text(predicate.ref, scope):
        yield from _text(predicate, scope, where)
        return
    yield from _RULES[type(predicate)](predicate, scope, where)


def nodes_and_depth(predicate: Predicate | None) -> tuple[int, int]:
    """How large a condition is; never deep itself, since a condition may come from outside."""
    level: list[Predicate] = [predicate] if predicate is not None else []
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        level = [part for node in level for part in _parts(node)]
    return nodes, depth


def values_of(predicate: Predicate | None) -> int:
    """How many constants stand in the lists of a condition."""
    if predicate is None:
        return 0
    own = len(predicate.values) if isinstance(predicate, In) else 0
    return own + sum(values_of(part) for part in _parts(predicate))


def _parts(node: Predicate) -> tuple[Predicate, ...]:
    if isinstance(node, Not):
        return (node.part,)
    return node.parts if isinstance(node, And | Or) else ()


def value_problem(value: Value, *, of: Meaning, name: str, where: str) -> Problem | None:
    """Why a constant cannot be compared with a column or feature; None if it can."""
    if type(value) is not _PYTHON_TYPES[of.kind]:
        return _wrong_type(value, of=of, name=name, where=where)
    if isinstance(value, str):
        return _code_problem(value, codes=of.codes, name=name, where=where)
    if isinstance(value, Decimal):
        return _number_problem(value, of=of, name=name, where=where)
    return None


def _wrong_type(value: Value, *, of: Meaning, name: str, where: str) -> Problem:
    example = _EXAMPLES.get(of.kind) or f"'{of.codes[0].value}'"
    return problem(
        "wrong_type", where=where, name=name, type=of.kind.value, value=value, example=example
    )


def _code_problem(value: str, *, codes: tuple[Code, ...], name: str, where: str) -> Problem | None:
    if any(code.value == value for code in codes):
        return None
    labels = {code.label: code.value for code in codes}
    if value in labels:
        hint = f" {value} is its label; write {labels[value]}."
    else:
        hint = nearest(value, [*(code.value for code in codes), *labels])
    return problem("unknown_code", where=where, name=value, column=name, hint=hint)


def _number_problem(value: Decimal, *, of: Meaning, name: str, where: str) -> Problem | None:
    if not value.is_finite() or (value and value.adjusted() > len(str(LARGEST_STORED))):
        return problem("too_large", where=where, value=value)
    if (value and value.adjusted() < -MOST_DECIMALS) or decimals_of(value) > of.decimals:
        return problem("too_fine", where=where, name=name, decimals=of.decimals, value=value)
    if abs(scaled(value, decimals=of.decimals)) > LARGEST_STORED:
        return problem("too_large", where=where, value=number_text(value))
    return None


def _is_text(ref: Ref, scope: Scope) -> bool:
    found = scope.meaning(ref)
    return found is not None and found.kind is Kind.TEXT


def _text(predicate: Compare | In | Between, scope: Scope, where: str) -> Iterator[Problem]:
    """Which texts there are is secret, so that no constant has a place among them."""
    yield from scope.problems(predicate.ref, where=f"{where}.ref")
    yield problem("text_compared", where=where, name=shown(predicate.ref))


def _compare(predicate: Compare, scope: Scope, where: str) -> Iterator[Problem]:
    yield from scope.problems(predicate.ref, where=f"{where}.ref")
    found = scope.meaning(predicate.ref)
    if found is None:
        return
    yield from _values(predicate, {"value": predicate.value}, found, where)
    if predicate.operator not in _EQUALITY:
        yield from _ordered(predicate, found, where)


def _in(predicate: In, scope: Scope, where: str) -> Iterator[Problem]:
    yield from scope.problems(predicate.ref, where=f"{where}.ref")
    if not predicate.values:
        yield problem("empty_list", where=f"{where}.values")
    if found := scope.meaning(predicate.ref):
        named = {f"values[{number}]": value for number, value in enumerate(predicate.values)}
        yield from _values(predicate, named, found, where)


def _between(predicate: Between, scope: Scope, where: str) -> Iterator[Problem]:
    yield from scope.problems(predicate.ref, where=f"{where}.ref")
    found = scope.meaning(predicate.ref)
    if found is None:
        return
    wrong = [*_ordered(predicate, found, where)]
    wrong += _values(predicate, {"low": predicate.low, "high": predicate.high}, found, where)
    low, high = _comparable(predicate.low), _comparable(predicate.high)
    if not wrong and low > high:
        wrong.append(problem("empty_range", where=where, low=predicate.low, high=predicate.high))
    yield from wrong


def _comparable(value: Value) -> Any:
    return value


def _values(
    predicate: Compare | In | Between, named: dict[str, Value], found: Meaning, where: str
) -> Iterator[Problem]:
    name = shown(predicate.ref)
    for key, value in named.items():
        fault = value_problem(value, of=found, name=name, where=f"{where}.{key}")
        if fault:
            yield fault


def _ordered(predicate: Compare | Between, found: Meaning, where: str) -> Iterator[Problem]:
    if code := _UNORDERED.get(found.kind):
        yield problem(code, where=where, name=shown(predicate.ref))


def _is_null(predicate: IsNull, scope: Scope, where: str) -> Iterator[Problem]:
    yield from scope.problems(predicate.ref, where=f"{where}.ref")


def _not(predicate: Not, scope: Scope, where: str) -> Iterator[Problem]:
    yield from condition_problems(predicate.part, scope=scope, where=f"{where}.part")


def _all_or_any(predicate: And | Or, scope: Scope, where: str) -> Iterator[Problem]:
    if not predicate.parts:
        yield problem("empty_list", where=f"{where}.parts")
    for number, part in enumerate(predicate.parts):
        yield from condition_problems(part, scope=scope, where=f"{where}.parts[{number}]")


_RULES: dict[type, Callable[[Any, Scope, str], Iterator[Problem]]] = {
    Compare: _compare,
    In: _in,
    Between: _between,
    IsNull: _is_null,
    Not: _not,
    And: _all_or_any,
    Or: _all_or_any,
}
