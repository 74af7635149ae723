"""Which rows of a table stay, and what must its owner know about the others?

A row that the entry leaves out breaks no other rule. A row that breaks a rule is rejected as a
whole, and so is each of several rows where the entry declares one: which is right is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from queries.catalogue import ColumnType, Role, Table
from queries.plan_vectors import ROUND_FIGURE
from tre.ingest.columns import (
    Integers,
    Read,
    Truths,
    bounded_by_code,
    broken,
    read_attribute,
    read_column,
    units_of,
)
from tre.ingest.convert import Rule
from tre.ingest.entry import ROW_NUMBER, TableHints
from tre.ingest.findings import findings
from tre.ingest.report import MOST_ROWS, Broken, TableReport

NO_REASON = "the entry says nothing about it"
MOST_REJECTED = 0.5  # of the rows; above it the entry does not describe this source


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of one table that stay; unit columns hold provisional numbers."""

    table: Table
    stored: Mapping[str, Integers]  # 0 where missing
    missing: Mapping[str, Truths]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of text columns, in order

    @property
    def rows(self) -> int:
        return len(next(iter(self.stored.values())))


def check(
    source: pa.Table,
    *,
    table: Table,
    hints: TableHints,
    units: dict[str, int],
    declared: frozenset[str],
) -> tuple[Kept | None, TableReport]:
    """``declared``: source columns that some table of the same source declares.

    ``units`` collects a provisional number for each unit, over all tables.

    No rows come back where the source lacks a declared column.
    """
    start = TableReport(table.name, hints.source.name, read=source.num_rows)
    absent = [
        f"the source has no column {hints.columns[column.name].source}, declared as {column.name}"
        for column in table.columns
        if hints.columns[column.name].source not in {*source.column_names, ROW_NUMBER}
    ]
    if absent:
        return None, replace(start, faults=tuple(absent))
    reads = _read(source, table=table, hints=hints, units=units)
    kept, report = _sifted(reads, table=table, hints=hints, start=start)
    return kept, replace(
        report,
        undeclared=tuple(_undeclared(source, hints=hints, declared=declared)),
        findings=tuple(findings(source, table=table, hints=hints)),
        faults=(*_faults(report, table=table), *_too_many_texts(kept)),
    )


def _read(
    source: pa.Table, *, table: Table, hints: TableHints, units: dict[str, int]
) -> dict[str, Read]:
    reads = {}
    for column in table.columns:
        told = hints.columns[column.name]
        values = _source_values(source, told.source)
        reads[column.name] = (
            read_column(values, name=column.name, verdict=units_of(units, hints=told))
            if column.role is Role.UNIT
            else read_attribute(values, column=column, hints=told)
        )
    for name, told in hints.columns.items():
        if told.bounds_by:
            codes = reads[told.bounds_by]
            reads[name] = bounded_by_code(reads[name], codes=codes, table=table, hints=told)
    return reads


def _source_values(source: pa.Table, name: str) -> pa.ChunkedArray:
    if name == ROW_NUMBER:
        return pa.chunked_array([pa.array(np.arange(1, source.num_rows + 1))])
    return source.column(name)


def _sifted(
    reads: dict[str, Read], *, table: Table, hints: TableHints, start: TableReport
) -> tuple[Kept, TableReport]:
    left_out = np.any([read.where(Rule.LEFT_OUT) for read in reads.values()], axis=0)
    rejected = np.any([read.rejects for read in reads.values()], axis=0) & ~left_out
    merged = _merged(reads, ~(left_out | rejected)) if hints.distinct else np.zeros_like(rejected)
    several = _several(reads, ~(left_out | rejected | merged), table=table)
    rejected = rejected | several
    stays = ~(left_out | rejected | merged)
    kept = Kept(
        table,
        {name: read.stored[stays] for name, read in reads.items()},
        {name: read.missing[stays] for name, read in reads.items()},
    )
    kept = _with_texts(kept, reads, stays)
    counts = _rows_by_unit(kept)
    return kept, replace(
        start,
        left_out=int(left_out.sum()),
        rejected=int(rejected.sum()),
        merged=int(merged.sum()),
        kept=kept.rows,
        units=len(counts),
        most_rows_of_a_unit=int(counts.max(initial=0)),
        broken=tuple(_broken(reads, left_out=left_out, several=several, table=table)),
    )


