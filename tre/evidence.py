"""What is kept of an exact table for its checkers, and who asked to read it?

Both are sealed bytes: the evidence for workers, who have the key; an answer for the one page that
asked. The web process passes answers on and can open neither.
"""

from __future__ import annotations

import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, LargeBinary, exists, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.outputs import Output
from tre.people import Person

WAITS = text("answered_at IS NULL")
HELD = text("answer IS NOT NULL")


class Evidence(Base):
    """The true numbers of a draw on the exact track, and what each rule measured."""

    __tablename__ = "evidence"

    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime.datetime]


class EvidenceAsked(Base):
    """A checker's look at true numbers. ``answer`` of None once answered: nothing to read."""

    __tablename__ = "evidence_asked"
    __table_args__ = (
        Index("ix_evidence_asked_waits", "at", sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_evidence_asked_held", "answered_at", sqlite_where=HELD, postgresql_where=HELD),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"))
    checker_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    reader_key: Mapped[str]  # public, of the page that asked: a point of P-256 in hexadecimal
    at: Mapped[datetime.datetime]
    answered_at: Mapped[datetime.datetime | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)

    output: Mapped[Output] = relationship()
    checker: Mapped[Person] = relationship()


def is_kept(session: Session, output: Output) -> bool:
    return bool(session.scalar(select(exists().where(Evidence.draw_id == output.draw_id))))


def next_waiting(session: Session) -> EvidenceAsked | None:
    """The oldest that nobody has answered."""
    return session.scalar(
        select(EvidenceAsked).where(EvidenceAsked.answered_at.is_(None)).order_by(EvidenceAsked.at)
    )


def _older(before: datetime.datetime) -> ColumnElement[bool]:
    return EvidenceAsked.answer.is_not(None) & (EvidenceAsked.answered_at < before)


def any_older(session: Session, *, before: datetime.datetime) -> bool:
    """Is there an answer that was made before this?"""
    return bool(session.scalar(select(exists().where(_older(before)))))


def wipe(session: Session, *, before: datetime.datetime) -> None:
    """Answers that were made before this are gone."""
    session.execute(update(EvidenceAsked).where(_older(before)).values(answer=None))
