"""The tasks, answered by this project: a sealed store, a sandbox, and the door.

A charge is in rho. For a total of epsilon = 1 there are two ways to spend it: Laplace noise on each
vector, whose pure epsilons add up to 1; or Gaussian noise of the rho that implies epsilon = 1 at
delta = 1e-6. Of both, the one with the smaller half-width is taken, which is known before.
Time is from a ready sandbox to the protected table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.tasks import Task
from disclosure_control.dp import accounting
from disclosure_control.dp.preview import expect
from disclosure_control.policy import DpRules, Mechanism, Policy, Track
from disclosure_control.protect import NoiseGrant, prepare, protect
from disclosure_control.tables import Protected, Shape
from queries import sql
from queries.catalogue import Catalogue
from queries.plan import Plan, plan
from queries.read_catalogue import from_json
from queries.run import Sandboxes
from queries.store import Store
from tre.ingest.ingested import ingest

KEY = bytes(range(32))
KEY_DELTA_FEMTO = 10**8  # a tenth of the delta that a task has
SELECTS = {
    "count": "SELECT {by}, count(*) FROM persons GROUP BY {by}",
    "sum": "SELECT {by}, sum(value) FROM persons GROUP BY {by}",
    "mean": "SELECT {by}, avg(value) FROM persons GROUP BY {by}",
    "median": "SELECT {by}, median(value) FROM persons GROUP BY {by}",
    "join": "SELECT {by}, count(*) FROM events JOIN persons USING (person) GROUP BY {by}",
    "texts": "SELECT {by}, count(DISTINCT person) FROM events GROUP BY {by}",
}


@dataclass(frozen=True)
class Charge:
    rho_nano: int
    mechanism: str


def answers(folder: Path, task: Task, *, times: int) -> Iterator[tuple[float, dict[str, float]]]:
    """(seconds, told values by key), so many times."""
    catalogue, store, version = _sealed(folder)
    text = SELECTS[task.what].format(by=", ".join(task.by))
    policy = _policy(Mechanism.LAPLACE)
    planned = plan(sql.admit(text, catalogue, policy), catalogue, policy)
    charge = cheapest(planned.shape, task)
    policy = _policy(Mechanism(charge.mechanism))
    prepare()
    with Sandboxes(store) as sandboxes:
        for _ in range(times):
            sandboxes.await_ready(dataset="peers", version=version)
            yield _answered(sandboxes, planned, version, policy, charge)


def _answered(
    sandboxes: Sandboxes, planned: Plan, version: str, policy: Policy, charge: Charge
) -> tuple[float, dict[str, float]]:
    began = time.perf_counter()
    counted = sandboxes.run(
        planned, dataset="peers", version=version, deadline=time.monotonic() + 120
    )
    grant = NoiseGrant(charge.rho_nano, charge.mechanism)
    table = protect(counted, policy=policy, grant=grant)
    return time.perf_counter() - began, told(table)


def told(table: Protected) -> dict[str, float]:
    keys = ("|".join(key) for key in product(*(axis.labels for axis in table.axes)))
    cells = zip(keys, table.columns[0], strict=True)
    return {key: float(cell.value) for key, cell in cells if cell.value is not None}


def cheapest(shape: Shape, task: Task) -> Charge:
    """By the half-width that is told before; of means, medians and texts by the first size."""
    delta = tasks.DELTA - (KEY_DELTA_FEMTO / 1e15 if task.what == "texts" else 0)
    ways = [
        Charge(_largest(lambda rho: pure_epsilon(shape, rho) <= tasks.EPSILON), Mechanism.LAPLACE),
        Charge(
            _largest(lambda rho: accounting.epsilon_at(rho / 1e9, delta=delta) <= tasks.EPSILON),
            Mechanism.GAUSSIAN,
        ),
    ]
    return min(ways, key=lambda way: _width(shape, way))


def pure_epsilon(shape: Shape, rho_nano: int) -> float:
    """Of everything that is drawn with this charge and Laplace noise, together."""
    dp = _policy(Mechanism.LAPLACE).dp
    made = accounting.noise_plan(shape, dp, rho_nano=rho_nano, mechanism=Mechanism.LAPLACE)
    noises = (*made.vectors, *made.selections)
    return sum((2 * one.rho_nano / 1e9) ** 0.5 for one in noises)


def _width(shape: Shape, way: Charge) -> float:
    dp = _policy(Mechanism(way.mechanism)).dp
    (column,) = expect(shape, dp, rho_nano=way.rho_nano, mechanism=way.mechanism)
    widths = [column.half_width, *(half for _, half in column.at_sizes)]
    return float(next(one for one in widths if one is not None))


def _largest(holds: Callable[[int], bool]) -> int:
    low, high = 1_000, 10**9
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _policy(mechanism: Mechanism) -> Policy:
    rules = DpRules(
        threshold=3,
        rho_nano_default=10**8,
        rho_nano_min=1_000,
        rho_nano_max=10**9,
        mechanisms=(mechanism,),
        max_rows_per_unit=tasks.ROWS,
        max_groups_per_unit=tasks.GROUPS,
        key_delta_femto=KEY_DELTA_FEMTO,
    )
    return Policy(1, Track.DP, rules, None, max_cells=10_000, checkers=1)


@cache
def _sealed(folder: Path) -> tuple[Catalogue, Store, str]:
    entry = folder / "entry"
    entry.mkdir(exist_ok=True)
    (entry / "catalogue.yaml").write_text(json.dumps(_entry()))
    (entry / "policy.yaml").write_text(json.dumps(_rules()))
    result = ingest(entry, source=folder, store_root=folder / "store", key=KEY)
    return from_json(result.catalogue_json), Store(folder / "store", KEY), result.version


def _rules() -> dict:
    return {
        "version": 1, "track": "dp", "max_cells": 10_000, "checkers": 1,
        "dp": {
            "threshold": 3, "rho_nano_default": 10**8, "rho_nano_min": 1_000,
            "rho_nano_max": 10**9, "mechanisms": [*Mechanism], "max_rows_per_unit": tasks.ROWS,
            "max_groups_per_unit": tasks.GROUPS, "key_delta_femto": KEY_DELTA_FEMTO,
        },
    }  # fmt: skip


def _entry() -> dict:
    person = {"title": "Person", "role": "unit"}
    codes = {
        name: {"title": name, "type": "code", "codes": tasks.labels(name)}
        for name in ("sex", "age", "area", "ward")
    }
    value = {"title": "Value", "type": "number", "lower": tasks.LOW, "upper": tasks.HIGH}
    drug = {"title": "Drug", "type": "text", "most_values": tasks.TEXTS}
    return {
        "dataset": "peers", "title": "Persons and events",
        "unit": {"one": "person", "many": "persons", "declared": tasks.PERSONS},
        "tables": {
            "persons": {
                "title": "Persons", "rows": tasks.PERSONS, "unit": "person", "rows_per_unit": 1,
                "ingest": {"file": "persons.csv"},
                "columns": {"person": person, **codes, "value": value},
            },
            "events": {
                "title": "Events", "rows": tasks.EVENTS, "unit": "person",
                "rows_per_unit": tasks.MOST_EVENTS, "ingest": {"file": "events.csv"},
                "columns": {"person": person, "drug": drug},
            },
        },
        "links": {"who": {"kind": "unit", "from": "events.person", "to": "persons.person"}},
    }  # fmt: skip
