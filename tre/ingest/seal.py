"""How do checked rows become an immutable, encrypted file?

All columns BIGINT, NULL where missing, sorted by unit and then by every other column, so that the
same data gives the same rows in the same order; texts have a table of their own. Beside each unit
stands its record key; where a unit may have many rows, each also says how many there are, and
whether it is the first with its value of a long column. The file is written aside, encrypted from
its first byte, synced, made read-only and renamed: a version is there completely or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from queries.store import (
    AT,
    FIRST,
    IDENTITY,
    MARKED_FROM,
    NAMED,
    OF,
    PEOPLE,
    RECORD_KEY,
    ROWS,
    SCHEMA,
    TEXT,
    TEXTS,
    UNIT,
    Store,
    attach_read_only,
    connect,
    open_for_writing,
    quoted,
    text_column,
)
from tre.ingest.checks import Kept
from tre.ingest.columns import Integers
from tre.ingest.errors import StoreBusy

if TYPE_CHECKING:
    from pathlib import Path

    from queries.catalogue import Column

ASIDE = ".unfinished-"
VERSION_LENGTH = 32  # hexadecimal digits


def in_order(kept: Kept, *, ranks: Integers, keys: Integers) -> Kept:
    """Rows with their final unit numbers and with record keys, sorted."""
    stored, missing = dict(kept.stored), dict(kept.missing)
    first = [kept.table.unit_column] if kept.table.unit_column else []
    for name in first:
        stored[RECORD_KEY], missing[RECORD_KEY] = (
            keys[stored[name]],
            np.zeros(kept.rows, dtype=bool),
        )
        stored[name] = ranks[stored[name]]
    names = first + [name for name in stored if name not in first]
    sorting = [part for name in names for part in (stored[name], missing[name])]
    order = np.lexsort(sorting[::-1])
    return replace(
        kept,
        stored={name: values[order] for name, values in stored.items()},
        missing={name: gaps[order] for name, gaps in missing.items()},
    )


def version_of(tables: Sequence[Kept], *, catalogue_hash: str, secret: bytes) -> str:
    """The name of this content. Keyed: a plain hash would let anybody test a guess of the data."""
    digest = hmac.new(secret, f"{NAMED} {catalogue_hash}".encode(), hashlib.sha256)
    for kept in tables:
        for name, values in kept.stored.items():
            digest.update(f"\0{kept.table.name}\0{name}\0{kept.rows}\0".encode())
            digest.update(values.astype("<i8").tobytes())
            digest.update(np.packbits(kept.missing[name]).tobytes())
        for name, texts in kept.texts.items():
            digest.update(json.dumps([kept.table.name, name, texts]).encode())
    return digest.hexdigest()[:VERSION_LENGTH]


def seal(
    tables: Sequence[Kept], *, people: Integers, store: Store, dataset: str, version: str
) -> bool:
    """``people``: the identity of each unit, by its number.

    Publishes the version; False where it was there before, and opens. Raises StoreFailed.
    """
    path = store.path(dataset, version)
    if path.exists():
        _require_openable(path, key=store.key)
        return False
    aside = path.with_name(f"{ASIDE}{secrets.token_hex(8)}")
    _write(tables, aside, people=people, key=store.key)
    aside.chmod(0o400)
    _sync(aside)
    aside.rename(path)
    _sync(path.parent)
    return True


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """One ingest of a dataset at a time; what a crashed one left behind is removed first.

    Raises StoreBusy.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusy from error
        _clear(folder)
        try:
            yield
        finally:
            _clear(folder)


def _write(tables: Sequence[Kept], path: Path, *, people: Integers, key: bytes) -> None:
    spill = path.with_name(path.name + "-spill")
    spill.mkdir(mode=0o700)
    con = open_for_writing(path, key=key, spill=spill)
    try:
        rows = {kept.table.name: _arrow(kept) for kept in tables}
        rows[PEOPLE] = pa.table({UNIT: np.arange(len(people)), IDENTITY: people})
        if texts := _texts(tables):
            rows[TEXTS] = pa.table(texts)
        for name, table in rows.items():
            con.register("rows", table)
            con.execute(f"CREATE TABLE {SCHEMA}.{quoted(name)} AS FROM rows")
            con.unregister("rows")
        con.execute(f"CHECKPOINT {SCHEMA}")
        con.execute(f"DETACH {SCHEMA}")
    finally:
        con.close()


def _arrow(kept: Kept) -> pa.Table:
    columns = {
        name: pa.array(values, type=pa.int64(), mask=kept.missing[name])
        for name, values in kept.stored.items()
    }
    if kept.table.unit_column and not kept.table.one_row_per_unit:
        units = kept.stored[kept.table.unit_column]
        columns[ROWS] = pa.array(_rows_of_unit(units))
        columns |= {
            FIRST + one.name: pa.array(_first_of_unit(units, kept, one))
            for one in kept.table.columns
            if _places(one) >= MARKED_FROM
        }
    return pa.table(columns)


def _texts(tables: Sequence[Kept]) -> dict[str, pa.Array]:
    """Of all columns whose values nobody declared; empty where there is no such column."""
    told = [
        (text_column(kept.table.name, name), at, own)
        for kept in tables
        for name, texts in kept.texts.items()
        for at, own in enumerate(texts)
    ]
    if not any(kept.texts for kept in tables):
        return {}
    columns = list(zip(*told, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.int64(), pa.string())
    return {
        name: pa.array(own, type=kind)
        for name, own, kind in zip((OF, AT, TEXT), columns, types, strict=True)
    }


def _rows_of_unit(units: Integers) -> Integers:
    """For each row, how many rows its unit has."""
    _, place, rows = np.unique(units, return_inverse=True, return_counts=True)
    counted: Integers = rows[place].astype(np.int64)
    return counted


def _places(column: Column) -> int:
    """Codes or texts that are declared at most; none of numbers and dates."""
    return column.most_values or len(column.codes)


def _first_of_unit(units: Integers, kept: Kept, column: Column) -> Integers:
    """For each row, whether no row before has the same unit and value; to miss it is one, too."""
    values = np.where(kept.missing[column.name], _places(column), kept.stored[column.name])
    _, first = np.unique(units * (_places(column) + 1) + values, return_index=True)
    marks: Integers = np.zeros(len(units), dtype=np.int64)
    marks[first] = 1
    return marks


def _require_openable(path: Path, *, key: bytes) -> None:
    con = connect()
    try:
        attach_read_only(con, path, key=key)
    finally:
        con.close()


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{ASIDE}*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
