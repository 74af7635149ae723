"""How does a stored table become this question's table? In its own order, under its own names.

One draw answers every spelling of a question. It is made for the canonical spelling, so nothing
of the words that somebody else chose, or of their order, comes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import prod

from disclosure_control.dp.selection import End, name_of
from disclosure_control.record import DisclosureRecord, Finding
from disclosure_control.tables import Axis, Protected, Published, Shape


def arranged(drawn: Protected, *, shape: Shape, order: Order) -> Protected:
    """The same values and the same record, as ``shape`` shows them.

    ``order`` says where each dimension and measure of ``shape`` stands in ``drawn``.
    """
    move = _Move(_positions(drawn.axes, order), _columns(drawn, shape, order))
    return Protected(
        track=drawn.track,
        axes=tuple(
            _axis(own, drawn.axes[place])
            for own, place in zip(shape.axes, order.dimensions, strict=True)
        ),
        published=shape.published,
        columns=tuple(
            tuple(drawn.columns[column][cell] for cell in move.cells) for column in order.measures
        ),
        record=_record(drawn, shape, order, move),
    )


def _axis(own: Axis, drawn: Axis) -> Axis:
    """Under its own name; which keys are told was decided by the draw."""
    return replace(own, labels=drawn.labels, empty=drawn.empty) if own.unknown else own


@dataclass(frozen=True, slots=True)
class Order:
    """Where each dimension and measure of a question stands in its canonical spelling."""

    dimensions: tuple[int, ...]
    measures: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Move:
    cells: tuple[int, ...]  # for each cell of the own table, its place in the drawn one
    names: dict[str, str]  # of drawn columns and vectors -> own names

    @property
    def place(self) -> dict[int, int]:
        """For each cell of the drawn table, its place in the own one."""
        return {drawn: own for own, drawn in enumerate(self.cells)}

    def back(self, cells: tuple[int, ...]) -> tuple[int, ...]:
        place = self.place
        return tuple(sorted(place[cell] for cell in cells))


def _positions(axes: tuple[Axis, ...], order: Order) -> tuple[int, ...]:
    sizes = [len(axis.labels) for axis in axes]
    strides = [prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    own = [(sizes[axis], strides[axis]) for axis in order.dimensions]
    keys = product(*(range(size) for size, _ in own))
    return tuple(
        sum(key * stride for key, (_, stride) in zip(position, own, strict=True))
        for position in keys
    )


def _columns(drawn: Protected, shape: Shape, order: Order) -> dict[str, str]:
    """Names of vectors and columns, paired by the columns that read them."""
    names: dict[str, str] = {}
    for own, place in zip(shape.published, order.measures, strict=True):
        theirs = drawn.published[place]
        pairs = zip(_names(theirs), _names(own), strict=True)
        names |= {before: after for before, after in pairs if before and after}
    return names


def _names(column: Published) -> tuple[str | None, ...]:
    chosen = (name_of(column.name, end) for end in End)
    told = column.regression.names if column.regression else ()
    patterns = column.patterns.vector if column.patterns else None
    plain = (column.name, column.count, column.total, column.squares, column.per, patterns)
    return (*plain, *chosen, *told)


def _record(drawn: Protected, shape: Shape, order: Order, move: _Move) -> DisclosureRecord:
    rank = {drawn.published[place].name: own for own, place in enumerate(order.measures)}
    findings = sorted(drawn.record.findings, key=lambda one: rank.get(one.column, len(rank)))
    place = move.place
    return replace(
        drawn.record,
        bounds=shape.bounds,
        noise=tuple(
            replace(
                one,
                vector=move.names.get(one.vector, one.vector),
                beside=one.beside and move.names.get(one.beside, one.beside),
                levels=tuple(one.levels[axis] for axis in order.dimensions if one.levels),
            )
            for one in drawn.record.noise
        ),
        findings=tuple(_finding(one, move) for one in findings),
        intervals=tuple(
            replace(one, column=move.names.get(one.column, one.column), cell=place[one.cell])
            for one in drawn.record.intervals
        ),
    )


def _finding(finding: Finding, move: _Move) -> Finding:
    return replace(
        finding,
        column=move.names.get(finding.column, finding.column),
        cells=move.back(finding.cells),
        values=_values(finding, move),
        after=move.back(finding.after),
    )


def _values(finding: Finding, move: _Move) -> tuple[str, ...]:
    """In the order of the cells' own places."""
    place = move.place
    pairs = zip((place[cell] for cell in finding.cells), finding.values, strict=False)
    return tuple(value for _, value in sorted(pairs))
