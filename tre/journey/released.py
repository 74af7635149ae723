"""When does an output leave? When it was reviewed, its bytes are those, and the gates are open."""

from __future__ import annotations

import datetime
import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, gates, outputs, register, reviews, submissions
from tre.database import new_id, writing
from tre.datasets import Dataset
from tre.errors import ArtefactsChanged
from tre.gates import Stage
from tre.journey import withdrawn
from tre.lifecycle import Mover, State
from tre.outputs import Output
from tre.register import ReleaseTable
from tre.releases import Release
from tre.submissions import Submission

log = logging.getLogger("tre.release")


def release_now(session: Session, *, output: Output, now: datetime.datetime) -> Release | None:
    """Releases a reviewed output in the caller's transaction, or leaves it waiting, on record.

    Raises ArtefactsChanged if the bytes or the approvals are not what they were.
    """
    submission = output.submission
    table = register.of_submission(session, submission.id)
    closed = _closed_gates(session, submission, table, now)
    if closed:
        _write(session, submission, "release_waits", now, gates=list(closed))
        return None
    outputs.check_bytes(output)
    if reviews.approvals(session, output) < submission.checkers_required:
        raise ArtefactsChanged(f"{output.id} has too few approvals of these bytes")
    if table is not None:
        register.release(session, table, now=now)
    submissions.move(session, submission, to=State.RELEASED, mover=Mover.SERVICE, now=now)
    row = Release(
        id=new_id(),
        output_id=output.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        fingerprint=submission.fingerprint,
        manifest_hash=output.manifest_hash,
        released_at=now,
    )
    session.add(row)
    session.flush()
    told = outputs.files_hash(output)
    _write(session, submission, "released", now, release=row.id, files_hash=told)
    return row


def release_waiting(session: Session, *, now: datetime.datetime) -> int:
    """Releases what was reviewed while a gate was closed. One transaction each.

    An output whose bytes are not those on record stays inside, and holds up no other.
    """
    waiting = session.scalars(
        select(Output.id).join(Output.submission).where(Submission.state == State.REVIEWED.value)
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
        table = register.of_submission(session, output.submission_id)
        if _closed_gates(session, output.submission, table, now):
            return False
        return release_now(session, output=output, now=now) is not None


def _closed_gates(
    session: Session, submission: Submission, table: ReleaseTable | None, now: datetime.datetime
) -> tuple[str, ...]:
    """Holds the dataset's row, so that an owner's stop and a release never pass each other.

    An exact table is still the one that was admitted, under rules that are still in force.
    """
    dataset = session.get_one(
        Dataset, submission.dataset_id, with_for_update={"key_share": True}, populate_existing=True
    )
    closed = gates.closed_for(session, submission, dataset=dataset, stage=Stage.RELEASE, now=now)
    names = tuple(gate.id for gate in closed)
    if withdrawn.may_leave(submission, table):
        return names
    return (*names, withdrawn.WAITS)


def _write(
    session: Session, submission: Submission, event: str, now: datetime.datetime, **detail: object
) -> None:
    audit.write(
        session,
        event,
        now=now,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        **detail,
    )
