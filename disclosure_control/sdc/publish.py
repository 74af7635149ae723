"""What does an exact table show? Values where no rule fails, and nothing where one does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction

from disclosure_control.errors import Refused
from disclosure_control.exact import shown
from disclosure_control.sdc.evidence import Exact
from disclosure_control.tables import Cell, Kind, Published, Shape, Status

HIDDEN = Cell(Status.SUPPRESSED)


def publish(
    shape: Shape, column: Published, exact: Exact, *, hidden: Collection[int]
) -> tuple[Cell, ...]:
    """The column's cells, without those that are hidden."""
    value_of = VALUES[column.kind](shape, column, exact)
    return tuple(
        HIDDEN if cell in hidden else _cell(value_of(cell), column) for cell in range(shape.cells)
    )


def _cell(value: Fraction | None, column: Published) -> Cell:
    if value is None:
        return HIDDEN
    return Cell(Status.SHOWN, value=shown(value, decimals=column.decimals))


Value = Callable[[int], Fraction | None]


def _quantity(shape: Shape, name: str | None, exact: Exact) -> Callable[[int], Fraction]:
    if name is None:
        raise Refused("a column names no total")
    scale = shape.vector(name).scale
    return lambda cell: Fraction(exact[name][cell], scale)


def _counts(shape: Shape, column: Published, exact: Exact) -> Value:
    return _quantity(shape, column.count, exact)


def _sums(shape: Shape, column: Published, exact: Exact) -> Value:
    return _quantity(shape, column.total, exact)


def _means(shape: Shape, column: Published, exact: Exact) -> Value:
    """A cell without values has no mean, and is hidden like any other."""
    totals = _quantity(shape, column.total, exact)
    counts = _quantity(shape, column.count, exact)
    return lambda cell: totals(cell) / counts(cell) if counts(cell) else None


VALUES: dict[Kind, Callable[[Shape, Published, Exact], Value]] = {
    Kind.COUNT: _counts,
    Kind.UNITS: _counts,
    Kind.SUM: _sums,
    Kind.MEAN: _means,
}
