"""How like the data is a synthetic twin, by its budget, and how long does it take to make?

Of the demonstration's cohort: each table that a twin is made from, counted of data and twin. Told
is how much of units or rows is in another cell, of 100, and beside it that of a guess which spreads
them evenly; once for each budget, shared as the service shares it, and once in equal parts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from disclosure_control import policy as policies
from disclosure_control.policy import Policy
from disclosure_control.protect import NoiseGrant, protect
from queries import plan, read_catalogue
from queries.engines import duckdb as engine
from queries.language import Query
from queries.store import Store, attach_read_only, connect
from tre.demo.places import ENTRIES
from tre.ingest.ingested import ingest
from tre.synthetic import made
from tre.synthetic.allotted import allotted
from tre.synthetic.attributes import of_catalogue
from tre.synthetic.workload import Counted, workload

BUDGETS = (26_000_000, 52_000_000, 100_000_000, 200_000_000)  # in 1e-9 rho
KEY = bytes(32)


@dataclass(frozen=True, slots=True)
class Opened:
    con: Any
    catalogue: Any
    policy: Policy

    @classmethod
    def of(cls, root: Path, folder: Path, policy: Policy, source: Path | None = None) -> Opened:
        result = ingest(folder, source=source, store_root=root, key=KEY)
        con = connect()
        attach_read_only(con, Store(root, KEY).path(result.dataset, result.version), key=KEY)
        return cls(con, read_catalogue.from_json(result.catalogue_json), policy)

    def counted(self, query: Query) -> Any:
        named = replace(query, dataset=self.catalogue.dataset)
        return engine.answer(self.con, plan.plan(named, self.catalogue, self.policy))

    def shares(self, query: Query) -> np.ndarray[Any, Any]:
        (numbers,) = self.counted(query).reveal().values()
        return np.array(numbers, dtype=float) / sum(numbers)


def main() -> None:
    root = Path(tempfile.mkdtemp())
    policy = policies.from_yaml((ENTRIES / "nafld" / "policy.yaml").read_text(encoding="utf-8"))
    data = Opened.of(root / "store", ENTRIES / "nafld", policy)
    counted = workload(data.catalogue, of_catalogue(data.catalogue), max_cells=policy.max_cells)
    true = [data.shares(one.query) for one in counted]
    columns: dict[str, list[float]] = {"even": [_off(one, 1 / len(one)) for one in true]}
    seconds: dict[str, float] = {}
    for budget in BUDGETS:
        parts = allotted(counted, data.catalogue, policy, rules=policy.dp, total=budget)
        equal = (budget // len(counted),) * len(counted)
        for name, costs in ((f"{budget / 1e9:g}", parts), (f"{budget / 1e9:g}, equal", equal)):
            began = time.perf_counter()
            twin = _twin(root, data, counted, costs, name)
            seconds[name] = time.perf_counter() - began
            columns[name] = [
                _off(own, twin.shares(one.query)) for own, one in zip(true, counted, strict=True)
            ]
    _print(counted, columns)
    told = ", ".join(f"{name}: {value:.1f}" for name, value in seconds.items())
    sys.stdout.write(f"\nSeconds to make and seal it: {told}\n")


def _off(true: np.ndarray[Any, Any], other: Any) -> float:
    return float(np.abs(true - other).sum() / 2)


def _twin(
    root: Path, data: Opened, counted: Sequence[Counted], costs: Sequence[int], name: str
) -> Opened:
    tables = [
        protect(data.counted(one.query), policy=data.policy, grant=NoiseGrant(cost))
        for one, cost in zip(counted, costs, strict=True)
    ]
    found: Any = SimpleNamespace(catalogue=data.catalogue, policy=data.policy, rules=data.policy.dp)
    folder = root / name.replace(", ", "-")
    folder.mkdir()
    made.write(folder, found, tuple(counted), tables=tables, seed=1)
    return Opened.of(root / "store", folder, data.policy, source=folder)


def _print(counted: Sequence[Counted], columns: dict[str, list[float]]) -> None:
    sys.stdout.write(f"| table | cells | {' | '.join(columns)} |\n")
    sys.stdout.write("|---" * (2 + len(columns)) + "|\n")
    for at, one in enumerate(counted):
        names = " by ".join(each.name for each in one.attributes)
        cells = int(np.prod([len(each.bins) for each in one.attributes]))
        told = " | ".join(f"{100 * column[at]:.1f}" for column in columns.values())
        sys.stdout.write(f"| {names} | {cells} | {told} |\n")


if __name__ == "__main__":
    main()
