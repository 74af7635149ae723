"""What has been entered in the form that builds a question? A nest of texts, valid or not.

The nest is what a draft keeps, so nothing that was typed is ever lost. Field names are paths such
as ``features-0-conditions-1-operator``. Buttons name what to do by path too: ``add:dimensions``,
``remove:features-0``. No script is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Protocol

Nest = dict[str, Any]

TEXT = ""
TEXTS: tuple[str, ...] = ()

CONDITION: Nest = {
    "ref": TEXT,
    "operator": TEXT,
    "value": TEXT,
    "high": TEXT,
    "codes": TEXTS,
}
FORM: Nest = {
    "title": TEXT,
    "source": TEXT,
    "links": [{"name": TEXT, "kind": TEXT}],
    "features": [
        {
            "name": TEXT,
            "was": TEXT,  # its name when the page was made: what refers to it follows a new one
            "table": TEXT,
            "aggregate": TEXT,
            "column": TEXT,
            "order_by": TEXT,
            "match": TEXT,
            "conditions": [CONDITION],
        }
    ],
    "measures": [{"statistic": TEXT, "ref": TEXT, "per": TEXT, "adjusted": TEXTS}],
    "dimensions": [{"ref": TEXT, "bands": TEXT, "recode": TEXT}],
    "margins": TEXT,  # "all" for every total; a number: tables by so many dimensions at most
    "match": TEXT,
    "conditions": [CONDITION],
}
"""The shape of the form: a text, several texts, or a list of rows of the shape in brackets."""

MOST_ROWS = 30
LONGEST_TEXT = 500
PATH = re.compile(r"[a-z_]+(?:-[0-9]{1,3}-[a-z_]+)*(?:-[0-9]{1,3})?")


class Fields(Protocol):
    """What a browser sent: several values may share a name."""

    def getlist(self, key: str) -> list[str]: ...

    def keys(self) -> Any: ...


def read(fields: Fields) -> Nest:
    """The nest of what was sent. Unknown fields are left out, long texts cut, rows counted anew."""
    names = [str(name) for name in fields.keys()]  # noqa: SIM118 - not every mapping iterates keys
    return _read(FORM, "", fields, names)


def _read(shape: Nest, prefix: str, fields: Fields, names: list[str]) -> Nest:
    return {name: _part(part, f"{prefix}{name}", fields, names) for name, part in shape.items()}


def _part(part: Any, path: str, fields: Fields, names: list[str]) -> Any:
    if isinstance(part, list):
        rows = _indexes(path, names)[:MOST_ROWS]
        return [_read(part[0], f"{path}-{row}-", fields, names) for row in rows]
    given = [_clean(text) for text in fields.getlist(path)]
    if isinstance(part, tuple):
        return given[:MOST_ROWS]
    return given[0] if given else TEXT


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST_TEXT]


def _indexes(path: str, names: list[str]) -> list[int]:
    row = re.compile(re.escape(path) + r"-([0-9]{1,3})-")
    return sorted({int(found[1]) for name in names if (found := row.match(name))})


def renamed(nest: Nest, *, mark: str) -> Nest:
    """The nest in which everything that refers to a feature follows its new name."""
    names = {
        mark + row["was"]: mark + row["name"]
        for row in nest["features"]
        if row["name"] and row["was"] and row["name"] != row["was"]
    }
    changed = deepcopy(nest)
    for part in ("measures", "dimensions", "conditions"):
        for row in changed[part]:
            row["ref"] = names.get(row["ref"], row["ref"])
    for row in changed["measures"]:
        row["per"] = names.get(row["per"], row["per"])
        row["adjusted"] = [names.get(one, one) for one in row["adjusted"]]
    for row in changed["features"]:
        row["was"] = row["name"] or row["was"]
    return changed


def complete(nest: Mapping[str, Any]) -> Nest:
    """A stored nest in today's shape: what a later form adds is empty, what it lost is gone."""
    return _completed(FORM, nest)


def _completed(shape: Nest, nest: Mapping[str, Any]) -> Nest:
    return {name: _completed_part(part, nest.get(name)) for name, part in shape.items()}


def _completed_part(part: Any, kept: Any) -> Any:
    if isinstance(part, list):
        rows = kept if isinstance(kept, list) else []
        return [_completed(part[0], row) for row in rows if isinstance(row, Mapping)]
    if isinstance(part, tuple):
        return [str(text) for text in kept] if isinstance(kept, list) else []
    return kept if isinstance(kept, str) else TEXT


def added(nest: Nest, path: str, row: Mapping[str, Any]) -> Nest:
    """The nest with one more row at the end of the list at this path, or as it was if full."""
    grown = deepcopy(nest)
    rows = rows_at(grown, path)
    if rows is not None and len(rows) < MOST_ROWS:
        rows.append(_completed(_shape_at(path), row))
    return grown


def removed(nest: Nest, path: str) -> Nest:
    """The nest without the row at this path, such as ``features-0-conditions-1``."""
    shrunk = deepcopy(nest)
    above, _, row = path.rpartition("-")
    rows = rows_at(shrunk, above)
    if rows is not None and row.isdecimal() and int(row) < len(rows):
        del rows[int(row)]
    return shrunk


def rows_at(nest: Nest, path: str) -> list[Nest] | None:
    """The list of rows at this path, or None where the form has none."""
    if not PATH.fullmatch(path):
        return None
    found: Any = nest
    for step in path.split("-"):
        found = _step(found, step)
    return found if isinstance(found, list) else None


def _step(found: Any, step: str) -> Any:
    if isinstance(found, list):
        return found[int(step)] if step.isdecimal() and int(step) < len(found) else None
    return found.get(step) if isinstance(found, dict) else None


def _shape_at(path: str) -> Nest:
    shape: Any = FORM
    for step in path.split("-"):
        shape = shape[0] if step.isdecimal() else shape[step]
    row: Nest = shape[0]
    return row
