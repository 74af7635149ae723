"""Who is in which cell of an exact table? One statement, whose rows never leave the sandbox."""

from __future__ import annotations

from queries.engines.block import selected
from queries.engines.expressions import cell_sql
from queries.engines.reading import Reading
from queries.plan import Plan


def placement(plan: Plan, *, of: str | None) -> str:
    """Rows (unit, cell or NULL off the grid) of the units that the filters keep.

    ``of``: only units with a value of this number, where it can be missing.
    """
    read = Reading(plan)
    cell = f"{cell_sql(plan.keys, name=read.direct)} AS _c"
    measured = next((one for one in plan.measured if one.name == of and one.nullable), None)
    also = (f"{read.direct(measured.term)} IS NOT NULL",) if measured else ()
    steps = f"WITH {', '.join(read.feature_steps)} " if read.feature_steps else ""
    return steps + selected(f"DISTINCT {read.unit} AS _u", cell, rows=read.everything(also=also))
