"""How does an author answer a checker's question? The same bytes go to a new round of checks."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, submissions
from tre.database import writing
from tre.errors import Incomplete
from tre.journey.looked import own_submission
from tre.lifecycle import Mover, State
from tre.people import Person
from tre.permissions import check_author
from tre.submissions import Submission

LONGEST_ANSWER = 2000


def answer(
    session: Session, *, person: Person, submission_id: str, answer: str, now: datetime.datetime
) -> Submission:
    """Adds the answer to the purpose. Raises NotFound, NotPermitted, Incomplete, EdgeNotAllowed."""
    if not answer.strip() or len(answer) > LONGEST_ANSWER:
        raise Incomplete("answer", f"Enter an answer of at most {LONGEST_ANSWER} characters.")
    with writing(session):
        submission = own_submission(session, person=person, submission_id=submission_id)
        check_author(person=person, submission=submission)
        submissions.move(session, submission, to=State.PROTECTED, mover=Mover.AUTHOR, now=now)
        submission.round += 1
        audit.write_about(
            session,
            submission,
            "answered",
            now=now,
            actor=person,
            round=submission.round,
            answer=answer.strip(),
        )
    return submission
