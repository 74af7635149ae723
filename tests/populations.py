"""Made-up populations and their exact tables with totals, counted here and by no engine."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

from disclosure_control.tables import (
    Axis,
    Counting,
    Evidence,
    Kind,
    Published,
    Shape,
    Sum,
    Unprotected,
    Vector,
)

TOTAL = "Total"
FAR = 10**9
EVIDENCE = Evidence("contributors", "largest", "second", "gross", "smallest", "negative")
COUNT = Published("count", "Number of records", Kind.COUNT, "rows", None, 0, Evidence("units"))
UNITS = Published("units", "Number of firms", Kind.UNITS, "units", None, 0, Evidence("units"))
SUM = Published("sum_rd", "Sum of R&D", Kind.SUM, "contributors", "total", 1, EVIDENCE)
MEAN = Published("mean_rd", "Mean of R&D", Kind.MEAN, "values", "total", 2, EVIDENCE)


@dataclass(frozen=True)
class Record:
    unit: int
    place: tuple[int, ...]  # on each axis
    value: int | None  # in tenths


def records(
    seed: int,
    *,
    sizes: tuple[int, ...],
    units: int,
    shared: int = 0,
    missing: float = 0.2,
    bounds: tuple[int, int] = (0, 5000),
) -> list[Record]:
    """The last so many axes are ``shared``. Places are uneven, values are skewed."""
    dice = random.Random(seed)
    found = []
    for unit in range(units):
        own = [int(size * dice.random() ** 2) for size in sizes]
        for _ in range(dice.choice((1, 1, 2, 4)) if shared else 1):
            for axis in range(len(sizes) - shared, len(sizes)):
                own[axis] = int(sizes[axis] * dice.random() ** 2)
            low, high = bounds
            value = low + int((high - low) * dice.random() ** 6)
            found.append(Record(unit, tuple(own), None if dice.random() < missing else value))
    return found


def table(
    rows: list[Record],
    *,
    sizes: tuple[int, ...],
    shared: int = 0,
    columns: tuple[Published, ...] = (COUNT, UNITS, SUM, MEAN),
    bounds: tuple[int, int] = (0, 5000),
    tree: tuple[Sum, ...] = (),
) -> Unprotected:
    """Every total included, last on its axis; the first axis has the subtotals of ``tree``."""
    made = shape(sizes, shared=shared, columns=columns, bounds=bounds, tree=tree)
    cells: dict[tuple[int, ...], list[Record]] = defaultdict(list)
    above = [axis.above for axis in made.axes]
    for row in rows:
        for key in product(*((at, *up[at]) for at, up in zip(row.place, above, strict=True))):
            cells[key].append(row)
    vectors: dict[str, list[int]] = defaultdict(list)
    for key in product(*(range(len(axis.labels)) for axis in made.axes)):
        for name, number in _counted(cells[key]).items():
            vectors[name].append(number)
    return Unprotected(
        made,
        {name: tuple(numbers) for name, numbers in vectors.items()},
    )


def _counted(rows: list[Record]) -> dict[str, int]:
    totals: dict[int, int] = defaultdict(int)
    values = [row for row in rows if row.value is not None]
    for row in values:
        totals[row.unit] += row.value
    ordered = [*sorted(map(abs, totals.values()), reverse=True), 0, 0]
    return {
        "rows": len(rows),
        "units": len({row.unit for row in rows}),
        "contributors": len(totals),
        "values": len(values),
        "total": sum(totals.values()),
        "largest": ordered[0],
        "second": ordered[1],
        "gross": sum(ordered),
        "smallest": min(map(abs, totals.values()), default=0),
        "negative": sum(total < 0 for total in totals.values()),
        "keys": sum(key_of(unit) for unit in {row.unit for row in rows}),
    }


def key_of(unit: int) -> int:
    """A made-up record key."""
    return random.Random(unit).getrandbits(16)


def shape(
    sizes: tuple[int, ...],
    *,
    shared: int,
    columns: tuple[Published, ...],
    bounds: tuple[int, int],
    tree: tuple[Sum, ...] = (),
) -> Shape:
    low, high = min(0, bounds[0]), max(0, bounds[1])
    counting = {
        "rows": Counting.ROWS,
        "units": Counting.UNITS,
        "contributors": Counting.CONTRIBUTORS,
        "values": Counting.ROWS,
        "negative": Counting.NEGATIVE,
        "keys": Counting.KEYS,
    }
    parts = ("total", "largest", "second", "gross", "smallest")
    return Shape(
        "firm",
        tuple(
            Axis(
                f"axis {axis}",
                (*(f"{axis}.{key}" for key in range(size + len(tree if not axis else ()))), TOTAL),
                total=True,
                shared=axis >= len(sizes) - shared,
                subtotals=tree if not axis else (),
            )
            for axis, size in enumerate(sizes)
        ),
        (
            *(Vector(name, counts, 1, FAR, None) for name, counts in counting.items()),
            *(
                Vector(
                    name,
                    Counting(name),
                    10,
                    FAR,
                    None,
                    row_bounds=(low, high) if name == "total" else None,
                )
                for name in parts
            ),
        ),
        columns,
    )
