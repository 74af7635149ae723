"""300,000 persons and 1,400,000 events, skewed, and the true answers of every task.

The same seed gives the same files. A person has between none and 50 events, a few have many; texts
follow a power law over 5,000 words, of which a person keeps to some. Values are whole numbers
between 0 and 1,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.dp_peers import tasks
from benchmarks.dp_peers.tasks import Task

SEED = 20
Answers = dict[str, float]


def make(folder: Path, *, share: float = 1.0) -> None:
    """Writes ``persons.csv`` and ``events.csv``, once."""
    if (folder / "events.csv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    source = np.random.default_rng(SEED)
    persons = int(tasks.PERSONS * share)
    wards = np.minimum(source.exponential(tasks.WARDS / 3, persons).astype(int), tasks.WARDS - 1)
    frame = pd.DataFrame(
        {
            "person": np.arange(persons),
            "sex": _named("sex", source.integers(0, tasks.SEXES, persons)),
            "age": _named("age", source.integers(0, tasks.AGES, persons)),
            "area": _named("area", wards * tasks.AREAS // tasks.WARDS),
            "ward": _named("ward", wards),
            "value": np.clip(source.normal(300, 120, persons), tasks.LOW, tasks.HIGH).astype(int),
        }
    )
    each = np.minimum(source.lognormal(1.25, 1.0, persons).astype(int), tasks.MOST_EVENTS)
    who = np.repeat(np.arange(persons), each)
    source.shuffle(who)
    who = np.sort(who[: int(tasks.EVENTS * share)])
    words = source.zipf(1.3, len(who)) % tasks.TEXTS
    events = pd.DataFrame({"person": who, "drug": [f"drug {word}" for word in words]})
    for name, own in (("persons", frame), ("events", events)):
        own.to_csv(folder / f"{name}.csv", index=False)  # which every system reads


def truth(folder: Path, task: Task) -> Answers:
    """By key, its labels joined by a bar; over all rows, whatever a system bounds."""
    persons = pd.read_csv(folder / "persons.csv")
    events = pd.read_csv(folder / "events.csv")
    if task.what == "texts":
        return _plain(events.drop_duplicates().groupby("drug").size())
    if task.what == "join":
        joined = events.merge(persons, on="person")
        return _plain(joined.groupby(list(task.by)).size())
    values = persons.groupby(list(task.by))["value"]
    found = {"count": values.size, "sum": values.sum, "mean": values.mean, "median": values.median}
    return _plain(found[task.what]())


def _named(column: str, places: np.ndarray) -> np.ndarray:
    return np.array(tasks.labels(column))[places]


def _plain(found: pd.Series) -> Answers:
    keys = (key if isinstance(key, tuple) else (key,) for key in found.index)
    return {"|".join(key): float(one) for key, one in zip(keys, found, strict=True)}
