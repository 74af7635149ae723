"""Which one SQL statement answers a plan? Written anew from integers and declared names.

A statement has named steps: features (one row per unit), rows brought to one per unit, those
units with what their own data decides (linking here costs one look-up a unit instead of one a
row), and last, sums by cell. Its rows are (cell, one number per vector, in the plan's order);
a cell without a row, or a number that is NULL, is zero. For a histogram the cell is a bin.
"""

from __future__ import annotations

from collections.abc import Iterable

from queries.engines.block import selected
from queries.engines.blocks import blocks_of
from queries.engines.reading import Reading
from queries.plan import Plan
from queries.plan_bins import histograms, without_histograms
from queries.plan_terms import Stored
from queries.plan_vectors import Recipe
from queries.store import AT, OF, SCHEMA, TEXT, TEXTS, text, text_column


def statement(plan: Plan, *, marked: bool = True) -> str:
    """One SELECT over the attached schema ``db``, with every total that is asked.

    ``marked``: whether the store has marked first rows (``store.has_marks``).
    """
    if not plan.margins:
        return _of_one_grid(plan, marked=marked)
    return _together(_of_one_grid(part, marked=marked) for part in (plan, *plan.margins))


def texts_of(column: Stored) -> str:
    """One SELECT of the places and texts of a column whose values nobody declared."""
    rows = f" FROM {SCHEMA}.{TEXTS} WHERE {OF} = {text(text_column(column.table, column.column))}"
    return selected(AT, TEXT, rows=rows)


def _of_one_grid(plan: Plan, *, marked: bool) -> str:
    parts = [
        _of_blocks(Reading(part, marked), recipes=plan.recipes)
        for part in (without_histograms(plan), *histograms(plan))
    ]
    return parts[0] if len(parts) == 1 else _together(parts)


def _of_blocks(read: Reading, *, recipes: tuple[Recipe, ...]) -> str:
    """Rows with a number for each of ``recipes``; NULL for those that the plan does not count."""
    blocks = tuple(blocks_of(read))
    steps = [*read.feature_steps, *(step for block in blocks for step in block.steps)]
    heading = f"WITH {', '.join(steps)} " if steps else ""
    return heading + " UNION ALL ".join(
        block.select(recipes, offset=read.plan.offset) for block in blocks
    )


def _together(parts: Iterable[str]) -> str:
    return " UNION ALL ".join(selected("*", rows=f" FROM ({part})") for part in parts)
