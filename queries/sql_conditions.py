"""How is a WHERE clause read? One function for each node of a condition.

Constants are read by the type of what they are compared with: text beside a date is a date where
it is one, a label beside a code is its code. What does not fit is kept as written, so that
validation names it together with everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlglot import exp

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
    Query,
    Ref,
    Value,
)
from queries.resolve import Kind, Meaning, fitted, meaning
from queries.sql_names import Names
from queries.sql_tree import Node
from queries.values import date_from

_OPERATORS: dict[type[Node], Operator] = {
    exp.EQ: Operator.EQ,
    exp.NEQ: Operator.NE,
    exp.LT: Operator.LT,
    exp.LTE: Operator.LE,
    exp.GT: Operator.GT,
    exp.GTE: Operator.GE,
}
_FLIPPED = {
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}
_CONSTANTS = (exp.Literal, exp.Neg, exp.Cast, exp.Boolean, exp.Null)


def condition(node: Node, *, names: Names, path: str) -> Predicate:
    """The condition that a node writes. Raises QueryRefused."""
    names.reading.mark(path, node)
    if type(node) in _OPERATORS:
        return _compare(node, names, path)
    read = _READERS.get(type(node))
    if read is None:
        raise names.reading.refuse(node, "expression")
    return read(node, names, path)


def constant(node: Node, *, names: Names, ref: Ref | None, path: str) -> Value:
    """A constant, read by the type of the column or feature that it is compared with."""
    names.reading.mark(path, node)
    found = _meaning(ref, names) if ref else None
    read = _CONSTANT_READERS.get(type(node))
    if read is None:
        raise names.reading.refuse(node, "value_expected")
    return fitted(read(node, names), found)


def _meaning(ref: Ref, names: Names) -> Meaning | None:
    features = tuple(made for group in names.features.values() for made in group)
    query = Query("", names.source.name, (), features=features)
    return meaning(ref, query=query, catalogue=names.reading.catalogue)


def _compare(node: Node, names: Names, path: str) -> Predicate:
    left, right, operator = node.this, node.expression, _OPERATORS[type(node)]
    if isinstance(left, _CONSTANTS):
        left, right, operator = right, left, _FLIPPED.get(operator, operator)
    if isinstance(right, exp.Null) or isinstance(left, exp.Null):
        raise names.reading.refuse(node, "null_compare")
    if isinstance(right, exp.Column):
        raise names.reading.refuse(node, "compare_two_columns")
    ref = _ref(left, names, path)
    return Compare(ref, operator, constant(right, names=names, ref=ref, path=f"{path}.value"))


def _ref(node: Node, names: Names, path: str) -> Ref:
    names.reading.mark(f"{path}.ref", node)
    return names.ref(node)


def _in(node: exp.In, names: Names, path: str) -> Predicate:
    ref = _ref(node.this, names, path)
    values = tuple(
        constant(value, names=names, ref=ref, path=f"{path}.values[{number}]")
        for number, value in enumerate(node.expressions)
    )
    return In(ref, values)


def _between(node: exp.Between, names: Names, path: str) -> Predicate:
    ref = _ref(node.this, names, path)
    low = constant(node.args["low"], names=names, ref=ref, path=f"{path}.low")
    high = constant(node.args["high"], names=names, ref=ref, path=f"{path}.high")
    return Between(ref, low, high)


def _is(node: exp.Is, names: Names, path: str) -> Predicate:
    if not isinstance(node.expression, exp.Null):
        raise names.reading.refuse(node, "expression")
    return IsNull(_ref(node.this, names, path))


def _not(node: exp.Not, names: Names, path: str) -> Predicate:
    return Not(condition(node.this, names=names, path=f"{path}.part"))


def _paren(node: exp.Paren, names: Names, path: str) -> Predicate:
    return condition(node.this, names=names, path=path)


def _connected(node: exp.Connector, names: Names, path: str) -> Predicate:
    kind = And if isinstance(node, exp.And) else Or
    parts = tuple(
        condition(part, names=names, path=f"{path}.parts[{number}]")
        for number, part in enumerate(_flat(node))
    )
    return kind(parts)


def _flat(node: exp.Connector) -> list[Node]:
    """The parts of a AND b AND c; the parser nests them to the left, as deep as they are many."""
    parts: list[Node] = []
    left: Node = node
    while type(left) is type(node):
        parts.append(left.expression)
        left = left.this
    return [left, *reversed(parts)]


def _truth(node: exp.Column, names: Names, path: str) -> Predicate:
    """A yes-or-no feature that stands alone."""
    ref = _ref(node, names, path)
    found = _meaning(ref, names)
    if found is None or found.kind is not Kind.TRUTH:
        raise names.reading.refuse(node, "truth_expected")
    return Compare(ref, Operator.EQ, value=True)


_READERS: dict[type[Node], Callable[[Any, Names, str], Predicate]] = {
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Not: _not,
    exp.Paren: _paren,
    exp.And: _connected,
    exp.Or: _connected,
    exp.Column: _truth,
}


def _literal(node: exp.Literal, _: Names) -> Value:
    return str(node.this) if node.is_string else Decimal(str(node.this))


def _negative(node: exp.Neg, names: Names) -> Value:
    if not isinstance(node.this, exp.Literal) or node.this.is_string:
        raise names.reading.refuse(node, "value_expected")
    return -Decimal(str(node.this.this))


def _date(node: exp.Cast, names: Names) -> Value:
    literal, target = node.this, node.args["to"]
    if not isinstance(literal, exp.Literal) or not target.is_type("date"):
        raise names.reading.refuse(node, "cast")
    date = date_from(str(literal.this))
    if date is None:
        raise names.reading.refuse(node, "date_format", text=str(literal.this))
    return date


def _boolean(node: exp.Boolean, _: Names) -> Value:
    return bool(node.this)


def _null(node: exp.Null, names: Names) -> Value:
    raise names.reading.refuse(node, "null_compare")


_CONSTANT_READERS: dict[type[Node], Callable[[Any, Names], Value]] = {
    exp.Literal: _literal,
    exp.Neg: _negative,
    exp.Cast: _date,
    exp.Boolean: _boolean,
    exp.Null: _null,
}
