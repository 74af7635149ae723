"""When does an answer appear? At the end of a slot, chosen from the plan and declared sizes.

Nothing here is measured on the data: two neighbouring data sets have the same slot, and an
answer that is ready early waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable

SLOTS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds. A query that is expected to need more than the last is still given only that."""

# What follows the engine, noise, pictures and the commit, has this part of a slot, in seconds:
# a time of its own, and a share, since slots are long where tables are large.
REST = 0.28
REST_SHARE = 0.1
LONGEST_REST = 2.0

READY = 0.01  # a sandbox that is ready: hand over, answer
MARGIN = 3.0  # a busy machine
SECONDS_PER_NUMBER = 60e-6  # the noise of one cell of one vector, and its presentation

SECONDS_PER_ROW = {
    "scan": 10e-9,  # a pass over stored rows that keeps a small table of keys
    "unit": 15e-9,  # grouping rows by their unit
    "link": 10e-9,  # looking up each row in a table of units
    "pair": 60e-9,  # grouping rows by unit and cell
}
"""Measured with ``benchmarks/overhead.py`` on two cores."""


def slot(steps: Iterable[tuple[str, int]], *, numbers: int) -> float:
    """Of an engine's steps, each with its declared rows, and the numbers that follow."""
    engine = MARGIN * (READY + sum(SECONDS_PER_ROW[kind] * rows for kind, rows in steps))
    rest = MARGIN * numbers * SECONDS_PER_NUMBER
    return next((one for one in SLOTS if _holds(one, engine=engine, rest=rest)), SLOTS[-1])


def rest_of(seconds: float) -> float:
    """The part of a slot that follows the engine's."""
    return min(REST + REST_SHARE * seconds, LONGEST_REST)


def _holds(seconds: float, *, engine: float, rest: float) -> bool:
    own = rest_of(seconds)
    return engine <= seconds - own and rest <= own
