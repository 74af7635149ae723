"""What does an attacker hold, given a table as it would be released? Read from its CSV text alone.

Beside the text he knows what is public: the axes with their totals, which number is whose mean, and
the declared bounds of values. True values come in for the judgement only: how far each unsafe cell
must stay open, and what a sole contributor knows of himself.
"""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from disclosure_control.sdc.audit.attacker import Attacker, AuditOutOfTime, Contradiction
from disclosure_control.sdc.audit.released import Relation, Released
from disclosure_control.sdc.audit.verdict import Requirement, Violation, judge
from disclosure_control.sdc.series import Series
from disclosure_control.tables import Axis, Kind, Published, Shape

HALF = Decimal("0.5")
CONFIDENTIAL = "[c]"
Steps = Sequence[Mapping[int, Sequence[int]]]  # of each axis: a place, and those over or under it
COUNTED = (Kind.COUNT, Kind.UNITS)


class UnreadableTable(Exception):
    """The text is not this table."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number of one cell in the integers of its series, within ``error``; None where hidden."""

    value: Decimal | None
    error: Decimal = Decimal(0)


HIDDEN = Shown(None)


def attacked(
    text: str, *, shape: Shape, series: Sequence[Series], seconds: float
) -> tuple[Violation, ...]:
    """Every way in which the text gives an unsafe cell away; none means safe."""
    columns = columns_of(text, shape)
    found: list[Violation] = []
    for one in series:
        held = released(columns, shape, one)
        found += judge(
            held,
            _requirements(one, held),
            insiders=_insiders(shape, one),
            whole=one.counts,
            seconds=seconds / len(series),
        )
    return tuple(found)


def intervals(
    text: str, *, shape: Shape, series: Sequence[Series], seconds: float
) -> Iterator[tuple[str, int, Decimal | None, Decimal | None]]:
    """Of hidden counts and sums: column, cell, and the least and most that it may be.

    As many as ``seconds`` allow.
    """
    columns, end = columns_of(text, shape), time.monotonic() + seconds
    for one in series:
        held = released(columns, shape, one)
        attacker = Attacker(held, seconds=end - time.monotonic())
        for column in shape.published:
            vector, digits = SHOWN_AS[column.kind](shape, column)
            hidden = (place for place, value in enumerate(columns[column.name]) if value is None)
            for cell, name in _named(hidden if vector == one.vector else (), held):
                try:
                    low, high = attacker.interval(name)
                except (AuditOutOfTime, Contradiction):
                    return
                yield column.name, cell, _finite(low, digits), _finite(high, digits)


def _named(cells: Iterable[int], held: Released) -> Iterator[tuple[int, str]]:
    names = list(held.shown)
    return ((cell, names[cell]) for cell in cells if held.shown[names[cell]] is None)


def _finite(value: float, digits: int) -> Decimal | None:
    return Decimal(round(value)).scaleb(-digits) if math.isfinite(value) else None


def _digits(shape: Shape, column: Published) -> tuple[str | None, int]:
    return column.total, len(str(shape.vector(column.total or "").scale)) - 1


SHOWN_AS: dict[Kind, Callable[[Shape, Published], tuple[str | None, int]]] = {
    Kind.COUNT: lambda _, column: (column.count, 0),
    Kind.UNITS: lambda _, column: (column.count, 0),
    Kind.SUM: _digits,
    Kind.MEAN: lambda _, __: (None, 0),
}
"""Which series a column shows as it is, and the decimals of its integers."""


def columns_of(text: str, shape: Shape) -> dict[str, tuple[Decimal | None, ...]]:
    """Each published column's cells in grid order. Raises UnreadableTable."""
    rows = list(csv.reader(io.StringIO(text)))
    if len(rows) != shape.cells + 1 or any(len(row) != len(rows[0]) for row in rows):
        raise UnreadableTable("its size")
    first = len(shape.axes)
    if len(rows[0]) != first + len(shape.published):
        raise UnreadableTable("its columns")
    if len({tuple(row[:first]) for row in rows[1:]}) != shape.cells:
        raise UnreadableTable("its labels")
    return {
        column.name: tuple(_number(row[first + place]) for row in rows[1:])
        for place, column in enumerate(shape.published)
    }


