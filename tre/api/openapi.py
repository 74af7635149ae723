"""How is the API described? What the framework cannot know is added to its OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

from queries.json_schema import json_schema
from tre.api import contract, problems
from tre.outputs import NAMES

ERRORS_OF_ALL = ("401", "403", "404", "405", "429", "500")
ERRORS_OF_BODIES = ("400", "409", "413", "415", "422")
ERRORS_OF_QUERIES = ("422",)
PATTERNS = {
    "project": contract.NAME,
    "dataset": contract.NAME,
    "submission": contract.IDENTIFIER,
    "release": contract.IDENTIFIER,
    "release_request": contract.IDENTIFIER,
    "series": contract.IDENTIFIER,
    "webhook": contract.IDENTIFIER,
    "name": f"^({'|'.join(re.escape(name) for name in NAMES.values())})$",
    "code": "^[a-z-]{1,40}$",
}
SCHEMAS = "#/components/schemas/"
PUBLIC = (
    "/api/v1/problems/{code}",
    "/api/v1/log/checkpoint",
    "/api/v1/log/inclusion",
    "/api/v1/log/consistency",
    "/api/v1/corrections",
    "/api/v1/register",
    "/api/v1/catalog",
)

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(problems.KINDS)},
        "detail": {"type": "string"},
        "problems": {
            "type": "array",
            "description": "Why a question is refused: stable code, sentence and place.",
            "items": {
                "type": "object",
                "required": ["code", "message", "where", "position"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "where": {"type": "string"},
                    "position": {
                        "type": ["object", "null"],
                        "properties": {
                            "start": {"type": "integer"},
                            "end": {"type": ["integer", "null"]},
                        },
                    },
                },
            },
        },
        "gates": {"type": "array", "items": {"type": "object"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def finish(spec: dict[str, Any]) -> dict[str, Any]:
    """Problems, patterns of paths, required bodies: the document says what the service does."""
    schemas = spec["components"]["schemas"]
    schemas.pop("HTTPError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM
    _say_query(schemas)
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    return spec


def _say_query(schemas: dict[str, Any]) -> None:
    """A question is a text or the JSON form, whose schema belongs to the language."""
    form = json_schema(f"{SCHEMAS}Query.")
    schemas.update({f"Query.{name}": part for name, part in form.pop("$defs").items()})
    schemas["Query"] = form
    for question in ("PricedQuestion", "AskedQuestion"):
        _say_form(schemas[question]["properties"]["query"])
    _say_form(schemas["Wanted"]["properties"]["queries"]["items"])


def _say_form(query: dict[str, Any]) -> None:
    query["anyOf"] = [
        {"$ref": f"{SCHEMAS}Query"} if one.get("type") == "object" else one
        for one in query["anyOf"]
    ]


def _complete(path: str, operation: dict[str, Any]) -> None:
    if path in PUBLIC:
        operation["security"] = []
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    for parameter in operation["parameters"]:
        _sharpen(parameter)
    _say_problems(path, operation)


def _sharpen(parameter: dict[str, Any]) -> None:
    if parameter["in"] == "path":
        parameter["required"] = True
        parameter["schema"]["pattern"] = PATTERNS[parameter["name"]]


def _say_problems(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in [status for status in responses if status >= "400"]:
        del responses[status]
    for status in _errors(path, operation):
        responses[status] = _response(int(status))


def _errors(path: str, operation: dict[str, Any]) -> list[str]:
    errors = [*ERRORS_OF_ALL]
    if "requestBody" in operation:
        errors += ERRORS_OF_BODIES
    if any(parameter["in"] in ("query", "header") for parameter in operation["parameters"]):
        errors += ERRORS_OF_QUERIES
    if path.endswith("/releases/{release}"):
        errors += ["406"]
    if "/releases/{release}" in path:
        errors += ["410", "503"]
    if path.endswith("/cancellation"):
        errors += ["409", "415"]
    if path in PUBLIC:
        errors = [error for error in errors if error not in ("401", "403")]
    return sorted(set(errors))


def _response(status: int) -> dict[str, Any]:
    kinds = [kind for kind in problems.KINDS.values() if kind.status == status]
    return {
        "description": " / ".join(kind.title for kind in kinds),
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
    }
