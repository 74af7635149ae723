"""Who is to check which output? Named by the service, or by themselves and each other.

An assignment says whose turn it is; it forbids nobody to check, so that nothing waits for somebody
who is away.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, func, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from tre.database import Base, new_id
from tre.lifecycle import State
from tre.outputs import Output
from tre.people import Person
from tre.submissions import Submission

LIVE = text("ended_at IS NULL")


class How(StrEnum):
    ASSIGNED = "assigned"  # by the service
    CLAIMED = "claimed"  # by the checker
    HANDED = "handed"  # by another checker


class Assignment(Base):
    """``by_id`` of None: the service. ``ended_at``: handed over, or the checker is gone."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index(
            "ix_assignment_live",
            "output_id",
            "checker_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"))
    checker_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    how: Mapped[str]
    by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime.datetime]
    ended_at: Mapped[datetime.datetime | None]

    output: Mapped[Output] = relationship()
    checker: Mapped[Person] = relationship(foreign_keys=[checker_id])


def of_outputs(session: Session, output_ids: Iterable[str]) -> dict[str, list[Assignment]]:
    """By output: who has it, in the order in which they got it."""
    found = (
        select(Assignment)
        .where(Assignment.output_id.in_(list(output_ids)), Assignment.ended_at.is_(None))
        .options(joinedload(Assignment.checker))
        .order_by(Assignment.at, Assignment.id)
    )
    held: defaultdict[str, list[Assignment]] = defaultdict(list)
    for one in session.scalars(found):
        held[one.output_id].append(one)
    return dict(held)


def names(session: Session, output_ids: Iterable[str]) -> dict[str, list[str]]:
    """By output: the names of those who have it, in the order in which they got it."""
    found = (
        select(Assignment.output_id, Person.name)
        .join(Assignment.checker)
        .where(Assignment.output_id.in_(list(output_ids)), Assignment.ended_at.is_(None))
        .order_by(Assignment.at, Assignment.id)
    )
    held: defaultdict[str, list[str]] = defaultdict(list)
    for output_id, name in session.execute(found):
        held[output_id].append(name)
    return dict(held)


def of_output(session: Session, output_id: str) -> list[Assignment]:
    return of_outputs(session, [output_id]).get(output_id, [])


def ever_of_output(session: Session, output_id: str) -> list[Assignment]:
    """Also those that ended."""
    found = select(Assignment).where(Assignment.output_id == output_id)
    return list(session.scalars(found.order_by(Assignment.at, Assignment.id)))


def of_checker(session: Session, output_id: str, checker_id: str) -> Assignment | None:
    return session.scalar(_open().where(Assignment.output_id == output_id, _of(checker_id)))


def load(session: Session) -> dict[str, int]:
    """By checker: outputs that wait and that they have, whether or not they decided."""
    found = (
        select(Assignment.checker_id, func.count())
        .join(Assignment.output)
        .join(Output.submission)
        .where(Assignment.ended_at.is_(None), Submission.state == State.PROTECTED.value)
        .group_by(Assignment.checker_id)
    )
    return dict(session.execute(found).all())


def latest(session: Session) -> dict[str, datetime.datetime]:
    """By checker: when they last got one."""
    found = select(Assignment.checker_id, func.max(Assignment.at)).group_by(Assignment.checker_id)
    return dict(session.execute(found).all())


def waiting_of(session: Session, checker_id: str) -> list[Assignment]:
    """Those of outputs that wait for checkers."""
    found = (
        _open()
        .join(Assignment.output)
        .join(Output.submission)
        .where(_of(checker_id), Submission.state == State.PROTECTED.value)
        .order_by(Submission.created_at, Submission.id)
    )
    return list(session.scalars(found))


def _of(checker_id: str) -> ColumnElement[bool]:
    return Assignment.checker_id == checker_id


def _open() -> Select[tuple[Assignment]]:
    return select(Assignment).where(Assignment.ended_at.is_(None))
