"""Who is in which cell of an exact table? One statement, whose rows never leave the sandbox."""

from __future__ import annotations

from queries.engines.block import selected
from queries.engines.expressions import cell_sql
from queries.engines.reading import Reading
from queries.plan import Plan
from queries.plan_vectors import Contribution


def is_partition(plan: Plan) -> bool:
    """Is each unit in one cell, with all of its rows or with none?

    Then whatever the table adds up is a sum over units, in every table of this source with the same
    amounts: what can be told of a group depends on who is in which cell alone.
    """
    if plan.how is Contribution.UNIT_ROWS:
        return True
    return plan.how is Contribution.UNIT_TOTALS and Reading(plan).keeps_all_rows


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
