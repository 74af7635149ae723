"""Where does the sealed data lie, and how is it opened? One encrypted file per dataset version.

A file is written once, by ingest, and never changed. It holds one table per catalogue table, all
columns BIGINT, sorted by unit; where a unit may have many rows, each row also says how many, and
of long columns which rows are the first with a value. Beside each unit stands its record key, from
which the noise of cell keys is drawn. One more table says by what each unit is known in every
version; texts have a table of their own. The file's key lives outside the store; it reaches DuckDB
only here, in a statement that is never logged, and errors carry no text of the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from queries.errors import StoreFailed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA = "db"
"""The name under which a store file is attached: tables are ``db.<table>``."""

ROWS = "_rows"
"""Beside each row of a table with many rows a unit: how many rows its unit has there."""

FIRST = "_first_"
"""Before the name of a long column of such a table: 1 where a row is the first of its unit with
this value, and 0 otherwise. So pairs of unit and value need no search."""

MARKED_FROM = 63
"""Codes or texts that a long column has at least."""

RECORD_KEY = "_key"
"""Beside each row of a table of units: the record key of its unit, the same in every table."""

PEOPLE, UNIT, IDENTITY = "_people", "_unit", "_identity"
"""A table of every unit with what it is known by in every version: 63 bits of a keyed hash."""

TEXTS, OF, AT, TEXT = "_texts", "_of", "_at", "_text"
"""A table of the texts of columns whose values nobody declared, with the integer of each."""

FORMAT, UNMARKED = 5, 4
"""Of the files, and of those from before rows were marked, which are as good, and slower. One of
another format does not open, so that nothing is asked of it."""

NAMED = 4
"""In the names of versions: a change names the same data anew, and answers are then drawn anew."""

KEY_BYTES = 32
_MARK = f"{SCHEMA}._format"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of sealed files and the key that opens them."""

    root: Path
    key: bytes = field(repr=False)

    def path(self, dataset: str, version: str) -> Path:
        """The file of one dataset version. Raises StoreFailed for a name that is not plain."""
        if not (_NAME.fullmatch(dataset) and _NAME.fullmatch(version)):
            raise StoreFailed
        return self.root / dataset / f"{version}.duckdb"


def quoted(name: str) -> str:
    """A declared name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_column(table: str, column: str) -> str:
    """By what a column's texts are known."""
    return f"{table}.{column}"


def text(value: str) -> str:
    """A string as an SQL literal; for paths and keys, never for a researcher's words."""
    return "'" + value.replace("'", "''") + "'"


def extension() -> Path:
    """The httpfs extension of the installed wheel: its OpenSSL writes encrypted pages.

    DuckDB without it encrypts with a generator that it calls unsafe itself.
    """
    import duckdb

    spec = find_spec("duckdb_extension_httpfs")
    if spec is None or spec.origin is None:
        raise StoreFailed
    name = f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension"
    return Path(spec.origin).parent / name


def open_for_writing(path: Path, *, key: bytes, spill: Path | None = None) -> DuckDBPyConnection:
    """A new sealed file, attached as ``db``; close the connection to finish it.

    ``spill`` is where DuckDB may write encrypted temporary pages; without it it may not spill.
    Raises StoreFailed, also where ``path`` exists.
    """
    if path.exists():
        raise StoreFailed
    con = connect(spill=spill)
    if not _attached(con, path, options=_encryption(key)):
        con.close()
        raise StoreFailed
    con.execute(f"CREATE TABLE {_MARK} AS VALUES ({FORMAT}::BIGINT)")
    return con


def attach_read_only(con: DuckDBPyConnection, path: Path, *, key: bytes) -> None:
    """Attach a sealed file as ``db``.

    Raises StoreFailed: absent, damaged, of another key, or of another format.
    """
    attached = _attached(con, path, options=f"{_encryption(key)}, READ_ONLY")
    if not attached or _format(con) not in {FORMAT, UNMARKED}:
        raise StoreFailed


def has_marks(con: DuckDBPyConnection) -> bool:
    """Are first rows marked in the attached file?"""
    return _format(con) == FORMAT


def connect(*, spill: Path | None = None) -> DuckDBPyConnection:
    """A private in-memory connection that encrypts everything it spills."""
    import duckdb

    con = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False})
    con.execute(f"LOAD {text(str(extension()))}")
    con.execute("SET temp_file_encryption = true")
    con.execute(f"SET temp_directory = {text(str(spill) if spill else '')}")
    return con


def _encryption(key: bytes) -> str:
    if len(key) != KEY_BYTES:
        raise StoreFailed
    return f"ENCRYPTION_KEY {text(key.hex())}, ENCRYPTION_CIPHER 'GCM'"


def _format(con: DuckDBPyConnection) -> int | None:
    import duckdb

    try:
        found = con.execute(f"FROM {_MARK}").fetchall()
    except duckdb.Error:
        return None
    return int(found[0][0]) if len(found) == 1 else None


def _attached(con: DuckDBPyConnection, path: Path, *, options: str) -> bool:
    """Answers with a truth value, so that the engine's text does not travel as an exception."""
    import duckdb

    try:
        con.execute(f"ATTACH {text(str(path))} AS {SCHEMA} ({options})")
    except duckdb.Error:
        return False
    return True
