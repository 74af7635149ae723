"""Do answers fit their slots? Every demonstration question through a real worker, many times.

A worker with real sandboxes, the ingested data of the demonstration, and a database in a file of
SQLite. Each round asks all questions of ``tests/questions`` anew, in a fresh copy of the database,
so that every answer is counted, drawn, rendered and settled. The claim: each question has the
slot of 0.5 s, and 99.9 % of answers are there when it ends.

``python -m benchmarks.slots [--answers N]``; a thousand answers take about ten minutes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import shutil
import statistics
import subprocess  # the project's own preparation
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from disclosure_control import protect
from disclosure_control.tables import Unprotected
from queries import sandbox, sql
from queries.plan import Plan
from queries.plan_slots import rest_of
from queries.run import Sandboxes
from queries.store import Store
from tre import database, people
from tre.demo import cast
from tre.demo.places import ROOT, Places
from tre.ingest import keys
from tre.journey import looked, submitted
from tre.lifecycle import State
from tre.projects import Project
from tre.rendering import artefacts
from tre.submissions import Submission
from tre.worker.carry import Carrier

CLAIM = 0.999
SLOT = 0.5
ANSWERS = 1050
LOOK = 0.002  # seconds between looks at memory
LOST = {State.FAILED, State.REFUSED}


@dataclass(slots=True)
class Clocked:
    """Sandboxes that note how long each run took, whether or not it was answered.

    Memory is looked at during the first ``watched`` runs only, since looking takes time too.
    """

    own: Sandboxes
    watched: int
    engine: list[float] = field(default_factory=list)
    peak: int = 0  # KiB of memory, of any sandbox

    def await_ready(self, *, dataset: str, version: str) -> None:
        self.own.await_ready(dataset=dataset, version=version)

    def prepare(self, *, dataset: str, version: str) -> None:
        self.own.prepare(dataset=dataset, version=version)

    def cancel(self) -> None:
        self.own.cancel()

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        began = time.monotonic()
        with self._watching():
            try:
                return self.own.run(plan, dataset=dataset, version=version, deadline=deadline)
            finally:
                self.engine.append(time.monotonic() - began)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """A sandbox is ended as soon as it has answered, so it is looked at while it runs."""
        if len(self.engine) >= self.watched:
            yield
            return
        enough = threading.Event()
        looking = threading.Thread(target=self._look, args=(enough,))
        looking.start()
        try:
            yield
        finally:
            enough.set()
            looking.join()

    def _look(self, enough: threading.Event) -> None:
        while not enough.wait(LOOK):
            self.peak = max(self.peak, *map(_highest, _descendants(os.getpid())), 0)


def _descendants(pid: int) -> list[int]:
    """Sandboxes stand behind bubblewrap: children of children."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(one) for one in listed.read_text().split()]
    return found + [deeper for one in found for deeper in _descendants(one)]


def _highest(pid: int) -> int:
    """KiB of a process's own memory at its highest.

    Not ``getrusage``: there, a child that was started by a large process counts as large.
    """
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


@dataclass(slots=True)
class Steps:
    """When each step of the job at hand was reached, and what followed from it."""

    at: dict[str, float] = field(default_factory=dict)
    rest: list[float] = field(default_factory=list)  # noise and rendering
    commit: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)  # from the slot's beginning to rendered

    def reach(self, step: str) -> None:
        self.at[step] = time.monotonic()
        if step == "rendered":
            self.rest.append(self.at[step] - self.at["counted"])
            self.whole.append(self.at[step] - self.at["reserved"])
        if step == "settled":
            self.commit.append(self.at[step] - self.at["waited"])


def main() -> int:
    reading = argparse.ArgumentParser(description="Do answers fit their slots?")
    reading.add_argument("--answers", type=int, default=ANSWERS, help=f"usually {ANSWERS}")
    answers = reading.parse_args().answers
    with tempfile.TemporaryDirectory(prefix="slots-") as name:
        here = Places(Path(name), port=0)
        command = [sys.executable, "-m", "benchmarks._slots_world", name]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        # A process that prepared nothing: its children are sandboxes only.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as worker:
            return worker.submit(_measured, here, answers=answers).result()


