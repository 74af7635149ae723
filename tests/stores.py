"""A sealed store of the made-up clinic, for tests of sandboxes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection

from queries.catalogue import Catalogue, Column, ColumnType, Role, Table
from queries.store import (
    AT,
    IDENTITY,
    OF,
    PEOPLE,
    SCHEMA,
    TEXT,
    TEXTS,
    UNIT,
    Store,
    open_for_writing,
    quoted,
    text_column,
)
from tests.engines import stored_columns, with_rows_of_unit

KEY = bytes(range(32))
VERSION = "v1"
PERSONS = 300


def tables_of(catalogue: Catalogue, *, persons: int = PERSONS) -> dict[str, list[dict[str, int]]]:
    """The same rows every time, within all declared bounds."""
    chance = random.Random(7)
    return {
        table.name: [
            {column.name: _stored(column, place, chance) for column in table.columns}
            for place in _places(table, persons)
        ]
        for table in catalogue.tables
    }


def seal(
    root: Path,
    catalogue: Catalogue,
    *,
    version: str = VERSION,
    persons: Sequence[int] | None = None,
    revised: Sequence[int] = (),
) -> Store:
    """``persons``: who they are, in the order of their numbers, where they are not the usual.

    ``revised``: numbers of those who have another income than usually.
    """
    store = Store(root, KEY)
    path = store.path(catalogue.dataset, version)
    path.parent.mkdir(parents=True, exist_ok=True)
    con = open_for_writing(path, key=KEY)
    for table in catalogue.tables:
        name = f"{SCHEMA}.{quoted(table.name)}"
        columns = ", ".join(f"{quoted(name)} BIGINT" for name in stored_columns(table))
        con.execute(f"CREATE TABLE {name} ({columns})")
        rows = with_rows_of_unit(table, tables_of(catalogue)[table.name])
        if table.name == "persons":
            for row in rows:
                row["income"] += row["person"] in revised
        _insert(con, name, [list(own) for own in zip(*(row.values() for row in rows), strict=True)])
    people = persons if persons is not None else range(PERSONS)
    con.execute(f"CREATE TABLE {SCHEMA}.{PEOPLE} ({UNIT} BIGINT, {IDENTITY} BIGINT)")
    identities = [(identity + 1) * 7919 for identity in people]
    _insert(con, f"{SCHEMA}.{PEOPLE}", [list(range(len(identities))), identities])
    _insert_texts(con, catalogue)
    con.close()
    path.chmod(0o400)
    return store


def _insert(con: DuckDBPyConnection, table: str, columns: list[list[int]]) -> None:
    """All rows at once: one by one takes seconds."""
    told = ", ".join("unnest(CAST(? AS BIGINT[]))" for _ in columns)
    con.execute(f"INSERT INTO {table} SELECT {told}", columns)


def texts_of(column: Column) -> list[str]:
    """Of a version in which every place is taken."""
    return [f"{column.name} {place}" for place in range(column.most_values)]


def _insert_texts(con: DuckDBPyConnection, catalogue: Catalogue) -> None:
    con.execute(f"CREATE TABLE {SCHEMA}.{TEXTS} ({OF} VARCHAR, {AT} BIGINT, {TEXT} VARCHAR)")
    for table in catalogue.tables:
        for column in table.columns:
            for place, text in enumerate(texts_of(column)):
                row = [text_column(table.name, column.name), place, text]
                con.execute(f"INSERT INTO {SCHEMA}.{TEXTS} VALUES (?, ?, ?)", row)


def _places(table: Table, persons: int) -> list[int]:
    if table.public:
        key = next(column for column in table.columns if column.role is Role.KEY)
        return list(range(len(key.codes)))
    return [unit for unit in range(persons) for _ in range(1 + unit % table.max_rows_per_unit)]


def _stored(column: Column, place: int, chance: random.Random) -> int:
    if column.role in {Role.UNIT, Role.KEY}:
        return place
    if column.type is ColumnType.CODE:
        return chance.randrange(len(column.codes))
    if column.type is ColumnType.TEXT:
        return chance.randrange(column.most_values)
    return chance.randint(int(column.lower * column.scale), int(column.upper * column.scale))
