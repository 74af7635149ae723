"""What leaves without a person? An output that its dataset's policy sends to no checker."""

from __future__ import annotations

import datetime
import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, submissions
from tre.database import writing
from tre.errors import ArtefactsChanged
from tre.gates import Gate
from tre.journey import released
from tre.lifecycle import Mover, State
from tre.outputs import Output
from tre.releases import Release
from tre.submissions import Submission

log = logging.getLogger("tre.release")


def approve(session: Session, *, output: Output, now: datetime.datetime) -> None:
    """In the caller's transaction: the output is reviewed and leaves, or waits for its gates."""
    submission = output.submission
    submissions.move(session, submission, to=State.REVIEWED, mover=Mover.SERVICE, now=now)
    audit.write_about(session, submission, "approved", now=now, approvals=0, required=0)
    release_now(session, output=output, now=now)


def release_now(session: Session, *, output: Output, now: datetime.datetime) -> Release | None:
    """Releases a reviewed output in the caller's transaction, or leaves it waiting, on record.

    Raises ArtefactsChanged if the bytes or the approvals are not what they were.
    """
    closed = _closed_gates(session, output.submission, now)
    if closed:
        gates = [gate.id for gate in closed]
        audit.write_about(session, output.submission, "release_waits", now=now, gates=gates)
        return None
    return released.leave(session, output=output, now=now)


def release_waiting(session: Session, *, now: datetime.datetime) -> int:
    """Releases what waited for a gate. One transaction each.

    An output whose bytes are not those on record stays inside, and holds up no other.
    """
    waiting = session.scalars(
        select(Output.id)
        .join(Output.submission)
        .where(Submission.state == State.REVIEWED.value, Submission.checkers_required == 0)
    ).all()
    return sum(_release_if_intact(session, output_id, now) for output_id in waiting)


def _release_if_intact(session: Session, output_id: str, now: datetime.datetime) -> bool:
    try:
        return _release_one(session, output_id, now)
    except ArtefactsChanged as changed:
        log.error("an output is not released: %s", changed.detail)  # noqa: TRY400 - no fault of code
        return False


def _release_one(session: Session, output_id: str, now: datetime.datetime) -> bool:
    with writing(session):
        output = session.get_one(Output, output_id)
        session.refresh(output.submission, with_for_update={"key_share": True})
        if output.submission.state != State.REVIEWED.value:
            return False
        if _closed_gates(session, output.submission, now):
            return False
        released.leave(session, output=output, now=now)
        return True


def _closed_gates(
    session: Session, submission: Submission, now: datetime.datetime
) -> tuple[Gate, ...]:
    dataset = released.held_dataset(session, submission)
    return released.closed_gates(session, submission, dataset=dataset, now=now)
