"""The tasks, answered by PipelineDP on its local backend.

Its count of persons is ``PRIVACY_ID_COUNT``. It has no join of its own: rows are joined before,
which is not timed. Its quantiles are read from a tree of noisy counts.
"""

from __future__ import annotations

import csv
import time
from itertools import product
from pathlib import Path

import pipeline_dp as pd

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.peers.said import asked, say
from benchmarks.dp_peers.tasks import Task

METRICS = {
    "count": pd.Metrics.COUNT,
    "sum": pd.Metrics.SUM,
    "mean": pd.Metrics.MEAN,
    "median": pd.Metrics.PERCENTILE(50),
    "join": pd.Metrics.COUNT,
    "texts": pd.Metrics.PRIVACY_ID_COUNT,
}


def rows_of(task: Task, folder: Path) -> list[dict[str, str]]:
    persons = list(csv.DictReader((folder / "persons.csv").open()))
    if task.what not in {"join", "texts"}:
        return persons
    events = list(csv.DictReader((folder / "events.csv").open()))
    if task.what == "texts":
        return events
    by_person = {row["person"]: row for row in persons}
    return [{**by_person[row["person"]], **row} for row in events]


def answer(task: Task, rows: list[dict[str, str]]) -> dict[str, float]:
    budget = pd.NaiveBudgetAccountant(total_epsilon=tasks.EPSILON, total_delta=tasks.DELTA)
    engine = pd.DPEngine(budget, pd.LocalBackend())
    rows_each = tasks.ROWS if task.what == "join" else 1
    groups = tasks.GROUPS if task.what == "texts" else 1
    numeric = task.what in {"sum", "mean", "median"}
    params = pd.AggregateParams(
        metrics=[METRICS[task.what]],
        noise_kind=pd.NoiseKind.LAPLACE,
        max_partitions_contributed=groups,
        max_contributions_per_partition=rows_each,
        min_value=tasks.LOW if numeric else None,
        max_value=tasks.HIGH if numeric else None,
    )
    extractors = pd.DataExtractors(
        partition_extractor=lambda row: "|".join(row[name] for name in task.by),
        privacy_id_extractor=lambda row: row["person"],
        value_extractor=lambda row: int(row["value"]) if numeric else 0,
    )
    public = None
    if task.what != "texts":
        public = ["|".join(key) for key in product(*map(tasks.labels, task.by))]
    found = engine.aggregate(rows, params, extractors, public_partitions=public)
    budget.compute_budgets()
    return {key: next(iter(one)) for key, one in found}


def main(folder: Path, task: Task, times: int) -> None:
    rows = rows_of(task, folder)
    for _ in range(times):
        began = time.perf_counter()
        values = answer(task, rows)
        say(time.perf_counter() - began, values)


if __name__ == "__main__":
    main(*asked())
