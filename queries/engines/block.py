"""What is one block of a statement? Steps, an inner SELECT, and a sum by cell for each vector.

The columns of an inner SELECT are

* ``_c``: the cell; ``_w``: a weight;
* ``_n``: rows of the unit; ``_n_<x>``: those with a value of the measured number x;
* ``_key``: the record key of the unit;
* ``_t_<x>_<centre>``: the unit's total of x - centre; or, row by row, ``_x_<x>``: x itself.

Names of steps and columns start with _, which no declared name does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from disclosure_control.tables import Counting
from queries.plan_measured import Measured
from queries.plan_vectors import Recipe
from queries.store import quoted


@dataclass(frozen=True, slots=True)
class Block:
    """``sums`` has an aggregate for each vector that the block counts, by its name."""

    steps: tuple[str, ...]
    inner: str
    sums: Mapping[str, str]

    def select(self, recipes: tuple[Recipe, ...], *, offset: int = 0) -> str:
        columns = [self.sums.get(one.name, "NULL") for one in recipes]
        cell = f"_c + {offset}" if offset else "_c"
        return selected(cell, *columns, rows=f" FROM ({self.inner})", by="1")


def selected(*columns: str, rows: str, by: str = "") -> str:
    """A SELECT; ``rows`` starts with " FROM", ``by`` is what it groups by."""
    grouped = ("GROUP BY", by) if by else ()
    return " ".join(("SELECT", ", ".join(columns), rows.strip(), *grouped))


def step(name: str, select: str) -> str:
    """One named step of WITH."""
    return f"{name} AS ({select})"


EXTREMES = {
    Counting.LARGEST: "max(abs({0}))",
    Counting.SECOND: "max(abs({0}), 2)[2]",
    Counting.GROSS: "sum(abs({0}))",
    Counting.SMALLEST: "min(abs({0}))",
    Counting.NEGATIVE: "count(*) FILTER ({0} < 0)",
}
"""Evidence of the exact track over one number per unit in a cell."""

COUNTS = frozenset({Counting.ROWS, Counting.UNITS, Counting.CONTRIBUTORS})


def own_value(one: Measured) -> str:
    return quoted(f"_x_{one.name}")


def own_count(one: Measured) -> str:
    """Rows with a value; where none can be missing, those are all rows."""
    return quoted(f"_n_{one.name}") if one.nullable else "_n"


def own_total(one: Measured, centre: int) -> str:
    return quoted(f"_t_{one.name}_{centre}")


def centres(one: Measured, *, recipes: Iterable[Recipe]) -> list[int]:
    """The midpoints from which totals of this number are taken."""
    return sorted(
        {
            recipe.centre
            for recipe in recipes
            if recipe.of == one.name and recipe.counts not in COUNTS
        }
    )
