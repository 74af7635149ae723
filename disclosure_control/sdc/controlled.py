"""Which multiples of a base are near all counts together, and add up to their totals?

Controlled rounding as a mixed-integer programme (Cox and Ernst 1982; Salazar-González 2005): each
count goes to the multiple below or above it, a multiple stays, and the sum of all distances is
least. Tables of three and more dimensions need not have such an answer; then counts above zero may
also go one multiple further. The best answer within the time is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array, hstack

from disclosure_control.tables import Sum

NEAR = 1e-4  # share of the distance that need not be won
FURTHER = 4.0  # what a step beyond costs, in steps
FEASIBLE = 2  # the library's kSolutionStatusFeasible


class NotFound(Exception):
    """No answer in time. Why depends on values."""


def rounded(
    counts: Sequence[int],
    *,
    base: int,
    sizes: Sequence[int],
    sums: Sequence[Sequence[Sum]],
    seconds: float,
) -> tuple[int, ...]:
    """``counts`` row-major on a grid of ``sizes``; ``sums`` are of places along each axis.

    Zeros stay zero. Raises NotFound.
    """
    values = np.asarray(counts, dtype=np.int64)
    equations = _equations(sizes, sums)
    for further in (False, True):
        found = _solved(equations, values, base, further=further, seconds=seconds / 2)
        if found is not None:
            return tuple(int(one) for one in found)
    raise NotFound


def _equations(sizes: Sequence[int], sums: Sequence[Sequence[Sum]]) -> Any:
    """Each total less its parts."""
    places = np.arange(int(np.prod(sizes, dtype=np.int64))).reshape(sizes)
    rows: list[Any] = []
    columns: list[Any] = []
    factors: list[Any] = []
    count = 0
    for axis, size in enumerate(sizes):
        lines = np.moveaxis(places, axis, -1).reshape(-1, size)
        for whole, parts in sums[axis]:
            own = lines[:, [whole, *parts]]
            factor = np.full(own.shape, -1.0)
            factor[:, 0] = 1.0
            rows.append(np.repeat(np.arange(count, count + len(own)), own.shape[1]))
            columns.append(own.ravel())
            factors.append(factor.ravel())
            count += len(own)
    if not count:
        return coo_array((0, places.size)).tocsc()
    entries = np.concatenate(factors), (np.concatenate(rows), np.concatenate(columns))
    return coo_array(entries, shape=(count, places.size)).tocsc()


def _solved(equations: Any, counts: Any, base: int, *, further: bool, seconds: float) -> Any | None:
    """The multiple below each count, plus a step to the one above, plus steps beyond if any."""
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    below, rest = np.divmod(counts, base)
    beyond = (counts > 0) & further
    parts = [rest > 0, beyond & (below > 0), beyond]
    matrix = hstack([equations, -equations, equations], format="csc")
    cost = np.full(len(counts), FURTHER)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.concatenate([1.0 - 2.0 * rest / base, cost, cost])
    model.col_lower_ = np.zeros(matrix.shape[1])
    model.col_upper_ = np.concatenate(parts).astype(np.float64)
    model.row_lower_ = model.row_upper_ = -(equations @ below)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data.astype(np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * matrix.shape[1]
    highs = Quiet()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for option, value in (("threads", 1), ("mip_rel_gap", NEAR), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    if highs.getInfo().primal_solution_status != FEASIBLE:
        return None
    up, down, beyond_up = np.round(np.asarray(highs.getSolution().col_value)).reshape(3, -1)
    found = below + up - down + beyond_up
    return None if np.any(equations @ found) else found * base
