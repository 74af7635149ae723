"""Over which ranges of units are rows grouped? Few enough units at a time to index one array.

Units are dense integers from 0 and rows are sorted by them, so a range of units is a range of
rows: the others are skipped unread. One thread reads an array out, so several arrays are read
sooner. Ranges come from the *declared* number of units; the last has no end, so that no unit is
left out, however many there are.
"""

from __future__ import annotations

from queries.engines.block import selected
from queries.engines.reading import Reading

UNITS = 2**19
"""Of one range: smaller ones won nothing when measured."""

MOST = 8


def by_unit(read: Reading, *columns: str) -> str:
    """A SELECT of the source's rows, grouped by its first column, the unit."""
    return " UNION ALL ".join(
        selected(*columns, rows=read.rows(also=part), by="1") for part in _ranges(read)
    )


def _ranges(read: Reading) -> list[tuple[str, ...]]:
    """Conditions on the unit; exactly one of them holds for each."""
    units = read.plan.declared_units
    count = max(1, min(MOST, -(-units // UNITS)))
    starts = [units * at // count for at in range(1, count)]
    above = [(), *((f"{read.unit} >= {start}",) for start in starts)]
    below = [*((f"{read.unit} < {start}",) for start in starts), ()]
    return [(*low, *high) for low, high in zip(above, below, strict=True)]
