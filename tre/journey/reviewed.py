"""What do checkers decide? Each alone, about exact bytes; where they disagree, together.

Only what all of them decide moves an output. Approved, it waits for a publisher.
"""

from __future__ import annotations

import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from disclosure_control.policy import Track
from tre import audit, outputs, register, reviews, seeded, submissions
from tre.database import new_id, writing
from tre.errors import ArtefactsChanged, EdgeNotAllowed, Incomplete, MayNotLeave, NotFound
from tre.journey import assigned, notified
from tre.journey.withdrawn import withdraw
from tre.lifecycle import Mover, State
from tre.notices import Kind
from tre.outputs import Output
from tre.people import Person
from tre.permissions import can_review, check_review
from tre.reviews import Decision, Phase, Review, Standing
from tre.seeded import Seeded
from tre.submissions import Submission

LONGEST_REASON = 2000

TARGETS: dict[Decision, State] = {
    Decision.APPROVE: State.REVIEWED,
    Decision.RETURN: State.RETURNED,
    Decision.REJECT: State.REJECTED,
}

TOLD: dict[Decision, Kind] = {
    Decision.RETURN: Kind.RETURNED,
    Decision.REJECT: Kind.REJECTED,
}
"""What its author gets a mail of. An approval is none: it leaves only once it is released."""


def opened(session: Session, *, checker: Person, output_id: str) -> Output:
    """An output to look at. Raises NotFound, NotPermitted with the conflict."""
    output = session.get(Output, output_id)
    if output is None:
        raise NotFound(output_id)
    check_review(session, person=checker, output=output)
    return output


def seen_reviews(session: Session, *, checker: Person, output_id: str) -> list[Review]:
    """Decisions of earlier rounds, and of this one one's own; the others' once all are in."""
    output = opened(session, checker=checker, output_id=output_id)
    found = reviews.of_output(session, output_id)
    if reviews.standing(session, output).phase is not Phase.ALONE:
        return found
    before = output.submission.round
    return [one for one in found if one.round < before or one.checker_id == checker.id]


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
        turn = _open_turn(session, checker, output, artefact_hash)
        _check_may_leave(session, submission, decision)
        _record(
            session, checker, output, turn=turn, decision=decision, reason=reason.strip(), now=now
        )
        _follow(session, output, reviews.standing(session, output), now=now)
    return submission


def _follow(
    session: Session, output: Output, standing: Standing, *, now: datetime.datetime
) -> None:
    """What all of them decided happens; until then nothing does."""
    submission, agreed = output.submission, standing.agreed
    if agreed is None:
        gone = _who_is_gone(session, output, standing)
        if gone is not None:
            _begin_round(session, output, without=gone, now=now)
        return
    planted = seeded.of_submission(session, submission)
    if planted is not None:
        _end_inside(session, submission, planted, agreed, now=now)
        return
    submissions.move(session, submission, to=TARGETS[agreed], mover=Mover.CHECKER, now=now)
    if agreed in TOLD:
        notified.tell_of_decision(session, submission, TOLD[agreed], now=now)
    if agreed is Decision.REJECT:
        withdraw(session, submission=submission, now=now)
    if agreed is Decision.APPROVE:
        audit.write_about(
            session,
            submission,
            "approved",
            now=now,
            approvals=reviews.approvals(session, output),
            required=submission.checkers_required,
        )


def _end_inside(
    session: Session,
    submission: Submission,
    planted: Seeded,
    agreed: Decision,
    *,
    now: datetime.datetime,
) -> None:
    """What is known to be unsafe ends here, whatever was decided."""
    submissions.move(session, submission, to=State.REJECTED, mover=Mover.CHECKER, now=now)
    withdraw(session, submission=submission, now=now)
    audit.write_about(
        session,
        submission,
        "seeded_ended",
        now=now,
        fault=planted.fault,
        decided=agreed.value,
    )


def begin_anew(session: Session, *, without: Person, now: datetime.datetime) -> None:
    """In the caller's transaction: where they disagreed with others, others take their place.

    Of a checker who can decide no more, so that no disagreement stays for ever.
    """
    theirs = (
        select(Output)
        .join(Output.submission)
        .where(
            Submission.state == State.PROTECTED.value,
            exists().where(
                Review.output_id == Output.id,
                Review.round == Submission.round,
                Review.checker_id == without.id,
            ),
        )
        .order_by(Output.id)
    )
    for output in session.scalars(theirs).all():
        session.refresh(output.submission, with_for_update={"key_share": True})
        if reviews.standing(session, output).phase is Phase.TOGETHER:
            _begin_round(session, output, without=without, now=now)
    assigned.refill(session, without=without, now=now)


def _begin_round(
    session: Session, output: Output, *, without: Person, now: datetime.datetime
) -> None:
    submission = output.submission
    submission.round += 1
    audit.write_about(
        session,
        submission,
        "checks_begun_anew",
        now=now,
        round=submission.round,
        person=without.id,
    )


def _who_is_gone(session: Session, output: Output, standing: Standing) -> Person | None:
    """Of those who disagree: somebody who can decide no more, so that they never would agree."""
    if standing.phase is not Phase.TOGETHER:
        return None
    decided = (one.checker for one in standing.latest.values())
    return next(
        (one for one in decided if not can_review(session, person=one, output=output)), None
    )


def _check_reason(decision: Decision, reason: str) -> None:
    needed = decision is not Decision.APPROVE
    if (needed and not reason.strip()) or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")


def may_be_told(session: Session, submission: Submission) -> bool:
    """May its author be told anything else of a table than that it cannot leave?"""
    if submission.track != Track.SDC.value:
        return True
    table = register.of_submission(session, submission.id)
    return table is not None and table.counts


def _check_may_leave(session: Session, submission: Submission, decision: Decision) -> None:
    """A table that may not leave is rejected: a question to its author would tell why."""
    if decision is not Decision.REJECT and not may_be_told(session, submission):
        raise MayNotLeave(submission.id)


def _open_turn(session: Session, checker: Person, output: Output, artefact_hash: str) -> int:
    """Which decision of this checker in this round it is."""
    outputs.check_bytes(output)
    if artefact_hash != output.manifest_hash:
        raise ArtefactsChanged(output.id)
    if output.submission.state != State.PROTECTED.value:
        raise EdgeNotAllowed(output.submission.state)
    standing = reviews.standing(session, output)
    if not standing.may_decide(checker.id):
        raise EdgeNotAllowed("decided already, or enough others have")
    return standing.next_turn(checker.id)


def _record(
    session: Session,
    checker: Person,
    output: Output,
    *,
    turn: int,
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
            turn=turn,
            decision=decision.value,
            reason=reason,
            artefact_hash=output.manifest_hash,
            created_at=now,
        )
    )
    session.flush()
    audit.write_about(
        session,
        submission,
        "reviewed",
        now=now,
        actor=checker,
        decision=decision.value,
        artefact_hash=output.manifest_hash,
        round=submission.round,
        turn=turn,
    )
