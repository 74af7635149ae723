"""What does a worker do beside its questions? Turns of its own, in a thread that none holds up."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy.exc import OperationalError

log = logging.getLogger("tre.worker")


class Turn(Protocol):
    def __call__(self, *, last: bool) -> None: ...


class Beside:
    """Takes a turn every so many seconds while the block lasts, and one last at its end."""

    def __init__(self, name: str, turn: Turn, poll_seconds: float) -> None:
        self._name, self._turn, self._poll_seconds = name, turn, poll_seconds
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        """Whatever goes wrong, the next turn is tried."""
        last = False
        while not last:
            last = self._enough.wait(self._poll_seconds)
            try:
                self._turn(last=last)
            except OperationalError as error:
                log.warning("the database does not answer: %s", type(error.orig).__name__)
            except Exception as error:  # whatever it is, the next turn is tried
                log.exception("the %s failed: %s", self._name, type(error).__name__)
