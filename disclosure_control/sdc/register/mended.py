"""Which further blocks of a table would have to be hidden for it to leave?

Step by step: of the blocks without which a clash could not be computed, the one that most clashes
have is hidden, the smallest of several; until there is no clash. A checker may offer the result to
the author; it is not the least that could be hidden.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.partitions import NOBODY, Partition, partition
from disclosure_control.sdc.register.verdict import Limits, Verdict, judge


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """``hidden``: blocks of the table as it was asked."""

    hidden: tuple[int, ...]
    verdict: Verdict


def mended(asked: Partition, known: Known, limits: Limits, *, most: int = 200) -> Mended | None:
    """None where hiding no block, or none of so many, helps.

    Of a table without totals: its hidden cells are in no block.
    """
    hidden: list[int] = []
    for _ in range(most + 1):
        left = np.where(np.isin(asked.labels, hidden), NOBODY, asked.labels)
        kept = [block for block in range(1, asked.blocks + 1) if block not in hidden]
        verdict = judge([partition(left)], known, limits)
        if verdict.safe:
            return Mended(tuple(sorted(hidden)), verdict)
        named = Counter(block for clash in verdict.clashes for block in clash.blocks)
        if not named:
            return None
        number = min(named, key=lambda block: (-named[block], asked.sizes[kept[block - 1]]))
        hidden.append(kept[number - 1])
    return None
