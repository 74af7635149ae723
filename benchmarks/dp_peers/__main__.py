"""How far off, and how fast, is the same answer at the same epsilon, here and elsewhere?

    python -m benchmarks.dp_peers --peers FOLDER [--data FOLDER] [--times N]
        [--only NAME ...] [--tasks WORD ...]

``FOLDER/<name>`` are virtual environments of the peers, each with one of these, by pip:

    smartnoise: smartnoise-sql    polars: opendp[polars]
    pipelinedp: pipeline-dp       tumult: tmlt.analytics (and a Java)

They are no dependencies of this project; one that is not there is left out. Errors are absolute
distances to the plain answer over all rows, so that what bounds leave out counts as error, and a
cell that is not told counts as 0: means over cells and runs with the standard error of the runs'
means, and 95th percentiles. Of texts, keys of at least 500 persons count. Seconds are medians of
all runs but the first, which warms up; what a system does not do itself (joins; samples of rows) is
done before and not timed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.dp_peers import data, ours, tasks
from benchmarks.dp_peers.data import Answers
from benchmarks.dp_peers.tasks import Task

PEERS = ("polars", "smartnoise", "pipelinedp", "tumult")
PACKAGES = {
    "polars": "opendp",
    "smartnoise": "smartnoise-sql",
    "pipelinedp": "pipeline-dp",
    "tumult": "tmlt.analytics",
}
PATIENCE = 900  # seconds for all runs of one task
COMMON = 500  # persons
OURS = "this project"
Runs = list[tuple[float, Answers]]


def main() -> None:
    given = _arguments()
    folder = given.data or Path(tempfile.mkdtemp(prefix="dp-peers-"))
    data.make(folder)
    present = [name for name in PEERS if _python(given.peers, name).exists()]
    chosen = [name for name in (OURS, *present) if not given.only or name in given.only]
    print(", ".join(_version(given.peers, name) for name in present))
    print("\n| task | system | mean error | 95th percentile | seconds | times ours |")
    print("|---|---|---|---|---|---|")
    for task in tasks.TASKS:
        if given.tasks and task.what not in given.tasks:
            continue
        true = data.truth(folder, task)
        took = math.nan
        for name in chosen:
            runs = _runs(name, given.peers, folder, task, times=given.times)
            if not runs:
                print(f"| {task.name} | {name} | – | – | – | – |", flush=True)
                continue
            seconds = statistics.median(one for one, _ in runs[1:] or runs)
            took = seconds if name == OURS else took
            line = f"{_errors(runs, true, task)} | {seconds:.3g} | {seconds / took:.3g}"
            print(f"| {task.name} | {name} | {line} |", flush=True)


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="benchmarks.dp_peers")
    reader.add_argument("--peers", type=Path, default=Path("peers"))
    reader.add_argument("--data", type=Path)
    reader.add_argument("--times", type=int, default=4)
    reader.add_argument("--only", nargs="*", default=[])
    reader.add_argument("--tasks", nargs="*", default=[], help="what they are: count, sum, …")
    return reader.parse_args()


def _runs(name: str, peers: Path, folder: Path, task: Task, *, times: int) -> Runs:
    if name == OURS:
        return list(ours.answers(folder, task, times=times))
    return list(_of_peer(name, peers, folder, task, times=times))


def _of_peer(
    name: str, peers: Path, folder: Path, task: Task, *, times: int
) -> Iterator[tuple[float, Answers]]:
    """What it says before it ends, or before patience does; nothing of a task it cannot do."""
    module = f"benchmarks.dp_peers.peers.{name}"
    command = [_python(peers, name), "-W", "ignore", "-m", module, folder, task.name, times]
    try:
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
    except subprocess.TimeoutExpired:
        return
    for line in done.stdout.splitlines():
        run = json.loads(line)
        yield run["seconds"], run["values"]


def _errors(runs: Runs, true: Answers, task: Task) -> str:
    keys = [key for key, one in true.items() if task.what != "texts" or one >= COMMON]
    errors = [[abs(values.get(key, 0.0) - true[key]) for key in keys] for _, values in runs]
    means = [statistics.mean(own) for own in errors]
    spread = statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else math.nan
    every = sorted(error for own in errors for error in own)
    high = every[math.ceil(0.95 * len(every)) - 1]
    return f"{statistics.mean(means):.3g} (± {spread:.1g}) | {high:.3g}"


def _python(peers: Path, name: str) -> Path:
    return peers / name / "bin" / "python"


def _version(peers: Path, name: str) -> str:
    said = f"from importlib.metadata import version; print(version({PACKAGES[name]!r}))"
    done = subprocess.run(
        [str(_python(peers, name)), "-c", said], capture_output=True, text=True, check=True
    )
    return f"{PACKAGES[name]} {done.stdout.strip()}"


if __name__ == "__main__":
    main()
