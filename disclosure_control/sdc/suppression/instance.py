"""What is a suppression problem? Cells tied by equations, some of them unsafe, each with a cost.

The attacker of the problem knows every shown cell, every equation, bounds of each cell, and the
algorithm (Fischetti and Salazar 2001, "Solving the cell suppression problem on tabular data with
linear constraints").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

EXACT = 1e-6  # an equation may be off by this share of its largest cell


class InstanceInvalid(Exception):
    """Carries every fault, by the names of the cells."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """n cells, m equations. Arrays over cells have length n, those over primaries length p."""

    cells: tuple[str, ...]
    values: Floats
    equations: Any  # csr_array, m x n: equations @ values = 0
    lower: Floats  # what the attacker knows of each cell beforehand
    upper: Floats
    cost: Floats  # of hiding a cell; positive
    primary: Ints  # positions of the unsafe cells
    lpl: Floats  # how far below and above its value the interval of a primary must reach
    upl: Floats
    singletons: Ints  # positions of cells with one contributor, totals included
    width: Floats  # how wide the interval of a primary must stay for a sole contributor elsewhere
    given: Ints = field(
        default_factory=_none
    )  # positions of cells that are hidden in any case, for other reasons

    @property
    def size(self) -> int:
        return len(self.cells)

    @property
    def hidden_anyway(self) -> Ints:
        return np.concatenate([self.primary, self.given])

    @property
    def down(self) -> Floats:
        """How far each cell can move below its value, as a number that is not positive."""
        return self.lower - self.values

    @property
    def up(self) -> Floats:
        return self.upper - self.values

    def scaled(self) -> Instance:
        """The same problem in units of its smallest amount, so that tolerances fit its numbers."""
        amounts = np.concatenate([self.lpl, self.upl])
        unit = float(amounts[amounts > 0].min(initial=np.inf))
        if not 1.0 < unit < np.inf:
            return self
        parts = ("values", "lower", "upper", "lpl", "upl", "width")
        return replace(self, **{part: getattr(self, part) / unit for part in parts})


def checked(instance: Instance) -> Instance:
    """The instance itself. Raises InstanceInvalid with every fault."""
    if faults := tuple(_faults(instance)):
        raise InstanceInvalid(faults)
    return instance


def _faults(instance: Instance) -> Iterator[str]:
    names, values = instance.cells, instance.values
    if not names:
        yield "there are no cells"
        return
    if len(set(names)) < len(names):
        yield "a cell is named twice"
    if not np.isfinite(values).all():
        yield "a value is not a number"
        return
    for cell in np.flatnonzero((values < instance.lower) | (values > instance.upper)):
        yield f"{names[cell]}: its value is outside its bounds"
    for cell in np.flatnonzero(~(instance.cost > 0) | ~np.isfinite(instance.cost)):
        yield f"{names[cell]}: its cost is not positive"
    for name, amounts in (("lpl", instance.lpl), ("upl", instance.upl)):
        for cell in instance.primary[~(np.isfinite(amounts) & (amounts >= 0))]:
            yield f"{names[cell]}: its {name} is not a number of 0 or more"
    for cell in instance.primary[(instance.lpl == 0) & (instance.upl == 0)]:
        yield f"{names[cell]}: lpl and upl are both 0, so that nothing would be protected"
    if len(set(instance.primary.tolist())) < len(instance.primary):
        yield "a primary is named twice"
    yield from _unbalanced(instance)


def _unbalanced(instance: Instance) -> Iterator[str]:
    """An equation that does not hold says which total is wrong."""
    off = np.abs(instance.equations @ instance.values)
    largest = np.abs(instance.equations) @ np.abs(instance.values)
    for row in np.flatnonzero(off > EXACT * np.maximum(1.0, largest)):
        first = int(instance.equations.indices[instance.equations.indptr[row]])
        yield f"{instance.cells[first]}: the equation that begins with it is off by {off[row]:g}"


def matrix(rows: list[dict[int, float]], *, cells: int) -> Any:
    """Equations as a csr_array; each row maps positions to coefficients and sums to zero."""
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.fromiter((cell for row in rows for cell in row), dtype=np.int64)
    data = np.fromiter((value for row in rows for value in row.values()), dtype=np.float64)
    return csr_array((data, indices, indptr), shape=(len(rows), cells))
