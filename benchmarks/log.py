"""What does the signed log cost those who act? The bar: 80 % of the throughput without it.

Two people's acts in a row, each a transaction with its audit entry: a question is asked and
cancelled. Beside them a process does what the worker's thread does (takes entries up, signs,
seals), or does not. In turns on the same database, SQLite and PostgreSQL.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from tests import factories, postgres
from tests.factories import World, a_query
from tests.on_the_way import ask
from tests.sealing import SIGNER
from tre import database
from tre.journey import cancelled
from tre.worker.beside import Beside
from tre.worker.sequencer import Sequencer

BAR = 0.8
ACTS = 150  # in one measurement
TURNS = 9
POLL = 0.2  # seconds, as the worker's


def acts_per_second(url: str, world: World) -> float:
    engine = database.connect(url)
    with Session(engine) as session:
        begun = time.perf_counter()
        for _ in range(ACTS // 2):
            submission = ask(session, world, query=a_query(40))
            cancelled.cancel(
                session,
                person=world.person(session, "ada"),
                submission_id=submission.id,
                now=factories.NOW,
            )
        passed = time.perf_counter() - begun
    engine.dispose()
    return ACTS / passed


def keep_the_log(url: str, ready: Event, stop: Event) -> None:
    engine = database.connect(url)
    with Beside("log keeper", Sequencer(sessionmaker(engine), SIGNER).turn, POLL):
        ready.set()
        stop.wait()
    engine.dispose()


@contextmanager
def log_kept(url: str) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    ready, stop = spawn.Event(), spawn.Event()
    process = spawn.Process(target=keep_the_log, args=(url, ready, stop))
    process.start()
    ready.wait()
    try:
        yield
    finally:
        stop.set()
        process.join()


def measured(url: str) -> list[tuple[float, float]]:
    """Acts per second without and with, in turns."""
    engine = factories.migrated(url)
    with Session(engine) as session:
        world = factories.furnish(session)
    engine.dispose()
    acts_per_second(url, world)  # warm
    found = []
    for _ in range(TURNS):
        off = acts_per_second(url, world)
        with log_kept(url):
            time.sleep(2 * POLL)  # it catches up with what was done without it
            found.append((off, acts_per_second(url, world)))
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, postgres.server(Path(folder) / "pg") as server:
        with postgres.database(server) as url:
            missed = _told("PostgreSQL", measured(url))
        missed |= _told("SQLite", measured(f"sqlite:///{folder}/service.db"))
    return int(missed)


def _told(name: str, found: list[tuple[float, float]]) -> bool:
    ratios = sorted(on / off for off, on in found)
    ratio = statistics.median(ratios)
    off, on = (statistics.median(values) for values in zip(*found, strict=True))
    verdict = "holds" if ratio >= BAR else "MISSED"
    print(
        f"{name:<11} without {off:6.0f} acts/s, with {on:6.0f} acts/s: {ratio:.2f}"
        f" ({ratios[0]:.2f} to {ratios[-1]:.2f}), bar {BAR}: {verdict}"
    )
    return ratio < BAR


if __name__ == "__main__":
    sys.exit(main())
