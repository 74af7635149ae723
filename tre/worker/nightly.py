"""What is looked at every night? Whether the register still knows what its tables say."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from queries.errors import EngineFailed
from queries.register.registrar import Registrar
from tre import audit
from tre.datasets import Dataset
from tre.journey import rebuilt

log = logging.getLogger("tre.worker")

FROM, UNTIL = 1, 5  # hours of UTC
SECONDS = 3600.0  # for one dataset
DAY = datetime.timedelta(hours=20)  # since it was made again, by whomever


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(slots=True)
class Nightly:
    """One dataset a turn. ``failed``: of this night, not tried again before the next."""

    sessions: sessionmaker[Session]
    registrar: Registrar
    clock: Callable[[], datetime.datetime] = field(default=utc_now)
    failed: dict[str, datetime.datetime] = field(default_factory=dict)

    def turn(self, *, last: bool = False) -> None:
        """The last turn, at the end of the worker, begins nothing."""
        now = self.clock()
        if last or not FROM <= now.hour < UNTIL:
            return
        with self.sessions() as session:
            dataset = self._due(session, now)
            if dataset is not None:
                self._compare(session, dataset, now)

    def _due(self, session: Session, now: datetime.datetime) -> Dataset | None:
        exact = select(Dataset).where(Dataset.register_head > 0).order_by(Dataset.id)
        for dataset in session.scalars(exact):
            latest = audit.latest(session, "register_rebuilt", dataset_id=dataset.id)
            at = max(filter(None, (latest, self.failed.get(dataset.id))), default=None)
            if at is None or now - at >= DAY:
                return dataset
        return None

    def _compare(self, session: Session, dataset: Dataset, now: datetime.datetime) -> None:
        """What was kept is replaced where it is something else."""
        self.failed[dataset.id] = now
        name = dataset.name
        try:
            found = rebuilt.rebuild(
                session, dataset=dataset, registrar=self.registrar, seconds=SECONDS, now=now
            )
        except EngineFailed as error:
            log.warning("the register of %s was not compared: %s", name, error.detail)
            return
        if found.agree is False:
            log.error("the register of %s kept something else than its tables say", name)
