"""How is what the register knows kept? In a sealed file of its own, for each state one.

The file can always be made again from the entries; it saves the time. It holds who is in which
block of every table, so it is encrypted like the data, by the same key, and never leaves the store.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.nulls import Nulls
from disclosure_control.sdc.register.partitions import Partition
from disclosure_control.sdc.register.span import Span
from disclosure_control.sdc.register.twins import Secrets, Sketches
from queries.store import SCHEMA, attach_read_only, open_for_writing

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Array = NDArray[Any]
_ADD_ARRAY = "INSERT INTO db.arrays VALUES ($1, $2, $3)"
_ADD_PART = "INSERT INTO db.parts VALUES ($1, $2, $3)"
_PARTS = "SELECT bytes FROM db.parts WHERE name = $1 ORDER BY part"

PART = 16 * 1024 * 1024  # bytes of one array in one row of the file


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """``people``: identities of those in ``known``; ``entries``: partitions of each entry."""

    people: NDArray[np.int64]
    known: Known
    entries: tuple[int, ...] = ()

    def entry_of(self, partition: int) -> int:
        """Which entry a partition is of; one behind the last is of the table that is judged."""
        return int(np.searchsorted(np.cumsum(self.entries), partition, side="right"))


def write(state: State, path: Path, *, key: bytes) -> None:
    """Raises StoreFailed where the file exists."""
    con = open_for_writing(path, key=key)
    con.execute(f"CREATE TABLE {SCHEMA}.arrays (name VARCHAR, type VARCHAR, shape BIGINT[])")
    con.execute(f"CREATE TABLE {SCHEMA}.parts (name VARCHAR, part BIGINT, bytes BLOB)")
    for name, array in _arrays(state):
        con.execute(_ADD_ARRAY, [name, array.dtype.str, list(array.shape)])
        told = np.ascontiguousarray(array).tobytes()
        for part, start in enumerate(range(0, len(told), PART)):
            con.execute(_ADD_PART, [name, part, told[start : start + PART]])
    con.execute(f"DETACH {SCHEMA}")
    con.close()


def membership(state: State, *, key: bytes) -> str:
    """A hash of who is in which block of which table; keyed, so that no guess can be tested."""
    digest = hmac.new(key, b"register/1", hashlib.sha256)
    order = np.argsort(state.people)
    digest.update(state.people[order].tobytes())
    for one in state.known.span.tables:
        digest.update(one.labels[order].astype("<i8").tobytes())
    return digest.hexdigest()


def read(con: DuckDBPyConnection, path: Path, *, key: bytes) -> State:
    """By a connection of its own. Raises StoreFailed."""
    attach_read_only(con, path, key=key)
    shapes = con.execute(f"FROM {SCHEMA}.arrays").fetchall()
    arrays = {name: _array(con, name, kind, shape) for name, kind, shape in shapes}
    return _state(arrays)


def _array(con: DuckDBPyConnection, name: str, kind: str, shape: list[int]) -> Array:
    parts = con.execute(_PARTS, [name]).fetchall()
    told = b"".join(part for (part,) in parts)
    return np.frombuffer(told, dtype=np.dtype(kind)).reshape(shape).copy()


def _arrays(state: State) -> Iterator[tuple[str, Array]]:
    known = state.known
    yield "people", state.people
    yield "entries", np.array(state.entries, dtype=np.int64)
    yield "bucket", known.secrets.bucket
    yield "keys", known.secrets.keys
    yield "basis", known.span.basis
    yield "factor", known.span.factor
    yield "vectors", known.nulls.vectors
    yield "told", known.nulls.told
    yield "atoms", known.nulls.atoms
    yield "sketch_sizes", known.sketches.sizes
    yield "sketch_buckets", known.sketches.buckets
    yield "sketch_keys", known.sketches.keys
    yield "sketch_table", known.sketches.table
    yield "sketch_block", known.sketches.block
    yield "several", np.array([one.several for one in known.span.tables], dtype=bool)
    for number, one in enumerate(known.span.tables):
        yield f"labels {number}", one.labels
        yield f"sizes {number}", one.sizes
    yield "populations", _packed(known.populations)
    yield "watched", _packed(known.watched)


def _state(arrays: dict[str, Array]) -> State:
    people, tables = len(arrays["people"]), sum(name.startswith("labels ") for name in arrays)
    several = arrays.get("several", np.zeros(tables, dtype=bool))  # older files have none
    partitions = (
        Partition(arrays[f"labels {number}"], arrays[f"sizes {number}"], bool(own))
        for number, own in zip(range(tables), several, strict=True)
    )
    sketches = Sketches(
        **{
            name: arrays[f"sketch_{name}"]
            for name in ("sizes", "buckets", "keys", "table", "block")
        }
    )
    known = Known(
        Secrets(arrays["bucket"], arrays["keys"]),
        Span(people, tuple(partitions), arrays["basis"], arrays["factor"]),
        Nulls(arrays["vectors"], arrays["told"], arrays["atoms"]),
        sketches,
        _unpacked(arrays["populations"], of=people),
        _unpacked(arrays["watched"], of=people),
    )
    return State(arrays["people"], known, tuple(arrays["entries"].tolist()))


def _packed(groups: tuple[NDArray[np.bool_], ...]) -> Array:
    return np.array([np.packbits(one) for one in groups], dtype=np.uint8)


def _unpacked(packed: Array, *, of: int) -> tuple[NDArray[np.bool_], ...]:
    return tuple(np.unpackbits(one, count=of).astype(bool) for one in packed)
