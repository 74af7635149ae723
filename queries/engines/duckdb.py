"""How does DuckDB answer a plan? One statement on a locked connection, and integers by cell.

This runs in the sandboxed child, and in tests. Nothing that it raises may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from disclosure_control.tables import Unprotected
from queries.engines.statement import statement
from queries.plan import Plan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGEST_DIRECT_KEYS = 22
"""Bits of unit numbers up to which grouping by unit uses an array instead of a hash table."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one query may use. ``memory_mb`` is DuckDB's own limit; beyond it, it spills."""

    memory_mb: int = 2048
    threads: int = 2
    spill_mb: int = 4096


def lock_down(con: DuckDBPyConnection, *, resources: Resources, declared_units: int) -> None:
    """After the data is attached: no other file, no extension, no change of these settings.

    Units are dense integers from 0, so grouping by them may index an array: several times
    faster than hashing. Its size is chosen from the declared number of units alone.
    """
    bits = min(max(12, declared_units.bit_length() + 1), LARGEST_DIRECT_KEYS)
    for setting, value in (
        ("perfect_ht_threshold", str(bits)),
        ("threads", str(resources.threads)),
        ("memory_limit", f"'{resources.memory_mb}MB'"),
        ("max_temp_directory_size", f"'{resources.spill_mb}MB'"),
        ("preserve_insertion_order", "false"),
        ("allow_community_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("autoinstall_known_extensions", "false"),
        ("python_enable_replacements", "false"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):
        con.execute(f"SET {setting} = {value}")


def answer(con: DuckDBPyConnection, plan: Plan) -> Unprotected:
    """The plan's vectors over the attached store. Raises Leak if a declared bound is broken."""
    found = rows_of(con, statement(plan))
    names = [vector.name for vector in plan.shape.vectors]
    return Unprotected(plan.shape, on_grid(found, names=names, cells=plan.shape.cells))


def rows_of(con: DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def on_grid(
    rows: Iterable[Sequence[int | None]], *, names: Sequence[str], cells: int
) -> dict[str, tuple[int, ...]]:
    """(cell, number, number...) rows on the public key grid; what no row says is zero."""
    vectors = [[0] * cells for _ in names]
    for cell, *numbers in rows:
        if cell is not None and 0 <= cell < cells:
            for vector, number in zip(vectors, numbers, strict=True):
                vector[cell] += int(number or 0)
    return {name: tuple(vector) for name, vector in zip(names, vectors, strict=True)}
