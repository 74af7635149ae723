"""How does a table of made-up people get the fault that checkers should find? In what they read.

The table that was drawn, what is kept of it and what the register compares stay as they are: only
the files that checkers look at have the fault. Numbers here are invented, like the people.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from disclosure_control.tables import Axis, Cell, Protected, Status
from tre.seeded import Fault

FEW = Decimal(4)  # people: below every threshold


def planted(table: Protected, fault: Fault | None) -> Protected:
    """Where no number is at fault the table itself."""
    if fault not in {Fault.SMALL, Fault.GIVEN_BACK}:
        return table
    changed = _given_back(table) if fault is Fault.GIVEN_BACK else {}
    return _with(table, changed or _small(table))


def _small(table: Protected) -> dict[int, Decimal]:
    """A cell that is hidden, else the smallest, holds few."""
    first = table.columns[0]
    places = [cell for cell in range(len(first)) if not _is_total(table.axes, cell)]
    return {min(places, key=lambda cell: (first[cell].value or Decimal(0), cell)): FEW}


def _given_back(table: Protected) -> dict[int, Decimal]:
    """One hidden cell of a table of one dimension stays, the others are shown; none: nothing.

    They are shown with what is left, so that the one that stays hidden follows.
    """
    first = table.columns[0]
    hidden = [cell for cell, one in enumerate(first) if one.status is Status.SUPPRESSED]
    if len(table.axes) > 1 or not table.axes[0].total or len(hidden) < 2:  # noqa: PLR2004 - a pair
        return {}
    *parts, whole = first
    shown = sum((one.value for one in parts if one.value is not None), start=Decimal(0))
    left = (whole.value or shown) - shown - FEW
    given = dict.fromkeys(hidden[1:-1], FEW)
    last = left - FEW * len(given)
    return {**given, hidden[-1]: last} if last > 0 else {}


def _is_total(axes: tuple[Axis, ...], cell: int) -> bool:
    rest = cell
    for at in range(len(axes) - 1, -1, -1):
        size = len(axes[at].labels)
        rest, place = divmod(rest, size)
        if axes[at].total and place == size - 1:
            return True
    return False


def _with(table: Protected, changed: dict[int, Decimal]) -> Protected:
    """In the first column, which is a count."""
    first, *others = table.columns
    counted = tuple(
        Cell(Status.SHOWN, value=changed[cell]) if cell in changed else one
        for cell, one in enumerate(first)
    )
    return replace(table, columns=(counted, *others))
