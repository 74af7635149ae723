"""Who keeps the log? A thread of the worker, so that no long question holds a release back.

It takes audit entries up, signs checkpoints, seals releases that a checkpoint covers, and puts
the newest checkpoint outside.
"""

from __future__ import annotations

import datetime
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from tre.journey import sealed
from tre.transparency import log as transparency_log
from tre.transparency import outside
from tre.transparency.log import Signer

log = logging.getLogger("tre.worker")

LATE_LOOK = 5.0  # seconds between looks at entries that may have committed late


@dataclass(slots=True)
class Sequencer:
    """``outside``: the folders where checkpoints are put."""

    sessions: sessionmaker[Session]
    signer: Signer | None = None
    outside: tuple[Path, ...] = ()
    whole: bool = True  # look at all entries: at the start, since some may have committed late
    looked: float = float("-inf")

    def turn(self, *, last: bool = True) -> None:
        """One batch at most; what is left is for the next turn. The last one is always taken."""
        with self.sessions() as session:
            if not last and not self._is_due(session):
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
        for folder in () if newest is None else self.outside:
            try:
                outside.put(newest.note, size=newest.size, folder=folder)
            except OSError as error:
                log.warning("a checkpoint could not be put outside: %s", error.strerror)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
