"""What waits for this person's decision? Oldest first, a page at a time, without a look at bytes.

The conditions are those of ``tre.permissions`` and of ``tre.reviews.Standing``, for many outputs
in one question to the database.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from tre import seeded
from tre.assignments import Assignment
from tre.datasets import Dataset
from tre.lifecycle import State
from tre.outputs import Output
from tre.people import Person
from tre.permissions import check_publish_at_all, check_review_at_all
from tre.projects import Membership, Project
from tre.releases import SentBack
from tre.reviews import Review
from tre.submissions import Submission

PAGE = 50


@dataclass(frozen=True, slots=True)
class Waits:
    """An output in a list: what is said of it there, and no more."""

    id: str
    words: str  # of its question
    track: str
    since: datetime.datetime
    dataset: str
    project: str


Found = Select[tuple[str, str, str, datetime.datetime, str, str]]

_ME = bindparam("me")
_OF_ROUND = (Review.output_id == Output.id) & (Review.round == Submission.round)


def for_checker(
    session: Session, *, checker: Person, limit: int = PAGE, after: str | None = None
) -> list[Waits]:
    """Outputs that this checker may decide on now. Raises NotFound, NotPermitted.

    ``after``: the output that the page before ended with.
    """
    check_review_at_all(person=checker)
    return _page(session, _FOR_CHECKER, checker, limit, after)


def own_of_checker(session: Session, *, checker: Person, limit: int = PAGE) -> list[Waits]:
    """Those of them that were given to this checker. Raises NotFound, NotPermitted."""
    check_review_at_all(person=checker)
    return _page(session, _OWN_OF_CHECKER, checker, limit, None)


def for_publisher(
    session: Session, *, publisher: Person, limit: int = PAGE, after: str | None = None
) -> list[Waits]:
    """Outputs that this publisher may release. Raises NotFound, NotPermitted."""
    check_publish_at_all(person=publisher)
    return _page(session, _FOR_PUBLISHER, publisher, limit, after)


def _without_conflict(state: State) -> Found:
    """As ``permissions.conflict``: neither asked it, nor belongs to who did, or asked the same."""
    mine = select(Membership.project_id).where(Membership.person_id == _ME)
    asked = aliased(Submission)
    same = exists().where(
        asked.fingerprint == Submission.fingerprint,
        (asked.author_id == _ME) | asked.project_id.in_(mine),
    )
    return (
        select(
            Output.id,
            Submission.words,
            Output.track,
            Submission.moved_at,
            Dataset.title,
            Project.title,
        )
        .join(Output.submission)
        .join(Submission.dataset)
        .join(Submission.project)
        .where(Submission.state == state.value, ~same)
        .order_by(Submission.created_at, Submission.id)
        .limit(bindparam("most"))
    )


def _may_decide() -> ColumnElement[bool]:
    """As ``Standing.may_decide``."""
    decided = exists().where(_OF_ROUND, Review.checker_id == _ME)
    checkers = (
        select(func.count(func.distinct(Review.checker_id))).where(_OF_ROUND).scalar_subquery()
    )
    # Of a round that waits and is full, its checkers disagree: else it would have moved.
    return (decided & (checkers >= Submission.checkers_required)) | (
        ~decided & (checkers < Submission.checkers_required)
    )


_FOR_CHECKER = _without_conflict(State.PROTECTED).where(
    _may_decide(),
    ~exists().where(SentBack.output_id == Output.id, SentBack.publisher_id == _ME),
    ~seeded.is_seeded(by=_ME),
)
_OWN_OF_CHECKER = _FOR_CHECKER.where(
    exists().where(
        Assignment.output_id == Output.id,
        Assignment.checker_id == _ME,
        Assignment.ended_at.is_(None),
    )
)
_FOR_PUBLISHER = _without_conflict(State.REVIEWED).where(
    Submission.checkers_required > 0,
    ~exists().where(Review.output_id == Output.id, Review.checker_id == _ME),
)


def _page(
    session: Session,
    found: Found,
    person: Person,
    limit: int,
    after: str | None,
) -> list[Waits]:
    last = None if after is None else session.get(Output, after)
    if last is not None:
        place = tuple_(Submission.created_at, Submission.id)
        found = found.where(place > (last.submission.created_at, last.submission.id))
    rows = session.execute(found, {"me": person.id, "most": limit})
    return [Waits(*row) for row in rows]
