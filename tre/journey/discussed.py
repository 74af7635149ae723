"""Who says what about an output on its way, and who reads it when?

Whoever asked, checks or is to publish it may say something. What a checker says in a round is read
by others once all checkers of that round have decided: words must not reach who decides alone.
"""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, comments, reviews
from tre.comments import MAY_SAY_TO, Audience, Comment, Side
from tre.database import new_id, writing
from tre.errors import EdgeNotAllowed, Incomplete, MayNotLeave, NotFound, NotPermitted
from tre.journey.reviewed import may_be_told
from tre.lifecycle import TERMINAL, State
from tre.outputs import Output
from tre.people import Person
from tre.permissions import can_publish, can_review, check_in_project
from tre.projects import is_member
from tre.reviews import Phase
from tre.submissions import Submission

LONGEST = 2000


def side_of(session: Session, *, person: Person, submission: Submission) -> Side:
    """Raises NotFound for whoever stands on none. Who could still check it decides alone first."""
    if is_member(session, person_id=person.id, project_id=submission.project_id):
        check_in_project(session, person=person, project_id=submission.project_id)
        return Side.PROJECT
    output = submission.output
    if output is not None and can_review(session, person=person, output=output):
        return Side.CHECKERS
    if output is not None and can_publish(session, person=person, output=output):
        return Side.PUBLISHERS
    raise NotFound(submission.id)


def read(session: Session, *, person: Person, submission_id: str) -> list[Comment]:
    """What this person may read, oldest first. Raises NotFound."""
    submission = _submission(session, submission_id)
    side = side_of(session, person=person, submission=submission)
    alone = _decide_alone(session, submission.output)
    return [
        one
        for one in comments.of_submission(session, submission_id)
        if one.author_id == person.id
        or (_reaches(one, side) and not (alone and _is_of_this_round(one, submission)))
    ]


def say(
    session: Session,
    *,
    person: Person,
    submission_id: str,
    audience: Audience,
    words: str,
    now: datetime.datetime,
) -> Comment:
    """Raises NotFound, NotPermitted, Incomplete, EdgeNotAllowed at its end, MayNotLeave."""
    if not words.strip() or len(words) > LONGEST:
        raise Incomplete("words", f"Write at most {LONGEST} characters.")
    with writing(session):
        submission = _submission(session, submission_id)
        side = side_of(session, person=person, submission=submission)
        _check_may_say(session, submission, side, audience)
        said = Comment(
            id=new_id(),
            submission_id=submission.id,
            author_id=person.id,
            side=side.value,
            audience=audience.value,
            round=submission.round,
            words=words.strip(),
            at=now,
        )
        session.add(said)
        session.flush()
        audit.write_about(
            session,
            submission,
            "commented",
            now=now,
            actor=person,
            comment=said.id,
            audience=audience.value,
        )
    return said


def _check_may_say(
    session: Session, submission: Submission, side: Side, audience: Audience
) -> None:
    """Of a table that may not leave its author is told one sentence, and no other."""
    if audience not in MAY_SAY_TO[side]:
        raise NotPermitted
    if State(submission.state) in TERMINAL:
        raise EdgeNotAllowed(submission.state)
    outwards = side is not Side.PROJECT and audience is Audience.EVERYBODY
    if outwards and not may_be_told(session, submission):
        raise MayNotLeave(submission.id)


def _submission(session: Session, submission_id: str) -> Submission:
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound(submission_id)
    return found


def _reaches(comment: Comment, side: Side) -> bool:
    return side is not Side.PROJECT or comment.audience == Audience.EVERYBODY.value


def _decide_alone(session: Session, output: Output | None) -> bool:
    if output is None or output.submission.state != State.PROTECTED.value:
        return False
    return reviews.standing(session, output).phase is Phase.ALONE


def _is_of_this_round(comment: Comment, submission: Submission) -> bool:
    return comment.side == Side.CHECKERS.value and comment.round == submission.round
