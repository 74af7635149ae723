"""Which releases may everybody read, and what says each in plain words? A second clearance.

A project asks that one of its releases becomes public, with a title and a lay summary; a publisher
allows or declines exactly that text. Whoever was declined asks again with another text.
"""

from __future__ import annotations

import datetime

from sqlalchemy import ColumnElement, ForeignKey, Select, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from tre.database import Base, new_id
from tre.people import Person
from tre.recalls import Recall
from tre.releases import LISTED, Release, served


class PublicationAsked(Base):
    """``number`` counts from 1 for each release. ``title`` and ``summary`` become public."""

    __tablename__ = "publication_asked"
    __table_args__ = (UniqueConstraint("release_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"))
    number: Mapped[int]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str]
    summary: Mapped[str]
    at: Mapped[datetime.datetime]

    release: Mapped[Release] = relationship()
    by: Mapped[Person] = relationship()
    decision: Mapped[PublicationDecided | None] = relationship(back_populates="asked")


class PublicationDecided(Base):
    """``reason`` is for the project, and empty where the text was allowed."""

    __tablename__ = "publication_decided"

    asked_id: Mapped[str] = mapped_column(ForeignKey("publication_asked.id"), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    allowed: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[datetime.datetime] = mapped_column(index=True)

    asked: Mapped[PublicationAsked] = relationship(back_populates="decision")
    publisher: Mapped[Person] = relationship()


def is_public() -> ColumnElement[bool]:
    """Was this release made public? Also of one that was recalled since."""
    return exists().where(
        PublicationAsked.release_id == Release.id,
        PublicationDecided.asked_id == PublicationAsked.id,
        PublicationDecided.allowed.is_(True),
    )


def of_release(session: Session, release_id: str) -> list[PublicationAsked]:
    """Every text that was proposed for it, in order."""
    found = select(PublicationAsked).where(PublicationAsked.release_id == release_id)
    return list(session.scalars(found.order_by(PublicationAsked.number)))


def waiting(session: Session, *, limit: int) -> list[PublicationAsked]:
    """Texts that nobody decided on, of releases that stand; oldest first."""
    decided = exists().where(PublicationDecided.asked_id == PublicationAsked.id)
    recalled = exists().where(Recall.release_id == PublicationAsked.release_id)
    found = select(PublicationAsked).where(~decided, ~recalled)
    return list(
        session.scalars(found.order_by(PublicationAsked.at, PublicationAsked.id).limit(limit))
    )


def public(
    session: Session, *, limit: int, after: tuple[datetime.datetime, str] | None = None
) -> list[PublicationAsked]:
    """The texts of public releases that stand, newest first; ``after`` = (decided at, id)."""
    found = (
        select(PublicationAsked)
        .join(PublicationAsked.decision)
        .join(PublicationAsked.release)
        .where(
            PublicationDecided.allowed.is_(True),
            served(),
            ~exists().where(Recall.release_id == Release.id),
        )
        .options(
            contains_eager(PublicationAsked.decision),
            contains_eager(PublicationAsked.release).options(*LISTED),
        )
    )
    if after is not None:
        at, last = after
        found = found.where(
            (PublicationDecided.at < at)
            | ((PublicationDecided.at == at) & (PublicationAsked.id < last))
        )
    newest = found.order_by(PublicationDecided.at.desc(), PublicationAsked.id.desc())
    return list(session.scalars(newest.limit(limit)))


def public_text(session: Session, release_id: str) -> PublicationAsked | None:
    """The text that was allowed."""
    return session.scalar(_allowed().where(PublicationAsked.release_id == release_id))


def among(session: Session, releases: list[Release]) -> dict[str, PublicationAsked]:
    """By release: the public text of those that are public."""
    found = _allowed().where(PublicationAsked.release_id.in_([one.id for one in releases]))
    return {one.release_id: one for one in session.scalars(found)}


def _allowed() -> Select[tuple[PublicationAsked]]:
    return (
        select(PublicationAsked)
        .join(PublicationAsked.decision)
        .where(PublicationDecided.allowed.is_(True))
        .options(contains_eager(PublicationAsked.decision))
    )
