"""Can a few people be counted by any combination of a few tables? Decided, for any coefficients.

``hands`` leaves the combinations that could; they have few dimensions. Among them a mixed-integer
programme looks for one that is 1 on a few people and 0 on all others, and another for one that is
anything on a few people: how many codes some have beyond their first, or one group less another.
The latter are looked for where people can be in several blocks of one table. Of blocks that add up,
what one hidden cell has more than another is told by ordinary suppression, and leaves both open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import null_space
from scipy.sparse import block_array, csc_array, identity

from disclosure_control.sdc.register.hands import missing
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import Floats

SAME = 1e-6  # how far numbers of one person may be from each other
HALF = 0.5


class Undecided(Exception):
    """Time ended before there was an answer: not safe."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of whom a number can be computed, and how: (table, block, coefficient)."""

    people: Bools
    formula: tuple[tuple[int, int, float], ...]


def group_in(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """A group of 1 to ``threshold`` - 1 people, or None: there is none. Raises Undecided."""
    return _first(tables, missing(tables, hands=threshold), _counted, threshold, seconds)


def few_in(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """A group; where people can be in several blocks of one table any number. Raises Undecided."""
    found = number_in if any(one.several for one in tables) else group_in
    return found(tables, threshold=threshold, seconds=seconds)


def number_in(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """Of 1 to ``threshold`` - 1 people any number: a group first. Raises Undecided."""
    nulls = missing(tables, hands=threshold)
    found = _first(tables, nulls, _counted, threshold, seconds)
    return found or _first(tables, nulls, _weighed, threshold, seconds)


def _first(
    tables: Sequence[Partition],
    nulls: Sequence[Floats],
    solved: _Solve,
    threshold: int,
    seconds: float,
) -> Found | None:
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    for null in nulls:
        numbers = sum(
            np.vstack([np.zeros(null.shape[1]), null[starts[at] : starts[at + 1]]])[one.labels]
            for at, one in enumerate(tables)
        )
        chosen = _chosen(np.asarray(numbers), solved, threshold=threshold, seconds=seconds)
        if chosen is not None:
            people, factors = chosen
            return Found(people, tuple(_formula(null @ factors, starts)))
    return None


def _formula(coefficients: Floats, starts: Ints) -> Iterator[tuple[int, int, float]]:
    for column in np.flatnonzero(np.abs(coefficients) > SAME):
        table = int(np.searchsorted(starts, column, side="right")) - 1
        yield table, int(column - starts[table] + 1), round(float(coefficients[column]), 6)


def _chosen(
    numbers: Floats, solved: _Solve, *, threshold: int, seconds: float
) -> tuple[Bools, Floats] | None:
    """Factors of the dimensions that give something for a few people and 0 for all others.

    ``numbers``: people x dimensions.
    """
    scale = np.abs(numbers).max(axis=0)  # so that the solver's tolerances fit the numbers
    scale = np.where(scale > 0, scale, 1.0)
    numbers = numbers / scale
    moved = np.flatnonzero((np.abs(numbers) > SAME).any(axis=1))
    _, first, own, sizes = np.unique(
        np.round(numbers[moved] / SAME).astype(np.int64),
        axis=0,
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    found = solved(numbers[moved[first]], sizes, threshold, seconds)
    if found is None:
        return None
    factors, atoms = found
    people = np.zeros(len(numbers), dtype=bool)
    people[moved] = atoms[own.ravel()]
    return people, factors / scale


_Solve = Callable[[Floats, Ints, int, float], tuple[Floats, Bools] | None]
"""Of atoms x dimensions, people in each atom, threshold and seconds: factors, and which atoms."""


def _counted(
    rows: Floats, sizes: Ints, threshold: int, seconds: float
) -> tuple[Floats, Bools] | None:
    """Each atom gets 0, or 1 if it has few people."""
    atoms, width = rows.shape
    matrix = block_array([[rows, -identity(atoms)], [None, sizes[None, :].astype(float)]])
    few = (sizes < threshold).astype(float)
    found = _programme(
        matrix,
        rows=(np.append(np.zeros(atoms), 1.0), np.append(np.zeros(atoms), threshold - 1.0)),
        columns=(
            np.append(np.full(width, -np.inf), np.zeros(atoms)),
            np.append(np.full(width, np.inf), few),
        ),
        costs=np.append(np.zeros(width), sizes),
        whole=atoms,
        seconds=seconds,
    )
    if found is None:
        return None
    chosen = found[width:] > HALF
    if not 0 < sizes[chosen].sum() < threshold:
        raise Undecided
    return found[:width], chosen


def _weighed(
    rows: Floats, sizes: Ints, threshold: int, seconds: float
) -> tuple[Floats, Bools] | None:
    """Each atom of few people gets a number between -1 and 1, others 0, and one of them 1."""
    large = rows[sizes >= threshold]
    free = null_space(large, rcond=SAME) if len(large) else np.eye(rows.shape[1])
    if not free.shape[1]:
        return None
    few = np.flatnonzero(sizes < threshold)
    inside = rows[few] @ free
    atoms, width = inside.shape
    # Columns: factors, who is in it at all, and who has 1. Rows: at most 1 for whoever is in it,
    # at least -1; 1 for one of them; the one is in it; how many people; that it is one.
    own, ones = identity(atoms), np.ones((1, atoms))
    matrix = block_array(
        [
            [inside, -own, None],
            [inside, own, None],
            [inside, None, -2.0 * own],
            [None, own, -own],
            [None, sizes[few][None, :].astype(float), None],
            [None, None, ones],
        ]
    )
    low = [np.full(atoms, -np.inf), np.zeros(atoms), np.full(atoms, -1.0), np.zeros(atoms)]
    high = [np.zeros(atoms), *[np.full(atoms, np.inf)] * 3]
    found = _programme(
        matrix,
        rows=(np.concatenate([*low, [1.0, 1.0]]), np.concatenate([*high, [threshold - 1.0, 1.0]])),
        columns=(
            np.append(np.full(width, -np.inf), np.zeros(2 * atoms)),
            np.append(np.full(width, np.inf), np.ones(2 * atoms)),
        ),
        costs=np.concatenate([np.zeros(width), sizes[few], np.zeros(atoms)]),
        whole=2 * atoms,
        seconds=seconds,
    )
    if found is None:
        return None
    factors = free @ found[:width]
    chosen = np.abs(rows @ factors) > SAME
    if not 0 < sizes[chosen].sum() < threshold:
        raise Undecided
    return factors, chosen


def _programme(
    matrix: Any,
    *,
    rows: tuple[Floats, Floats],
    columns: tuple[Floats, Floats],
    costs: Floats,
    whole: int,
    seconds: float,
) -> Floats | None:
    """The first answer that is found, of which the last columns are whole numbers; None: none is.

    Raises Undecided.
    """
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    sparse = csc_array(matrix)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = sparse.shape
    model.col_cost_ = costs.astype(np.float64)
    model.col_lower_, model.col_upper_ = columns
    model.row_lower_, model.row_upper_ = rows
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = sparse.indptr.astype(np.int32)
    model.a_matrix_.index_ = sparse.indices.astype(np.int32)
    model.a_matrix_.value_ = sparse.data.astype(np.float64)
    kinds = highspy.HighsVarType
    width = matrix.shape[1] - whole
    model.integrality_ = [kinds.kContinuous] * width + [kinds.kInteger] * whole
    highs = Quiet()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for option, value in (("threads", 1), ("mip_max_improving_sols", 1), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    none = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if highs.getModelStatus() in none:
        return None
    values: Floats = np.asarray(highs.getSolution().col_value, dtype=np.float64)
    if len(values) != matrix.shape[1]:
        raise Undecided
    return values
