"""How is a condition written as JSON, and read back?"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from queries.json_reading import Reader
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
    Ref,
    Value,
)
from queries.resolve import Kind, Meaning, fitted
from queries.values import number_from, number_text

DEEPEST_FORM = 40  # validation allows less; this bounds the reading itself

MeaningOf = Callable[[Ref], Meaning | None]
_NOWHERE = ColumnRef("", "")
_NOTHING = IsNull(_NOWHERE)


def ref_json(ref: Ref) -> dict[str, str]:
    """{"feature": name} or {"table": name, "column": name}."""
    if isinstance(ref, FeatureRef):
        return {"feature": ref.name}
    return {"table": ref.table, "column": ref.column}


def value_json(value: Value) -> str | bool:
    """Numbers as text, so that nothing on the way rounds them."""
    if isinstance(value, bool | str):
        return value
    return number_text(value) if isinstance(value, Decimal) else value.isoformat()


def predicate_json(predicate: Predicate) -> dict[str, Any]:
    """The condition of a form."""
    if isinstance(predicate, And | Or):
        operator = "and" if isinstance(predicate, And) else "or"
        return {"op": operator, "parts": [predicate_json(part) for part in predicate.parts]}
    if isinstance(predicate, Not):
        return {"op": "not", "part": predicate_json(predicate.part)}
    return _comparison_json(predicate)


def _comparison_json(predicate: Compare | In | Between | IsNull) -> dict[str, Any]:
    ref = ref_json(predicate.ref)
    if isinstance(predicate, Compare):
        return {"op": predicate.operator.value, "ref": ref, "value": value_json(predicate.value)}
    if isinstance(predicate, In):
        return {"op": "in", "ref": ref, "values": [value_json(one) for one in predicate.values]}
    if isinstance(predicate, Between):
        low, high = value_json(predicate.low), value_json(predicate.high)
        return {"op": "between", "ref": ref, "low": low, "high": high}
    return {"op": "is_null", "ref": ref}


def ref_from(value: object, *, reader: Reader, path: str) -> Ref:
    """The name; faults are noted in the reader."""
    if isinstance(value, Mapping) and "feature" in value:
        entry = reader.mapping(value, path=path, needed=("feature",))
        return FeatureRef(reader.text(entry.get("feature"), path=f"{path}.feature"))
    if value is None:
        return _NOWHERE
    entry = reader.mapping(value, path=path, needed=("table", "column"))
    table = reader.text(entry.get("table"), path=f"{path}.table")
    return ColumnRef(table, reader.text(entry.get("column"), path=f"{path}.column"))


def value_from(value: object, found: Meaning | None, *, reader: Reader, path: str) -> Value:
    """A constant, read by the type of what it is compared with."""
    constant = reader.constant(value, path=path)
    if isinstance(constant, str) and found is not None and found.kind is Kind.NUMBER:
        number = number_from(constant)
        return constant if number is None else number
    return fitted(constant, found)


def predicate_from(
    value: object, *, meaning: MeaningOf, reader: Reader, path: str, depth: int = 0
) -> Predicate:
    """The condition; faults are noted in the reader."""
    if depth > DEEPEST_FORM:
        reader.note("too_deep", path=path, most=DEEPEST_FORM)
        return _NOTHING
    operator = value.get("op") if isinstance(value, Mapping) else None
    if operator in ("and", "or"):
        return _connected_from(value, meaning=meaning, reader=reader, path=path, depth=depth)
    if operator == "not":
        entry = reader.mapping(value, path=path, needed=("op", "part"))
        part = predicate_from(
            entry.get("part"), meaning=meaning, reader=reader, path=f"{path}.part", depth=depth + 1
        )
        return Not(part)
    return _comparison_from(value, meaning=meaning, reader=reader, path=path)


def _connected_from(
    value: object, *, meaning: MeaningOf, reader: Reader, path: str, depth: int
) -> Predicate:
    entry = reader.mapping(value, path=path, needed=("op", "parts"))
    parts = tuple(
        predicate_from(part, meaning=meaning, reader=reader, path=place, depth=depth + 1)
        for place, part in reader.entries(entry.get("parts"), path=f"{path}.parts")
    )
    return And(parts) if entry.get("op") == "and" else Or(parts)


_KEYS = {
    "in": ("op", "ref", "values"),
    "between": ("op", "ref", "low", "high"),
    "is_null": ("op", "ref"),
    **{operator.value: ("op", "ref", "value") for operator in Operator},
}
OPERATORS = ("and", "or", "not", *_KEYS)


def _comparison_from(value: object, *, meaning: MeaningOf, reader: Reader, path: str) -> Predicate:
    if not isinstance(value, Mapping):
        if value is not None:
            reader.note("json_type", path=path, expected="a condition")
        return _NOTHING
    operator = value.get("op")
    if not isinstance(operator, str) or operator not in _KEYS:
        known = ", ".join(OPERATORS)
        reader.note("json_choice", path=f"{path}.op", given=operator, known=known)
        return _NOTHING
    entry = reader.mapping(value, path=path, needed=_KEYS[operator])
    ref = ref_from(entry.get("ref"), reader=reader, path=f"{path}.ref")
    found = meaning(ref)

    if operator == "is_null":
        return IsNull(ref)
    if operator == "between":
        low = value_from(entry.get("low"), found, reader=reader, path=f"{path}.low")
        high = value_from(entry.get("high"), found, reader=reader, path=f"{path}.high")
        return Between(ref, low, high)
    if operator == "in":
        values = reader.entries(entry.get("values"), path=f"{path}.values")
        return In(ref, tuple(value_from(v, found, reader=reader, path=p) for p, v in values))
    constant = value_from(entry.get("value"), found, reader=reader, path=f"{path}.value")
    return Compare(ref, Operator(operator), constant)


def band_from(
    value: object, found: Meaning | None, *, reader: Reader, path: str
) -> Decimal | datetime.date:
    """A cut point: a number, or a date beside a date."""
    edge = value_from(value, found, reader=reader, path=path)
    if isinstance(edge, Decimal | datetime.date):
        return edge
    if isinstance(edge, str) and (number := number_from(edge)) is not None:
        return number
    reader.note("json_number", path=path, given=edge)
    return Decimal(0)