def _number(text: str) -> Decimal | None:
    return None if text == CONFIDENTIAL else Decimal(text)


def released(columns: Columns, shape: Shape, series: Series) -> Released:
    shown = tuple(_shown(columns, shape, series.vector, cell) for cell in range(shape.cells))
    names, relations, unknown = names_and_relations(shape.axes, series.adds_up)
    lower, upper = _bounds(columns, shape, series)
    return Released(
        shown={
            **{
                name: None if one.value is None else float(one.value)
                for name, one in zip(names, shown, strict=True)
            },
            **dict.fromkeys(unknown),
        },
        relations=relations,
        lower=dict(zip(names, lower, strict=True)),
        upper=dict(zip(names, upper, strict=True)),
        error={name: float(one.error) for name, one in zip(names, shown, strict=True)},
    )


def _shown(columns: Columns, shape: Shape, vector: str, cell: int) -> Shown:
    """The closest look that any column gives at this cell of the vector."""
    looks = (
        LOOKS[column.kind](columns, shape, column, vector, cell)
        for column in shape.published
        if columns[column.name][cell] is not None
    )
    known = [look for look in looks if look.value is not None]
    return min(known, key=lambda look: look.error, default=HIDDEN)


def _at_count(columns: Columns, _: Shape, column: Published, vector: str, cell: int) -> Shown:
    return Shown(columns[column.name][cell]) if vector == column.count else HIDDEN


def _at_sum(columns: Columns, shape: Shape, column: Published, vector: str, cell: int) -> Shown:
    value = columns[column.name][cell]
    if value is None or vector != column.total:
        return HIDDEN
    return Shown(value * shape.vector(vector).scale)


def _at_mean(columns: Columns, shape: Shape, column: Published, vector: str, cell: int) -> Shown:
    """A mean times its count is a total; a sum over its mean is a count."""
    mean, rounding = columns[column.name][cell], HALF.scaleb(-column.decimals)
    if mean is None:
        return HIDDEN
    if vector == column.total:
        counted = (one for one in shape.published if one.kind in COUNTED)
        count = _first(columns, cell, (one for one in counted if one.count == column.count))
        scale = shape.vector(vector).scale
        return HIDDEN if count is None else Shown(mean * count * scale, rounding * count * scale)
    if vector == column.count and abs(mean) > rounding:
        sums = (one for one in shape.published if one.kind is Kind.SUM)
        total = _first(columns, cell, (one for one in sums if one.total == column.total))
        if total is not None:
            most = abs(total) / (abs(mean) - rounding)
            return Shown(total / mean, most - total / mean)
    return HIDDEN


Columns = Mapping[str, Sequence[Decimal | None]]
Look = Callable[[Columns, Shape, Published, str, int], Shown]
LOOKS: dict[Kind, Look] = {
    Kind.COUNT: _at_count,
    Kind.UNITS: _at_count,
    Kind.SUM: _at_sum,
    Kind.MEAN: _at_mean,
}


def _first(columns: Columns, cell: int, among: Iterator[Published]) -> Decimal | None:
    return next((columns[one.name][cell] for one in among), None)


def _bounds(columns: Columns, shape: Shape, series: Series) -> tuple[list[float], list[float]]:
    if series.counts:
        return [float(series.least)] * shape.cells, [float("inf")] * shape.cells
    vector = shape.vector(series.vector)
    far = float(vector.magnitude)
    low, high = vector.row_bounds or (-vector.magnitude, vector.magnitude)
    lower = [0.0 if low >= 0 else -far] * shape.cells
    upper = [0.0 if high <= 0 else far] * shape.cells
    rows = next((one for one in shape.published if one.kind is Kind.COUNT), None)
    if rows is not None and vector.row_bounds is not None:
        for cell, count in enumerate(columns[rows.name]):
            if count is not None:
                lower[cell], upper[cell] = low * float(count), high * float(count)
    return lower, upper


