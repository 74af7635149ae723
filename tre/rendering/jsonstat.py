"""A table as JSON-stat 2.0 (https://json-stat.org/full/), for statistical software.

What is published is a dimension of its own, with the role "metric". Hidden cells are null, with
the status "c".
"""

from __future__ import annotations

import json
from collections.abc import Container
from decimal import Decimal
from typing import Any

from disclosure_control.tables import Protected
from tre.rendering import grid

METRIC = "Measure"
CONFIDENTIAL = "c"
NOT_APPLICABLE = "x"
NOT_ASKED = "n"


def render(table: Protected, *, title: str) -> bytes:
    names = grid.dimension_names(table)
    metric = METRIC if METRIC not in names else f"{METRIC} ({len(names) + 1})"
    found = list(grid.columns(table, whole=True))
    cells = len(grid.labels(table, whole=True))
    asked = set(table.asked)
    value = [_number(column.values[cell]) for cell in range(cells) for column in found]
    status = {
        str(cell * len(found) + place): _status(cell, column, asked)
        for cell in range(cells)
        for place, column in enumerate(found)
        if column.values[cell] is None
    }
    dimensions = {
        name: _dimension(name, axis.labels) for name, axis in zip(names, table.axes, strict=True)
    }
    dimensions[metric] = {
        "label": metric,
        "category": {
            "index": [column.name for column in found],
            "label": {column.name: column.title for column in found},
        },
    }
    document: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": title,
        "note": [table.record.claim],
        "id": [*names, metric],
        "size": [*(len(axis.labels) for axis in table.axes), len(found)],
        "role": {"metric": [metric]},
        "dimension": dimensions,
        "value": value,
        "status": status,
        "extension": {
            "status": {
                CONFIDENTIAL: "hidden to protect people",
                NOT_APPLICABLE: "does not exist",
                **({NOT_ASKED: "not asked for"} if len(asked) < cells else {}),
            }
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _status(cell: int, column: grid.Column, asked: Container[int]) -> str:
    if cell not in asked:
        return NOT_ASKED
    return CONFIDENTIAL if cell in column.hidden else NOT_APPLICABLE


def _dimension(name: str, labels: tuple[str, ...]) -> dict[str, Any]:
    keys = [str(place) for place in range(len(labels))]
    return {
        "label": name,
        "category": {"index": keys, "label": dict(zip(keys, labels, strict=True))},
    }


def _number(value: Decimal | None) -> int | float | None:
    """As short as it was published: 12.50 is 12.5, and no digit is added."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
