"""Who has another number than in an earlier version, where a table adds up what left before?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints
from queries.register.entry import Amount, Entry
from queries.register.placing import Files, numbers_in
from queries.register.state import State


class Incomparable(Exception):
    """Numbers that may be the same and are not written alike: which entries have them."""

    def __init__(self, entries: tuple[int, ...]) -> None:
        super().__init__()
        self.entries = entries


def revised(new: Entry, history: Sequence[Entry], state: State, *, files: Files) -> Bools | None:
    """None where no number of the new table left from another version. Raises Incomparable."""
    earlier = [(at, one) for at, one in enumerate(history) if one.version != new.version]
    unlike = tuple(at for at, one in earlier if not _comparable(new, one))
    if unlike:
        raise Incomparable(unlike)
    pairs = {
        (amount, one.version)
        for _, one in earlier
        for amount in set(new.amounts) & set(one.amounts)
    }
    if not pairs:
        return None
    found = np.zeros(len(state.people), dtype=bool)
    for amount, version in sorted(pairs, key=str):
        found |= _changed(amount, version, new.version, state, files)
    return found


def _comparable(new: Entry, earlier: Entry) -> bool:
    """Each two numbers are the same, or of two columns, or a sum and a count."""
    if new.sums and earlier.sums and not (new.amounts and earlier.amounts):
        return False
    return all(
        one == other or (one.of and other.of and one.of != other.of)
        for one in new.amounts
        for other in earlier.amounts
    )


def _changed(amount: Amount, before: str, now: str, state: State, files: Files) -> Bools:
    """Of those who are in both versions."""
    (old, had), (fresh, has) = (
        _amounts(amount, version, state, files) for version in (before, now)
    )
    there = _there(before, state, files) & _there(now, state, files)
    differ: Bools = there & ((had != has) | (had & has & (old != fresh)))
    return differ


def _amounts(amount: Amount, version: str, state: State, files: Files) -> tuple[Ints, Bools]:
    """Of each of everybody, and who has one."""
    numbers = numbers_in(state, version, files=files)
    columns = files.version(version).execute(amount.sql).fetchnumpy()
    told = np.ma.masked_array(columns["_v"])
    own = numbers[np.asarray(columns["_u"])]
    values = np.zeros(len(state.people), dtype=np.int64)
    has = np.zeros(len(state.people), dtype=bool)
    values[own] = told.filled(0)
    has[own] = ~np.ma.getmaskarray(told)
    return values, has


def _there(version: str, state: State, files: Files) -> Bools:
    found = np.zeros(len(state.people), dtype=bool)
    found[numbers_in(state, version, files=files)] = True
    return found
