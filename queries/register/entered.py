"""Which entry does a drawn table make? From its plan and from what it hides."""

from __future__ import annotations

from disclosure_control.tables import Kind, Protected, Published, Status
from queries.engines.amounts import amounts
from queries.engines.placement import placement
from queries.plan import Plan
from queries.register.entry import Counted, Entry, Grid


def entry_of(plan: Plan, protected: Protected, *, version: str) -> Entry:
    """Of a table that was drawn by this plan, in the same order of dimensions and measures."""
    grid = tuple(
        Grid(len(one.labels), one.total, one.subtotals, one.shared) for one in plan.shape.axes
    )
    if not plan.tells_of_whole_units:
        return Entry(version, grid, ())
    columns: dict[str, list[Published]] = {}
    for column in protected.published:
        columns.setdefault(placement(plan, of=_of(plan, column)), []).append(column)
    return Entry(
        version, grid, tuple(_counted(plan, sql, own, protected) for sql, own in columns.items())
    )


def _counted(plan: Plan, sql: str, columns: list[Published], protected: Protected) -> Counted:
    names = {one.name for one in columns}
    cells = zip(protected.published, protected.columns, strict=True)
    patterns = {
        tuple(at for at, cell in enumerate(own) if cell.status is Status.SUPPRESSED)
        for column, own in cells
        if column.name in names
    }
    unsafe = {
        cell
        for one in protected.record.findings
        if one.column in names and one.severity == "fail"
        for cell in one.cells
    }
    sums = any(one.kind in {Kind.SUM, Kind.MEAN} for one in columns)
    added = dict.fromkeys(amount for one in columns for amount in amounts(plan, one))
    return Counted(sql, tuple(sorted(patterns)), tuple(sorted(unsafe)), sums, tuple(added))


def _of(plan: Plan, column: Published) -> str | None:
    """The number that people must have to be counted in this column, if any."""
    recipe = next(one for one in plan.recipes if one.name == column.count)
    return recipe.of
