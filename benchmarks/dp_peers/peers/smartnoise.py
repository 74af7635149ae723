"""The tasks, answered by SmartNoise SQL from a data frame.

It spends the nominal epsilon on each column it needs: a mean needs a count beside its sum, and so
does the number of persons by which it drops cells. The nominal one is set such that what it
says to spend in all (``get_privacy_cost``) is the total of the task.
"""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import snsql
from snsql import Privacy
from snsql.sql.private_reader import PrivateReader

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.peers.said import asked, say
from benchmarks.dp_peers.tasks import Task

SELECTS = {
    "count": "SELECT {by}, COUNT(*) AS n FROM d.persons GROUP BY {by}",
    "sum": "SELECT {by}, SUM(value) AS n FROM d.persons GROUP BY {by}",
    "mean": "SELECT {by}, AVG(value) AS n FROM d.persons GROUP BY {by}",
    "join": "SELECT {by}, COUNT(*) AS n FROM d.events GROUP BY {by}",
    "texts": "SELECT {by}, COUNT(DISTINCT person) AS n FROM d.events GROUP BY {by}",
}
HALVINGS = 12


def metadata(task: Task, frame: pd.DataFrame, contributions: int) -> dict:
    columns: dict[str, dict] = {"person": {"type": "int", "private_id": True}}
    for name in frame.columns:
        if name in task.by:
            columns[name] = {"type": "string", "cardinality": 600}
        elif name == "value":
            columns[name] = {"type": "int", "lower": tasks.LOW, "upper": tasks.HIGH}
    table = {
        "max_ids": contributions,
        "sample_max_ids": True,
        "censor_dims": task.what == "texts",
        "clamp_counts": False,
        "row_privacy": False,
        **columns,
    }
    name = "events" if task.what in {"join", "texts"} else "persons"
    return {"": {"d": {name: table}}}


def reader(task: Task, frame: pd.DataFrame, epsilon: float) -> PrivateReader:
    contributions = {"join": tasks.ROWS, "texts": tasks.GROUPS}.get(task.what, 1)
    privacy = Privacy(epsilon=epsilon, delta=tasks.DELTA)
    return snsql.from_df(frame, privacy=privacy, metadata=metadata(task, frame, contributions))


def main(folder: Path, task: Task, times: int) -> None:
    frame = pd.read_csv(folder / "persons.csv")
    if task.what in {"join", "texts"}:  # it joins nothing: joined before, and not timed
        events = pd.read_csv(folder / "events.csv")
        frame = events.merge(frame, on="person") if task.what == "join" else events
    frame = frame[["person", *task.by, *(["value"] if task.what in {"sum", "mean"} else [])]]
    text = SELECTS[task.what].format(by=", ".join(task.by))
    epsilon = tasks.EPSILON
    for _ in range(HALVINGS):
        spent = reader(task, frame, epsilon).get_privacy_cost(text)[0]
        if spent <= tasks.EPSILON * 1.001:
            break
        epsilon *= tasks.EPSILON / spent
    for _ in range(times):
        private = reader(task, frame, epsilon)
        began = time.perf_counter()
        _, *rows = private.execute(text)
        seconds = time.perf_counter() - began
        say(seconds, {"|".join(map(str, key)): value for *key, value in rows})


if __name__ == "__main__":
    main(*asked())
