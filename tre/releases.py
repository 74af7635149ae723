"""Which tables have left, and who may fetch them?"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, UniqueConstraint, exists, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.outputs import Artefact, Output
from tre.people import Person
from tre.projects import Membership, Project
from tre.submissions import Submission
from tre.transparency.log import LogCheckpoint


class Release(Base):
    """An output that has left. ``id`` is persistent: it is what a paper cites.

    ``series``: the same for every release of one project's question, whatever data it was asked of.
    """

    __tablename__ = "release"
    __table_args__ = (
        Index("ix_release_project_released", "project_id", "released_at", "id"),
        Index("ix_release_series", "series", "released_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"), unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    fingerprint: Mapped[str] = mapped_column(index=True)
    series: Mapped[str]
    manifest_hash: Mapped[str]
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))  # None: by policy
    released_at: Mapped[datetime.datetime]

    output: Mapped[Output] = relationship()
    project: Mapped[Project] = relationship()
    dataset: Mapped[Dataset] = relationship()
    publisher: Mapped[Person | None] = relationship()


class SentBack(Base):
    """An approved output that a publisher did not release: its checkers look again."""

    __tablename__ = "sent_back"
    __table_args__ = (UniqueConstraint("output_id", "round"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"), index=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    round: Mapped[int]
    reason: Mapped[str]
    at: Mapped[datetime.datetime]

    publisher: Mapped[Person] = relationship()


class ReleaseSeal(Base):
    """What a release takes along: made once, after a checkpoint of the log covers it.

    ``statement`` is a DSSE envelope, ``log_proof`` JSON, ``crate`` RO-Crate metadata.
    """

    __tablename__ = "release_seal"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"), primary_key=True)
    statement: Mapped[str]
    log_proof: Mapped[str]
    readme: Mapped[str]
    crate: Mapped[str]
    sealed_at: Mapped[datetime.datetime]


LISTED = (
    joinedload(Release.dataset),
    joinedload(Release.output).options(
        joinedload(Output.submission), selectinload(Output.artefacts).defer(Artefact.content)
    ),
)
"""What a list says of a release, without the bytes of its files."""


def series_of(asked: Submission) -> str:
    """24 hexadecimal digits of the question as it was asked, its project, dataset and track."""
    parts = [asked.project_id, asked.dataset_id, asked.track, asked.query_json]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def served() -> ColumnElement[bool]:
    """May a release be shown? Once it is sealed; a log that nobody signs is not waited for."""
    sealed = exists().where(ReleaseSeal.release_id == Release.id)
    return sealed | ~exists().where(LogCheckpoint.size > 0)


def of_output(session: Session, output_id: str) -> Release | None:
    return session.scalar(select(Release).where(Release.output_id == output_id))


def sent_back(session: Session, output_id: str) -> list[SentBack]:
    found = select(SentBack).where(SentBack.output_id == output_id)
    return list(session.scalars(found.order_by(SentBack.round)))


def is_served(session: Session, release: Release) -> bool:
    return bool(session.scalar(select(served()).where(Release.id == release.id)))


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for. ``project``: id or slug; ``words``: anywhere in the question."""

    dataset: str | None = None
    project: str | None = None
    words: str | None = None
    series: str | None = None

    def within(self, found: Select[tuple[Release]]) -> Select[tuple[Release]]:
        if self.dataset is not None:
            found = found.where(Release.dataset.has(Dataset.name == self.dataset))
        if self.project is not None:
            named = (Project.id == self.project) | (Project.slug == self.project)
            found = found.where(Release.project.has(named))
        if self.series is not None:
            found = found.where(Release.series == self.series)
        if self.words is not None:
            said = Submission.words.icontains(self.words, autoescape=True)
            found = found.where(Release.output.has(Output.submission.has(said)))
        return found


def of_projects_of(person: Person) -> ColumnElement[bool]:
    """Is it a release of one of this person's projects?"""
    mine = select(Membership.project_id).where(Membership.person_id == person.id)
    return Release.project_id.in_(mine)


def newest(
    session: Session,
    visible: ColumnElement[bool],
    *,
    limit: int = 50,
    after: tuple[datetime.datetime, str] | None = None,
    search: Search | None = None,
) -> list[Release]:
    """Newest first; ``visible``: to whom asks; ``after`` = (released_at, id)."""
    found = select(Release).where(visible, served()).options(*LISTED)
    if search is not None:
        found = search.within(found)
    if after is not None:
        at, last = after
        found = found.where(
            (Release.released_at < at) | ((Release.released_at == at) & (Release.id < last))
        )
    in_order = found.order_by(Release.released_at.desc(), Release.id.desc())
    return list(session.scalars(in_order.limit(limit)))


def answering(session: Session, *, fingerprint: str, project_id: str) -> Release | None:
    """A release of the same question that this project holds already."""
    found = select(Release).where(
        Release.fingerprint == fingerprint, Release.project_id == project_id
    )
    return session.scalar(found.order_by(Release.released_at.desc()).limit(1))