def _with_texts(kept: Kept, reads: dict[str, Read], stays: Truths) -> Kept:
    """Texts of the rows that stay, sorted, and their places in the rows."""
    stored, texts = dict(kept.stored), {}
    for column in kept.table.columns:
        if column.type is ColumnType.TEXT:
            read, here = reads[column.name], ~kept.missing[column.name]
            positions = read.positions[stays]
            used = sorted({read.texts[at] for at in np.unique(positions[here])})
            places = {text: place for place, text in enumerate(used)}
            by_position = np.array([places.get(text, 0) for text in (*read.texts, "")])
            stored[column.name] = np.where(here, by_position[positions], 0)
            texts[column.name] = tuple(used)
    return replace(kept, stored=stored, texts=texts)


def _merged(reads: dict[str, Read], among: Truths) -> Truths:
    """Rows that say the same as an earlier one."""
    rows = np.flatnonzero(among)
    cells = [part[rows] for read in reads.values() for part in (read.stored, read.missing)]
    _, first = np.unique(np.stack(cells, axis=1), axis=0, return_index=True)
    again = np.ones(len(rows), dtype=bool)
    again[first] = False
    merged = np.zeros_like(among)
    merged[rows[again]] = True
    return merged


def _several(reads: dict[str, Read], among: Truths, *, table: Table) -> Truths:
    """Rows that share their unit, or their key, with another row although one is declared."""
    several = np.zeros_like(among)
    name = _single(table)
    if name:
        rows = np.flatnonzero(among)
        _, inverse, counts = np.unique(
            reads[name].stored[rows], return_inverse=True, return_counts=True
        )
        several[rows[counts[inverse] > 1]] = True
    return several


def _single(table: Table) -> str | None:
    """The column of which each value may stand in one row only."""
    if table.one_row_per_unit:
        return table.unit_column
    return next((column.name for column in table.columns if column.role is Role.KEY), None)


def _rows_by_unit(kept: Kept) -> Integers:
    if kept.table.unit_column is None:
        return np.zeros(0, dtype=np.int64)
    return np.unique(kept.stored[kept.table.unit_column], return_counts=True)[1]


def _broken(
    reads: dict[str, Read], *, left_out: Truths, several: Truths, table: Table
) -> Iterator[Broken]:
    for read in reads.values():
        yield from broken(read, among=read.where(Rule.LEFT_OUT) | ~left_out)
    rows = np.flatnonzero(several)
    if len(rows):
        listed = tuple(int(row) + 1 for row in rows[:MOST_ROWS])
        yield Broken(str(_single(table)), Rule.SEVERAL_ROWS, len(rows), listed)


def _undeclared(
    source: pa.Table, *, hints: TableHints, declared: frozenset[str]
) -> Iterator[tuple[str, str]]:
    for name in source.column_names:
        if name not in declared:
            yield name, hints.undeclared.get(name, NO_REASON)


def _too_many_texts(kept: Kept) -> Iterator[str]:
    for name, texts in kept.texts.items():
        column = kept.table.column(name)
        if column is not None and len(texts) > column.most_values:
            yield (
                f"{name} has {len(texts):,} different values, but most_values declares at most "
                f"{column.most_values:,}"
            )


def _faults(report: TableReport, *, table: Table) -> Iterator[str]:
    if report.kept == 0:
        yield "no row is left"
    elif report.rejected > MOST_REJECTED * (report.read - report.left_out):
        yield f"{report.rejected:,} of {report.read:,} rows were rejected, more than half"
    if report.kept > ROUND_FIGURE * table.declared_rows:
        yield (
            f"{report.kept:,} rows are left, more than {ROUND_FIGURE} times the declared "
            f"{table.declared_rows:,}"
        )
    if table.unit_column and report.most_rows_of_a_unit > table.max_rows_per_unit:
        yield (
            f"a unit has {report.most_rows_of_a_unit:,} rows, but rows_per_unit declares at most "
            f"{table.max_rows_per_unit:,}"
        )
