"""How wide are the bins of a histogram, and how are they counted? As one more dimension.

The rows of each cell are counted by the bin that their value is in, on the grid of the table with
the bins as its last axis. Rows of one unit may fall in several bins, so where a unit has many rows
they are weighed, whatever the cells are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from disclosure_control.shapes import MOST_BINS
from disclosure_control.tables import Counting
from queries.errors import QueryRefused, problem
from queries.plan_axes import AxisKey, Bins
from queries.plan_vectors import Contribution, Measured

if TYPE_CHECKING:
    from queries.plan import Plan


BINS_OF_A_CELL = 2**14  # finer ones would make choosing among them dearer than they are worth
FEWEST_BINS = 32


def bin_width(of: Measured, *, cells: int) -> int:
    """The least of 1, 2, 5, 10, 20... of which there are few enough in the declared range.

    ``cells``: of all quantiles of the table, which share the time that there is to choose.

    Raises QueryRefused where a table has too many cells.
    """
    most = min(MOST_BINS // cells, BINS_OF_A_CELL)
    values = of.upper - of.lower + 1
    if most < min(values, FEWEST_BINS):
        words = {"count": cells, "most": MOST_BINS // FEWEST_BINS}
        raise QueryRefused((problem("too_fine_bins", where="dimensions", **words),))
    return next(width for width in _round_widths() if -(-values // width) <= most)


def _round_widths() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


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
