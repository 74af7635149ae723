"""Which outputs were put before checkers although they are known to be unsafe, and in what way?

So that it is known whether checkers find what is wrong. They are questions to people who were made
up, by a project that exists for nothing else; none of them ever leaves, whatever is decided.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base
from tre.people import Person
from tre.submissions import Submission

NAME = "seeded"  # of their dataset, and of their project


class Fault(StrEnum):
    SMALL = "small"
    GIVEN_BACK = "given_back"
    PURPOSE = "purpose"


MEANING: dict[Fault, str] = {
    Fault.SMALL: "A number of fewer people than the rules allow is shown.",
    Fault.GIVEN_BACK: "A hidden number follows from the total and the numbers beside it.",
    Fault.PURPOSE: "The table serves no purpose of the project.",
}


class Seeded(Base):
    """Of the one question with this fingerprint. Written before it is asked."""

    __tablename__ = "seeded"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    fault: Mapped[str]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime.datetime]

    by: Mapped[Person] = relationship()


def of_submission(session: Session, submission: Submission) -> Seeded | None:
    return session.scalar(select(Seeded).where(_of(submission)))


def _of(submission: Submission | type[Submission]) -> ColumnElement[bool]:
    return (Seeded.fingerprint == submission.fingerprint) & (
        Seeded.dataset_id == submission.dataset_id
    )


def is_seeded(*, by: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Of a submission in a statement: is it one, of anybody or of this person?"""
    found = exists().where(_of(Submission))
    return found if by is None else found.where(Seeded.by_id == by)
