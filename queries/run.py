"""Who answers a plan? A sandbox that was made ready before, used for this one query only.

A fresh child is ready for each dataset version that is in use; a query takes it, and another is
made ready when the caller says so. So a query costs little more than its statement, and no
process ever sees two questions. Every failure is one exception, with one public sentence.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from disclosure_control import codec
from disclosure_control.errors import DisclosureError
from disclosure_control.tables import Unprotected
from queries import sandbox
from queries.engines.locked import Resources
from queries.errors import EngineFailed, Fault, StoreFailed
from queries.job import Job, asked, opening
from queries.plan import Plan
from queries.sandbox import Child
from queries.store import Store

START_SECONDS = 20.0
START_STEP = 0.5  # seconds to which a wait for a start is rounded up
MOST_READY = 8
"""Files for which a child is kept ready; the one that waited longest makes room."""


class Sandboxes:
    """Runs plans on one store. Safe for several threads; close it, or use it in ``with``."""

    def __init__(self, store: Store, *, resources: Resources | None = None) -> None:
        self._store = store
        self._resources = resources or Resources()
        self._ready: dict[Path, Future[Child]] = {}
        self._running: dict[Child, bool] = {}  # and whether it was cancelled
        self._lock = threading.Lock()
        self._open = True
        # A child ends with the thread that started it: one thread starts them all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="sandbox-starter")

    def prepare(self, *, dataset: str, version: str) -> None:
        """Makes a child ready in the background, so that the first query need not wait.

        Raises StoreFailed for names that no store has.
        """
        self._make_ready(self._store.path(dataset, version))

    def await_ready(self, *, dataset: str, version: str) -> None:
        """Returns once a child waits, so that a query's time is its own and not a start's.

        The worker calls it before it charges anything. Raises EngineFailed if none can be made
        ready.
        """
        try:
            path = self._store.path(dataset, version)
        except StoreFailed:
            raise EngineFailed(Fault.START) from None
        with self._lock:
            waiting = self._ready.get(path)
            if waiting is None or _ended_early(waiting):
                self._ready[path] = waiting = self._starting(path)
        if waiting.done():
            return
        began = time.monotonic()
        try:
            waiting.result(timeout=START_SECONDS)
        except TimeoutError:
            raise EngineFailed(Fault.START) from None
        # A start takes as long as the file is large: rounded up, it does not say how large.
        time.sleep(-(time.monotonic() - began) % START_STEP)

    def is_ready(self, *, dataset: str, version: str) -> bool:
        """Does a child wait for this version, with its file read?"""
        with self._lock:
            waiting = self._ready.get(self._store.path(dataset, version))
        return waiting is not None and waiting.done() and not _ended_early(waiting)

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        """The plan's vectors. ``deadline`` is of ``time.monotonic``: the child is killed then.

        Who calls says by ``prepare`` when the next child starts: were it as soon as this one has
        answered, the next question would begin earlier or later by how long this one took.
        Raises EngineFailed, whatever went wrong; its ``kind`` is for the operator.
        """
        question = asked(Job.of(plan))
        child = self._taken(dataset, version, deadline=deadline)
        try:
            child.send(question)
            blob = child.read(codec.encoded_length(plan.shape), deadline=deadline)
        finally:
            cancelled = self._ended(child)
        if cancelled:
            raise EngineFailed(Fault.CANCELLED)
        return _decoded(blob, plan=plan)

    def cancel(self) -> None:
        """Ends every query that runs now, from another thread."""
        with self._lock:
            for child in self._running:
                self._running[child] = True
                child.process.kill()

    def close(self) -> None:
        """Ends every child, ready or running."""
        self.cancel()
        with self._lock:
            waiting, self._ready, self._open = list(self._ready.values()), {}, False
        for future in waiting:
            _discard(future)
        self._starter.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _taken(self, dataset: str, version: str, *, deadline: float) -> Child:
        """The child that waits for this file, or else a new one. It is running from now on."""
        try:
            path = self._store.path(dataset, version)
        except StoreFailed:
            raise EngineFailed(Fault.START) from None
        with self._lock:
            future = self._ready.pop(path, None)
            if not self._open:
                raise EngineFailed(Fault.START)
            if future is None or _ended_early(future):
                future = self._starting(path)
        try:
            child = future.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            _discard(future)
            raise EngineFailed(Fault.DEADLINE) from None
        with self._lock:
            self._running[child] = False
        return child

    def _make_ready(self, path: Path) -> None:
        with self._lock:
            if not self._open:
                return
            waiting = self._ready.pop(path, None) or self._starting(path)
            self._ready[path] = waiting  # last in line to make room
            surplus = next(iter(self._ready)) if len(self._ready) > MOST_READY else None
            dropped = self._ready.pop(surplus) if surplus else None
        if dropped is not None:
            _discard(dropped)

    def _ended(self, child: Child) -> bool:
        """The child is killed, whatever it was doing; tidying up need not be waited for.

        Says whether the query was cancelled.
        """
        child.process.kill()
        with self._lock:
            cancelled = self._running.pop(child)
            if self._open:
                self._starter.submit(child.end)
        if not self._open:
            child.end()
        return cancelled

    def _starting(self, path: Path) -> Future[Child]:
        return self._starter.submit(_started, path, key=self._store.key, resources=self._resources)


def _started(path: Path, *, key: bytes, resources: Resources) -> Child:
    child = sandbox.start(path, resources=resources)
    try:
        child.send(opening(key, resources=resources))
        child.await_ready(deadline=time.monotonic() + START_SECONDS)
    except EngineFailed:
        child.end()
        raise EngineFailed(Fault.START) from None
    return child


def _ended_early(future: Future[Child]) -> bool:
    """Did a child that waited fail, or end before it had a job?"""
    if not future.done():
        return False
    return future.exception() is not None or future.result().process.poll() is not None


def _discard(future: Future[Child]) -> None:
    """Ends a child that nobody will use, now or as soon as it has started."""
    future.add_done_callback(_end_if_started)


def _end_if_started(future: Future[Child]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().end()


def _decoded(blob: bytes, *, plan: Plan) -> Unprotected:
    """Raises EngineFailed: the child ended without an answer, or with one of another form."""
    if not blob:
        raise EngineFailed(Fault.CHILD)
    try:
        return codec.decode(blob, plan.shape)
    except DisclosureError:
        raise EngineFailed(Fault.ANSWER) from None
