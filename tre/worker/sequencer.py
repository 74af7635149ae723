"""Who keeps the log? A thread of the worker, so that no long question holds a release back.

It takes audit entries up, signs checkpoints, seals releases that a checkpoint covers, and puts
the newest checkpoint outside.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from tre.journey import sealed
from tre.transparency import log as transparency_log
from tre.transparency import outside
from tre.transparency.log import Signer

log = logging.getLogger("tre.worker")

LATE_LOOK = 5.0  # seconds between looks at entries that may have committed late


@dataclass(slots=True)
class Sequencer:
    """``outside`` is the folder where checkpoints are put. Works while the block lasts."""

    sessions: sessionmaker[Session]
    poll_seconds: float
    signer: Signer | None = None
    outside: Path | None = None
    whole: bool = True  # look at all entries: at the start, since some may have committed late
    looked: float = float("-inf")
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What was done until now is still taken up."""
        self._enough.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            last = self._enough.wait(self.poll_seconds)
            try:
                self.turn(at_once=last)
            except OperationalError as error:
                log.warning("the database does not answer: %s", type(error.orig).__name__)
            except Exception as error:  # whatever it is, the next turn is tried
                log.exception("the log could not be kept: %s", type(error).__name__)
            if last:
                return

    def turn(self, *, at_once: bool = True) -> None:
        """One batch at most; what is left is for the next turn."""
        with self.sessions() as session:
            if not at_once and not self._is_due(session):
                return
            self.looked = time.monotonic()
            taken = transparency_log.take_up(
                session, signer=self.signer, now=_now(), whole=self.whole
            )
            if taken < transparency_log.BATCH:
                self.whole = False
            if self.signer is not None:
                sealed.seal_waiting(session, signer=self.signer, now=_now())
            self._put(session)

    def _is_due(self, session: Session) -> bool:
        late = time.monotonic() - self.looked >= LATE_LOOK
        return late or self.whole or transparency_log.behind(session)

    def _put(self, session: Session) -> None:
        newest = transparency_log.newest(session)
        if newest is None or self.outside is None:
            return
        try:
            outside.put(newest.note, size=newest.size, folder=self.outside)
        except OSError as error:
            log.warning("a checkpoint could not be put outside: %s", error.strerror)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
