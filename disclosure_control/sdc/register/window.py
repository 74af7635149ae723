"""Can a few people be counted by any combination of a few tables? Decided, for any coefficients.

``hands`` leaves the combinations that could; they have few dimensions. Among them a mixed-integer
programme looks for one that is 1 on a few people and 0 on all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

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
    """A group that can be computed, and how: (table, block, coefficient)."""

    people: Bools
    formula: tuple[tuple[int, int, float], ...]


def group_in(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """A group of 1 to ``threshold`` - 1 people, or None: there is none. Raises Undecided."""
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    for null in missing(tables, hands=threshold):
        numbers = sum(
            np.vstack([np.zeros(null.shape[1]), null[starts[at] : starts[at + 1]]])[one.labels]
            for at, one in enumerate(tables)
        )
        chosen = _chosen(np.asarray(numbers), threshold=threshold, seconds=seconds)
        if chosen is not None:
            people, factors = chosen
            return Found(people, tuple(_formula(null @ factors, starts)))
    return None


def _formula(coefficients: Floats, starts: Ints) -> Iterator[tuple[int, int, float]]:
    for column in np.flatnonzero(np.abs(coefficients) > SAME):
        table = int(np.searchsorted(starts, column, side="right")) - 1
        yield table, int(column - starts[table] + 1), round(float(coefficients[column]), 6)


def _chosen(numbers: Floats, *, threshold: int, seconds: float) -> tuple[Bools, Floats] | None:
    """Factors of the dimensions that give 1 for a few people and 0 for all others.

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
    found = _solved(numbers[moved[first]], sizes, threshold=threshold, seconds=seconds)
    if found is None:
        return None
    factors, atoms = found
    people = np.zeros(len(numbers), dtype=bool)
    people[moved] = atoms[own.ravel()]
    return people, factors / scale


def _solved(
    rows: Floats, sizes: Ints, *, threshold: int, seconds: float
) -> tuple[Floats, Bools] | None:
    """``rows``: atoms x dimensions; each atom gets 0, or 1 if it has few people."""
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    atoms, width = rows.shape
    matrix = csc_array(
        np.block([[rows, -np.eye(atoms)], [np.zeros((1, width)), sizes[None, :].astype(float)]])
    )
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.concatenate([np.zeros(width), sizes.astype(np.float64)])
    model.col_lower_ = np.concatenate([np.full(width, -np.inf), np.zeros(atoms)])
    model.col_upper_ = np.concatenate([np.full(width, np.inf), (sizes < threshold).astype(float)])
    model.row_lower_ = np.concatenate([np.zeros(atoms), [1.0]])
    model.row_upper_ = np.concatenate([np.zeros(atoms), [threshold - 1.0]])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data.astype(np.float64)
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kContinuous] * width + [kinds.kInteger] * atoms
    highs = Quiet()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for option, value in (("threads", 1), ("mip_max_improving_sols", 1), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    none = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
    if highs.getModelStatus() in none:
        return None
    values = np.asarray(highs.getSolution().col_value)
    chosen = values[width:] > HALF if len(values) == width + atoms else np.zeros(atoms, dtype=bool)
    if not 0 < sizes[chosen].sum() < threshold:
        raise Undecided
    return values[:width], chosen
