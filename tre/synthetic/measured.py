"""What do released tables say to a model? Their noisy counts, and how exact each is.

A hidden cell says that its noisy count was below the threshold. How much that is follows from what
is declared: what the shown cells leave of all units or rows, evenly, at most half the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from disclosure_control.tables import Axis, Protected, Status
from tre.errors import NoTwin
from tre.synthetic.workload import Counted

NORMAL_95 = 1.959964
OTHER_FORM = "A released table does not have the form that a twin needs: measure it again."


@dataclass(frozen=True, slots=True)
class Measured:
    """``counts`` and ``errors`` (standard deviations), one for each cell, row-major."""

    names: tuple[str, ...]
    counts: tuple[float, ...]
    errors: tuple[float, ...]


def measured(
    counted: Counted, table: Protected, *, axes: Sequence[Axis], threshold: int, declared: int
) -> Measured | None:
    """``axes``: of the question, whose labels are the bins of its attributes.

    ``declared``: units, or rows, of the table. None where every cell is hidden. Raises NoTwin for
    a table of another form.
    """
    (cells,) = table.columns
    if [(one.name, one.labels) for one in table.axes] != [(one.name, one.labels) for one in axes]:
        raise NoTwin(OTHER_FORM)
    shown = [one for one in cells if one.status is Status.SHOWN and one.value is not None]
    if not shown:
        return None
    width = max(float(one.half_width or 0) for one in shown)
    noise = max(width / NORMAL_95, 0.5)
    left = declared - sum(float(one.value or 0) for one in shown)
    hidden = min(max(left / max(len(cells) - len(shown), 1), 0.0), threshold / 2)
    spread = math.hypot(noise, threshold / math.sqrt(12))
    return Measured(
        names=tuple(one.name for one in counted.attributes),
        counts=tuple(hidden if one.value is None else float(one.value) for one in cells),
        errors=tuple(spread if one.value is None else noise for one in cells),
    )
