"""What does an attacker hold, given a JSON instance and the cells that are hidden?

The auditor's own reader of the format that ``disclosure_control.sdc.suppression.read`` describes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from disclosure_control.sdc.audit.released import Released, relations_of
from disclosure_control.sdc.audit.verdict import Requirement


class Unreadable(Exception):
    """The instance or the list of hidden cells cannot be read."""


def released(entry: Any, hidden: Iterable[str]) -> Released:
    """The table with these cells taken out."""
    try:
        return _released(entry, set(hidden))
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Unreadable(f"{type(wrong).__name__}: {wrong}") from None


def _released(entry: Mapping[str, Any], hidden: set[str]) -> Released:
    cells = {name: float(value) for name, value in entry["cells"].items()}
    if unknown := sorted(hidden - cells.keys()):
        raise Unreadable(f"no such cells: {', '.join(unknown)}")
    if not all(map(math.isfinite, cells.values())):
        raise Unreadable("a value is not a number")
    trees = [(tree["nodes"], tree.get("children", {})) for tree in entry.get("hierarchies", [])]
    relations = list(relations_of(trees))
    relations += [{name: float(by) for name, by in row} for row in entry.get("equations", [])]
    if lost := sorted({name for row in relations for name in row} - cells.keys()):
        raise Unreadable(f"no value of {', '.join(lost[:5])}")
    protected = set(entry["primary"])
    zeros = {name: 0.0 for name, value in cells.items() if value == 0 and name not in protected}
    return Released(
        shown={name: None if name in hidden else value for name, value in cells.items()},
        relations=tuple(relations),
        lower={name: float(value) for name, value in entry.get("lb", {}).items()},
        upper={**zeros, **{name: float(value) for name, value in entry.get("ub", {}).items()}},
    )


def requirements(entry: Any) -> tuple[Requirement, ...]:
    """How far the interval of every primary must reach."""
    width = float(entry.get("width", 1.0)) if entry.get("singletons") else 0.0
    return tuple(
        Requirement(
            cell=name,
            low=float(entry["cells"][name]) - float(below),
            high=float(entry["cells"][name]) + float(above),
            width=min(width, float(below) + float(above)),
        )
        for name, below, above in zip(entry["primary"], entry["lpl"], entry["upl"], strict=True)
    )


def insiders(entry: Any) -> Iterator[dict[str, float]]:
    """Each sole contributor: his cell, totals without another contributor, and all within them."""
    alone = set(entry.get("singletons", ()))
    within = _within(entry)
    totals: dict[str, set[str]] = {name: set() for name in alone}
    for total in alone & within.keys():
        for part in alone & within[total]:
            totals[part].add(total)
    told: set[frozenset[str]] = set()
    for cell in sorted(alone):
        known = _closed({cell}, totals)
        while (more := _closed(_closed(known, within), totals)) != known:
            known = more
        if frozenset(known) not in told:
            told.add(frozenset(known))
            yield {one: float(entry["cells"][one]) for one in (cell, *sorted(known - {cell}))}


def _within(entry: Any) -> dict[str, set[str]]:
    """What each total adds up."""
    trees = [(tree["nodes"], tree.get("children", {})) for tree in entry.get("hierarchies", [])]
    found: dict[str, set[str]] = {}
    for row in (*relations_of(trees), *(dict(row) for row in entry.get("equations", []))):
        for side in (1.0, -1.0):
            total = [name for name, by in row.items() if by * side > 0]
            if len(total) == 1:
                parts = found.setdefault(total[0], set())
                parts |= {name for name, by in row.items() if by * side < 0}
    return found


def _closed(cells: set[str], following: Mapping[str, set[str]]) -> set[str]:
    """With whatever follows from them, step by step."""
    known, waiting = set(cells), list(cells)
    while waiting:
        more = following.get(waiting.pop(), set()) - known
        known |= more
        waiting += more
    return known
