"""What does a verdict take from asking to answer, beside the sealed data?

A child is started, reads what was known before, places everybody in the new table, judges, and
writes what it knows now. Against histories of growing length, with what was known before and, once
it is lost, again from the entries. Everything is drawn here: people with 40 codes, tables of two.

Run: python -m benchmarks.register_sandbox [--people 100000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from disclosure_control.sdc.register.verdict import Limits
from queries.register.entry import Counted, Entry, Grid
from queries.register.registrar import Kept, Registrar
from queries.store import IDENTITY, PEOPLE, SCHEMA, UNIT, Store, open_for_writing

CODES, VALUES = 40, 5
HISTORIES = (1, 10, 50, 100)
DATASET, VERSION = "drawn", "v1"
LIMITS = Limits(threshold=10, amber=1.0, closed=1.0, seconds=60.0)
PATIENCE = 1800.0  # seconds


def main(arguments: list[str]) -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--people", type=int, default=100_000)
    people = reader.parse_args(arguments).people
    with tempfile.TemporaryDirectory() as folder:
        registrar = Registrar(_sealed(Path(folder), people))
        entries = list(_entries(2 * max(HISTORIES)))
        print(f"{people:,} people, tables of {VALUES * VALUES} cells")
        print("tables that left  seconds  cells  from the entries  megabytes kept")
        history: list[Entry] = []
        left = list(HISTORIES)
        for new in entries:
            if not left:
                break
            if len(history) in left:
                left.remove(len(history))
                _measure(registrar, history, new)
            if _judge(registrar, history, new, admit=True).judged.safe:
                history.append(new)
    return 0


def _sealed(root: Path, people: int) -> Store:
    store = Store(root, bytes(32))
    path = store.path(DATASET, VERSION)
    path.parent.mkdir(parents=True)
    con = open_for_writing(path, key=store.key)
    codes = ", ".join(
        f"(hash(i * {CODES} + {code}) % {VALUES})::BIGINT AS c{code}" for code in range(CODES)
    )
    drawn = f"SELECT i AS person, {codes} FROM range({people}) AS _t(i)"
    con.execute(f"CREATE TABLE {SCHEMA}.persons AS {drawn}")
    who = f"SELECT i AS {UNIT}, (hash(i) >> 1)::BIGINT AS {IDENTITY} FROM range({people}) AS _t(i)"
    con.execute(f"CREATE TABLE {SCHEMA}.{PEOPLE} AS {who}")
    con.close()
    return store


def _entries(count: int) -> list[Entry]:
    dice = np.random.default_rng(5)
    found = []
    for _ in range(count):
        one, other = dice.choice(CODES, size=2, replace=False)
        cell = f"c{one} * {VALUES} + c{other}"
        sql = f"SELECT DISTINCT person AS _u, {cell} AS _c FROM {SCHEMA}.persons"
        grid = (Grid(VALUES, total=False, subtotals=()),) * 2
        found.append(Entry(VERSION, grid, (Counted(sql, ((),), (), sums=False),)))
    return found


def _judge(registrar: Registrar, history: list[Entry], new: Entry, *, admit: bool) -> Kept:
    with registrar.judge(
        dataset=DATASET,
        history=history,
        new=new,
        limits=LIMITS,
        deadline=time.monotonic() + PATIENCE,
    ) as kept:
        if admit and kept.judged.safe:
            kept.admit()
        return kept


def _measure(registrar: Registrar, history: list[Entry], new: Entry) -> None:
    began = time.perf_counter()
    kept = _judge(registrar, history, new, admit=False)
    checked = time.perf_counter() - began
    began = time.perf_counter()
    registrar.rebuilt(
        dataset=DATASET, history=history, limits=LIMITS, deadline=time.monotonic() + PATIENCE
    )
    again = time.perf_counter() - began
    folder = registrar.store.path(DATASET, VERSION).parent / "register"
    largest = max(one.stat().st_size for one in folder.glob("*.duckdb")) / 2**20
    print(
        f"{len(history):16,}  {checked:7.1f}  {kept.judged.rank:5,}  {again:16.1f}  {largest:14.0f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
