"""What did people say about an output on its way, to whom?"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.people import Person


class Side(StrEnum):
    """On which side somebody stands who says something about an output."""

    PROJECT = "project"
    CHECKERS = "checkers"
    PUBLISHERS = "publishers"


class Audience(StrEnum):
    CHECKERS = "checkers"  # and publishers
    EVERYBODY = "everybody"  # and the project that asked


MAY_SAY_TO: dict[Side, tuple[Audience, ...]] = {
    Side.PROJECT: (Audience.EVERYBODY,),
    Side.CHECKERS: tuple(Audience),
    Side.PUBLISHERS: tuple(Audience),
}
"""The first is what is meant where nothing is chosen."""


class Comment(Base):
    """Never changed and never removed: what was said stays part of how an output was checked."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_submission", "submission_id", "at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    side: Mapped[str]  # of its author, when it was said
    audience: Mapped[str]
    round: Mapped[int]
    words: Mapped[str]
    at: Mapped[datetime.datetime]

    author: Mapped[Person] = relationship()


def of_submission(session: Session, submission_id: str) -> list[Comment]:
    found = select(Comment).where(Comment.submission_id == submission_id)
    return list(session.scalars(found.order_by(Comment.at, Comment.id)))
