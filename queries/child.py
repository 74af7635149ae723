"""What runs inside a sandbox? One job: open the sealed file, count, answer by pipe, end.

Started as ``python -I -c ... <store file> <spill folder>`` before there is a job, so that the
engine is loaded and the file read when one comes. It says nothing but its answer: whatever
fails, it ends with the same status and without a word, since an engine's words may hold data.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from disclosure_control import codec
from disclosure_control.tables import Unprotected
from queries import confinement
from queries.engines.locked import Resources, lock_down, on_grid, read_ahead, take_memory
from queries.job import READY, Job, receive_job, receive_opening
from queries.store import attach_read_only, connect, has_marks

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FAILED = 3
STANDARD_OUTPUT = 1

MEGABYTE = 1024 * 1024
OUTSIDE_ENGINE_MB = 3072  # address space of interpreter, libraries and threads
OPEN_FILES = 128


def main(store_file: str, spill: str) -> None:
    """Never returns: the process ends here."""
    status = FAILED
    try:
        _serve(Path(store_file), spill=Path(spill))
        status = 0
    except BaseException:  # noqa: BLE001, S110 - nothing may be said, whatever it was
        pass
    os._exit(status)


def _serve(store_file: Path, *, spill: Path) -> None:
    answers, questions = own_pipe(), sys.stdin.buffer
    confinement.confine()
    con = connect(spill=spill)
    key, resources = receive_opening(questions)
    limit(resources)
    attach_read_only(con, store_file, key=key)
    lock_down(con, resources=resources)
    _warm_up(con, resources=resources, size=store_file.stat().st_size)
    say(answers, READY)
    job = receive_job(questions)
    sql = job.sql if has_marks(con) or not job.searched else job.searched
    rows = con.execute(sql).fetchall()
    texts = con.execute(job.texts).fetchall() if job.texts else []
    say(answers, codec.encode(_counted(rows, texts, job=job)))


def _warm_up(con: DuckDBPyConnection, *, resources: Resources, size: int) -> None:
    """Nobody waits for this: no question was asked yet, and none is charged before it is done."""
    if size <= resources.read_ahead_mb * MEGABYTE:
        read_ahead(con)
    if size >= resources.large_mb * MEGABYTE:
        take_memory(con)


def _counted(
    rows: list[tuple[int | None, ...]], texts: list[tuple[int, str]], *, job: Job
) -> Unprotected:
    outline = job.outline()
    by_place = dict(texts)
    told = tuple(by_place.get(place) for place in range(outline.texts))
    return Unprotected(outline, on_grid(rows, lengths=outline.lengths), told)


def own_pipe() -> BinaryIO:
    """The pipe for answers, out of reach of anything that prints."""
    pipe = os.fdopen(os.dup(STANDARD_OUTPUT), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_OUTPUT)
    return pipe


def say(pipe: BinaryIO, message: bytes) -> None:
    pipe.write(message)
    pipe.flush()


def limit(resources: Resources) -> None:
    """A last resort behind the engine's own limits: the system ends what exceeds them."""
    memory = (resources.memory_mb + OUTSIDE_ENGINE_MB) * MEGABYTE
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, resources.cpu_seconds),
        (resource.RLIMIT_FSIZE, resources.spill_mb * MEGABYTE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
