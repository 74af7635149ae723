"""Does this worker still hold its job? A thread that extends the lease and notices its loss."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tre import jobs
from tre.database import writing
from tre.errors import LeaseLost

BEAT = 2.0  # seconds; also how soon a cancelled question lets go of the engine


class Heart:
    """Beats while the block lasts. ``on_loss`` is called once, from the heart's thread."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        *,
        job_id: str,
        token: int,
        on_loss: Callable[[], None],
        beat: float = BEAT,
    ) -> None:
        self._sessions = sessions
        self._job = (job_id, token)
        self._on_loss = on_loss
        self._beat = beat
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

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
        while not self._enough.wait(self._beat):
            if not self._beats():
                self._on_loss()
                return

    def _beats(self) -> bool:
        """A database that does not answer is no loss: the fence of the last commit decides."""
        job_id, token = self._job
        try:
            with self._sessions() as session, writing(session):
                jobs.extend(
                    session, job_id=job_id, token=token, now=datetime.datetime.now(datetime.UTC)
                )
        except LeaseLost:
            return False
        except SQLAlchemyError:
            return True
        return True
