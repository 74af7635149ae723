"""How is a protected table laid out for people? One row a cell; what is hidden says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from disclosure_control import present
from disclosure_control.record import DisclosureRecord, Feasible
from disclosure_control.sdc.pattern import COMPLEMENTARY
from disclosure_control.tables import VARYING, Axis, Cell, Kind, Protected, Status
from disclosure_control.withheld import HISTORY
from tre.outputs import MOST_SHOWN, Format, Output
from tre.web import words

HIDDEN = "[c]"
DP = "dp"


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a cell is hidden and what it may be: for checkers only."""

    primary: bool
    low: str = ""
    high: str = ""


Marks = Mapping[tuple[str, int], Mark]
"""Of a column's name and a place on the grid."""

NOTHING_MARKED: Marks = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shown:
    """One published value: its text, and what stands around it. ``text`` of None is hidden."""

    text: str | None
    around: str = ""  # "± 12" or "21.3 to 24.0"
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A label of one dimension; ``depth`` subtotals hold it."""

    label: str
    depth: int = 0
    total: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    keys: tuple[Key, ...]
    cells: tuple[Shown, ...]
    total: bool = False  # over at least one dimension, or over labels of one


@dataclass(frozen=True, slots=True)
class Layout:
    axes: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    left_out: int  # rows that only the files hold
    hidden: int
    noisy: bool
    unknown: str = ""  # the axis of which only some values are told


def of_output(output: Output) -> tuple[Protected, Layout]:
    """The table of an output's stored bytes. Raises Malformed if they are not a table of ours."""
    kept = output.artefact(Format.JSON)
    protected = present.from_json(kept.content.decode() if kept is not None else "")
    return protected, layout(protected)


def marks_of(record: DisclosureRecord) -> Marks:
    """Of every hidden cell of a table with totals, by what only checkers may know."""
    further = {
        (finding.column, cell)
        for finding in record.findings
        if finding.rule in {COMPLEMENTARY, HISTORY}
        for cell in finding.cells
    }
    primary = {(one.column, cell) for one in record.findings for cell in one.cells} - further
    open_to = {(one.column, one.cell): one for one in record.intervals}
    return {
        place: _mark(open_to.get(place), primary=place in primary)
        for place in (further | primary if record.intervals else ())
    }


def _mark(interval: Feasible | None, *, primary: bool) -> Mark:
    if interval is None:
        return Mark(primary)
    low, high = ("" if end is None else _text(end) for end in (interval.low, interval.high))
    return Mark(primary, low, high)


def layout(table: Protected, *, marks: Marks = NOTHING_MARKED) -> Layout:
    cells = table.asked
    keys = [_keys(axis) for axis in table.axes]
    lines = tuple(_line(table, keys, cell, marks) for cell in cells[:MOST_SHOWN])
    return Layout(
        axes=tuple(axis.name for axis in table.axes),
        columns=tuple(column.title for column in table.published),
        lines=lines,
        left_out=max(0, len(cells) - MOST_SHOWN),
        hidden=sum(cell.status == Status.SUPPRESSED for cell in table.columns[0]) if cells else 0,
        noisy=table.track == DP,
        unknown=next((axis.name for axis in table.axes if axis.unknown), ""),
    )


def _keys(axis: Axis) -> list[Key]:
    """With a total of everything all labels are below it, and none is moved for that."""
    wholes = {whole for whole, _ in axis.sums}
    return [
        Key(label, depth=max(0, len(above) - axis.total), total=at in wholes)
        for at, (label, above) in enumerate(zip(axis.labels, axis.above, strict=True))
    ]


def _line(table: Protected, keys: list[list[Key]], cell: int, marks: Marks) -> Line:
    found: list[Key] = []
    rest = cell
    for own in reversed(keys):
        rest, position = divmod(rest, len(own))
        found.append(own[position])
    values = zip(table.published, table.columns, strict=True)
    return Line(
        keys=tuple(reversed(found)),
        cells=tuple(
            _shown(column[cell], kind=one.kind, mark=marks.get((one.name, cell)))
            for one, column in values
        ),
        total=any(key.total for key in found),
    )


def _shown(cell: Cell, *, kind: Kind, mark: Mark | None) -> Shown:
    if cell.status == Status.SUPPRESSED or cell.value is None:
        return Shown(None, mark=mark)
    return Shown(words.number(cell.value), _around(cell, kind))


def _around(cell: Cell, kind: Kind) -> str:
    if kind not in VARYING and cell.half_width is not None:
        return f"± {_text(cell.half_width)}"
    if cell.low is not None and cell.high is not None:
        return f"{_text(cell.low)} to {_text(cell.high)}"
    return ""


def _text(number: Decimal) -> str:
    return words.number(number)
