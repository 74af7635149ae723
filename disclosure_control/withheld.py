"""How are further cells of an exact table hidden, after it went through the door?

A table that may leave alone may tell too much beside what left before it; then some of its cells
stay inside. Nothing is counted or drawn for that: the same table shows less.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from disclosure_control.errors import Refused
from disclosure_control.record import Finding
from disclosure_control.tables import Cell, Protected, Published, Status

HISTORY = "history"
EXACT = "sdc"  # without what reads policies: sandboxes, too, know patterns
Cells = tuple[int, ...]


def withheld(table: Protected, cells: Collection[int]) -> Protected:
    """Without these cells of its grid, in every column. Raises Refused for a noisy table."""
    if not cells:
        return table
    if table.track != EXACT:
        raise Refused("only of exact tables further cells are hidden")
    columns = tuple(
        tuple(Cell(Status.SUPPRESSED) if at in cells else cell for at, cell in enumerate(own))
        for own in table.columns
    )
    findings = (
        *(
            replace(one, after=tuple(at for at in one.after if at not in cells))
            for one in table.record.findings
        ),
        *(
            _finding(column, cells, own)
            for column, own in zip(table.published, table.columns, strict=True)
        ),
    )
    return replace(table, columns=columns, record=replace(table.record, findings=findings))


def _finding(column: Published, cells: Collection[int], before: Sequence[Cell]) -> Finding:
    return Finding(
        rule=HISTORY,
        severity="info",
        threshold="what has left, or totals that may, do not give hidden cells back",
        mitigation="suppressed",
        cells=tuple(at for at in sorted(cells) if before[at].status is Status.SHOWN),
        for_checkers=True,
        column=column.name,
    )


def patterns_with(patterns: Sequence[Cells], cells: Collection[int]) -> tuple[Cells, ...]:
    """Each different pattern of hidden cells, with these hidden too."""
    return tuple(sorted({tuple(sorted({*one, *cells})) for one in patterns}))
