"""How wide are the bins of a histogram, and how are they counted? As one more dimension.

The rows of each cell are counted by the bin that their value is in, on the grid of the table with
the bins as its last axis. Rows of one unit may fall in several bins, so where a unit has many rows
they are weighed, whatever the cells are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from disclosure_control.shapes import BINNED, MOST_BINS, MOST_PATTERNS
from disclosure_control.tables import Bands
from queries.errors import QueryRefused, problem
from queries.plan_axes import AxisKey, Bins
from queries.plan_measured import Measured
from queries.plan_vectors import Contribution

if TYPE_CHECKING:
    from queries.plan import Plan


MOST_BANDS = 16
FEWEST_BANDS = 4
PATTERNS_OF_A_CELL = 2**10
BINS_OF_A_CELL = 2**15  # finer ones are hardly worth what counting them takes
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


def bands_of(numbers: Sequence[Measured], *, cells: int) -> tuple[Bands, ...]:
    """Of each number as many equal bands as ``MOST_PATTERNS`` allows; of a yes or no, both.

    ``cells``: of all models of the table. Raises QueryRefused where there are too many.
    """
    truths = sum(one.factor > 1 for one in numbers)
    most = min(PATTERNS_OF_A_CELL, MOST_PATTERNS // cells) // 2**truths
    each = MOST_BANDS
    while each ** (len(numbers) - truths) > most and each > 1:
        each //= 2
    if each < FEWEST_BANDS:
        words = {"count": cells, "most": MOST_PATTERNS // PATTERNS_OF_A_CELL}
        raise QueryRefused((problem("too_many_patterns", where="dimensions", **words),))
    return tuple(Bands() if one.factor > 1 else _bands(one, each) for one in numbers)


def _bands(of: Measured, most: int) -> Bands:
    width = -(-(of.upper - of.lower + 1) // most)
    return Bands(of.lower, width, of.upper, 10**of.decimals)


def _round_widths() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


def without_histograms(plan: Plan) -> Plan:
    """What the plan counts for each cell once."""
    kept = tuple(one for one in plan.recipes if one.counts not in BINNED)
    return replace(plan, recipes=kept)


def histograms(plan: Plan) -> Iterator[Plan]:
    """One plan for each histogram, with the bins as its last axis."""
    for recipe in plan.recipes:
        if recipe.counts in BINNED:
            bands = recipe.bands or ((recipe.of or "", recipe.width),)
            keys = (replace(one, stride=one.stride * recipe.bins) for one in plan.keys)
            single = plan.how is Contribution.UNIT_ROWS
            yield replace(
                plan,
                how=plan.how if single else Contribution.ROW_WEIGHTS,
                keys=(*keys, *_last_axes(bands, plan)),
                measured=(),
                recipes=(replace(recipe, of=None),),
                offset=0,
            )


def _last_axes(bands: tuple[tuple[str, int], ...], plan: Plan) -> tuple[AxisKey, ...]:
    """Of numbers by name, each in bands of its width; a row without one of them is in none."""
    found: list[AxisKey] = []
    stride = 1
    for name, width in reversed(bands):
        of = next(one for one in plan.measured if one.name == name)
        low, last = of.values or (of.lower, of.upper)
        count = (last - low) // width + 1
        key = AxisKey(
            term=of.term, level=of.level, keys=count, missing=None, stride=stride,
            bins=Bins(low, last, width),
        )  # fmt: skip
        found.insert(0, key)
        stride *= count
    return tuple(found)
