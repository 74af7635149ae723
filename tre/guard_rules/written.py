# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""How is a guard written? What it refuses, as a condition over the row before and after."""

from __future__ import annotations

from dataclasses import dataclass

from tre.lifecycle import TERMINAL


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses ``event`` on ``table`` where ``condition`` (over OLD and NEW) is true."""

    name: str
    table: str
    event: str  # "INSERT" | "UPDATE" | "DELETE"
    condition: str
    message: str


def texts(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def changed(*columns: str) -> str:
    """JSON columns have no equality of their own in PostgreSQL, texts do."""
    return " OR ".join(
        f"CAST(NEW.{column} AS TEXT) IS DISTINCT FROM CAST(OLD.{column} AS TEXT)"
        for column in columns
    )


def kept(table: str) -> tuple[Guard, ...]:
    """Rows that are never changed and never removed."""
    return (
        Guard(f"{table}_unchanged", table, "UPDATE", "1 = 1", f"{table} rows never change"),
        stays(table),
    )


def stays(table: str) -> Guard:
    return Guard(f"{table}_stays", table, "DELETE", "1 = 1", f"{table} rows are never removed")


def of_output(column: str) -> str:
    """A column of the submission that NEW's output belongs to."""
    return (
        f'(SELECT s.{column} FROM "submission" s JOIN "output" o ON o.submission_id = s.id'  # nosec B608 - our own names
        " WHERE o.id = NEW.output_id)"
    )


TERMINAL_LIST = texts([state.value for state in TERMINAL])

MANIFEST = '(SELECT o.manifest_hash FROM "output" o WHERE o.id = NEW.output_id)'
"""The hash of all files of the output that NEW is about."""
