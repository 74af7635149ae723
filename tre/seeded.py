"""Which outputs were put before checkers to see what they find, and what is wrong with them?

Most are known to be unsafe, some are sound, so that whoever knows one for what it is has still to
look. They are questions to people who were made up, by a project that exists for nothing else; none
of them ever leaves, whatever is decided.
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
    NONE = "none"


MEANING: dict[Fault, str] = {
    Fault.SMALL: "A number of fewer people than the rules allow is shown.",
    Fault.GIVEN_BACK: "A hidden number follows from the total and the numbers beside it.",
    Fault.PURPOSE: "The table serves no purpose of the project.",
    Fault.NONE: "Nothing: it is sound.",
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


def is_seeded(
    *, by: ColumnElement[str] | None = None, sound: bool | None = None
) -> ColumnElement[bool]:
    """Of a submission in a statement: is it one, of anybody or of this person?

    ``sound``: one that is sound, or one that is not.
    """
    found = exists().where(_of(Submission))
    if by is not None:
        found = found.where(Seeded.by_id == by)
    if sound is not None:
        is_sound = Seeded.fault == Fault.NONE.value
        found = found.where(is_sound if sound else ~is_sound)
    return found
