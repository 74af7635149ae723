"""What does a worker do all day? The next job, what was reviewed behind a closed gate, the log."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tre.journey import released
from tre.transparency import log as transparency_log
from tre.transparency import outside
from tre.transparency.log import Signer
from tre.worker.carry import Carrier

log = logging.getLogger("tre.worker")

SWEEP = 5.0  # seconds between looks at outputs that wait for a gate


@dataclass(slots=True)
class Loop:
    carrier: Carrier
    poll_seconds: float
    signer: Signer | None = None
    outside: Path | None = None  # where checkpoints are put
    swept: float = float("-inf")
    whole: bool = True  # look at all entries: at the start, since some may have committed late

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; a job that has begun is carried to its end first."""
        while not stop.is_set():
            if not self._turn():
                stop.wait(self.poll_seconds)

    def _turn(self) -> bool:
        """One job at most. A database that is busy or away is tried again later."""
        try:
            self._sweep()
            return self.carrier.next_job()
        except OperationalError as error:
            log.warning("the database does not answer: %s", type(error.orig).__name__)
            return False

    def _sweep(self) -> None:
        if time.monotonic() - self.swept < SWEEP:
            return
        self.swept = time.monotonic()
        with self.carrier.sessions() as session:
            released.release_waiting(session, now=_now())
            self._log(session)

    def _log(self, session: Session) -> None:
        """A batch in each look; what is left is for the next."""
        taken = transparency_log.take_up(session, signer=self.signer, now=_now(), whole=self.whole)
        if taken < transparency_log.BATCH:
            self.whole = False
        newest = transparency_log.newest(session)
        if newest is None or self.outside is None:
            return
        try:
            outside.put(newest.note, size=newest.size, folder=self.outside)
        except OSError as error:
            log.warning("a checkpoint could not be put outside: %s", error.strerror)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
