"""How does an author take a question back? A budget that was reserved stays spent."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, budgets, jobs, submissions
from tre.database import writing
from tre.journey.drawn import void
from tre.journey.looked import own_submission
from tre.journey.withdrawn import withdraw
from tre.lifecycle import Mover, State
from tre.people import Person
from tre.permissions import check_author
from tre.submissions import Submission


def cancel(
    session: Session, *, person: Person, submission_id: str, now: datetime.datetime
) -> Submission:
    """Raises NotFound, NotPermitted, EdgeNotAllowed once it is decided."""
    with writing(session):
        submission = own_submission(session, person=person, submission_id=submission_id)
        take_back(session, person=person, submission=submission, now=now)
    return submission


def take_back(
    session: Session, *, person: Person, submission: Submission, now: datetime.datetime
) -> None:
    """In the caller's transaction."""
    check_author(person=person, submission=submission)
    jobs.withdraw(session, submission.id)  # first, as the worker does: no deadlock
    before = submission.state
    submissions.move(session, submission, to=State.CANCELLED, mover=Mover.AUTHOR, now=now)
    void(session, submission=submission)
    withdraw(session, submission=submission, now=now)
    budgets.settle(session, submission_id=submission.id, now=now)
    audit.write_about(
        session,
        submission,
        "cancelled",
        now=now,
        actor=person,
        state=before,
    )
