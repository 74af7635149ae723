"""Who fetched which file of a release? A ledger that only grows, so that a recall reaches them."""

from __future__ import annotations

import datetime

from sqlalchemy import ForeignKey, Index, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tre.database import Base, new_id
from tre.people import Person


class Download(Base):
    """``token_id`` where a program fetched it; ``file`` is its name in the bundle."""

    __tablename__ = "download"
    __table_args__ = (Index("ix_download_release", "release_id", "person_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    token_id: Mapped[str | None] = mapped_column(ForeignKey("api_token.id"))
    file: Mapped[str]
    at: Mapped[datetime.datetime]


def has_fetched(session: Session, release_id: str, person: Person) -> bool:
    """Anything of it, at any time."""
    own = exists().where(Download.release_id == release_id, Download.person_id == person.id)
    return bool(session.scalar(select(own)))


def readers(session: Session, release_id: str) -> list[Person]:
    """Everybody who fetched any of it, each once."""
    who = select(Download.person_id).where(Download.release_id == release_id)
    return list(session.scalars(select(Person).where(Person.id.in_(who)).order_by(Person.id)))
