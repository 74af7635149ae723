"""Can a few people be counted by any combination of a few tables? A proof, or else a search.

People who are in the same block of every table are an *atom*: a combination gives all of them one
number. Where combinations are not proved to be spread over many people, a mixed-integer programme
looks for one that is 1 on a few people and 0 on all others. If it does not end in time, the tables
are not safe together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csc_array, hstack, vstack

from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import Floats
from disclosure_control.sdc.register.spread import is_spread

STEEPEST = 64.0  # coefficients that the search tries
HALF = 0.5


class Undecided(Exception):
    """Time ended before there was a proof or a group: not safe."""


@dataclass(frozen=True, slots=True)
class Found:
    """A group that can be computed, and how: (table, block, coefficient)."""

    people: Bools
    formula: tuple[tuple[int, int, float], ...]


def group_in(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """A group of 1 to ``threshold`` - 1 people, or None: there is none. Raises Undecided."""
    if is_spread(tables, hands=threshold):
        return None
    return searched(tables, threshold=threshold, seconds=seconds)


def searched(tables: Sequence[Partition], *, threshold: int, seconds: float) -> Found | None:
    """The same without the proof, for coefficients up to 64. Raises Undecided."""
    atoms = _Atoms.of(tables)
    found = _solved(atoms, threshold=threshold, seconds=seconds)
    if found is None:
        return None
    coefficients, chosen = found
    starts = np.cumsum([0, *(one.blocks for one in tables)])
    columns = np.flatnonzero(np.abs(coefficients) > 1 / STEEPEST / STEEPEST)
    table = np.searchsorted(starts, columns, side="right") - 1
    return Found(
        people=chosen[atoms.own],
        formula=tuple(
            (int(at), int(column - starts[at] + 1), round(float(coefficients[column]), 6))
            for at, column in zip(table, columns, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Atoms:
    """``rows``: atoms x blocks of all tables, of 0 and 1."""

    rows: Any
    sizes: Ints
    own: Ints  # the atom of each person

    @classmethod
    def of(cls, tables: Sequence[Partition]) -> _Atoms:
        own = np.zeros(len(tables[0].labels), dtype=np.int64)
        for one in tables:
            _, own = np.unique(own * (one.blocks + 1) + one.labels, return_inverse=True)
        _, first, sizes = np.unique(own, return_index=True, return_counts=True)
        parts = []
        for one in tables:
            labels = one.labels[first]
            at = np.flatnonzero(labels)
            entries = np.ones(len(at)), (at, labels[at] - 1)
            parts.append(coo_array(entries, shape=(len(first), one.blocks)))
        return cls(csc_array(hstack(parts)), sizes, own)


def _solved(atoms: _Atoms, *, threshold: int, seconds: float) -> tuple[Floats, Bools] | None:
    """Coefficients of blocks, and which atoms they count; None where there are none."""
    import highspy

    class Quiet(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 — the library's name
            self.setOptionValue("output_flag", False)  # noqa: FBT003 — takes no keyword

    light = np.flatnonzero(atoms.sizes < threshold)
    if not len(light):
        return None
    count, width = atoms.rows.shape
    picked = coo_array((-np.ones(len(light)), (light, np.arange(len(light)))), (count, len(light)))
    people = coo_array(
        (
            atoms.sizes[light].astype(np.float64),
            (np.zeros(len(light), int), width + np.arange(len(light))),
        ),
        (1, width + len(light)),
    )
    matrix = csc_array(vstack([hstack([atoms.rows, picked]), people]))
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = np.concatenate([np.zeros(width), atoms.sizes[light].astype(np.float64)])
    model.col_lower_ = np.concatenate([np.full(width, -STEEPEST), np.zeros(len(light))])
    model.col_upper_ = np.concatenate([np.full(width, STEEPEST), np.ones(len(light))])
    model.row_lower_ = np.concatenate([np.zeros(count), [1.0]])
    model.row_upper_ = np.concatenate([np.zeros(count), [threshold - 1.0]])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data.astype(np.float64)
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kContinuous] * width + [kinds.kInteger] * len(light)
    highs = Quiet()  # type: ignore[no-untyped-call]  # the wrapper's constructor has no types
    for option, value in (("threads", 1), ("mip_max_improving_sols", 1), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    status = highs.getModelStatus()
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        return None
    values = np.asarray(highs.getSolution().col_value)
    chosen = np.zeros(count, dtype=bool)
    if len(values) == matrix.shape[1]:
        chosen[light[values[width:] > HALF]] = True
    if not 0 < atoms.sizes[chosen].sum() < threshold:
        raise Undecided
    return values[:width], chosen