def names_and_relations(
    axes: tuple[Axis, ...], adds_up: Sequence[bool]
) -> tuple[list[str], tuple[Relation, ...], tuple[str, ...]]:
    """A name for each cell in grid order, and what ties them."""
    names = [_name(place) for place in product(*(range(len(axis.labels)) for axis in axes))]
    return names, *_relations(axes, adds_up)


def _relations(
    axes: tuple[Axis, ...], adds_up: Sequence[bool]
) -> tuple[tuple[Relation, ...], tuple[str, ...]]:
    """Totals and their parts; and the names of what nobody knows, where units are in several."""
    relations: list[Relation] = []
    unknown: list[str] = []
    for place, axis in enumerate(axes):
        others = [range(len(one.labels)) for one in axes[:place]]
        after = [range(len(one.labels)) for one in axes[place + 1 :]]
        around = list(product(product(*others), product(*after)))
        for (whole, own), (before, behind) in product(axis.sums, around):
            total = _name((*before, whole, *behind))
            parts = [_name((*before, part, *behind)) for part in own]
            relation = {total: 1.0, **dict.fromkeys(parts, -1.0)}
            if not adds_up[place]:
                relation[f"overlap:{place}:{total}"] = 1.0
                for part in parts:
                    remainder = f"remainder:{place}:{part}"
                    relations.append({total: 1.0, part: -1.0, remainder: -1.0})
                    unknown.append(remainder)
                unknown.append(f"overlap:{place}:{total}")
            relations.append(relation)
    return tuple(relations), tuple(unknown)


def _requirements(series: Series, held: Released) -> tuple[Requirement, ...]:
    """Of every unsafe cell, as far as its bounds leave it open at all."""
    names = list(held.shown)
    found = []
    for cell, level in sorted(series.unsafe.items()):
        name, value = names[cell], series.values[cell]
        least = max(float(value - level.below), min(float(value), held.lower[name]))
        most = min(float(value + level.above), max(float(value), held.upper[name]))
        width = min(float(level.width), most - least)
        found.append(Requirement(name, low=least, high=most, width=width))
    return tuple(found)


def _insiders(shape: Shape, series: Series) -> Iterator[dict[str, float]]:
    """Each sole contributor: his cells, every total that is his alone, and all within it."""
    places = list(product(*(range(len(axis.labels)) for axis in shape.axes)))
    values = dict(zip(places, series.values, strict=True))
    above = [
        dict(enumerate((at, *own) for at, own in enumerate(axis.above))) for axis in shape.axes
    ]
    below = [_turned(one) for one in above]
    alone = {places[cell] for cell in series.alone}
    told: set[frozenset[tuple[int, ...]]] = set()
    for place in sorted(alone):
        known = {place}
        while (more := known | _around(known & alone, above, below, alone)) != known:
            known = more
        if frozenset(known) not in told:
            told.add(frozenset(known))
            cells = (place, *sorted(known - {place}))
            yield {_name(one): float(values[one]) for one in cells}


def _around(
    cells: Iterable[tuple[int, ...]], above: Steps, below: Steps, alone: Collection[tuple[int, ...]]
) -> set[tuple[int, ...]]:
    """Totals of these cells that are his alone too, and whatever stands within these cells."""
    found: set[tuple[int, ...]] = set()
    for cell in cells:
        wider = product(*(steps[at] for at, steps in zip(cell, above, strict=True)))
        found.update(one for one in wider if one in alone)
        found.update(product(*(steps[at] for at, steps in zip(cell, below, strict=True))))
    return found


def _turned(steps: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {at: [] for at in steps}
    for at, wholes in steps.items():
        for whole in wholes:
            found[whole].append(at)
    return found


def _name(place: Sequence[int]) -> str:
    return "|".join(map(str, place))
