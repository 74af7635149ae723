"""Who is in which block of a table? Read from the sealed file of a version, inside the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from disclosure_control.sdc.register import sets
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import OUTSIDE, Ints, Partition
from disclosure_control.sdc.register.verdict import Clash
from queries.engines.locked import Resources, lock_down
from queries.register.entry import Entry
from queries.register.state import State
from queries.store import IDENTITY, PEOPLE, SCHEMA, UNIT, attach_read_only, connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class NotAPartition(Exception):
    """A unit is in several cells of which it can be in one."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """``table`` is None where a unit can be in several cells: further ones are not hidden then."""

    table: Table | None
    partitions: tuple[Partition, ...]
    kept: Bools
    secret: tuple[tuple[int, Bools], ...]  # hidden cells with few people, or by a rule
    clashes: tuple[Clash, ...] = ()  # of the table alone

    @property
    def watched(self) -> tuple[Bools, ...]:
        return tuple(people for _, people in self.secret)


@dataclass(slots=True)
class Files:
    """The versions of one dataset, each opened once."""

    paths: Mapping[str, str]
    key: bytes = field(repr=False)
    resources: Resources
    spill: Path
    opened: dict[str, DuckDBPyConnection] = field(default_factory=dict)

    def version(self, name: str) -> DuckDBPyConnection:
        """Raises KeyError for a version that is not there, StoreFailed."""
        if name not in self.opened:
            con = connect(spill=self.spill)
            attach_read_only(con, Path(self.paths[name]), key=self.key)
            lock_down(con, resources=self.resources)
            self.opened[name] = con
        return self.opened[name]

    def people(self, name: str) -> NDArray[np.int64]:
        """Identities, in the order of the unit numbers of this version."""
        told = self.version(name).execute(f"FROM {SCHEMA}.{PEOPLE} ORDER BY {UNIT}")
        columns = told.fetchnumpy()
        if not np.array_equal(columns[UNIT], np.arange(len(columns[UNIT]))):
            raise NotAPartition
        found: NDArray[np.int64] = np.asarray(columns[IDENTITY], dtype=np.int64)
        return found


def with_everybody(state: State | None, *, version: str, files: Files) -> State:
    """Over the people of this version too, who come after everybody before them."""
    people = files.people(version)
    if len(np.unique(people)) < len(people):
        raise NotAPartition
    if state is None:
        return State(people, Known.nothing(len(people)))
    fresh = people[~np.isin(people, state.people)]
    if not len(fresh):
        return state
    return replace(
        state,
        people=np.concatenate([state.people, fresh]),
        known=state.known.grown(len(fresh)),
    )


def place(entry: Entry, state: State, *, files: Files, threshold: int) -> Placed:
    """Raises NotAPartition."""
    if not entry.counted:
        raise NotAPartition
    if entry.shared:
        return _sets(entry, state, files=files, threshold=threshold)
    numbers = numbers_in(state, entry.version, files=files)
    everybody = np.zeros(len(state.people), dtype=bool)
    columns: list[Column] = []
    secret: list[tuple[int, Bools]] = []
    for counted in entry.counted:
        places, kept = _rows(
            counted.sql, numbers, of=len(everybody), con=files.version(entry.version)
        )
        everybody |= kept
        columns.append(Column(places, counted.hidden))
        cells = {cell for hidden in counted.hidden for cell in hidden}
        secret += _secret(places, cells, frozenset(counted.unsafe), threshold=threshold)
    table = Table(entry.axes, tuple(columns))
    return Placed(table, table.partitions, everybody, tuple(secret))


def _sets(entry: Entry, state: State, *, files: Files, threshold: int) -> Placed:
    numbers = numbers_in(state, entry.version, files=files)
    everybody = np.zeros(len(state.people), dtype=bool)
    blocks: list[Bools] = []
    secret: list[tuple[int, Bools]] = []
    clashes: list[Clash] = []
    for counted in entry.counted:
        told = files.version(entry.version).execute(counted.sql).fetchnumpy()
        people, cells = numbers[np.asarray(told["_u"])], np.ma.masked_array(told["_c"])
        everybody[people] = True
        inside = ~np.ma.getmaskarray(cells)
        try:
            cut = sets.slices(
                people[inside], cells.data[inside], of=len(everybody), axes=entry.axes
            )
        except ValueError:
            raise NotAPartition from None
        for hidden in counted.hidden:
            blocks += chain.from_iterable(one.blocks(hidden) for one in cut)
            clashes += sets.bounded(cut, axes=entry.axes, hidden=hidden, threshold=threshold)
        gone = {cell for hidden in counted.hidden for cell in hidden}
        unsafe = frozenset(counted.unsafe)
        for one in cut:
            on_grid = np.where(one.places == OUTSIDE, OUTSIDE, one.cells[one.places])
            own = gone & set(one.cells.tolist())
            secret += _secret(on_grid, own, unsafe, threshold=threshold)
    return Placed(None, sets.packed(blocks), everybody, tuple(secret), tuple(clashes))


def areas_in(
    statements: Sequence[str], state: State, *, version: str, files: Files
) -> tuple[Ints, ...]:
    """Of each statement: the area of each of everybody, or -1. Raises NotAPartition."""
    if not statements:
        return ()
    numbers = numbers_in(state, version, files=files)
    found = (
        _rows(sql, numbers, of=len(state.people), con=files.version(version)) for sql in statements
    )
    return tuple(areas for areas, _ in found)


def numbers_in(state: State, version: str, *, files: Files) -> Ints:
    """Of each unit of a version: its place among everybody."""
    own, order = files.people(version), np.argsort(state.people)
    return order[np.searchsorted(state.people, own, sorter=order)].astype(np.int64)


def _rows(sql: str, numbers: Ints, *, of: int, con: DuckDBPyConnection) -> tuple[Ints, Bools]:
    columns = con.execute(sql).fetchnumpy()
    units, cells = np.asarray(columns["_u"]), np.ma.masked_array(columns["_c"])
    if len(np.unique(units)) < len(units):
        raise NotAPartition
    places = np.full(of, OUTSIDE, dtype=np.int64)
    places[numbers[units]] = cells.filled(OUTSIDE)
    kept = np.zeros(of, dtype=bool)
    kept[numbers[units]] = True
    return places, kept


def _secret(
    places: Ints, hidden: set[int], unsafe: frozenset[int], *, threshold: int
) -> list[tuple[int, Bools]]:
    """The people of hidden cells that are few, or that a rule says nothing may be told of."""
    groups = (places == cell for cell in sorted(hidden))
    return [
        (cell, group)
        for cell, group in zip(sorted(hidden), groups, strict=True)
        if cell in unsafe or 0 < int(group.sum()) < threshold
    ]
