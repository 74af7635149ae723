"""What is asked of every system? One list, read by each of them in its own environment.

Persons have one row; events many, and skewed. Every task has a total of epsilon = 1 (with delta =
1e-6 where a system needs one), and each system spends it as it does best. Only the standard library
is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass

EPSILON, DELTA = 1.0, 1e-6
PERSONS, EVENTS = 300_000, 1_400_000
MOST_EVENTS = 50  # of a person
ROWS = 10  # of a person that count, in tables of events
GROUPS = 20  # texts of a person that count
LOW, HIGH = 0, 1_000  # bounds of the value
TEXTS = 5_000
FEW, SOME, MANY = ("sex", "age"), ("sex", "age", "area"), ("sex", "age", "ward")
SEXES, AGES, AREAS, WARDS = 2, 6, 22, 504


@dataclass(frozen=True)
class Task:
    """``what``: count, sum, mean, median, join (events by columns of persons), or texts."""

    name: str
    what: str
    by: tuple[str, ...]


TASKS = (
    Task("count, 12 cells", "count", FEW),
    Task("count, 264 cells", "count", SOME),
    Task("count, 6,048 cells", "count", MANY),
    Task("sum, 264 cells", "sum", SOME),
    Task("mean, 264 cells", "mean", SOME),
    Task("median, 264 cells", "median", SOME),
    Task("events of a join, 264 cells", "join", SOME),
    Task("unknown keys", "texts", ("drug",)),
)


def labels(column: str) -> list[str]:
    """Every value of a declared column."""
    sizes = {"sex": SEXES, "age": AGES, "area": AREAS, "ward": WARDS}
    return [f"{column}{at:03}" for at in range(sizes[column])]
