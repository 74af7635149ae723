"""What may a connection still do once it holds data? Answer one statement, within limits.

Imported by the sandboxed child, so it needs little: no plan, no catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from queries.store import SCHEMA, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Resources:
    """What one query may use. ``memory_mb`` is DuckDB's own limit; beyond it, it spills."""

    memory_mb: int = 2048
    threads: int = 2
    spill_mb: int = 2048
    cpu_seconds: int = 180  # of all threads, with reading ahead and the longest slot
    read_ahead_mb: int = 512  # files up to this size are read before a job comes
    large_mb: int = 16  # files from this size on need much memory, taken before a job comes


MADE_UP = 2**21

SETTINGS = (
    # Units are dense integers from 0: grouping up to 2**22 of them indexes an array, which is
    # several times faster than hashing. The same for all data.
    ("perfect_ht_threshold", "22"),
    ("preserve_insertion_order", "false"),
    ("enable_progress_bar", "false"),
    ("allow_community_extensions", "false"),
    ("autoload_known_extensions", "false"),
    ("autoinstall_known_extensions", "false"),
    ("python_enable_replacements", "false"),
    ("enable_external_access", "false"),
    ("lock_configuration", "true"),
)


def lock_down(con: DuckDBPyConnection, *, resources: Resources) -> None:
    """After the data is attached: no other file, no extension, no change of these settings."""
    limits = (
        ("threads", str(resources.threads)),
        ("memory_limit", f"'{resources.memory_mb}MB'"),
        ("max_temp_directory_size", f"'{resources.spill_mb}MB'"),
    )
    for setting, value in (*limits, *SETTINGS):
        con.execute(f"SET {setting} = {value}")


def read_ahead(con: DuckDBPyConnection) -> None:
    """Reads every column once, so that pages are decrypted before a job comes."""
    named = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns()"
        " WHERE database_name = $1 AND data_type = 'BIGINT'",
        [SCHEMA],
    ).fetchall()
    tables: dict[str, list[str]] = {}
    for table, column in named:
        tables.setdefault(table, []).append(f"bit_xor({quoted(column)})")
    for table, columns in tables.items():
        con.execute(" ".join(("SELECT", ", ".join(columns), "FROM", f"{SCHEMA}.{quoted(table)}")))


def take_memory(con: DuckDBPyConnection) -> None:
    """Groups made-up numbers, so that the pages of large tables are there before a job comes.

    The system hands out a page at its first use, which costs more than counting in it. A process
    keeps what it has freed, and answers one question only.
    """
    con.execute("SELECT count(*) FROM (SELECT 1 FROM range($1) AS _t(_i) GROUP BY _i)", [MADE_UP])


def on_grid(
    rows: Sequence[Sequence[int | None]], *, lengths: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """(cell, number, number...) rows on the public key grid; what no row says is zero.

    ``lengths`` are those of the vectors, in the order of the numbers.
    """
    if any(len(row) != 1 + len(lengths) for row in rows[:1]):
        raise ValueError("a row has another number of columns than there are vectors")
    return {name: _placed(rows, at, length) for at, (name, length) in enumerate(lengths.items(), 1)}


def _placed(rows: Sequence[Sequence[int | None]], at: int, length: int) -> tuple[int, ...]:
    """A column at a time, of up to hundreds of thousands of bins."""
    vector = [0] * length
    for row in rows:
        number = row[at]
        if number is not None and (cell := row[0]) is not None and 0 <= cell < length:
            vector[cell] += int(number)
    return tuple(vector)
