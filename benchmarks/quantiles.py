"""How far off is a median, against the best that the same charge could buy with no interval?

The rival is the exponential mechanism over the values themselves (Smith 2011): every gap between
two neighbouring values by its width and the rank distance, with the *whole* charge and no
interval, drawn by numpy. Ours pays for an interval and a count as well, and goes through the door.
Incomes are log-normal, in pence within declared bounds. Errors are means over cells and runs, with
their standard errors.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from disclosure_control.dp import mechanisms
from disclosure_control.policy import DpRules, Mechanism, Policy, Track
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import MOST_BINS
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Protected,
    Published,
    Quantile,
    Sensitivity,
    Shape,
    Unprotected,
    Vector,
)
from queries.plan_bins import BINS_OF_A_CELL

LOW, LAST, PENCE = -100_000, 25_000_000, 100
ONE = Sensitivity(l0=1, l1=1, l2_squared=1, linf=1)
MIDDLE, SPREAD = 28_000, 0.7
RUNS = 3
Integers = NDArray[np.int64]


def main() -> None:
    mechanisms.prepare()
    print("| cells | people in each | rho | bin | error | half-width | rival | ratio | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    for rho_nano in (20_000_000, 100_000_000):
        for cells, people in ((12, 25_000), (264, 1_136), (1_000, 300)):
            _line(cells, people, rho_nano)


def _line(cells: int, people: int, rho_nano: int) -> None:
    source = np.random.default_rng(1)
    width = _width(cells)
    ours, theirs, half_widths, seconds = [], [], [], []
    for _ in range(RUNS):
        incomes = source.lognormal(math.log(MIDDLE), SPREAD, (cells, people)) * PENCE
        values = np.sort(np.clip(incomes.astype(np.int64), LOW, LAST), axis=1)
        medians = values[:, (people - 1) // 2] / PENCE
        started = time.perf_counter()
        (column,) = _let_out(values, width, rho_nano).columns
        seconds.append(time.perf_counter() - started)
        for cell, median in zip(column, medians, strict=True):
            if cell.value is None or cell.low is None or cell.high is None:
                continue  # hidden: no count here is small
            ours.append(abs(float(cell.value) - median))
            half_widths.append(float(cell.high - cell.low) / 2)
        theirs += [
            abs(_over_values(own, rho_nano, source) - m)
            for own, m in zip(values, medians, strict=True)
        ]
    ratio = float(np.mean(ours) / np.mean(theirs))
    print(
        f"| {cells} | {people} | {rho_nano / 1e9:g} | {width / PENCE:g} | {_mean(ours)} "
        f"| {np.mean(half_widths):.0f} | {_mean(theirs)} | {ratio:.2f} | {np.median(seconds):.1f} |"
    )


def _mean(errors: list[float]) -> str:
    return f"{np.mean(errors):.1f} (± {np.std(errors) / math.sqrt(len(errors)):.1f})"


def _width(cells: int) -> int:
    """As the plan chooses it."""
    most = min(MOST_BINS // cells, BINS_OF_A_CELL)
    widths = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    return next(width for width in widths if -(-(LAST - LOW + 1) // width) <= most)


def _let_out(values: Integers, width: int, rho_nano: int) -> Protected:
    cells, people = values.shape
    quantile = Quantile("incomes", 1, 2, LOW, width, LAST, PENCE)
    bins = quantile.bins
    histogram = [np.bincount((own - LOW) // width, minlength=bins) for own in values]
    shape = Shape(
        "person",
        (Axis("cell", tuple(map(str, range(cells)))),),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, ONE),
            Vector("incomes", Counting.HISTOGRAM, 1, 10**9, ONE, bins=bins),
        ),
        (Published("median", "Median", Kind.QUANTILE, "rows", None, 3, quantile=quantile),),
    )
    rules = DpRules(10, rho_nano, rho_nano, rho_nano, tuple(Mechanism), 20, 1)
    policy = Policy(1, Track.DP, rules, None, max_cells=100_000, checkers=1)
    counted = {"rows": (people,) * cells, "incomes": tuple(np.concatenate(histogram).tolist())}
    return protect(Unprotected(shape, counted), policy=policy, grant=NoiseGrant(rho_nano))


def _over_values(values: Integers, rho_nano: int, source: np.random.Generator) -> float:
    """The exponential mechanism over the gaps between sorted values, at the same zCDP."""
    scale = math.sqrt(1 / (2 * rho_nano / 1e9))
    people = len(values)
    edges = np.concatenate(([LOW], values, [LAST]))
    gaps = np.diff(edges)
    distance = np.abs(2 * np.arange(people + 1) - people)
    score = np.where(gaps > 0, np.log(np.maximum(gaps, 1)), -np.inf) - distance / scale
    gap = int(np.argmax(score + source.gumbel(size=people + 1)))
    return float(source.uniform(edges[gap], edges[gap + 1])) / PENCE


if __name__ == "__main__":
    main()
