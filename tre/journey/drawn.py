"""Which draw answers a fingerprint, and who makes it? One leader, any number of followers."""

from __future__ import annotations

import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tre.database import new_id
from tre.outputs import Draw, DrawState
from tre.submissions import Submission


def lead(session: Session, *, submission: Submission, now: datetime.datetime) -> Draw:
    """This question makes the draw; whoever asks the same meanwhile waits for it."""
    draw = Draw(
        id=new_id(),
        dataset_id=submission.dataset_id,
        fingerprint=submission.fingerprint,
        live_fingerprint=submission.fingerprint,
        leader_id=submission.id,
        state=DrawState.RESERVED.value,
        rho_nano=submission.rho_nano,
        reserved_at=now,
    )
    session.add(draw)
    session.flush()
    return draw


def void(session: Session, *, submission: Submission) -> None:
    """The leader will never finish; nothing of its draw was seen. A finished draw stays."""
    session.execute(
        update(Draw)
        .where(Draw.leader_id == submission.id, Draw.state == DrawState.RESERVED.value)
        .values(state=DrawState.VOID.value, live_fingerprint=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
