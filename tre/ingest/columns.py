"""What does a whole source column become? Arrays of integers, of gaps, and of broken rules.

Each distinct value is read once; the arrays are then looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from queries.catalogue import Column, Table
from tre.ingest.convert import Rule, Verdict, reader_of, stored, text_of
from tre.ingest.entry import ColumnHints
from tre.ingest.errors import SourceUnreadable
from tre.ingest.report import MOST_ROWS, Broken

Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]
MOST_VALUES = 5
RULES = tuple(Rule)


@dataclass(frozen=True, slots=True)
class Read:
    """One column: ``stored`` is 0 where ``missing``; ``rule`` is -1 or a position in RULES."""

    name: str
    stored: Integers
    missing: Truths
    rule: Integers
    rejects: Truths  # by row: whether its rule rejects it, or only made the value missing
    texts: tuple[str, ...]  # distinct source values
    positions: Integers  # by row, into texts; -1 for a missing value

    def where(self, rule: Rule) -> Truths:
        return np.equal(self.rule, RULES.index(rule))


def read_column(
    values: pa.ChunkedArray, *, name: str, verdict: Callable[[object], Verdict]
) -> Read:
    """Raises SourceUnreadable for a column of lists, structures or maps."""
    distinct, positions = _encoded(values, name=name)
    verdicts = [*map(verdict, distinct), verdict(None)]  # position -1 is the last: missing
    rules = [-1 if v.rule is None else RULES.index(v.rule) for v in verdicts]
    return Read(
        name=name,
        stored=np.array([v.stored or 0 for v in verdicts], dtype=np.int64)[positions],
        missing=np.array([v.stored is None for v in verdicts], dtype=bool)[positions],
        rule=np.array(rules, dtype=np.int64)[positions],
        rejects=np.array([v.rule is not None and not v.kept for v in verdicts])[positions],
        texts=tuple(text_of(value) or "" for value in distinct),
        positions=positions,
    )


def _encoded(values: pa.ChunkedArray, *, name: str) -> tuple[list[Any], Integers]:
    try:
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        encoded = values.combine_chunks().dictionary_encode()
    except pa.ArrowException as error:
        raise SourceUnreadable(f"{name}: a column of values that are no text or number") from error
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), indices


def units_of(known: dict[str, int], *, hints: ColumnHints) -> Callable[[object], Verdict]:
    """Reads unit columns of all tables with one provisional number for each unit."""

    def verdict(value: object) -> Verdict:
        text = text_of(value)
        if text is None or text in hints.missing:
            return Verdict(None, Rule.ABSENT)
        return Verdict(known.setdefault(text, len(known)))

    return verdict


def read_attribute(values: pa.ChunkedArray, *, column: Column, hints: ColumnHints) -> Read:
    return read_column(values, name=column.name, verdict=reader_of(column, hints))


def bounded_by_code(read: Read, *, codes: Read, table: Table, hints: ColumnHints) -> Read:
    """The same column, with the bounds that depend on a code of the same row."""
    column, by = table.column(read.name), table.column(hints.bounds_by or "")
    if column is None or by is None:
        return read
    outside = np.zeros(len(read.stored), dtype=bool)
    for position, code in enumerate(by.codes):
        low, high = (stored(bound, column=column) for bound in hints.bounds[code.value])
        here = (codes.stored == position) & ~codes.missing & ~read.missing
        outside |= here & ((read.stored < low) | (read.stored > high))
    return _outside(read, outside, kept=hints.outside_is_missing)


def _outside(read: Read, outside: Truths, *, kept: bool) -> Read:
    return replace(
        read,
        stored=np.where(outside, 0, read.stored),
        missing=read.missing | outside,
        rule=np.where(outside, RULES.index(Rule.OUTSIDE), read.rule),
        rejects=np.where(outside, not kept, read.rejects),
    )


def broken(read: Read, *, among: Truths) -> Iterator[Broken]:
    """One entry for each rule that rows of ``among`` break in this column."""
    for rule in RULES:
        rows = np.flatnonzero(read.where(rule) & among)
        if len(rows):
            yield Broken(
                column=read.name,
                rule=rule,
                count=len(rows),
                rows=tuple(int(row) + 1 for row in rows[:MOST_ROWS]),
                values=_values(read, rows, rule=rule),
                became_missing=not bool(read.rejects[rows].any()),
            )


def _values(read: Read, rows: Integers, *, rule: Rule) -> tuple[str, ...]:
    positions, counts = np.unique(read.positions[rows], return_counts=True)
    pairs = [
        (read.texts[position], int(count))
        for position, count in zip(positions, counts, strict=True)
        if position >= 0
    ]
    if rule is Rule.OUTSIDE:
        ordered = sorted((text for text, _ in pairs), key=_number)
        return (ordered[0], ordered[-1]) if ordered else ()
    ordered = [text for text, _ in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))]
    return tuple(ordered[:MOST_VALUES])


def _number(text: str) -> tuple[Decimal, str]:
    """Numbers in their order; dates and times in that of their text."""
    try:
        return Decimal(text), ""
    except InvalidOperation:
        return Decimal(0), text
