"""What should be counted? Grids, bounds and weights in pandas, written without the planner.

Each function says in its own arithmetic what the manual says in words. Positions on an axis are
the declared order of codes, groups or bands, and then one for missing values where these can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

S = 1_000_000
K = 20  # rows of one unit, as the cohort's policy says
G = 5  # groups of one unit
Columns = dict[str, dict[str, np.ndarray]]


def stored(values: pd.Series, decimals: int = 0) -> pd.Series:
    """The digits that are shown, times a power of ten, a half going to the even neighbour."""
    integers = {
        value: round(Decimal(repr(float(value))).scaleb(decimals))
        for value in values.dropna().unique()
    }
    return values.map(integers).astype("Int64")


@dataclass
class Axis:
    at: np.ndarray
    size: int


def codes(values: pd.Series, order: list[str], *, missing: bool = False) -> Axis:
    return groups(values, [[code] for code in order], missing=missing)


def groups(values: pd.Series, lists: list[list[str]], *, missing: bool = False) -> Axis:
    place = {value: at for at, members in enumerate(lists) for value in members}
    return _axis(values.map(place).astype("Int64"), len(lists), missing=missing)


def bands(values: pd.Series, *cuts: int, missing: bool = False) -> Axis:
    at = sum((values >= cut).astype("Int64") for cut in cuts)
    return _axis(at, len(cuts) + 1, missing=missing)


def truth(values: pd.Series) -> Axis:
    return _axis(values.astype("Int64"), 2, missing=False)


def _axis(at: pd.Series, keys: int, *, missing: bool) -> Axis:
    if at.isna().any() and not missing:
        raise ValueError("a missing value where none can be")
    return Axis(at.fillna(keys).to_numpy(dtype=np.int64), keys + missing)


class Grid:
    """The cells of some axes, row-major; without axes, one cell."""

    def __init__(self, *axes: Axis, rows: int = 0) -> None:
        self.size = int(np.prod([axis.size for axis in axes], dtype=np.int64))
        self.at = np.zeros(len(axes[0].at) if axes else rows, dtype=np.int64)
        for axis in axes:
            self.at = self.at * axis.size + axis.at

    def add(self, amounts, *, at=None) -> np.ndarray:
        cells = np.zeros(self.size, dtype=np.int64)
        np.add.at(cells, self.at if at is None else at, np.asarray(amounts, dtype=np.int64))
        return cells


def _parts(x: pd.Series, centre: int) -> tuple[np.ndarray, np.ndarray]:
    """Has a value; value less the centre, 0 where there is none."""
    has = x.notna().to_numpy()
    return has, np.where(has, x.fillna(0).to_numpy(dtype=np.int64) - centre, 0)


# One row a unit.


def one_count(grid: Grid) -> dict[str, np.ndarray]:
    return {"count": grid.add(np.ones_like(grid.at))}


def one_total(grid: Grid, x: pd.Series, *, centre: int = 0) -> dict[str, np.ndarray]:
    has, less = _parts(x, centre)
    return {"count": grid.add(has), "total": grid.add(less)}


# Many rows, all of a unit in one cell: what a unit adds is bounded once.


def _by_unit(units: pd.Series, grid: Grid, amounts: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"unit": units.to_numpy(), "at": grid.at, "amount": amounts})
    if frame.groupby("unit")["at"].nunique().gt(1).any():
        raise ValueError("a unit in two cells")
    return frame.groupby("unit").agg(at=("at", "first"), amount=("amount", "sum"))


def bounded_count(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    own = _by_unit(units, grid, np.ones_like(grid.at))
    return {"count": grid.add(own.amount.clip(upper=K), at=own["at"])}


def bounded_units(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    own = _by_unit(units, grid, np.ones_like(grid.at))
    return {"count": grid.add(np.ones(len(own)), at=own["at"])}


def bounded_sum(units: pd.Series, grid: Grid, x: pd.Series, *, reach: int) -> dict[str, np.ndarray]:
    """``reach``: the largest size of one value."""
    has, value = _parts(x, 0)
    rows, total = _by_unit(units, grid, has), _by_unit(units, grid, value)
    return {
        "count": grid.add(rows.amount.clip(upper=K), at=rows["at"]),
        "total": grid.add(total.amount.clip(-K * reach, K * reach), at=total["at"]),
    }


def bounded_mean(
    units: pd.Series, grid: Grid, x: pd.Series, *, centre: int
) -> dict[str, np.ndarray]:
    """A unit with more than K values adds K times its own mean, cut towards zero."""
    has, less = _parts(x, centre)
    rows, total = _by_unit(units, grid, has), _by_unit(units, grid, less)
    scaled = [
        int(t) if n <= K else int(np.sign(t)) * (abs(int(t)) * K // int(n))
        for t, n in zip(total.amount, rows.amount, strict=True)
    ]
    return {
        "count": grid.add(rows.amount.clip(upper=K), at=rows["at"]),
        "total": grid.add(scaled, at=total["at"]),
    }


# Many rows in many cells: every row weighs less where its unit has more than K of them.


def _weights(units: pd.Series) -> np.ndarray:
    rows = units.groupby(units).transform("size").to_numpy(dtype=np.int64)
    return S * K // np.maximum(K, rows)


def weighted_count(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    return {"count": grid.add(_weights(units))}


def weighted_total(
    units: pd.Series, grid: Grid, x: pd.Series, *, centre: int = 0
) -> dict[str, np.ndarray]:
    weight = _weights(units)
    has, less = _parts(x, centre)
    return {"count": grid.add(weight * has), "total": grid.add(weight * less)}


def weighted_units(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    """Each cell of a unit weighs less where it is in more than G of them."""
    pairs = pd.DataFrame({"unit": units.to_numpy(), "at": grid.at}).drop_duplicates()
    most = min(G, grid.size)
    cells = pairs.groupby("unit")["at"].transform("size").to_numpy(dtype=np.int64)
    return {"count": grid.add(S * most // np.maximum(most, cells), at=pairs["at"])}


# Exact tables with the evidence that their rules need.


def _distinct(units: pd.Series, grid: Grid, has=None) -> np.ndarray:
    frame = pd.DataFrame({"unit": units.to_numpy(), "at": grid.at})
    pairs = (frame if has is None else frame[has]).drop_duplicates()
    return grid.add(np.ones(len(pairs)), at=pairs["at"])


def exact_count(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    return {"count": grid.add(np.ones_like(grid.at)), "units": _distinct(units, grid)}


def exact_units(units: pd.Series, grid: Grid) -> dict[str, np.ndarray]:
    distinct = _distinct(units, grid)
    return {"count": distinct, "units": distinct}


def exact_sum(units: pd.Series, grid: Grid, x: pd.Series) -> dict[str, np.ndarray]:
    has, value = _parts(x, 0)
    contributors = _distinct(units, grid, has)
    return {"count": contributors, "total": grid.add(value), **_evidence(units, grid, x)}


def exact_mean(units: pd.Series, grid: Grid, x: pd.Series) -> dict[str, np.ndarray]:
    has, value = _parts(x, 0)
    return {"count": grid.add(has), "total": grid.add(value), **_evidence(units, grid, x)}


def _evidence(units: pd.Series, grid: Grid, x: pd.Series) -> dict[str, np.ndarray]:
    has, value = _parts(x, 0)
    frame = pd.DataFrame({"unit": units.to_numpy(), "at": grid.at, "value": value})
    frame = frame[np.asarray(has, dtype=bool)]
    net = frame.groupby(["at", "unit"])["value"].sum()
    own = net.abs()
    sizes = own.sort_values(ascending=False).groupby("at")
    found = {"largest": sizes.nth(0), "second": sizes.nth(1), "gross": sizes.sum()}
    found |= {"smallest": sizes.min(), "negative": (net < 0).groupby("at").sum()}
    evidence = {"units": _distinct(units, grid, has)}
    for name, series in found.items():
        at = series.index.get_level_values("at").to_numpy()
        evidence[name] = grid.add(series.to_numpy(), at=at)
    return evidence
