"""What do checkers decide? Each alone, about exact bytes; the last approval lets the output go."""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure_control.policy import Track
from tre import audit, outputs, register, reviews, submissions
from tre.database import new_id, writing
from tre.errors import ArtefactsChanged, EdgeNotAllowed, Incomplete, MayNotLeave, NotFound
from tre.journey.released import release_now
from tre.journey.withdrawn import withdraw
from tre.lifecycle import Mover, State
from tre.outputs import Output
from tre.people import Person
from tre.permissions import can_review, check_active, check_review
from tre.reviews import Decision, Review
from tre.submissions import Submission

LONGEST_REASON = 2000

TARGETS: dict[Decision, State] = {
    Decision.REJECT: State.REJECTED,
    Decision.RETURN: State.RETURNED,
}


def queue(session: Session, *, checker: Person) -> list[Output]:
    """Outputs that this checker may decide on and has not decided on, oldest first."""
    check_active(checker)
    waiting = session.scalars(
        select(Output)
        .join(Output.submission)
        .where(Submission.state == State.PROTECTED.value)
        .order_by(Output.created_at, Output.id)
    )
    return [
        output
        for output in waiting
        if can_review(session, person=checker, output=output)
        and _own_review(session, checker, output) is None
    ]


def opened(session: Session, *, checker: Person, output_id: str) -> Output:
    """An output to look at. Raises NotFound, NotPermitted with the conflict."""
    output = session.get(Output, output_id)
    if output is None:
        raise NotFound(output_id)
    check_review(session, person=checker, output=output)
    return output


def seen_reviews(session: Session, *, checker: Person, output_id: str) -> list[Review]:
    """The other checkers' decisions, once this one has decided; before that none."""
    output = opened(session, checker=checker, output_id=output_id)
    found = reviews.of_output(session, output_id)
    decided = _own_review(session, checker, output) is not None
    return found if decided else [one for one in found if one.round < output.submission.round]


def review(
    session: Session,
    *,
    checker: Person,
    output_id: str,
    artefact_hash: str,
    decision: Decision,
    reason: str,
    now: datetime.datetime,
) -> Submission:
    """Raises NotFound, NotPermitted, ArtefactsChanged, EdgeNotAllowed, Incomplete, MayNotLeave."""
    _check_reason(decision, reason)
    with writing(session):
        output = opened(session, checker=checker, output_id=output_id)
        submission = output.submission
        session.refresh(submission, with_for_update={"key_share": True})
        _check_open(session, checker, output, artefact_hash)
        _check_may_leave(session, submission, decision)
        _record(session, checker, output, decision=decision, reason=reason, now=now)
        if decision in TARGETS:
            submissions.move(
                session, submission, to=TARGETS[decision], mover=Mover.CHECKER, now=now
            )
            if decision is Decision.REJECT:
                withdraw(session, submission=submission, now=now)
        elif reviews.approvals(session, output) >= submission.checkers_required:
            approve(session, output=output, mover=Mover.CHECKER, now=now)
    return submission


def approve(session: Session, *, output: Output, mover: Mover, now: datetime.datetime) -> None:
    """All that the policy asks for have approved: the output is reviewed and, if it may, leaves."""
    submission = output.submission
    submissions.move(session, submission, to=State.REVIEWED, mover=mover, now=now)
    audit.write(
        session,
        "approved",
        now=now,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        approvals=reviews.approvals(session, output),
        required=submission.checkers_required,
    )
    release_now(session, output=output, now=now)


def _check_reason(decision: Decision, reason: str) -> None:
    needed = decision is not Decision.APPROVE
    if (needed and not reason.strip()) or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")


def _check_may_leave(session: Session, submission: Submission, decision: Decision) -> None:
    """A table that may not leave is rejected: a question to its author would tell why."""
    if submission.track != Track.SDC.value or decision is Decision.REJECT:
        return
    table = register.of_submission(session, submission.id)
    if table is None or not table.counts:
        raise MayNotLeave(submission.id)


def _check_open(session: Session, checker: Person, output: Output, artefact_hash: str) -> None:
    outputs.check_bytes(output)
    if artefact_hash != output.manifest_hash:
        raise ArtefactsChanged(output.id)
    if output.submission.state != State.PROTECTED.value:
        raise EdgeNotAllowed(output.submission.state)
    if _own_review(session, checker, output) is not None:
        raise EdgeNotAllowed("decided already")


def _own_review(session: Session, checker: Person, output: Output) -> Review | None:
    return session.scalar(
        select(Review).where(
            Review.output_id == output.id,
            Review.checker_id == checker.id,
            Review.round == output.submission.round,
        )
    )


def _record(
    session: Session,
    checker: Person,
    output: Output,
    *,
    decision: Decision,
    reason: str,
    now: datetime.datetime,
) -> None:
    submission = output.submission
    session.add(
        Review(
            id=new_id(),
            output_id=output.id,
            checker_id=checker.id,
            round=submission.round,
            decision=decision.value,
            reason=reason.strip(),
            artefact_hash=output.manifest_hash,
            created_at=now,
        )
    )
    session.flush()
    audit.write(
        session,
        "reviewed",
        now=now,
        actor_id=checker.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        decision=decision.value,
        artefact_hash=output.manifest_hash,
        round=submission.round,
    )
