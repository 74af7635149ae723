"""What must the register know of an exact table? Who is in which cell, and which are hidden.

An entry is text that stays what it was, whatever becomes of the code that wrote it: statements over
the sealed file of one version, the sizes of the grid, and the hidden cells of each column.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from disclosure_control.tables import Axis
from disclosure_control.withheld import patterns_with

Cells = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """What each unit adds: rows (unit, whole number).

    ``of``: what is added up of which column; nothing where it is computed, so that one number may
    have two spellings.
    """

    sql: str
    of: str


@dataclass(frozen=True, slots=True)
class Counted:
    """People whom some columns count: by ``sql``, as rows (unit, cell or NULL).

    ``hidden``: the cells that such a column does not show, once for each different pattern;
    ``unsafe``: those of them that broke a rule. ``sums``: are numbers of these people added up?
    ``amounts``: of each number that may differ for one of them in another version.
    """

    sql: str
    hidden: tuple[Cells, ...]
    unsafe: Cells
    sums: bool
    amounts: tuple[Amount, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """One axis without its words."""

    labels: int
    total: bool
    subtotals: tuple[tuple[int, Cells], ...]
    shared: bool = False  # a unit can be under several of its labels

    def axis(self) -> Axis:
        labels = ("",) * self.labels
        return Axis("", labels, self.total, self.shared, subtotals=self.subtotals)


@dataclass(frozen=True, slots=True)
class Entry:
    """``counted`` is empty where more is told than of whole units: that is never judged safe."""

    version: str
    grid: tuple[Grid, ...]
    counted: tuple[Counted, ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(one.axis() for one in self.grid)

    @property
    def shared(self) -> bool:
        """Can a unit be in several cells?"""
        return any(one.shared for one in self.grid)

    @property
    def sums(self) -> bool:
        """Are numbers added up in it?"""
        return any(one.sums for one in self.counted)

    @property
    def amounts(self) -> tuple[Amount, ...]:
        return tuple(dict.fromkeys(amount for one in self.counted for amount in one.amounts))

    def hiding(self, cells: Cells) -> Entry:
        """The entry of the same table with these cells hidden too, in all of its columns."""
        counted = (replace(one, hidden=patterns_with(one.hidden, cells)) for one in self.counted)
        return replace(self, counted=tuple(counted)) if cells else self

    def text(self) -> str:
        fields = asdict(self)
        for axis in fields["grid"]:
            if not axis["shared"]:  # as entries were written before some were
                del axis["shared"]
        return json.dumps(fields, separators=(",", ":"), sort_keys=True)


def from_text(text: str) -> Entry:
    fields: dict[str, Any] = json.loads(text)
    return Entry(
        fields["version"],
        tuple(
            Grid(
                one["labels"],
                one["total"],
                tuple((whole, tuple(parts)) for whole, parts in one["subtotals"]),
                one.get("shared", False),
            )
            for one in fields["grid"]
        ),
        tuple(
            Counted(
                one["sql"],
                tuple(tuple(cells) for cells in one["hidden"]),
                tuple(one["unsafe"]),
                one["sums"],
                tuple(Amount(**amount) for amount in one.get("amounts", ())),
            )
            for one in fields["counted"]
        ),
    )


def chain(entries: Iterable[Entry]) -> Iterator[str]:
    """Names of what is known after no entry, one, two...: they say which, and in which order."""
    name = hashlib.sha256(b"register/1").hexdigest()
    yield name
    for one in entries:
        name = hashlib.sha256(f"{name}\n{one.text()}".encode()).hexdigest()
        yield name


def versions(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.version for one in entries))
