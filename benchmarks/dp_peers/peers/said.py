"""How does a system in another environment say what it answered? A line of JSON for each run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.dp_peers.tasks import TASKS, Task


def asked() -> tuple[Path, Task, int]:
    """The folder of the data, the task, and how many times, by the command line."""
    _, folder, name, times = sys.argv
    return Path(folder), next(task for task in TASKS if task.name == name), int(times)


def say(seconds: float, values: Mapping[str, float | None]) -> None:
    told = {key: float(value) for key, value in values.items() if value is not None}
    sys.stdout.write(json.dumps({"seconds": seconds, "values": told}) + "\n")
    sys.stdout.flush()
