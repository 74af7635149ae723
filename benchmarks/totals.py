"""What do totals that are measured together save, and how long does their noise take?

``cost``: of a table with all its totals, against asking all of its 2**d tables one by one, each so
exact that half-widths are equal. ``six``: of the six margins of a three-way table alone, by one and
by two dimensions, asked together without cells and total, against asking them one by one (the bar).
Then the root mean square error of cells and of the grand total, at one charge: together, against
noise for each cell and sums of cells. Last, seconds of the whole door with the library loaded.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import combinations, product

from disclosure_control.dp import mechanisms
from disclosure_control.dp.totals import parting_of
from disclosure_control.policy import DpRules, Mechanism, Policy, Track
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Protected,
    Published,
    Sensitivity,
    Shape,
    Unprotected,
    Vector,
)

RHO_NANO = 20_000_000
ONE = Sensitivity(l0=1, l1=1, l2_squared=1, linf=1)
RULES = DpRules(10, RHO_NANO, 1_000, 10**9, tuple(Mechanism), 1, 1)
POLICY = Policy(1, Track.DP, RULES, None, max_cells=100_000, checkers=1)
EACH = 1_000
RUNS = 40
CUBES = (
    (2, 2, 2),
    (3, 3, 3),
    (2, 3, 4),
    (2, 5, 9),
    (4, 4, 4),
    (5, 5, 5),
    (10, 10, 10),
    (10, 10),
    (2, 5),
)
LARGE = ((9, 11, 25), (24, 39, 49), (45, 45, 45))


def main() -> None:
    mechanisms.prepare()
    print("| cells | cost | six | cells: together | apart | total: together | apart |")
    print("|---|---|---|---|---|---|---|")
    for sizes in CUBES:
        _line(sizes)
    print("\n| cells with totals | seconds together | seconds apart |")
    print("|---|---|---|")
    for sizes in LARGE:
        _seconds(sizes)


def _line(sizes: tuple[int, ...]) -> None:
    axes = _axes(sizes)
    parting = parting_of(axes)
    variance = float(parting.variance(parting.noise(l1=1, rho_nano=RHO_NANO)))
    alone = 10**9 / (2 * RHO_NANO)
    tables = 2 ** len(sizes)
    six = [own for size in (1, 2) for own in combinations(range(len(sizes)), size)]
    margins = parting_of(axes, tuple(six))
    of_margins = float(margins.variance(margins.noise(l1=1, rho_nano=RHO_NANO)))
    together = [_drawn(axes) for _ in range(RUNS)]
    apart = [_drawn(tuple(replace(axis, total=False) for axis in axes)) for _ in range(RUNS)]
    errors = (*_errors(together, sizes), *_errors(apart, sizes))
    of_six = f"{of_margins / alone / len(six):.2f}" if len(sizes) > 2 else ""
    cells, total, cells_apart, total_apart = (f"{one:.1f}" for one in errors)
    name = " x ".join(map(str, sizes))
    print(
        f"| {name} | {variance / alone / tables:.2f} | {of_six} | {cells} | {cells_apart} "
        f"| {total} | {total_apart} |"
    )


def _axes(sizes: tuple[int, ...]) -> tuple[Axis, ...]:
    return tuple(
        Axis(f"axis {at}", (*map(str, range(size)), "Total"), total=True)
        for at, size in enumerate(sizes)
    )


def _drawn(axes: tuple[Axis, ...]) -> Protected:
    """Without totals the last label is one more cell, which holds nobody."""
    shape = Shape(
        "person",
        axes,
        (Vector("rows", Counting.ROWS, 1, 10**9, ONE),),
        (Published("n", "N", Kind.COUNT, "rows", None, 0),),
    )
    return protect(
        Unprotected(shape, {"rows": _filled(axes)}), policy=POLICY, grant=NoiseGrant(RHO_NANO)
    )


def _filled(axes: tuple[Axis, ...]) -> tuple[int, ...]:
    places = product(*(range(len(axis.labels)) for axis in axes))
    lasts = [len(axis.labels) - 1 for axis in axes]
    return tuple(EACH * all(map(int.__lt__, place, lasts)) for place in places)


def _errors(tables: list[Protected], sizes: tuple[int, ...]) -> tuple[float, float]:
    """Of cells, and of all of them together."""
    cells = total = count = 0.0
    everybody = EACH * math.prod(sizes)
    for table in tables:
        inside = _filled(table.axes)
        values = [float(cell.value or 0) for cell in table.columns[0]]
        own = [value for value, leaf in zip(values, inside, strict=True) if leaf]
        cells += sum((value - EACH) ** 2 for value in own)
        count += len(own)
        found = values[-1] if table.axes[0].total else sum(own)
        total += (found - everybody) ** 2
    return math.sqrt(cells / count), math.sqrt(total / len(tables))


def _seconds(sizes: tuple[int, ...]) -> None:
    found = []
    for total in (True, False):
        axes = tuple(replace(axis, total=total) for axis in _axes(sizes))
        started = time.perf_counter()
        _drawn(axes)
        found.append(time.perf_counter() - started)
    cells = math.prod(size + 1 for size in sizes)
    print(f"| {cells:,} | {found[0]:.1f} | {found[1]:.1f} |")


if __name__ == "__main__":
    main()
