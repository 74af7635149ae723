"""What has to be said outside, to whom, and was it? Rows that end once they were delivered.

A notice is written in the transaction of what it tells; a courier takes it out later. It may be
delivered twice where a courier dies on the way, and then carries the same id.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.people import Person
from tre.recalls import Recall

PATIENCE = datetime.timedelta(minutes=2)  # until another courier may try
LATER = (  # after each failure; then it is given up
    *(datetime.timedelta(seconds=one) for one in (5, 60, 300, 1800)),
    *(datetime.timedelta(hours=one) for one in (3, 12, 24, 24)),
)


class Kind(StrEnum):
    RECALLED = "recalled"  # of a release, to everybody who fetched it
    RELEASED = "released"  # of a question, to who asked it; so are the next two
    RETURNED = "returned"
    REJECTED = "rejected"
    MADE_PUBLIC = "made_public"  # of a text, to who proposed it; so is the next
    DECLINED = "declined"


class NoticeState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


class Webhook(Base):
    """Where a program wants to be told. ``secret`` signs what is sent: shared with its owner."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    url: Mapped[str]
    secret: Mapped[str]
    created_at: Mapped[datetime.datetime]
    ended_at: Mapped[datetime.datetime | None]

    person: Mapped[Person] = relationship()


class Notice(Base):
    """For one person by mail, or for one of their webhooks, which are told of recalls only.

    ``release_id``: of a recall. ``submission_id``: of everything else.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("release_id", "person_id", "webhook_id"),
        Index("ix_notice_due", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(default=Kind.RECALLED.value)
    release_id: Mapped[str | None] = mapped_column(ForeignKey("recall.release_id"))
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submission.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    webhook_id: Mapped[str | None] = mapped_column(ForeignKey("webhook.id"))  # None: by mail
    state: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime.datetime]
    settled_at: Mapped[datetime.datetime | None]

    recall: Mapped[Recall | None] = relationship()
    person: Mapped[Person] = relationship()
    webhook: Mapped[Webhook | None] = relationship()


def webhooks_of(session: Session, person_id: str) -> list[Webhook]:
    live = select(Webhook).where(Webhook.person_id == person_id, Webhook.ended_at.is_(None))
    return list(session.scalars(live.order_by(Webhook.created_at, Webhook.id)))


def write(session: Session, recall: Recall, person: Person, *, now: datetime.datetime) -> None:
    """To a person, by mail and by each of their webhooks."""
    for webhook in (None, *webhooks_of(session, person.id)):
        made = _waiting(Kind.RECALLED, person, now)
        made.release_id = recall.release_id
        made.webhook_id = None if webhook is None else webhook.id
        session.add(made)


def write_to(
    session: Session, person: Person, kind: Kind, *, submission_id: str, now: datetime.datetime
) -> None:
    """By mail, of a decision."""
    made = _waiting(kind, person, now)
    made.submission_id = submission_id
    session.add(made)


def _waiting(kind: Kind, person: Person, now: datetime.datetime) -> Notice:
    return Notice(
        kind=kind.value,
        person_id=person.id,
        state=NoticeState.WAITING.value,
        attempts=0,
        due_at=now,
        settled_at=None,
    )


def take(session: Session, *, mail: bool, now: datetime.datetime) -> Notice | None:
    """The notice that is due longest; others leave it alone for a while. In a transaction.

    Without ``mail`` notices by mail are left waiting.
    """
    due = select(Notice.id, Notice.due_at).where(
        Notice.state == NoticeState.WAITING.value, Notice.due_at <= now
    )
    if not mail:
        due = due.where(Notice.webhook_id.is_not(None))
    found = session.execute(due.order_by(Notice.due_at, Notice.id).limit(1)).one_or_none()
    if found is None:
        return None
    taken = session.execute(
        update(Notice)
        .where(Notice.id == found.id, Notice.due_at == found.due_at)
        .values(due_at=now + PATIENCE, attempts=Notice.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return session.get_one(Notice, found.id, populate_existing=True) if taken.rowcount else None


def settle(session: Session, notice: Notice, *, sent: bool, now: datetime.datetime) -> None:
    """Delivered, to be tried again, or given up after the last of ``LATER``. In a transaction."""
    if sent or notice.attempts > len(LATER):
        state = NoticeState.SENT if sent else NoticeState.GIVEN_UP
        notice.state = state.value
        notice.settled_at = now
    else:
        notice.due_at = now + LATER[notice.attempts - 1]
    session.flush()
