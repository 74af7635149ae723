"""A store in memory for tests of the DuckDB engine: the tables of a dataset, as ``db.<table>``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from queries.catalogue import Catalogue
from queries.engines.duckdb import on_grid
from queries.engines.statement import statement
from queries.plan import Plan
from queries.plan_vectors import KEY_BITS
from queries.store import FIRST, RECORD_KEY, ROWS, SCHEMA, quoted

Tables = Mapping[str, Sequence[Mapping[str, int | None]]]


class MemoryStore:
    """One DuckDB connection; the tables in it are replaced by ``fill``."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.con = duckdb.connect(":memory:", config={"threads": 1})
        self.con.execute(f"ATTACH ':memory:' AS {SCHEMA}")
        for table in catalogue.tables:
            columns = ", ".join(f"{quoted(name)} BIGINT" for name in stored_columns(table))
            self.con.execute(f"CREATE TABLE {SCHEMA}.{quoted(table.name)} ({columns})")

    def fill(self, tables: Tables) -> None:
        for table in self.catalogue.tables:
            name = f"{SCHEMA}.{quoted(table.name)}"
            self.con.execute(f"DELETE FROM {name}")
            if rows := tables[table.name]:
                self.con.execute(f"INSERT INTO {name} VALUES {_values(table, rows)}")

    def vectors(self, plan: Plan, *, sql: str | None = None) -> dict[str, tuple[int, ...]]:
        """What ``answer`` holds back; ``sql`` may be a mutant of the plan's own statement."""
        rows = self.con.execute(sql or statement(plan)).fetchall()
        return on_grid(rows, lengths=plan.shape.lengths)

    @contextmanager
    def without(self, unit: int) -> Iterator[None]:
        """The same data without one unit: all its rows in all tables."""
        self.con.execute("BEGIN")
        try:
            for table in self.catalogue.tables:
                if table.unit_column:
                    name, column = quoted(table.name), quoted(table.unit_column)
                    self.con.execute(f"DELETE FROM {SCHEMA}.{name} WHERE {column} = {unit}")
            yield
        finally:
            self.con.execute("ROLLBACK")


def stored_columns(table) -> list[str]:
    """As ingest stores them."""
    keyed = [RECORD_KEY] if table.unit_column else []
    several = table.unit_column and not table.one_row_per_unit
    counted = [ROWS, *(FIRST + name for name in marked(table))] if several else []
    return [*(column.name for column in table.columns), *keyed, *counted]


def marked(table) -> list[str]:
    """Columns whose first rows are marked: here, those of any length."""
    return [column.name for column in table.columns if column.most_values or column.codes]


def key_of(unit: int) -> int:
    """A made-up record key."""
    return (unit + 1) * 2_654_435_761 % 2**KEY_BITS


def with_rows_of_unit(table, rows) -> list[dict[str, int | None]]:
    if not table.unit_column:
        return [dict(row) for row in rows]
    rows = [{**row, RECORD_KEY: key_of(row[table.unit_column])} for row in rows]
    if table.one_row_per_unit:
        return rows
    of_unit = Counter(row[table.unit_column] for row in rows)
    rows = [{**row, ROWS: of_unit[row[table.unit_column]]} for row in rows]
    for name in marked(table):
        seen: set[tuple[int | None, int | None]] = set()
        for row in rows:
            pair = (row[table.unit_column], row[name])
            row[FIRST + name] = int(pair not in seen)
            seen.add(pair)
    return rows


def _values(table, rows) -> str:
    def number(value: int | None) -> str:
        return "NULL" if value is None else str(value)

    counted = with_rows_of_unit(table, rows)
    return ", ".join(
        f"({', '.join(number(row[name]) for name in stored_columns(table))})" for row in counted
    )
