"""How are the bins of a histogram counted? As a question of their own: one more dimension.

The rows of each cell are counted by the bin that their value is in, on the grid of the table with
the bins as its last axis. Rows of one unit may fall in several bins, so where a unit has many rows
they are weighed, whatever the cells are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from disclosure_control.tables import Counting
from queries.plan_axes import AxisKey, Bins
from queries.plan_vectors import Contribution

if TYPE_CHECKING:
    from queries.plan import Plan


def without_histograms(plan: Plan) -> Plan:
    """What the plan counts for each cell once."""
    kept = tuple(one for one in plan.recipes if one.counts is not Counting.HISTOGRAM)
    return replace(plan, recipes=kept)


def histograms(plan: Plan) -> Iterator[Plan]:
    """One plan for each histogram, with the bins as its last axis."""
    for recipe in plan.recipes:
        if recipe.counts is Counting.HISTOGRAM:
            of = next(one for one in plan.measured if one.name == recipe.of)
            bins = AxisKey(
                term=of.term, level=of.level, keys=recipe.bins, missing=None, stride=1,
                bins=Bins(of.lower, of.upper, recipe.width),
            )  # fmt: skip
            keys = (replace(one, stride=one.stride * recipe.bins) for one in plan.keys)
            single = plan.how is Contribution.UNIT_ROWS
            yield replace(
                plan,
                how=plan.how if single else Contribution.ROW_WEIGHTS,
                keys=(*keys, bins),
                measured=(),
                recipes=(replace(recipe, of=None),),
                offset=0,
            )
