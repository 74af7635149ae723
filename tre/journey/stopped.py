"""How does an owner stop everything on a dataset, at once, and open it again?"""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import Incomplete, NotFound
from tre.people import Person
from tre.permissions import check_own

LONGEST_REASON = 500


def stop(
    session: Session, *, owner: Person, dataset_id: str, reason: str, now: datetime.datetime
) -> Dataset:
    """No query runs and nothing is released from here on. Raises NotFound, Incomplete."""
    return _turn(session, owner, dataset_id, reason, now, stopped=True)


def resume(
    session: Session, *, owner: Person, dataset_id: str, reason: str, now: datetime.datetime
) -> Dataset:
    return _turn(session, owner, dataset_id, reason, now, stopped=False)


def _turn(
    session: Session,
    owner: Person,
    dataset_id: str,
    reason: str,
    now: datetime.datetime,
    *,
    stopped: bool,
) -> Dataset:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    with writing(session):
        dataset = session.get(
            Dataset, dataset_id, with_for_update={"key_share": True}, populate_existing=True
        )
        if dataset is None:
            raise NotFound(dataset_id)
        check_own(person=owner, dataset=dataset)
        dataset.stopped_at = now if stopped else None
        dataset.stop_reason = reason.strip() if stopped else None
        audit.write(
            session,
            "stopped" if stopped else "resumed",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            reason=reason.strip(),
        )
    return dataset
