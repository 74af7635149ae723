"""Which further cells of a table would have to be hidden for it to leave?

What left before is like more totals of the table: where the few whom both together would tell are
in cells that the table hides anyway, further cells are hidden beside those, as they are beneath a
total of its own. Where they are not, which cells are hidden would say where the few are: then only
checkers read which cells these are, and nothing is hidden by itself.

Step by step: for each clash one of the cells without which it could not be computed, where it has
any, first those that most clashes have, the smallest of several; until there is no clash. It is not
the least that could be hidden.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from disclosure_control.sdc.register.beside import all_beside
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Part, Table
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints
from disclosure_control.sdc.register.verdict import (
    Clash,
    Layer,
    Limits,
    Verdict,
    at_a_glance,
    judge,
)

MOST_CUTS = 20  # of each earlier table that are mended in one step
MOST_SHARE = 0.2  # of the cells with somebody in them
MOST_STEPS = 40

BEYOND = frozenset({Layer.HEADROOM, Layer.TIME, Layer.REVISED})
"""What fewer cells do not mend."""


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """``hidden``: cells of the grid, beside those that the table hides by itself.

    ``beside``: all whom the clashes could tell of are in cells that are hidden anyway.
    """

    hidden: tuple[int, ...]
    beside: bool
    verdict: Verdict


def mended(
    table: Table,
    known: Known,
    limits: Limits,
    clashes: Sequence[Clash],
    *,
    kept: Bools | None = None,
    watched: Sequence[Bools] = (),
    areas: Sequence[Ints] = (),
    revised: Bools | None = None,
    most: float = MOST_SHARE,
    judging: float = 0.0,
) -> Mended | None:
    """``clashes``: of this table, as ``judge`` found them in ``judging`` seconds.

    None where hiding cells does not help, or not a ``most`` share of them, or not within
    ``limits.seconds``.
    """
    if limits.seconds <= judging:
        return None
    end = time.monotonic() + limits.seconds
    sizes = table.sizes()
    room = int(most * np.count_nonzero(sizes))
    hidden: set[int] = set()
    beside = all_beside(table, known, limits, clashes)
    for _ in range(MOST_STEPS):
        parts = table.hiding(hidden).parts()
        more = _step(table, parts, clashes, sizes)
        if not more or len(hidden | more) > room or time.monotonic() > end:
            return None
        hidden |= more
        partitions = table.hiding(hidden).partitions
        clashes = tuple(at_a_glance(partitions, known, limits, most=MOST_CUTS))
        if clashes:
            continue
        if time.monotonic() + judging > end:
            return None
        left = replace(limits, seconds=max(0.0, end - time.monotonic()))
        verdict = judge(
            partitions, known, left, kept=kept, areas=areas, revised=revised, watched=watched
        )
        if verdict.safe:
            return Mended(tuple(sorted(hidden)), beside, verdict)
        clashes = verdict.clashes
    return None


def _step(
    table: Table, parts: Sequence[Part], clashes: Sequence[Clash], sizes: np.ndarray
) -> set[int]:
    """At least one cell for each clash that has any; none at all where hiding helps nothing."""
    if any(clash.layer in BEYOND for clash in clashes):
        return set()
    choices = [own for clash in clashes if (own := _choices(table, parts[clash.part], clash))]
    found: set[int] = set()
    while choices:
        named = Counter(cell for own in choices for cell in own)
        cell = min(named, key=lambda one: (-named[one], sizes[one], one))
        found.add(cell)
        choices = [own for own in choices if cell not in own]
    return found


def _choices(table: Table, part: Part, clash: Clash) -> frozenset[int]:
    """Cells that are shown, in one of the blocks that it needs or beside what is hidden of it."""
    own = {part.laid.blocks[block - 1] for block in clash.blocks}
    inside = {leaf for cell in own for leaf in table.within(cell)}
    occupied = set(np.unique(part.column.places).tolist())
    return frozenset((inside & occupied) - set(part.hidden))
