"""What does each unit add to the numbers of an exact table? For comparing versions of the data.

Whoever is in the same cell in two versions may have another number there: then two tables that
count the same people differ by the new numbers of a few. These statements say what a unit adds,
whatever a question filters, bounds or groups by; their rows never leave the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from disclosure_control.tables import Kind, Published
from queries.engines.block import selected
from queries.engines.reading import Reading
from queries.plan import Plan
from queries.plan_measured import Measured
from queries.plan_terms import Stored
from queries.plan_vectors import Contribution
from queries.register.entry import Amount


def amounts(plan: Plan, column: Published) -> Iterator[Amount]:
    """Of a table that tells of whole units; none where each adds one, in any version."""
    by_row = plan.how is not Contribution.UNIT_ROWS
    if column.kind is Kind.COUNT and by_row and not plan.counts_units_alone:
        yield Amount(_statement(plan, "count(*)", None), f"rows of {plan.source}")
    if column.total is None:
        return
    recipe = next(one for one in plan.recipes if one.name == column.total)
    measured = next(one for one in plan.measured if one.name == recipe.of)
    yield _amount(plan, "sum", measured)
    if column.kind is Kind.MEAN and by_row:
        yield _amount(plan, "count", measured)


def _amount(plan: Plan, aggregate: str, measured: Measured) -> Amount:
    term = measured.term
    of = f"{aggregate} of {term.table}.{term.column}" if isinstance(term, Stored) else ""
    sql = _statement(plan, f"{aggregate}({Reading(plan).direct(term)})", measured)
    return Amount(sql, of)


def _statement(plan: Plan, aggregate: str, measured: Measured | None) -> str:
    """Rows (unit, whole number or NULL) of every unit of the source."""
    bare = replace(
        plan,
        filters=(),
        keys=(),
        margins=(),
        measured=(measured,) if measured else (),
        linked=tuple(replace(one, inner=False) for one in plan.linked),
    )
    read = Reading(bare)
    steps = f"WITH {', '.join(read.feature_steps)} " if read.feature_steps else ""
    amount = f"CAST({aggregate} AS BIGINT) AS _v"
    return steps + selected(f"{read.unit} AS _u", amount, rows=read.everything(), by="1")
