"""What has a table, row by row? The same for every format that is made of rows.

One row for each cell that is asked for: its labels, then for each published column the numbers that
are said of it. A hidden cell has no number, which is told apart from a number that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from disclosure_control.policy import Track
from disclosure_control.tables import VARYING, Cell, Kind, Protected, Status


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` is for programs, ``title`` for people; ``values`` are None where nothing is shown.

    ``hidden``: rows that are confidential, by place.
    """

    name: str
    title: str
    values: tuple[Decimal | None, ...]
    hidden: frozenset[int]

    @property
    def whole(self) -> bool:
        """Are all its numbers integers?"""
        return all(one is None or one == one.to_integral_value() for one in self.values)


PARTS: tuple[tuple[str, str, Callable[[Cell], Decimal | None]], ...] = (
    ("", "", lambda cell: cell.value),
    ("_half_width", " (plus or minus, 95 %)", lambda cell: cell.half_width),
    ("_low", " (lower, 95 %)", lambda cell: cell.low),
    ("_high", " (upper, 95 %)", lambda cell: cell.high),
)


def columns(table: Protected, *, whole: bool = False) -> Iterator[Column]:
    """Of every published column its value and, with noise, the numbers around it.

    ``whole``: of the key grid, also where nothing is asked for.
    """
    rows = range(len(labels(table, whole=True))) if whole else table.asked
    for published, own in zip(table.published, table.columns, strict=True):
        cells = [own[row] for row in rows]
        hidden = frozenset(
            place for place, cell in enumerate(cells) if cell.status == Status.SUPPRESSED
        )
        for name, title, number in PARTS:
            if _is_said(table.track, published.kind, name):
                values = tuple(number(cell) for cell in cells)
                yield Column(published.name + name, published.title + title, values, hidden)


def _is_said(track: str, kind: Kind, part: str) -> bool:
    """Exact numbers have no interval, and what varies by cell has no single half-width."""
    return not part or (track == Track.DP and not (kind in VARYING and part == "_half_width"))


def labels(table: Protected, *, whole: bool = False) -> list[tuple[str, ...]]:
    """The key of each row, in the order of the cells."""
    every = list(product(*(axis.labels for axis in table.axes)))
    return every if whole else [every[row] for row in table.asked]


def dimension_names(table: Protected) -> list[str]:
    """The names of the axes, each once."""
    names: list[str] = []
    for axis in table.axes:
        names.append(axis.name if axis.name not in names else f"{axis.name} ({len(names) + 1})")
    return names
