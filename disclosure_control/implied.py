"""What does a table that left tell of another question? Sums of its numbers, and nothing else.

Whatever is computed from released numbers alone tells no more of the data than they do, so it costs
nothing. A number is told where all that it adds up is shown. Its interval holds at 95 %, shown or
hidden, as all do: it is that of the noises together, by their own laws as the record states them,
with half a digit for each number that was rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from disclosure_control import record as records
from disclosure_control.dp import accuracy, parts, postprocess
from disclosure_control.dp.estimates import Interval
from disclosure_control.errors import Refused
from disclosure_control.exact import WIDE, shown
from disclosure_control.record import Finding, NoiseStatement
from disclosure_control.sdc import rules
from disclosure_control.tables import Cell, Kind, Protected, Published, Shape, Status, Vector

HIDDEN = Cell(Status.SUPPRESSED)
NOT_ASKED = Cell(Status.NOT_ASKED)
LEAST = {Kind.COUNT: Decimal(0), Kind.UNITS: Decimal(0)}  # what no such number is below

Cells = tuple[tuple[int, ...], ...]
Terms = list[tuple[Fraction, float]]


@dataclass(frozen=True, slots=True)
class Source:
    """A released table by noise, and the shape of its question. ``name`` is public."""

    name: str
    table: Protected
    shape: Shape


def implied(
    source: Source, *, axes: Shape, cells: Cells, columns: Sequence[tuple[int, ...]]
) -> Protected:
    """A table on the grid of ``axes``: of each cell, what ``cells`` of the source add up to.

    ``columns`` says which of the source's columns are told, in order; a mean is told by two, a sum
    and a count. Raises Refused where the record does not say what the noise of a sum is.
    """
    held = source.table
    if not _fits(source):
        raise Refused("the table is not that of its question")
    told = tuple(
        tuple(_means(source, axes, column, places, cells))
        if len(places) > 1
        else tuple(_column(source, places[0], cells))
        for column, places in zip(axes.published, columns, strict=True)
    )
    findings = tuple(
        _finding(column, values) for column, values in zip(axes.published, told, strict=True)
    )
    record = replace(
        held.record,
        claim=records.implied_claim(held.record.claim, source.name),
        leaves_out=(*held.record.leaves_out, records.IMPLIED),
        findings=findings,
        rho_nano=0,
        delta_femto=0,
    )
    return Protected(held.track, axes.axes, axes.published, told, record)


def _fits(source: Source) -> bool:
    """A plan of today may differ from that by which a table was made."""
    held, shape = source.table, source.shape
    names = [(one.name, one.kind, one.decimals) for one in held.published]
    sizes = [len(axis.labels) for axis in held.axes]
    return names == [(one.name, one.kind, one.decimals) for one in shape.published] and (
        sizes == [len(axis.labels) for axis in shape.axes]
    )


def _column(source: Source, at: int, cells: Cells) -> list[Cell]:
    column, values = source.table.published[at], source.table.columns[at]
    widths: dict[int, Decimal] = {}
    found = []
    for own in cells:
        added = [values[cell] for cell in own]
        if len(added) == 1:
            found.append(added[0])
        elif not added or any(one.status is not Status.SHOWN for one in added):
            found.append(HIDDEN)
        else:
            if len(added) not in widths:
                widths[len(added)] = _half_width(source, column, numbers=len(added))
            found.append(_sum(added, widths[len(added)], least=LEAST.get(column.kind)))
    return found


def _means(
    source: Source, axes: Shape, column: Published, places: Sequence[int], cells: Cells
) -> Iterator[Cell]:
    """Of each cell a sum by a count."""
    bounds = _bounds(axes, column)
    widths: dict[int, Interval] = {}
    for own in cells:
        added = [[source.table.columns[at][cell] for cell in own] for at in places]
        statuses = {one.status for part in added for one in part}
        if statuses != {Status.SHOWN}:
            yield NOT_ASKED if statuses == {Status.NOT_ASKED} else HIDDEN
            continue
        if len(own) not in widths:
            total_off, count_off = (
                _width(source, at, numbers=len(own), alpha=accuracy.EACH_OF_TWO) for at in places
            )
            widths[len(own)] = total_off, count_off
        total, count = (
            sum((Fraction(one.value or 0) for one in part), start=Fraction(0)) for part in added
        )
        yield _mean(column, (total, count), widths[len(own)], bounds)


def _mean(column: Published, told: Interval, off: Interval, bounds: Interval) -> Cell:
    """Sum and count are each within so much at 97.5 %, so that both are at 95 %."""
    (total, count), (total_off, count_off) = told, off
    if count <= count_off:  # nothing is known of the quotient
        return HIDDEN
    ends = [
        above / below
        for above in (total - total_off, total + total_off)
        for below in (count - count_off, count + count_off)
    ]
    value, low, high = (
        min(max(one, bounds[0]), bounds[1]) for one in (total / count, min(ends), max(ends))
    )
    return Cell(
        Status.SHOWN,
        value=shown(value, decimals=column.decimals),
        low=shown(low, decimals=column.decimals, towards=math.floor),
        high=shown(high, decimals=column.decimals, towards=math.ceil),
    )


def _bounds(axes: Shape, column: Published) -> Interval:
    """Between which every mean lies: the declared bounds of what is added up."""
    totals, counts = axes.vector(column.total or ""), axes.vector(column.count)
    low, high = totals.row_bounds or (0, 0)
    unit = Fraction(counts.scale, totals.scale)
    return (totals.centre + low) * unit, (totals.centre + high) * unit


def _sum(added: Sequence[Cell], width: Decimal, *, least: Decimal | None) -> Cell:
    value = Decimal(0)
    for one in added:
        value = WIDE.add(value, one.value or Decimal(0))
    low = WIDE.subtract(value, width)
    return Cell(
        Status.SHOWN,
        value=value,
        half_width=width,
        low=low if least is None else max(low, least),
        high=WIDE.add(value, width),
    )


def _half_width(source: Source, column: Published, *, numbers: int) -> Decimal:
    """Of so many numbers of a column together, in its last digit, upwards."""
    at = source.table.published.index(column)
    width = _width(source, at, numbers=numbers, alpha=accuracy.PER_CELL)
    return shown(width, decimals=column.decimals, towards=math.ceil)


def _width(source: Source, at: int, *, numbers: int, alpha: Decimal) -> Fraction:
    """Of so many numbers of a column together, each with noise of its own."""
    column = source.table.published[at]
    if column.kind not in (Kind.COUNT, Kind.UNITS, Kind.SUM) or source.shape.has_totals:
        raise Refused("numbers of this kind do not add up")
    vector = source.shape.vector(column.total or column.count)
    mechanism, terms = _noise(source, vector)
    width = accuracy.half_width_of_mixture(mechanism, terms=terms * numbers, alpha=alpha)
    named = replace(vector, name=parts.sum_of(vector))
    estimated = postprocess.is_estimated(source.shape, named)
    if estimated or not postprocess.displays_exactly(column, vector):
        rounded = Fraction(numbers, 2 * 10**column.decimals)
    else:
        rounded = Fraction(0)
    return Fraction(width, vector.scale) + rounded


def _noise(source: Source, vector: Vector) -> tuple[str, Terms]:
    """Of one of its numbers: the mechanism, and how often each draw counts, with its scale."""
    record = source.table.record
    own = [one for one in record.noise if one.vector == vector.name]
    beside = [one for one in record.noise if one.beside == vector.name]
    for one in (*own, *beside):
        _require_as_stated(one)
    if len(own) == 1:
        scale = float(own[0].scale)
        moved = parts.sum_of(vector) != vector.name
        terms = parts.sum_terms(vector, scale) if moved else [(Fraction(1), scale)]
        return own[0].mechanism, terms
    mechanisms = {one.mechanism for one in beside}
    if own or len(mechanisms) != 1:
        raise Refused("the record does not say what the noise of a number is")
    pairs = [(source.shape.vector(one.vector), float(one.scale)) for one in beside]
    return mechanisms.pop(), parts.terms(pairs)


def _require_as_stated(one: NoiseStatement) -> None:
    """A record of rules that were others would state another half-width. Raises Refused."""
    known = accuracy.half_width(one.mechanism, scale=float(one.scale), alpha=accuracy.PER_CELL)
    if known != one.half_width:
        raise Refused("the record states another half-width")


def _finding(column: Published, values: Sequence[Cell]) -> Finding:
    hidden = [at for at, cell in enumerate(values) if cell.status is Status.SUPPRESSED]
    return Finding(
        rule="shown-in-source",
        severity="info",
        threshold="every number that it adds up is shown",
        mitigation="suppressed" if hidden else "none",
        cells=tuple(hidden),
        for_checkers=False,
        column=column.name,
        statbarn=rules.STATBARN[column.kind],
    )
