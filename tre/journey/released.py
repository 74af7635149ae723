"""How does an approved output leave? By a publisher who neither asked nor checked it.

Its bytes are those that were approved, every gate is open at this moment, and the publisher has
just proved again who they are.
"""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, gates, outputs, register, releases, reviews, submissions, worked_out
from tre.database import new_id, writing
from tre.datasets import Dataset
from tre.errors import ArtefactsChanged, EdgeNotAllowed, GatesClosed, Incomplete, NotFound
from tre.gates import Gate, Stage
from tre.journey import notified, shelved, withdrawn
from tre.lifecycle import Mover, State
from tre.notices import Kind
from tre.outputs import Output
from tre.people import Person
from tre.permissions import check_publish
from tre.releases import Release, SentBack
from tre.reviews import Review
from tre.sign_in.stepped_up import SteppedUp, check_stepped_up
from tre.submissions import Submission

LONGEST_REASON = 2000

NOT_IN_REGISTER = Gate(
    id=withdrawn.WAITS,
    passed=False,
    title="The table is still the one that was admitted",
    reason="This exact table was admitted under rules that are not in force any more.",
    authority="researcher",
    remedy="Its author takes it back and asks again.",
)


def opened(session: Session, *, publisher: Person, output_id: str) -> Output:
    """An approved output to look at. Raises NotFound, NotPermitted, EdgeNotAllowed.

    Only while it waits for a publisher: who is yet to check it must not see here what others
    decided alone, and once it has left its files are fetched as releases, or were recalled.
    """
    output = _permitted(session, publisher, output_id)
    if output.submission.state != State.REVIEWED.value:
        raise EdgeNotAllowed(output.submission.state)
    return output


def decisions(session: Session, *, publisher: Person, output_id: str) -> list[Review]:
    """Everything that checkers decided about it."""
    opened(session, publisher=publisher, output_id=output_id)
    return reviews.of_output(session, output_id)


def release(
    session: Session,
    *,
    publisher: Person,
    stepped_up: SteppedUp,
    output_id: str,
    artefact_hash: str,
    now: datetime.datetime,
) -> Release:
    """Raises NotFound, NotPermitted, ArtefactsChanged, EdgeNotAllowed, GatesClosed."""
    check_stepped_up(stepped_up, person=publisher, now=now)
    with writing(session):
        output = _held(session, publisher, output_id, artefact_hash)
        dataset = held_dataset(session, output.submission)
        closed = closed_gates(session, output.submission, dataset=dataset, now=now)
        if closed:
            raise GatesClosed(closed)
        return leave(session, output=output, publisher=publisher, now=now)


def send_back(
    session: Session,
    *,
    publisher: Person,
    output_id: str,
    artefact_hash: str,
    reason: str,
    now: datetime.datetime,
) -> Submission:
    """To the checkers, for a new round. Raises as ``release`` does, and Incomplete."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    with writing(session):
        output = _held(session, publisher, output_id, artefact_hash)
        submission = output.submission
        session.add(
            SentBack(
                id=new_id(),
                output_id=output.id,
                publisher_id=publisher.id,
                round=submission.round,
                reason=reason.strip(),
                at=now,
            )
        )
        session.flush()
        audit.write_about(
            session,
            submission,
            "sent_back",
            now=now,
            actor=publisher,
            round=submission.round,
            reason=reason.strip(),
        )
        submissions.move(session, submission, to=State.PROTECTED, mover=Mover.PUBLISHER, now=now)
        submission.round += 1
    return submission


def closed_gates(
    session: Session, submission: Submission, *, dataset: Dataset, now: datetime.datetime
) -> tuple[Gate, ...]:
    """An exact table is still the one that was admitted, under rules that are still in force."""
    closed = gates.closed_for(session, submission, dataset=dataset, stage=Stage.RELEASE, now=now)
    table = register.of_submission(session, submission.id)
    if not withdrawn.may_leave(submission, table):
        closed = (*closed, NOT_IN_REGISTER)
    if worked_out.lost_its_source(session, submission.id):
        closed = (*closed, shelved.LOST_ITS_SOURCE)
    return closed


def held_dataset(session: Session, submission: Submission) -> Dataset:
    """Its row, held: an owner's stop and a release never pass each other."""
    return session.get_one(
        Dataset, submission.dataset_id, with_for_update={"key_share": True}, populate_existing=True
    )


def leave(
    session: Session, *, output: Output, now: datetime.datetime, publisher: Person | None = None
) -> Release:
    """In the caller's transaction, which found every gate open. Raises ArtefactsChanged."""
    submission = output.submission
    outputs.check_bytes(output)
    if reviews.approvals(session, output) < submission.checkers_required:
        raise ArtefactsChanged(f"{output.id} has too few approvals of these bytes")
    table = register.of_submission(session, submission.id)
    if table is not None:
        register.release(session, table, now=now)
    mover = Mover.SERVICE if publisher is None else Mover.PUBLISHER
    submissions.move(session, submission, to=State.RELEASED, mover=mover, now=now)
    row = Release(
        id=new_id(),
        output_id=output.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        fingerprint=submission.fingerprint,
        series=releases.series_of(submission),
        manifest_hash=output.manifest_hash,
        publisher_id=None if publisher is None else publisher.id,
        released_at=now,
    )
    session.add(row)
    session.flush()
    told = outputs.files_hash(output)
    audit.write_about(
        session, submission, "released", now=now, actor=publisher, release=row.id, files_hash=told
    )
    notified.tell_of_decision(session, submission, Kind.RELEASED, now=now)
    return row


def _permitted(session: Session, publisher: Person, output_id: str) -> Output:
    output = session.get(Output, output_id)
    if output is None:
        raise NotFound(output_id)
    check_publish(session, person=publisher, output=output)
    return output


def _held(session: Session, publisher: Person, output_id: str, artefact_hash: str) -> Output:
    """A reviewed output with exactly these bytes, whose question nobody else moves meanwhile."""
    output = _permitted(session, publisher, output_id)
    session.refresh(output.submission, with_for_update={"key_share": True})
    outputs.check_bytes(output)
    if artefact_hash != output.manifest_hash:
        raise ArtefactsChanged(output.id)
    if output.submission.state != State.REVIEWED.value:
        raise EdgeNotAllowed(output.submission.state)
    return output
