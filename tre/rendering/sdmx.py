"""A table as SDMX-CSV 2.0, for statistical offices: one row for each number, codes with labels.

Source: the SDMX-CSV field guide, with the parameter labels=both. What is published is a dimension
of its own. A hidden number is NaN, SDMX's sign for "missing on purpose", with the codes of the SDMX
code lists: OBS_STATUS "Q" (suppressed) and CONF_STATUS "C" (confidential).
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Iterator

from disclosure_control.plain import number_text
from disclosure_control.tables import Protected
from tre.rendering import grid

STRUCTURE = "TRE:TABLE(1.0)"
LONGEST_NAME = 100
FIXED = ("STRUCTURE", "STRUCTURE_ID", "ACTION")
INFORMATION = "I"
VALUE = "OBS_VALUE: Observation value"
OBS_STATUS = "OBS_STATUS: Observation status"
CONF_STATUS = "CONF_STATUS: Confidentiality status"

MISSING = "NaN"
NORMAL = "A: Normal value"
SUPPRESSED = "Q: Missing value; suppressed"
CANNOT_EXIST = "M: Missing value; data cannot exist"
FREE = "F: Free (free for publication)"
CONFIDENTIAL = "C: Confidential statistical information"

NOT_IN_CODES = re.compile(r"[^A-Z0-9]+")


def render(table: Protected, *, title: str) -> bytes:
    """A code stands before each label: no text begins like a formula."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    names = [*grid.dimension_names(table), "Measure"]
    dimensions = [f"{code}: {name}" for code, name in zip(codes(names), names, strict=True)]
    rows.writerow([*FIXED, *map(_clean, dimensions), VALUE, OBS_STATUS, CONF_STATUS])
    name = textwrap.shorten(_clean(title), LONGEST_NAME, placeholder=" …")  # it is in every row
    before = ("dataflow", f"{STRUCTURE}: {name}", INFORMATION)
    rows.writerows((*before, *row) for row in _observations(table))
    return text.getvalue().encode()


def codes(names: list[str]) -> list[str]:
    """Of each name an identifier of its own: capitals and digits, with _ between."""
    made: list[str] = []
    for place, name in enumerate(names, start=1):
        code = NOT_IN_CODES.sub("_", name.upper()).strip("_")
        code = code if code[:1].isalpha() else f"D_{code}".rstrip("_")
        taken = {*made, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS", *FIXED}
        made.append(code if code not in taken else f"{code}_{place}")
    return made


def _observations(table: Protected) -> Iterator[tuple[str, ...]]:
    places = [
        {label: f"{at}: {_clean(label)}" for at, label in enumerate(axis.labels)}
        for axis in table.axes
    ]
    columns = list(grid.columns(table))
    for cell, key in enumerate(grid.labels(table)):
        told = tuple(place[label] for place, label in zip(places, key, strict=True))
        for column in columns:
            yield (*told, f"{column.name}: {_clean(column.title)}", *_value(column, cell))


def _value(column: grid.Column, cell: int) -> tuple[str, str, str]:
    number = column.values[cell]
    if number is not None:
        return number_text(number), NORMAL, FREE
    if cell in column.hidden:
        return MISSING, SUPPRESSED, CONFIDENTIAL
    return MISSING, CANNOT_EXIST, FREE


def _clean(text: str) -> str:
    return text.replace("\0", "")
