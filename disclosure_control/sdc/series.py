"""Which numbers of an exact table add up to its totals, and which of them are unsafe?

A *series* is one integer for each cell of the grid: a count, or the total behind sums and means.
Totals of the table tie the cells of a series to each other, so each is a problem of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from disclosure_control.policy import Costs, SdcRules
from disclosure_control.sdc import levels
from disclosure_control.sdc.evidence import ADDED_UP, CellEvidence, Exact, evidence
from disclosure_control.sdc.levels import Level
from disclosure_control.tables import Counting, Kind, Published, Shape

Unsafe = Mapping[str, frozenset[int]]  # cells of each column that a rule hides, by its name


@dataclass(frozen=True, slots=True)
class Series:
    """``values`` are true, and so is what follows from them: for checkers' eyes only."""

    vector: str
    counts: bool  # whole numbers of rows or units, none below 0
    values: tuple[int, ...]
    unsafe: Mapping[int, Level]  # cells that may not be shown, and how far they must stay open
    alone: frozenset[int]  # cells with one contributor, who knows their value
    adds_up: tuple[bool, ...]  # for each axis: is its total the sum of its other cells?
    cost: tuple[int, ...]  # of hiding each cell, as the policy counts it
    least: int = 0  # what a hidden count is at least: 1 where every zero is shown


def published_counts(
    shape: Shape, exact: Exact, *, unsafe: Unsafe, rules: SdcRules
) -> Iterator[Series]:
    """One for each vector that is shown as a count."""
    columns: dict[str, list[Published]] = {}
    for column in shape.published:
        if column.kind not in ADDED_UP:
            columns.setdefault(column.count, []).append(column)
    for vector, group in columns.items():
        cells = evidence(shape, group[0], exact)
        own = _of_any(group, unsafe)
        yield _of_counts(shape, vector, exact[vector], cells=cells, unsafe=own, rules=rules)


def published_totals(
    shape: Shape, exact: Exact, *, unsafe: Unsafe, rules: SdcRules
) -> Iterator[tuple[Series, ...]]:
    """For each number that is added up, its total; and its count, where sum over mean gives it."""
    counted = {column.count for column in shape.published if column.kind not in ADDED_UP}
    by_total: dict[str, dict[Kind, Published]] = {}
    for column in shape.published:
        if column.total is not None:
            by_total.setdefault(column.total, {})[column.kind] = column
    for vector, columns in by_total.items():
        column = next(iter(columns.values()))
        cells, own = evidence(shape, column, exact), _of_any(columns.values(), unsafe)
        total = Series(
            vector=vector,
            counts=False,
            values=exact[vector],
            unsafe={cell: levels.of_total(cells[cell], rules) for cell in own},
            alone=_alone(cells),
            adds_up=(True,) * len(shape.axes),
            cost=_cost(cells, rules),
        )
        divisor = columns[Kind.MEAN].count if len(columns) > 1 else None
        if divisor is None or divisor in counted:  # a count that is shown is a series of its own
            yield (total,)
            continue
        few = frozenset(cell for cell in own if cells[cell].units < rules.threshold)
        values = exact[divisor]
        yield total, _of_counts(shape, divisor, values, cells=cells, unsafe=few, rules=rules)


def _of_any(columns: Iterable[Published], unsafe: Unsafe) -> frozenset[int]:
    """What is unsafe in one column tells in the others that show the same series."""
    return frozenset(cell for column in columns for cell in unsafe[column.name])


def _of_counts(
    shape: Shape,
    vector: str,
    values: tuple[int, ...],
    *,
    cells: tuple[CellEvidence, ...],
    unsafe: frozenset[int],
    rules: SdcRules,
) -> Series:
    rows = shape.vector(vector).counts is Counting.ROWS
    return Series(
        vector=vector,
        counts=True,
        values=values,
        unsafe={
            cell: levels.of_count(values[cell], rules, units=cells[cell].units) for cell in unsafe
        },
        alone=_alone(cells),
        adds_up=tuple(rows or not axis.shared for axis in shape.axes),
        cost=_cost(cells, rules),
        least=int(rules.structural_zeros and all(values[cell] for cell in unsafe)),
    )


def _alone(cells: tuple[CellEvidence, ...]) -> frozenset[int]:
    return frozenset(place for place, cell in enumerate(cells) if cell.units == 1)


def _cost(cells: tuple[CellEvidence, ...], rules: SdcRules) -> tuple[int, ...]:
    return tuple(COSTS[rules.costs](cell.units) for cell in cells)


COSTS: Mapping[Costs, Callable[[int], int]] = {
    Costs.UNITS: lambda units: units + 1,
    Costs.ROUNDED: lambda units: 1 << units.bit_length(),
    Costs.EQUAL: lambda _: 1,
}
