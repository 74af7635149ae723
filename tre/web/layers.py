"""How are the register's reasons said to checkers? One sentence for each layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerInWords:
    """``less``: the new table counts fewer people than what it is compared with, in the picture."""

    title: str
    meaning: str
    picture: str = ""
    less: bool = True


LAYERS: dict[str, LayerInWords] = {
    "own": LayerInWords(
        "A part of this table is too small",
        "What is hidden can be counted from what is shown, and is too small.",
        "What is left beside the shown cells",
    ),
    "twins": LayerInWords(
        "A group is counted that is nearly one that has left",
        "Whoever knows who joined or left the group learns the rest about them.",
        "Two nearly equal groups",
    ),
    "pairs": LayerInWords(
        "Two tables together tell of a group that is too small",
        "Adding and subtracting cells of the two gives the number of a small group.",
        "Cells of the two tables side by side",
    ),
    "window": LayerInWords(
        "Several tables together tell of a group that is too small",
        "Adding and subtracting cells of all of them gives the number of a small group.",
        "Cells of the tables side by side",
    ),
    "history": LayerInWords(
        "With everything that left, this table tells of a group that is too small",
        "A combination of many tables gives the number of a small group.",
        "Everything that left beside this table",
    ),
    "watch": LayerInWords(
        "A hidden cell could be worked out",
        "A table that left hides a cell, and this table would give it away.",
        "What was hidden",
        less=False,
    ),
    "revised": LayerInWords(
        "Too few have new values",
        "The difference to an earlier sum is that of the few whose values were revised.",
        "The sum before and after",
    ),
    "headroom": LayerInWords(
        "Exact answers are used up",
        "All exact tables together would tell too much of the dataset, or of some of its units.",
    ),
    "time": LayerInWords(
        "It was not decided whether this table is safe",
        "There was no verdict in the time that it has. What is not decided does not leave.",
    ),
    "unjudged": LayerInWords(
        "Rows are told of units that can be in several cells, or in part",
        "The register cannot judge such tables yet. How many units there are in each cell can be "
        "asked, of up to 100 cells, or a feature of each unit.",
    ),
}

DRAWN = frozenset({"own", "twins", "pairs", "window", "history"})
"""Layers whose clash is a difference that can be drawn."""
