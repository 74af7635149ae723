"""Whose turn is it to check? Those who are furthest from the question and have least to do.

Who belongs to the project, asked it, or asked the same never checks it (``tre.permissions``). Here
it is about those who may: colleagues of its author, people who share another project with them, and
people of the organisation that pays for the project come last, and are told of it.
"""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tre import assignments, audit, gates
from tre.assignments import Assignment, How
from tre.database import new_id, writing
from tre.errors import EdgeNotAllowed, NotFound, NotPermitted
from tre.lifecycle import State
from tre.outputs import Output
from tre.people import Person, Role
from tre.permissions import can_review, check_review
from tre.projects import Membership
from tre.submissions import Submission

COLLEAGUE = "You work for the same organisation as whoever asked this."
CO_AUTHOR = "You share another project with whoever asked this."
FUNDER = "You work for the organisation that pays for this project."

NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)


def begin(session: Session, *, output: Output, now: datetime.datetime) -> None:
    """As many as it needs, in the caller's transaction, and others for those who no longer can."""
    submission = output.submission
    held = assignments.of_outputs(session, [output.id]).get(output.id, [])
    able = {
        one.checker_id for one in held if can_review(session, person=one.checker, output=output)
    }
    for one in held:
        if one.checker_id not in able:
            one.ended_at = now
    session.flush()
    missing = submission.checkers_required - len(able)
    for person in _in_turn(session, submission) if missing > 0 else ():
        if missing <= 0:
            break
        if person.id not in able and can_review(session, person=person, output=output):
            _give(session, output, person, How.ASSIGNED, by=None, now=now)
            missing -= 1


def refill(session: Session, *, without: Person, now: datetime.datetime) -> None:
    """In the caller's transaction: others get what somebody had who can check no more."""
    for one in assignments.waiting_of(session, without.id):
        begin(session, output=one.output, now=now)


def claim(session: Session, *, checker: Person, output_id: str, now: datetime.datetime) -> None:
    """Raises NotFound, NotPermitted; EdgeNotAllowed where they have it, or it waits no more."""
    with writing(session):
        output = _waiting(session, checker, output_id)
        if assignments.of_checker(session, output_id, checker.id) is not None:
            raise EdgeNotAllowed("has it already")
        _give(session, output, checker, How.CLAIMED, by=checker, now=now)


def hand_over(
    session: Session, *, checker: Person, output_id: str, to_id: str, now: datetime.datetime
) -> Person:
    """To somebody who may check it and does not have it. Raises as ``claim``, NotPermitted."""
    with writing(session):
        output = _waiting(session, checker, output_id)
        own = assignments.of_checker(session, output_id, checker.id)
        other = session.get(Person, to_id)
        if own is None:
            raise EdgeNotAllowed("does not have it")
        if other is None or not can_review(session, person=other, output=output):
            raise NotPermitted("This person cannot check this output.")
        if assignments.of_checker(session, output_id, other.id) is not None:
            raise NotPermitted(f"{other.name} has this output already.")
        own.ended_at = now
        session.flush()
        _give(session, output, other, How.HANDED, by=checker, now=now)
    return other


def colleagues(session: Session, *, checker: Person, output_id: str) -> list[Person]:
    """Whom it could be handed to, by name."""
    output = _opened(session, checker, output_id)
    held = {
        one.checker_id for one in assignments.of_outputs(session, [output_id]).get(output_id, [])
    }
    found = (one for one in _free(session, output.submission) if one.id not in {*held, checker.id})
    return sorted(found, key=lambda one: (one.name, one.id))


def nearness(session: Session, *, person: Person, submission: Submission) -> tuple[str, ...]:
    """What this person should know before they check this, in sentences."""
    near = _Near(session, submission)
    return near.of(person)


class _Near:
    """How near people are to a question, with one look at its author's projects."""

    def __init__(self, session: Session, submission: Submission) -> None:
        author = submission.author
        own = select(Membership.project_id).where(Membership.person_id == author.id)
        together = select(Membership.person_id).where(Membership.project_id.in_(own))
        self._together = set(session.scalars(together))
        self._organisation = _plain(author.organisation)
        self._funder = _plain(submission.project.funder)

    def of(self, person: Person) -> tuple[str, ...]:
        own = _plain(person.organisation)
        told = (
            (COLLEAGUE, bool(own) and own == self._organisation),
            (CO_AUTHOR, person.id in self._together),
            (FUNDER, bool(own) and own == self._funder),
        )
        return tuple(sentence for sentence, holds in told if holds)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _in_turn(session: Session, submission: Submission) -> list[Person]:
    """The furthest first, then who has least, then who has waited longest for one."""
    near, load = _Near(session, submission), assignments.load(session)
    latest = assignments.latest(session)
    return sorted(
        _free(session, submission),
        key=lambda one: (
            len(near.of(one)),
            load.get(one.id, 0),
            latest.get(one.id, NEVER),
            one.id,
        ),
    )


def _free(session: Session, submission: Submission) -> list[Person]:
    found = gates.free_people(
        session, project_id=submission.project_id, author_id=submission.author_id
    )
    return [one for one in found if one.has(Role.CHECKER)]


def _opened(session: Session, checker: Person, output_id: str) -> Output:
    output = session.get(Output, output_id)
    if output is None:
        raise NotFound(output_id)
    check_review(session, person=checker, output=output)
    return output


def _waiting(session: Session, checker: Person, output_id: str) -> Output:
    output = _opened(session, checker, output_id)
    session.refresh(output.submission, with_for_update={"key_share": True})
    if output.submission.state != State.PROTECTED.value:
        raise EdgeNotAllowed(output.submission.state)
    return output


def _give(
    session: Session,
    output: Output,
    person: Person,
    how: How,
    *,
    by: Person | None,
    now: datetime.datetime,
) -> None:
    session.add(
        Assignment(
            id=new_id(),
            output_id=output.id,
            checker_id=person.id,
            how=how.value,
            by_id=None if by is None else by.id,
            at=now,
            ended_at=None,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise EdgeNotAllowed("given to them at this moment") from error
    audit.write_about(
        session, output.submission, "assigned", now=now, actor=by, checker=person.id, how=how.value
    )
