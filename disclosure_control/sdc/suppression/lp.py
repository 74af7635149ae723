"""One linear programme that stays alive: bounds and costs change, the last basis is kept.

HiGHS through highspy, one thread, fixed seed, a time limit on every call.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from disclosure_control.sdc.suppression.instance import Floats, Ints

AFRESH = {"solver": "simplex", "simplex_strategy": 1, "presolve": "on"}


class OutOfTime(Exception):
    """The deadline came first."""


class Unsolved(Exception):
    """The solver ended without an answer that can be relied on."""


class Deadline:
    """``seconds`` from now, on the clock of the wall."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def within(self, seconds: float) -> Deadline:
        """A nearer deadline, or this one where it is nearer still."""
        return Deadline(min(seconds, self.left))

    def require(self) -> None:
        if self.left <= 0:
            raise OutOfTime


def _solver(options: Mapping[str, Any]) -> Any:
    import highspy

    class Silent(highspy.Highs):
        """Without the wrapper's callbacks, which print and slow down every call."""

        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    solver = Silent()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for name, value in {"threads": 1, "random_seed": 1, **options}.items():
        solver.setOptionValue(name, value)
    return solver


class Program:
    """Minimises ``cost @ x`` where ``row_lower <= matrix @ x <= row_upper`` within bounds of x."""

    def __init__(
        self,
        matrix: Any,
        *,
        cost: Floats,
        lower: Floats,
        upper: Floats,
        rows: tuple[Floats, Floats] | None = None,
        integer: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        import highspy

        self._highspy = highspy
        self._solver = _solver(options or {})
        by_column = matrix.tocsc()
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = by_column.shape
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, lower, upper
        zeros = np.zeros(by_column.shape[0])
        model.row_lower_, model.row_upper_ = rows or (zeros, zeros)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = by_column.indptr.astype(np.int32)
        model.a_matrix_.index_ = by_column.indices.astype(np.int32)
        model.a_matrix_.value_ = by_column.data.astype(np.float64)
        if integer:
            model.integrality_ = [highspy.HighsVarType.kInteger] * by_column.shape[1]
        self._solver.passModel(model)

    def set_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        if len(columns):
            self._solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def set_costs(self, columns: Ints, costs: Floats) -> None:
        if len(columns):
            self._solver.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def add_row(self, columns: Ints, coefficients: Floats, *, least: float) -> None:
        self._solver.addRow(
            least, np.inf, len(columns), columns.astype(np.int32), coefficients.astype(np.float64)
        )

    def option(self, name: str, value: object) -> None:
        self._solver.setOptionValue(name, value)

    def solve(self, deadline: Deadline) -> Floats | None:
        """The optimal x; None where there is none. Raises OutOfTime or Unsolved."""
        status = self._run(deadline)
        statuses = self._highspy.HighsModelStatus
        if status not in (statuses.kOptimal, statuses.kInfeasible, statuses.kTimeLimit):
            status = self._afresh(deadline)
        if status == statuses.kTimeLimit:
            raise OutOfTime
        if status == statuses.kInfeasible:
            return None
        if status != statuses.kOptimal:
            raise Unsolved(str(status))
        return np.asarray(self._solver.getSolution().col_value)

    def _afresh(self, deadline: Deadline) -> Any:
        """Once more without the old basis, by the most robust solver."""
        before = {name: self._solver.getOptionValue(name)[1] for name in AFRESH}
        self._solver.clearSolver()
        for name, value in AFRESH.items():
            self.option(name, value)
        status = self._run(deadline)
        for name, value in before.items():
            self.option(name, value)
        return status

    def _run(self, deadline: Deadline) -> Any:
        deadline.require()
        # HiGHS counts the time of a model over all its runs.
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + deadline.left)
        self._solver.run()
        return self._solver.getModelStatus()

    def reduced_costs(self) -> Floats:
        return np.asarray(self._solver.getSolution().col_dual)
