"""Which JSON documents are queries? The schema of the form, for API documents and for clients."""

from __future__ import annotations

from typing import Any

from queries.catalogue_faults import NAME
from queries.language import Aggregate, JoinKind, Operator, Statistic
from queries.validate import MOST_DIMENSIONS, MOST_FEATURES, MOST_JOINS, MOST_MEASURES


def json_schema(refs: str = "#/$defs/") -> dict[str, Any]:
    """JSON Schema 2020-12 of the form; ``refs`` is where its named parts will stand."""
    return {**_query(refs), "$defs": _parts(refs)}


def _object(needed: dict[str, Any], **optional: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**needed, **optional},
        "required": list(needed),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any], *, most: int | None = None, least: int = 0) -> dict[str, Any]:
    bounds = {"maxItems": most} if most is not None else {}
    return {"type": "array", "items": of, "minItems": least, **bounds}


_TEXT = {"type": "string", "maxLength": 200}
_NUMBER = {
    "anyOf": [{"type": "number"}, {"type": "string", "maxLength": 82}],
    "description": "A number, as a number or as text; or a date as text such as 2020-01-31.",
}
_VALUE = {
    "anyOf": [{"type": "number"}, {"type": "boolean"}, _TEXT],
    "description": "A code, a number, a date as text such as 2020-01-31, or yes or no.",
}


def _query(refs: str) -> dict[str, Any]:
    def part(name: str) -> dict[str, str]:
        return {"$ref": f"{refs}{name}"}

    return _object(
        {
            "dataset": _TEXT,
            "source": _TEXT,
            "measures": _list(part("Measure"), most=MOST_MEASURES, least=1),
        },
        dimensions=_list(part("Dimension"), most=MOST_DIMENSIONS),
        where=part("Condition"),
        joins=_list(part("Join"), most=MOST_JOINS),
        features=_list(part("Feature"), most=MOST_FEATURES),
        margins={"type": "boolean", "description": "With every total."},
        grouping_sets={
            **_list(_list({"type": "integer", "minimum": 0}, most=MOST_DIMENSIONS)),
            "description": "With margins, of a noisy table: only these tables, each by positions "
            "of its dimensions, from 0.",
        },
    )


def _parts(refs: str) -> dict[str, Any]:
    ref, condition = {"$ref": f"{refs}Reference"}, {"$ref": f"{refs}Condition"}
    return {
        "Reference": {
            "oneOf": [_object({"table": _TEXT, "column": _TEXT}), _object({"feature": _TEXT})]
        },
        "Measure": _object(
            {"statistic": _choice(Statistic)}, ref=ref, level=_NUMBER, per=ref, adjusted=_list(ref)
        ),
        "Dimension": _object({"ref": ref}, bands=_list(_NUMBER), recode=_TEXT),
        "Join": _object({"link": _TEXT}, kind=_choice(JoinKind)),
        "Feature": _object(
            {
                "name": {"type": "string", "pattern": f"^{NAME.pattern}$"},
                "table": _TEXT,
                "aggregate": _choice(Aggregate),
            },
            column=_TEXT,
            order_by=_TEXT,
            where=condition,
        ),
        "Condition": {"oneOf": _conditions(ref, condition)},
    }


def _conditions(ref: dict[str, Any], condition: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _object({"op": {"enum": ["and", "or"]}, "parts": _list(condition, least=1)}),
        _object({"op": {"const": "not"}, "part": condition}),
        _object({"op": {"const": "is_null"}, "ref": ref}),
        _object({"op": _choice(Operator), "ref": ref, "value": _VALUE}),
        _object({"op": {"const": "in"}, "ref": ref, "values": _list(_VALUE, least=1)}),
        _object({"op": {"const": "between"}, "ref": ref, "low": _VALUE, "high": _VALUE}),
    ]


def _choice(
    choices: type[Aggregate | JoinKind | Operator | Statistic],
) -> dict[str, Any]:
    return {"type": "string", "enum": [choice.value for choice in choices]}


JSON_SCHEMA = json_schema()
