"""When does an answer appear? At the end of a slot, chosen from the plan and declared sizes.

Nothing here is measured on the data: two neighbouring data sets have the same slot, and an
answer that is ready early waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from disclosure_control.tables import Counting, Shape

SLOTS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds. A query that is expected to need more than the last is still given only that."""

# What follows the engine, noise, pictures and the commit, has this part of a slot, in seconds:
# a time of its own, and a share, since slots are long where tables are large.
REST = 0.28
REST_SHARE = 0.1
LONGEST_REST = 2.0

READY = 0.01  # a sandbox that is ready: hand over, answer
MARGIN = 3.0  # a busy machine
SECONDS_PER_NUMBER = 120e-6  # the noise of one cell of one vector, and its files

SECONDS_PER_ROW = {
    "scan": 10e-9,  # a pass over stored rows that keeps a small table of keys
    "unit": 15e-9,  # grouping rows by their unit
    "link": 10e-9,  # looking up each row in a table of units
    "pair": 60e-9,  # grouping rows by unit and cell
    "bin": 700e-9,  # reading a bin of a quantile, where none is empty
}
"""Measured with ``benchmarks/overhead.py`` on two cores; bins with ``benchmarks/dp_peers``."""

SECONDS_PER_BIN = 300e-9  # of a quantile: chosen from three times
SECONDS_PER_PATTERN = 100e-6  # of a logistic model: fitted in some ten steps
SECONDS_PER_TOTAL = 60e-6  # of a cell of a noisy table with totals, for each vector

# To hide cells beside the unsafe ones, and to attack the result, for each number that is protected
# on its own: seconds for a table, for a cell of up to two dimensions, and for a cell of more. A
# dimension with subtotals is two.
SUPPRESSION = 0.5
SECONDS_PER_CELL = {"flat": 2e-3, "deep": 12e-3}
FLAT = 2
LONGEST_SUPPRESSION = 40.0
PROTECTED = frozenset({Counting.ROWS, Counting.UNITS, Counting.CONTRIBUTORS, Counting.TOTAL})


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``suppression``: of the slot, for hiding further cells or choosing quantiles."""

    slot: float
    suppression: float = 0.0


def timing(steps: Iterable[tuple[str, int]], *, numbers: int, suppression: float = 0.0) -> Timing:
    """Of an engine's steps, each with its declared rows, and what follows."""
    engine = MARGIN * (READY + sum(SECONDS_PER_ROW[kind] * rows for kind, rows in steps))
    rest = MARGIN * numbers * SECONDS_PER_NUMBER
    fitting = (
        one for one in SLOTS if engine <= one - rest_of(one) - suppression and rest <= rest_of(one)
    )
    return Timing(next(fitting, SLOTS[-1]), suppression)


def suppression_seconds(shape: Shape) -> float:
    """0 for a table without totals, where nothing can be taken from them."""
    if not shape.has_totals:
        return 0.0
    deep = len(shape.axes) + sum(bool(axis.subtotals) for axis in shape.axes)
    cell = SECONDS_PER_CELL["flat" if deep <= FLAT else "deep"]
    protected = sum(vector.counts in PROTECTED for vector in shape.vectors)
    return min(protected * (SUPPRESSION + cell * shape.cells), LONGEST_SUPPRESSION)


def selection_seconds(shape: Shape) -> float:
    """0 for a table without quantiles, whose bins are chosen from at the door."""
    columns = (one for one in shape.published if one.quantile is not None)
    bins = sum(shape.lengths[one.quantile.histogram] for one in columns if one.quantile)
    return MARGIN * bins * SECONDS_PER_BIN


def fitting_seconds(shape: Shape) -> float:
    """0 for a table without logistic models, which are fitted at the door."""
    columns = (one for one in shape.published if one.patterns is not None)
    patterns = sum(shape.lengths[one.patterns.vector] for one in columns if one.patterns)
    return MARGIN * patterns * SECONDS_PER_PATTERN


def together_seconds(shape: Shape) -> float:
    """0 for a noisy table without totals, which are worked out and rounded at the door."""
    if not shape.has_totals:
        return 0.0
    return MARGIN * shape.cells * len(shape.vectors) * SECONDS_PER_TOTAL


def rest_of(seconds: float) -> float:
    """The part of a slot that follows the engine's."""
    return min(REST + REST_SHARE * seconds, LONGEST_REST)
