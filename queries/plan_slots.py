"""When does an answer appear? At the end of a slot, chosen from the plan and declared sizes.

Nothing here is measured on the data: two neighbouring data sets have the same slot, and an
answer that is ready early waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable

SLOTS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds. A query that is expected to need more than the last is still given only that."""

READY = 0.08  # a sandbox that is ready: hand over, open the file, answer
MARGIN = 3.0  # a busy machine
SECONDS_PER_CELL = 60e-6  # drawing the noise of one cell of one vector, and its presentation


def slot(seconds: float, *, numbers: int) -> float:
    """``seconds`` of reading on an idle machine, ``numbers`` cells over all vectors."""
    expected = MARGIN * (READY + seconds + numbers * SECONDS_PER_CELL)
    return next((one for one in SLOTS if expected <= one), SLOTS[-1])


SECONDS_PER_ROW = {
    "scan": 15e-9,  # a pass over stored rows that keeps a small table of keys
    "unit": 50e-9,  # grouping rows by their unit
    "link": 30e-9,  # looking up each row in a table of units
    "pair": 400e-9,  # grouping rows by unit and cell
}
"""Measured with ``benchmarks/overhead.py`` on two cores, rounded up."""


def seconds(steps: Iterable[tuple[str, int]]) -> float:
    """Of steps, each with its declared number of rows."""
    return sum(SECONDS_PER_ROW[kind] * rows for kind, rows in steps)
