"""Who answers checkers that ask for true numbers? A thread of the worker, beside its questions."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from disclosure_control import before
from tre.journey import evidenced
from tre.journey.evidenced import Showing
from tre.outputs import MOST_SHOWN
from tre.worker.safe import Safe, for_page

log = logging.getLogger("tre.worker")


@dataclass(frozen=True, slots=True)
class Reading:
    """What it reads leaves it sealed; nothing of it is written down."""

    sessions: sessionmaker[Session]
    safe: Safe

    def turn(self, *, last: bool = False) -> None:  # noqa: ARG002 - the last turn is like any other
        """Everything that waits is answered."""
        with self.sessions() as session:
            while evidenced.answer_next(session, made=self._made, now=_now()):
                pass

    def _made(self, showing: Showing) -> bytes | None:
        try:
            return before.shown(
                showing.sealed,
                unseal=self.safe.unseal(showing.fingerprint),
                shape=showing.shape,
                order=showing.order,
                most=MOST_SHOWN,
                seal=for_page(showing.reader_key, showing.about),
            )
        except Exception as error:  # noqa: BLE001 - no text of what may hold a number
            log.error("true numbers could not be opened: %s", type(error).__name__)  # noqa: TRY400
            return None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
