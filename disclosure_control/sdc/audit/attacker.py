"""How narrow can an attacker make the interval of each hidden cell? Linear programmes over all.

Hidden cells fall into systems that share no relation; each is solved alone, with one programme that
keeps its basis from cell to cell. The intervals are outer bounds of what whole numbers would give.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from disclosure_control.sdc.audit.released import Released

STIRS = 8  # pairs of mixed programmes before any cell has its own


class Contradiction(Exception):
    """The released numbers and relations do not fit together."""


class AuditOutOfTime(Exception):
    """No verdict: then nothing leaves."""


@dataclass(slots=True)
class _System:
    """Hidden cells tied to each other: rows @ x between low and high."""

    cells: tuple[str, ...]
    highs: Any
    places: dict[str, int]
    least: Any  # the smallest and largest value of each cell in any solution seen so far
    most: Any


@dataclass(slots=True)
class Attacker:
    """Raises Contradiction where no table fits what was released."""

    released: Released
    seconds: float = 600.0
    whole: bool = False  # hidden cells are whole numbers
    known: Mapping[str, float] = field(default_factory=dict)  # what an insider knows beside
    _systems: dict[str, _System] = field(default_factory=dict, init=False)
    _end: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds
        for system in _systems(self.released, self.known, whole=self.whole):
            for cell in system.cells:
                self._systems[cell] = system

    def interval(self, cell: str) -> tuple[float, float]:
        """Smallest and largest possible value of a hidden cell, both included; may be infinite."""
        if cell in self.known:
            return self.known[cell], self.known[cell]
        return self._extreme(cell, 1.0), self._extreme(cell, -1.0)

    def reaches(self, cell: str, *, low: float, high: float) -> bool:
        """Whether the cell may be as small as ``low`` and as large as ``high``."""
        if cell in self.known:
            return low >= self.known[cell] >= high
        system = self._systems[cell]
        place = system.places[cell]
        if system.least[place] > low and self._extreme(cell, 1.0) > low:
            return False
        return not (system.most[place] < high and self._extreme(cell, -1.0) < high)

    def narrower(self, widths: Mapping[str, float]) -> Iterator[str]:
        """Cells whose interval is narrower than asked. Mixed programmes settle most at once."""
        rng = np.random.default_rng(1)
        unsettled = list(widths)
        for _ in range(STIRS):
            by_system: dict[int, list[str]] = {}
            for cell in unsettled:
                by_system.setdefault(id(self._systems[cell]), []).append(cell)
            for cells in by_system.values():
                system = self._systems[cells[0]]
                places = np.array([system.places[cell] for cell in cells])
                mixed = rng.choice([-1.0, 1.0], len(places))
                self._solve(system, places, mixed)
                self._solve(system, places, -mixed)
            unsettled = [cell for cell in unsettled if self._seen(cell) < widths[cell]]
        for cell in unsettled:
            if self._seen(cell) < widths[cell]:
                low, high = self.interval(cell)
                if high - low < widths[cell]:
                    yield cell

    def _seen(self, cell: str) -> float:
        """How far apart two solutions seen so far put the cell."""
        system = self._systems[cell]
        place = system.places[cell]
        return float(system.most[place] - system.least[place])

    def _extreme(self, cell: str, sign: float) -> float:
        system = self._systems[cell]
        place = system.places[cell]
        values = self._solve(system, np.array([place]), np.array([sign]))
        return -sign * np.inf if values is None else float(values[place])

    def _solve(self, system: _System, places: Any, cost: Any) -> Any:
        """The solution of least cost, paid in these places; None where there is no least."""
        highs, columns = system.highs, places.astype(np.int32)
        left = self._end - time.monotonic()
        if left <= 0:
            raise AuditOutOfTime
        highs.changeColsCost(len(columns), columns, cost)
        highs.setOptionValue("time_limit", highs.getRunTime() + left)
        highs.run()
        status = highs.getModelStatus()
        values = np.asarray(highs.getSolution().col_value)
        highs.changeColsCost(len(columns), columns, np.zeros(len(columns)))
        names = type(status)
        if status in {names.kUnbounded, names.kUnboundedOrInfeasible}:  # the true table fits
            return None
        if status == names.kInfeasible:
            raise Contradiction
        if status != names.kOptimal:
            raise AuditOutOfTime
        system.least = np.minimum(system.least, values)
        system.most = np.maximum(system.most, values)
        return values


def _systems(released: Released, known: Mapping[str, float], *, whole: bool) -> Iterator[_System]:
    hidden = [cell for cell in released.hidden if cell not in known]
    number = {cell: place for place, cell in enumerate(hidden)}
    rows: list[int] = []
    columns: list[int] = []
    entries: list[float] = []
    low: list[float] = []
    high: list[float] = []
    for relation in released.relations:
        tied = [(cell, factor) for cell, factor in relation.items() if cell in number]
        total = sum(
            factor * _value(released, known, cell)
            for cell, factor in relation.items()
            if cell not in number
        )
        error = sum(abs(by) * released.error.get(cell, 0.0) for cell, by in relation.items())
        if not tied:
            if abs(total) > error + 1e-6 * max(1.0, _size(released, relation)):
                raise Contradiction
            continue
        for cell, factor in tied:
            rows.append(len(low))
            columns.append(number[cell])
            entries.append(factor)
        low.append(-total - error)
        high.append(-total + error)
    matrix = coo_array((entries, (rows, columns)), shape=(len(low), len(hidden))).tocsr()
    if hidden:
        yield from _split(matrix, np.array([low, high]), hidden, released, whole=whole)


def _value(released: Released, known: Mapping[str, float], cell: str) -> float:
    value = known.get(cell, released.shown[cell])
    if value is None:
        raise Contradiction
    return value


def _size(released: Released, relation: Mapping[str, float]) -> float:
    return max(abs(released.shown[cell] or 0.0) for cell in relation)


def _split(
    matrix: Any, rest: Any, hidden: list[str], released: Released, *, whole: bool
) -> Iterator[_System]:
    count, label = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=count))
    by_column = matrix.tocsc()
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        columns = order[start:end]
        part = by_column[:, columns].tocsr()
        used = np.diff(part.indptr) > 0
        names = tuple(hidden[column] for column in columns)
        yield _system(names, part[used].tocsc(), rest[:, used], released, whole=whole)


def _system(
    names: tuple[str, ...], part: Any, rest: Any, released: Released, *, whole: bool
) -> _System:
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = part.shape
    lower = np.array([released.lower.get(cell, 0.0) for cell in names])
    upper = np.array([released.upper.get(cell, np.inf) for cell in names])
    model.col_cost_, model.col_lower_, model.col_upper_ = np.zeros(len(names)), lower, upper
    model.row_lower_, model.row_upper_ = rest
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = part.indptr.astype(np.int32)
    model.a_matrix_.index_ = part.indices.astype(np.int32)
    model.a_matrix_.value_ = part.data.astype(np.float64)
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(names)
    highs = Quiet()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for option, value in (
        ("threads", 1),
        ("presolve", "on" if whole else "off"),
        ("simplex_strategy", 4),
    ):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    return _System(
        cells=names,
        highs=highs,
        places={cell: place for place, cell in enumerate(names)},
        least=np.full(len(names), np.inf),
        most=np.full(len(names), -np.inf),
    )


def intervals(attacker: Attacker, cells: Iterable[str]) -> dict[str, tuple[float, float]]:
    return {cell: attacker.interval(cell) for cell in cells}
