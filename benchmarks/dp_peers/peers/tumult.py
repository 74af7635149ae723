"""The tasks, answered by Tumult Analytics on a local Spark.

Time is of a query in a session that is warm; Spark's own start comes before it and is told apart.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pyspark.sql import Row, SparkSession
from tmlt.analytics import (
    AddRowsWithID,
    ApproxDPBudget,
    KeySet,
    MaxGroupsPerID,
    MaxRowsPerID,
    PureDPBudget,
    Query,
    QueryBuilder,
    Session,
)

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.peers.said import asked, say
from benchmarks.dp_peers.tasks import Task


def session(spark: SparkSession, folder: Path, task: Task) -> Session:
    budget = PureDPBudget(tasks.EPSILON)
    if task.what == "texts":
        budget = ApproxDPBudget(tasks.EPSILON, tasks.DELTA)
    builder = Session.Builder().with_privacy_budget(budget).with_id_space("persons")
    for name in ("persons", "events"):
        frame = spark.read.csv(str(folder / f"{name}.csv"), header=True, inferSchema=True).cache()
        frame.count()
        change = AddRowsWithID(id_column="person", id_space="persons")
        builder = builder.with_private_dataframe(name, frame, protected_change=change)
    return builder.build()


def query(task: Task, keys: KeySet) -> Query:
    if task.what == "join":
        joined = QueryBuilder("events").enforce(MaxRowsPerID(tasks.ROWS)).join_private("persons")
        return joined.enforce(MaxRowsPerID(tasks.ROWS)).groupby(keys).count()
    grouped = QueryBuilder("persons").enforce(MaxRowsPerID(1)).groupby(keys)
    if task.what == "count":
        return grouped.count()
    bounds = {"low": tasks.LOW, "high": tasks.HIGH}
    return {"sum": grouped.sum, "mean": grouped.average, "median": grouped.median}[task.what](
        "value", **bounds
    )


def told(task: Task, spark: SparkSession, folder: Path, keys: KeySet | None) -> None:
    open_ = session(spark, folder, task)
    began = time.perf_counter()
    if task.what == "texts":
        rows = by_text(open_)
    else:
        budget = PureDPBudget(tasks.EPSILON)
        rows = open_.evaluate(query(task, keys), budget).collect()
    seconds = time.perf_counter() - began
    values = {"|".join(row[name] for name in task.by): row[len(task.by)] for row in rows}
    say(seconds, values)


def by_text(open_: Session) -> list[Row]:
    """Half of the budget finds the keys, half counts them."""
    half = ApproxDPBudget(tasks.EPSILON / 2, tasks.DELTA)
    bounded = QueryBuilder("events").enforce(MaxGroupsPerID("drug", tasks.GROUPS))
    bounded = bounded.enforce(MaxRowsPerID(tasks.MOST_EVENTS))
    found = open_.evaluate(bounded.get_groups(["drug"]), half)
    keys = KeySet.from_dataframe(found)
    counted = bounded.groupby(keys).count_distinct(["person"])
    return open_.evaluate(counted, ApproxDPBudget(tasks.EPSILON / 2, 0)).collect()


def main(folder: Path, task: Task, times: int) -> None:
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g").getOrCreate()
    )
    keys = None
    if task.what != "texts":
        keys = KeySet.from_dict({name: tasks.labels(name) for name in task.by})
    for _ in range(times):
        told(task, spark, folder, keys)


if __name__ == "__main__":
    main(*asked())
