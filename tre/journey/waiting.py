"""What waits for this person's decision? Oldest first, a page at a time, without a look at bytes.

The conditions are those of ``tre.permissions`` and of ``tre.reviews.Standing``, for many outputs
in one question to the database.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from tre.lifecycle import State
from tre.outputs import Output
from tre.people import Person
from tre.permissions import check_publish_at_all, check_review_at_all
from tre.projects import Membership
from tre.releases import SentBack
from tre.reviews import Review
from tre.submissions import Submission

PAGE = 50


def for_checker(session: Session, *, checker: Person, limit: int = PAGE) -> list[Output]:
    """Outputs that this checker may decide on now. Raises NotFound, NotPermitted."""
    check_review_at_all(person=checker)
    found = _without_conflict(State.PROTECTED, checker)
    sent_back = exists().where(SentBack.output_id == Output.id, SentBack.publisher_id == checker.id)
    return _first(session, found.where(_may_decide(checker), ~sent_back), limit)


def for_publisher(session: Session, *, publisher: Person, limit: int = PAGE) -> list[Output]:
    """Outputs that this publisher may release. Raises NotFound, NotPermitted."""
    check_publish_at_all(person=publisher)
    found = _without_conflict(State.REVIEWED, publisher)
    checked = exists().where(Review.output_id == Output.id, Review.checker_id == publisher.id)
    return _first(session, found.where(Submission.checkers_required > 0, ~checked), limit)


def _without_conflict(state: State, person: Person) -> Select[tuple[Output]]:
    """As ``permissions.conflict``: neither asked it, nor belongs to who did, or asked the same."""
    mine = select(Membership.project_id).where(Membership.person_id == person.id)
    asked = aliased(Submission)
    same = exists().where(
        asked.fingerprint == Submission.fingerprint,
        (asked.author_id == person.id) | asked.project_id.in_(mine),
    )
    return (
        select(Output)
        .join(Output.submission)
        .where(Submission.state == state.value, ~same)
        .order_by(Submission.created_at, Submission.id)
    )


def _may_decide(checker: Person) -> ColumnElement[bool]:
    """As ``Standing.may_decide``."""
    of_round = (Review.output_id == Output.id) & (Review.round == Submission.round)
    decided = exists().where(of_round, Review.checker_id == checker.id)
    checkers = (
        select(func.count(func.distinct(Review.checker_id))).where(of_round).scalar_subquery()
    )
    # Of a round that waits and is full, its checkers disagree: else it would have moved.
    return (decided & (checkers >= Submission.checkers_required)) | (
        ~decided & (checkers < Submission.checkers_required)
    )


def _first(session: Session, found: Select[tuple[Output]], limit: int) -> list[Output]:
    loaded = found.options(
        contains_eager(Output.submission).options(
            joinedload(Submission.project), joinedload(Submission.dataset)
        )
    )
    return list(session.scalars(loaded.limit(limit)))
