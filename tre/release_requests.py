"""Which outputs did somebody say that they need, before any was asked?

A release request names its outputs and why they are needed. Each is asked by a question, checked
and released by itself; a question that is asked again for the same output is its next version.
"""

from __future__ import annotations

import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.people import Person
from tre.projects import Project
from tre.submissions import Submission


class ReleaseRequest(Base):
    __tablename__ = "release_request"
    __table_args__ = (Index("ix_release_request_project", "project_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str]
    context: Mapped[str]
    created_at: Mapped[datetime.datetime]

    project: Mapped[Project] = relationship()
    author: Mapped[Person] = relationship()
    intended: Mapped[list[IntendedOutput]] = relationship(
        back_populates="request", order_by="IntendedOutput.number"
    )


class IntendedOutput(Base):
    """``number`` counts from 1."""

    __tablename__ = "intended_output"
    __table_args__ = (UniqueConstraint("request_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(ForeignKey("release_request.id"))
    number: Mapped[int]
    title: Mapped[str]

    request: Mapped[ReleaseRequest] = relationship(back_populates="intended")


def of_project(session: Session, project_id: str) -> list[ReleaseRequest]:
    """Newest first."""
    found = select(ReleaseRequest).where(ReleaseRequest.project_id == project_id)
    return list(
        session.scalars(found.order_by(ReleaseRequest.created_at.desc(), ReleaseRequest.id))
    )


def versions(session: Session, request: ReleaseRequest) -> dict[str, list[Submission]]:
    """By intended output: the questions that were asked for it, the first version first."""
    ids = [one.id for one in request.intended]
    found = session.scalars(
        select(Submission)
        .where(Submission.intended_id.in_(ids))
        .order_by(Submission.created_at, Submission.id)
    )
    asked: dict[str, list[Submission]] = {id_: [] for id_ in ids}
    for one in found:
        asked[str(one.intended_id)].append(one)
    return asked


def latest(session: Session, intended_id: str) -> Submission | None:
    found = select(Submission).where(Submission.intended_id == intended_id)
    newest = found.order_by(Submission.created_at.desc(), Submission.id.desc())
    return session.scalar(newest.limit(1))
