"""How does DuckDB answer a plan? One statement on a locked connection, and integers by cell.

The same steps run in the sandboxed child (``queries.child``). Nothing raised may be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from disclosure_control.tables import Unprotected
from queries.engines.locked import on_grid
from queries.engines.statement import statement
from queries.plan import Plan
from queries.store import has_marks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def answer(con: DuckDBPyConnection, plan: Plan) -> Unprotected:
    """The plan's vectors over the attached store. Raises Leak if a declared bound is broken."""
    found = con.execute(statement(plan, marked=has_marks(con))).fetchall()
    return Unprotected(plan.shape, on_grid(found, lengths=plan.shape.lengths))