def _measured(here: Places, *, answers: int) -> int:
    asked = json.loads((here.folder / "questions.json").read_text())
    protect.prepare()
    artefacts.prepare()
    steps, ends, slots = Steps(), Counter[str](), set[int]()
    with Sandboxes(Store(here.store, keys.load(here.key))) as own:
        engine = Clocked(own, watched=min(len(asked), answers))
        for number in range(-(-answers // len(asked))):
            some = asked[: answers - number * len(asked)]
            sessions = _round(here, number)
            slots |= _submit(sessions, some)
            carrier = Carrier(sessions, engine, "benchmark", at_step=steps.reach)
            while carrier.next_job():
                pass
            ends += _ends(sessions)
    return _told(engine, steps, ends=ends, slots=slots, answers=answers)


def _round(here: Places, number: int) -> sessionmaker[Session]:
    """A copy of the furnished database, in which nothing was asked yet."""
    copy = here.folder / f"round-{number}.sqlite3"
    shutil.copy(here.folder / "service.sqlite3", copy)
    return database.sessions(database.connect(f"sqlite:///{copy}"))


def _submit(sessions: sessionmaker[Session], asked: list[dict[str, str]]) -> set[int]:
    """Everything into the queue; the slots that were promised, in milliseconds."""
    plots = {name: plot for plot in cast.PLOTS for name in plot.datasets}
    with sessions() as session:
        return {_ask(session, one, plots[one["dataset"]]) for one in asked}


def _ask(session: Session, one: dict[str, str], plot: cast.Plot) -> int:
    person = people.by_email(session, plot.members[0][0].email)
    project = session.scalars(select(Project).where(Project.slug == plot.slug)).one()
    if person is None:
        raise LookupError(plot.members[0][0].email)
    now = datetime.datetime.now(datetime.UTC)
    view = looked.dataset(session, person=person, name=one["dataset"], now=now)
    return submitted.submit(
        session,
        person=person,
        project_id=project.id,
        query=sql.parse(one["sql"], view.version.catalogue),
        purpose="To see whether it is answered in time.",
        now=now,
    ).slot_ms


def _ends(sessions: sessionmaker[Session]) -> Counter[str]:
    with sessions() as session:
        return Counter(one.state for one in session.query(Submission))


def _told(
    engine: Clocked, steps: Steps, *, ends: Counter[str], slots: set[int], answers: int
) -> int:
    lost = sum(ends[state] for state in LOST)
    in_time = sum(one <= SLOT for one in steps.whole)
    counted = sum(one <= SLOT - rest_of(SLOT) for one in engine.engine)
    print(
        f"{answers} answers; slots of {sorted(slots)} ms; {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}; {sandbox.describe()}\n"
    )
    print(
        f"engine runs within their {1000 * (SLOT - rest_of(SLOT)):.0f} ms: "
        f"{counted} of {len(engine.engine)} ({counted / len(engine.engine):.2%})"
    )
    print(
        f"answers within their {1000 * SLOT:.0f} ms: {in_time} of {answers} "
        f"({in_time / answers:.2%}); {lost} failed; ends {dict(ends)}\n"
    )
    print("| ms | median | 99 % | most |\n|---|---|---|---|")
    for name, times in (
        ("engine", engine.engine),
        ("noise and rendering", steps.rest),
        ("commit, after the slot", steps.commit),
        ("whole, held time included", steps.whole),
    ):
        print(_row(name, times))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"\npeak of memory: worker {own // 1024} MiB, "
        f"a sandbox at least {engine.peak // 1024} MiB (seen every {1000 * LOOK:.0f} ms)"
    )
    return 0 if in_time >= CLAIM * answers and slots == {round(1000 * SLOT)} else 1


def _row(name: str, times: list[float]) -> str:
    found = sorted(1000 * one for one in times)
    high = found[min(len(found) - 1, int(0.99 * len(found)))]
    return f"| {name} | {statistics.median(found):.0f} | {high:.0f} | {found[-1]:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
