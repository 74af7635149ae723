"""How does a protected table look as bytes? JSON for programs and records, CSV for spreadsheets.

Approvals bind bytes, so one table has one text: keys sorted, numbers as the decimals that were
published, no date and no random order. A suppressed cell is never a zero: null with its status in
JSON, ``[c]`` in CSV.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from math import prod

from disclosure_control.errors import Malformed
from disclosure_control.plain import Faults, canonical_json, from_plain, number_text
from disclosure_control.policy import Track
from disclosure_control.record import for_release
from disclosure_control.tables import (
    VARYING,
    Axis,
    Cell,
    Columns,
    Draft,
    Protected,
    Published,
    Status,
    asked_of,
)

FORMAT = "protected-table/1"
CONFIDENTIAL = "[c]"
NOT_APPLICABLE = "[x]"  # this value has no such number
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True, slots=True)
class Document:
    """The JSON form: which format it is, and the table."""

    format: str
    table: Protected


def to_json(protected: Protected, *, for_checkers: bool = False) -> str:
    """Canonical JSON. Findings that only checkers may see are left out unless asked for."""
    shown = protected if for_checkers else replace(protected, record=for_release(protected.record))
    return canonical_json(Document(FORMAT, shown))


def from_json(text: str) -> Protected:
    """Raises Malformed unless the text is what ``to_json`` writes and the table fits together."""
    faults: Faults = []
    try:
        document = from_plain(Document, json.loads(text), faults=faults)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if faults or document.format != FORMAT or not _fits(document.table):
        raise Malformed("; ".join(faults) or "format or size")
    return document.table


def to_csv(protected: Protected, *, title_lines: tuple[str, ...] = ()) -> str:
    """One row a cell that is asked for: labels, then each column's value and the numbers around it.

    ``title_lines`` come first, one a row. Text that a spreadsheet could take for a formula gets an
    apostrophe in front; numbers are ours and stay as they are.
    """
    columns = list(_columns(protected.track, protected.published, protected.columns))
    return _csv(protected.axes, columns, title_lines)


def draft_csv(draft: Draft, axes: tuple[Axis, ...]) -> str:
    """As the draft of an exact table would be written: for those who attack it first."""
    return _csv(axes, list(_columns(Track.SDC, draft.published, draft.columns)), ())


def _csv(axes: tuple[Axis, ...], columns: list[_Column], title_lines: tuple[str, ...]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerows([_safe(line)] for line in title_lines)
    titles = [axis.name for axis in axes]
    titles += [f"{column.title}{part.title}" for column in columns for part in column.parts]
    rows.writerow([_safe(title) for title in titles])
    asked = set(asked_of(tuple(column.cells for column in columns)))
    for cell, labels in enumerate(product(*(axis.labels for axis in axes))):
        if cell not in asked:
            continue
        numbers = [number for column in columns for number in column.numbers(cell)]
        rows.writerow([*map(_safe, labels), *numbers])
    return text.getvalue()


def _fits(table: Protected) -> bool:
    cells = prod(len(axis.labels) for axis in table.axes)
    sizes = [len(column) for column in table.columns]
    asked = {asked_of((column,)) for column in table.columns}
    return (
        sizes == [cells] * len(table.published)
        and len(asked) <= 1
        and all(
            (cell.value is None) == (cell.status != Status.SHOWN)
            for column in table.columns
            for cell in column
        )
    )


@dataclass(frozen=True, slots=True)
class _Part:
    title: str  # after the column's title
    number: Callable[[Cell], Decimal | None]


VALUE = _Part("", lambda cell: cell.value)
HALF_WIDTH = _Part(" (plus or minus, 95 %)", lambda cell: cell.half_width)
LOWER = _Part(" (lower, 95 %)", lambda cell: cell.low)
UPPER = _Part(" (upper, 95 %)", lambda cell: cell.high)
# What varies by cell has no single half-width; exact values have no noise interval.
PARTS: dict[tuple[str, bool], tuple[_Part, ...]] = {
    (Track.DP, False): (VALUE, HALF_WIDTH, LOWER, UPPER),
    (Track.DP, True): (VALUE, LOWER, UPPER),
    (Track.SDC, False): (VALUE,),
    (Track.SDC, True): (VALUE,),
}


@dataclass(frozen=True, slots=True)
class _Column:
    published: Published
    cells: tuple[Cell, ...]
    parts: tuple[_Part, ...]

    @property
    def title(self) -> str:
        return self.published.title

    def numbers(self, cell: int) -> list[str]:
        shown = self.cells[cell]
        if shown.status == Status.SUPPRESSED:
            return [CONFIDENTIAL] * len(self.parts)
        numbers = [part.number(shown) for part in self.parts]
        return [NOT_APPLICABLE if number is None else number_text(number) for number in numbers]


def _columns(track: str, published: tuple[Published, ...], columns: Columns) -> Iterator[_Column]:
    for one, cells in zip(published, columns, strict=True):
        yield _Column(one, cells, PARTS[track, one.kind in VARYING])


def _safe(text: str) -> str:
    """Spreadsheets take a leading =, +, -, @ (also after blanks) for a formula; NUL ends texts."""
    clean = text.replace("\0", "")
    return f"'{clean}" if clean.lstrip(" \u00a0\ufeff").startswith(FORMULA_STARTS) else clean
