"""What did ingest find in the source? Everything that was rejected, left out or is odd: counted.

The report is for the dataset's owner, who holds the source. Row numbers count the source's rows
from 1, without a header line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tre.ingest.convert import Rule

MOST_ROWS = 100  # row numbers listed for one rule of one column
SHOWN_ROWS = 8
NUMERIC = {Rule.OUTSIDE}
READ_BY = {
    True: "The sources were read without network, key, or a place to write.",
    False: "No bubblewrap here: the sources were read without network, but beside other files.",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule of one column, with every row that broke it."""

    column: str
    rule: Rule
    count: int
    rows: tuple[int, ...]  # the first MOST_ROWS
    values: tuple[str, ...] = ()  # lowest and highest outside bounds; else the most frequent
    became_missing: bool = False  # the value was set to missing and the row kept


@dataclass(frozen=True, slots=True)
class TableReport:
    table: str
    source: str
    read: int = 0  # rows of the source
    left_out: int = 0  # rows that the entry leaves out
    rejected: int = 0  # rows that break at least one rule
    merged: int = 0  # rows that said the same as another one, where the entry wants them once
    kept: int = 0
    units: int = 0  # distinct units of the kept rows; 0 for a public look-up table
    most_rows_of_a_unit: int = 0
    broken: tuple[Broken, ...] = ()
    undeclared: tuple[tuple[str, str], ...] = ()  # source columns nobody declared, and why
    findings: tuple[str, ...] = ()  # odd, but no reason to refuse
    faults: tuple[str, ...] = ()  # reasons to refuse the dataset


@dataclass(frozen=True, slots=True)
class Report:
    dataset: str
    units: int
    tables: tuple[TableReport, ...]
    reader_confined: bool = False  # whether the source was read in a world of its own

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(f"{table.table}: {fault}" for table in self.tables for fault in table.faults)

    def to_json(self) -> dict[str, Any]:
        """For the service's records: without texts of the source, which may be anything."""
        plain = asdict(self)
        for table in plain["tables"]:
            for broken in table["broken"]:
                broken["values"] = broken["values"] if broken["rule"] in NUMERIC else ()
        plain["faults"] = self.faults
        return {name: _lists(part) for name, part in plain.items()}


def lines(report: Report) -> Iterator[str]:
    """The report in words."""
    yield f"Validation report of {report.dataset}: {report.units:,} units"
    for table in report.tables:
        yield from _table_lines(table)
    yield ""
    yield READ_BY[report.reader_confined]
    yield from (f"FAULT {fault}" for fault in report.faults)


def _table_lines(table: TableReport) -> Iterator[str]:
    yield ""
    yield f"{table.table} (from {table.source})"
    yield f"  rows: {_counts(table)}"
    if table.units:
        yield f"  units: {table.units:,}, with at most {table.most_rows_of_a_unit:,} rows each"
    yield from (_broken_line(broken) for broken in table.broken)
    yield from (f"  column {name} is not declared: {why}" for name, why in table.undeclared)
    yield from (f"  finding: {finding}" for finding in table.findings)


def _counts(table: TableReport) -> str:
    counts = (
        (table.read, "read"),
        (table.kept, "kept"),
        (table.rejected, "rejected"),
        (table.left_out, "left out as declared"),
        (table.merged, "merged with an equal row"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in counts if count or word == "rejected")


def _broken_line(broken: Broken) -> str:
    what = "set to missing" if broken.became_missing else "left out"
    what = what if broken.became_missing or broken.rule is Rule.LEFT_OUT else "rejected"
    rows = ", ".join(f"{row}" for row in broken.rows[:SHOWN_ROWS])
    more = ", …" if broken.count > SHOWN_ROWS else ""
    return (
        f"  {broken.count:,} {what}: {broken.column} {broken.rule}"
        f"{_values(broken)}; rows {rows}{more}"
    )


def _values(broken: Broken) -> str:
    if not broken.values:
        return ""
    if broken.rule in NUMERIC:
        return f" (from {broken.values[0]} to {broken.values[-1]})"
    return f" ({', '.join(broken.values)})"


def _lists(value: Any) -> Any:
    """As JSON gives it back."""
    if isinstance(value, dict):
        return {name: _lists(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(part) for part in value]
    return str(value) if isinstance(value, str) else value
