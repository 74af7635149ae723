"""What does a worker do all day? The next job, and what waits for a gate alone."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from tre.journey import automatic
from tre.worker.carry import Carrier

log = logging.getLogger("tre.worker")

SWEEP = 5.0  # seconds between looks at outputs that wait for a gate


@dataclass(slots=True)
class Loop:
    carrier: Carrier
    poll_seconds: float
    swept: float = float("-inf")

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
            automatic.release_waiting(session, now=_now())


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
