"""The tasks, answered by OpenDP through Polars.

Bounds on what one person adds, public keys where a table has them, and for texts a threshold with
delta. It joins nothing: tables are joined before, which is not timed. Medians are chosen among
candidates that are given, here every whole number of the bounds.
"""

from __future__ import annotations

import time
from pathlib import Path

import opendp.prelude as dp
import polars as pl

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.peers.said import asked, say
from benchmarks.dp_peers.tasks import Task

dp.enable_features("contrib")


def measured(task: Task) -> list:
    value = pl.col("value")
    bounds = (tasks.LOW, tasks.HIGH)
    if task.what == "sum":
        return [value.fill_null(0).dp.sum(bounds)]
    if task.what == "mean":
        return [value.fill_null(0).dp.mean(bounds)]
    if task.what == "median":
        return [value.fill_null(0).dp.median(list(range(tasks.LOW, tasks.HIGH + 1)))]
    return [dp.len()]


def context(task: Task, frame: pl.LazyFrame, rows: int) -> dp.Context:
    most = {"join": tasks.ROWS, "texts": tasks.GROUPS}.get(task.what, 1)
    loss = {"epsilon": tasks.EPSILON}
    if task.what == "texts":
        loss["delta"] = tasks.DELTA
    margin = dp.polars.Margin(
        by=list(task.by),
        max_length=rows,
        max_groups=None if task.what == "texts" else 3_200_000,
        **({} if task.what == "texts" else {"invariant": "keys"}),
    )
    return dp.Context.compositor(
        data=frame,
        privacy_unit=dp.unit_of(contributions=most),
        privacy_loss=dp.loss_of(**loss),
        split_evenly_over=1,
        margins=[margin],
    )


def bounded(task: Task, folder: Path) -> pl.DataFrame:
    """With at most so many rows of a person as count, taken at random."""
    persons = pl.read_csv(folder / "persons.csv")
    if task.what not in {"join", "texts"}:
        return persons
    events = pl.read_csv(folder / "events.csv")
    if task.what == "texts":
        events = events.unique()
    most = tasks.ROWS if task.what == "join" else tasks.GROUPS
    events = events.sample(fraction=1.0, shuffle=True)
    events = events.filter(pl.int_range(pl.len()).over("person") < most)
    return events.join(persons, on="person") if task.what == "join" else events


def main(folder: Path, task: Task, times: int) -> None:
    value = ["value"] if task.what in {"sum", "mean", "median"} else []
    by = list(task.by)
    for _ in range(times):
        frame = bounded(task, folder).select([*by, *value])
        began = time.perf_counter()
        query = context(task, frame.lazy(), 2 * frame.height).query()
        found = query.group_by(by).agg(measured(task)).release().collect()
        seconds = time.perf_counter() - began
        rows = found.select([*by, pl.exclude(by)]).iter_rows()
        say(seconds, {"|".join(key): number for *key, number in rows})


if __name__ == "__main__":
    main(*asked())
