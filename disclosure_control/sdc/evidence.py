"""What must be known of a cell before an exact value may be shown? Who is in it, and how unequally.

All of it is counted by the engine in the same pass as the values, per distinct unit: a unit with
many rows is one contributor, and its contribution is the sum over its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from disclosure_control.errors import Refused
from disclosure_control.tables import Counting, Evidence, Kind, Published, Shape

Exact = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """One cell of one column. Contributions are absolute, in integers of the total."""

    units: int
    largest: int = 0
    second: int = 0
    gross: int = 0
    smallest: int = 0
    negative: int = 0  # units whose contribution is below zero
    empty: bool = False  # nobody at all is here, not only nobody with a value

    @property
    def all_same(self) -> bool:
        """Does every unit contribute the same?"""
        return (
            self.units > 0
            and self.smallest == self.largest
            and (self.negative in {0, self.units} or self.largest == 0)
        )


ADDED_UP = (Kind.SUM, Kind.MEAN)
# What each name in ``Evidence`` must hold; all but the first are needed where values are added up.
MEANING: dict[str, tuple[Counting, ...]] = {
    "units": (Counting.UNITS, Counting.CONTRIBUTORS),
    "largest": (Counting.LARGEST,),
    "second": (Counting.SECOND,),
    "gross": (Counting.GROSS,),
    "smallest": (Counting.SMALLEST,),
    "negative": (Counting.NEGATIVE,),
}


def evidence(shape: Shape, column: Published, exact: Exact) -> tuple[CellEvidence, ...]:
    """One entry for each cell. Raises Refused if anything that a rule needs was not counted."""
    names = evidence_names(shape, column)
    parts = {part: exact[name] for part, name in names.items()}
    everybody = shape.vector(names["units"]).counts is Counting.UNITS
    empty = [everybody and units == 0 for units in parts["units"]]
    return tuple(
        _checked(
            CellEvidence(**{part: cells[cell] for part, cells in parts.items()}, empty=empty[cell])
        )
        for cell in range(shape.cells)
    )


def evidence_names(shape: Shape, column: Published) -> dict[str, str]:
    """Which vector holds each part; raises Refused if one is missing or holds something else."""
    declared = column.evidence or Evidence(units="")
    parts = MEANING if column.kind in ADDED_UP else {"units": MEANING["units"]}
    names = {part: getattr(declared, part) for part in parts}
    counts = {vector.name: vector.counts for vector in shape.vectors}
    if any(counts.get(names[part]) not in wanted for part, wanted in parts.items()):
        raise Refused(f"column {column.name} lacks evidence")
    return names


def _checked(cell: CellEvidence) -> CellEvidence:
    """Evidence that contradicts itself is no evidence."""
    in_order = 0 <= cell.second <= cell.largest <= cell.gross
    in_order = in_order and 0 <= cell.smallest <= cell.largest and 0 <= cell.negative <= cell.units
    if cell.units < 0 or not in_order or cell.largest + cell.second > cell.gross:
        raise Refused("evidence contradicts itself")
    return cell
