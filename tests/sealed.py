"""A sealed store with made-up persons for the clinic of ``tests.catalogues``."""

from __future__ import annotations

from pathlib import Path

from queries.store import RECORD_KEY, SCHEMA, open_for_writing, quoted
from tests.catalogues import clinic
from tests.engines import stored_columns

KEY = bytes(range(32))
PERSONS = 600


def seal(root: Path, *, version: str) -> Path:
    """One file: persons i with sex i % 2 and age i % 90; every other table is empty."""
    catalogue = clinic()
    path = root / catalogue.dataset / f"{version}.duckdb"
    path.parent.mkdir(parents=True)
    con = open_for_writing(path, key=KEY)
    try:
        for table in catalogue.tables:
            columns = ", ".join(f"{quoted(name)} BIGINT" for name in stored_columns(table))
            con.execute(f"CREATE TABLE {SCHEMA}.{quoted(table.name)} ({columns})")
        con.execute(
            f"INSERT INTO {SCHEMA}.persons (person, sex, age, income, seen, {RECORD_KEY})"
            f" SELECT i, i % 2, i % 90, 0, 10000, i FROM range({PERSONS}) t(i)"
        )
    finally:
        con.close()
    return path
