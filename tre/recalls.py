"""Which releases were taken back, why, and what takes their place? Rows that only grow.

A recall is no exit from "released": what left has left. It says so to everybody who comes after.
"""

from __future__ import annotations

import datetime

from sqlalchemy import ForeignKey, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base
from tre.people import Person
from tre.releases import Release


class Recall(Base):
    """``reason`` is public. ``successor_id`` is the release that takes its place, if any."""

    __tablename__ = "recall"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"), primary_key=True)
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str]
    successor_id: Mapped[str | None] = mapped_column(ForeignKey("release.id"))
    at: Mapped[datetime.datetime]

    release: Mapped[Release] = relationship(foreign_keys=[release_id])
    by: Mapped[Person] = relationship()


def of_release(session: Session, release_id: str) -> Recall | None:
    return session.get(Recall, release_id)


def of_table(session: Session, fingerprint: str) -> bool:
    """Was a release of exactly this table taken back?"""
    found = exists().where(Recall.release_id == Release.id, Release.fingerprint == fingerprint)
    return bool(session.scalar(select(found)))


def corrections(
    session: Session, *, limit: int, after: tuple[datetime.datetime, str] | None = None
) -> list[Recall]:
    """Newest first; ``after`` = (at, release_id)."""
    found = select(Recall)
    if after is not None:
        at, last = after
        found = found.where((Recall.at < at) | ((Recall.at == at) & (Recall.release_id < last)))
    newest = found.order_by(Recall.at.desc(), Recall.release_id.desc())
    return list(session.scalars(newest.limit(limit)))
