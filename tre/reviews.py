"""What did the checkers decide, about which exact bytes?"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.outputs import Output
from tre.people import Person


class Decision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


class Review(Base):
    """One checker's decision in one round. The database refuses an author's own."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("output_id", "checker_id", "round"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"), index=True)
    checker_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    round: Mapped[int]
    decision: Mapped[str]
    reason: Mapped[str]
    artefact_hash: Mapped[str]
    created_at: Mapped[datetime.datetime]

    output: Mapped[Output] = relationship()
    checker: Mapped[Person] = relationship()


def of_output(session: Session, output_id: str) -> list[Review]:
    found = select(Review).where(Review.output_id == output_id)
    return list(session.scalars(found.order_by(Review.created_at, Review.id)))


def approvals(session: Session, output: Output) -> int:
    """Different checkers who approved exactly these bytes in the current round."""
    counted = select(func.count(func.distinct(Review.checker_id))).where(
        Review.output_id == output.id,
        Review.round == output.submission.round,
        Review.decision == Decision.APPROVE.value,
        Review.artefact_hash == output.manifest_hash,
    )
    return session.scalar(counted) or 0
