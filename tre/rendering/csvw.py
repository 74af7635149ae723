"""What stands in the CSV file? Its metadata as CSV on the Web (W3C) defines them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from disclosure_control import present
from disclosure_control.tables import Protected

CONTEXT = "http://www.w3.org/ns/csvw"
HIDDEN = [present.CONFIDENTIAL, present.NOT_APPLICABLE]


def render(table: Protected, *, title: str, text: str, name: str) -> bytes:
    """``text`` is the CSV file itself, called ``name``: its own header row names the columns."""
    header = next(row for place, row in enumerate(csv.reader(io.StringIO(text))) if place == 1)
    axes = len(table.axes)
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "url": name,
        "dc:title": title,
        "dc:description": table.record.claim,
        "dialect": {"skipRows": 1, "headerRowCount": 1, "lineTerminators": ["\r\n"]},
        "tableSchema": {
            "columns": [_column(place, told, axes) for place, told in enumerate(header)],
            "primaryKey": [f"key{place + 1}" for place in range(axes)],
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _column(place: int, title: str, axes: int) -> dict[str, Any]:
    if place < axes:
        return {"name": f"key{place + 1}", "titles": title, "datatype": "string", "required": True}
    return {
        "name": f"number{place - axes + 1}",
        "titles": title,
        "datatype": "decimal",
        "null": HIDDEN,
    }
