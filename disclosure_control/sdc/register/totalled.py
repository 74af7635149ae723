"""Which cells would a table hide beside its small ones, had it told all of its totals?

A table without totals that leaves out its small cells shuts the door on its own totals: any of
them, less the cells that are shown, would give back the few that are not. So further cells are
hidden at once, as beneath totals, and whoever asks for a coarser table later gets it. They are
chosen by which cells the table hides and by how large the others are, to a power of two: not by
what left before, not by who is in hidden cells or whether anybody is. So they say no more than
which cells are hidden says already.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from disclosure_control.sdc.register.laid import Table
from disclosure_control.sdc.register.partitions import Ints
from disclosure_control.sdc.suppression.instance import Instance, InstanceInvalid
from disclosure_control.sdc.suppression.margins import Side, tied
from disclosure_control.sdc.suppression.solve import NoPattern, suppress
from disclosure_control.tables import Axis

TOTAL = "total"
MOST_SHARE = 0.2  # of the cells that are shown with somebody in them


def totalled(table: Table, *, threshold: int, seconds: float) -> tuple[int, ...]:
    """Cells of the table's grid, beside those that all of its columns hide.

    No cells where the table tells totals, or hides nothing, or would have to hide more than
    MOST_SHARE, or where no pattern was found in time. ``threshold``: how many people must be beside
    each hidden cell of a line.
    """
    hidden = table.hidden_in_all_columns
    if not hidden or any(axis.sums for axis in table.axes):
        return ()
    axes = tuple(replace(one, labels=(*one.labels, TOTAL), total=True) for one in table.axes)
    sizes = _rounded(table.sizes(), least=threshold)
    sizes[list(hidden)] = 0
    values = sizes.reshape([len(axis.labels) for axis in table.axes])
    for at in range(values.ndim):
        values = np.concatenate([values, values.sum(axis=at, keepdims=True)], axis=at)
    grid = np.arange(values.size).reshape(values.shape)
    of_table = grid[tuple(slice(len(axis.labels)) for axis in table.axes)].ravel()
    instance = _instance(values.ravel(), axes, of_table[list(hidden)], threshold=threshold)
    try:
        pattern = suppress(instance, seconds=seconds)
    except (NoPattern, InstanceInvalid):
        return ()
    found = np.flatnonzero(np.isin(of_table, pattern.secondary))
    few = len(found) <= MOST_SHARE * np.count_nonzero(sizes)
    return tuple(found.tolist()) if few else ()


def _rounded(sizes: Ints, *, least: int) -> Ints:
    """Of cells with anybody: down to a power of two, and no cell that is shown has fewer."""
    found = np.zeros_like(sizes)
    some = sizes > 0
    found[some] = np.maximum(least, 1 << np.floor(np.log2(sizes[some])).astype(np.int64))
    return found


def _instance(values: Ints, axes: tuple[Axis, ...], primary: Ints, *, threshold: int) -> Instance:
    sides = tuple(Side(len(axis.labels), axis.sums, adds_up=True) for axis in axes)
    grid = tied(sides, values.astype(np.float64))
    known = values == 0  # a cell that is shown without anybody
    known[primary] = False
    return Instance(
        cells=tuple(map(str, range(len(values)))),
        values=grid.values,
        equations=grid.equations,
        lower=np.zeros(len(values)),
        upper=np.where(known, 0.0, np.inf),
        cost=(values + 1).astype(np.float64),
        primary=primary,
        lpl=np.zeros(len(primary)),
        upl=np.full(len(primary), float(threshold)),
        singletons=np.zeros(0, dtype=np.int64),
        width=np.full(len(primary), float(threshold)),
    )
