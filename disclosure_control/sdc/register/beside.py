"""Are all whom a table would tell of, beside what left, in cells that it hides anyway?

If the number of a group is a combination of blocks, the number of those of the group who are in no
hidden cell is the same combination of the blocks without everybody in hidden cells. So where tables
tell of no few people among those who are not hidden, every group that they do tell of is hidden as
a whole: then it says nothing about anybody which further cells are hidden beneath it, except that
few are hidden there. The converse does not hold; what is not decided counts as no.

A hidden cell may be empty. Then further cells would be hidden beside some hidden cells and not
beside others, and so say which of them are empty: where a target is the only one in a group of its
own, that would say where it is. So a table that hides an empty cell counts as no, too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations

from disclosure_control.sdc.register import pairs, window
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Table
from disclosure_control.sdc.register.pairs import Bools, contingency
from disclosure_control.sdc.register.partitions import Ints, Partition, partition
from disclosure_control.sdc.register.verdict import Clash, Limits, nearest


def all_beside(table: Table, known: Known, limits: Limits, clashes: Sequence[Clash]) -> bool:
    """``clashes``: of this table, as they were found; further ones are looked for."""
    end = time.monotonic() + limits.seconds
    hidden = table.everywhere_hidden()
    if table.hides_nobody() or any(
        clash.group is not None and (clash.group & ~hidden).any() for clash in clashes
    ):
        return False
    own = table.partitions
    new = [_without(one, hidden) for one in own]
    if any(_tells(contingency(one, other), limits) for one, other in combinations(new, 2)):
        return False
    earlier: list[Partition] = []
    for one in known.span.tables:
        earlier.append(_without(one, hidden))
        if time.monotonic() > end:
            return False
        if any(_tells(contingency(mine, earlier[-1]), limits) for mine in new):
            return False
    for whole, one in zip(own, new, strict=True):
        near = list(nearest([whole], [known.span.contingencies(whole)], known))
        others = (other for other in new if other is not one)
        tables = [one, *others, *(earlier[number] for number in near)]
        if not _safe(tables, limits, seconds=max(0.0, end - time.monotonic())):
            return False
    return True


def _without(one: Partition, hidden: Bools) -> Partition:
    return partition(one.labels[~hidden])


def _tells(counts: Ints, limits: Limits) -> bool:
    """Two blocks that are nearly the same, or a combination that few people make up."""
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    apart = (rows[:, None] + columns - 2 * counts)[1:, 1:]
    if ((apart > 0) & (apart < limits.threshold)).any():
        return True
    return pairs.smallest(counts, threshold=limits.pairs) is not None


def _safe(tables: list[Partition], limits: Limits, *, seconds: float) -> bool:
    try:
        return window.few_in(tables, threshold=limits.threshold, seconds=seconds) is None
    except window.Undecided:
        return False
