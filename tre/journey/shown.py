"""What may anybody see of this service? Its projects, its datasets, and what was made public.

Made-up data are for practice, and no part of it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from tre import publications
from tre.datasets import Dataset
from tre.errors import NotFound
from tre.journey import looked
from tre.projects import Project, ProjectDataset
from tre.publications import PublicationAsked
from tre.transparency import log

Key = tuple[datetime.datetime, str]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest signed state of the log: its name, how many entries it holds, and its root."""

    origin: str
    size: int
    root: str  # as its checkpoint writes it, in base64
    at: datetime.datetime


def projects(session: Session) -> list[Project]:
    """Those approved, but for practice, by title. Nobody's name is part of what is shown."""
    real = Project.grounds.any(~_on_made_up())
    found = (
        select(Project)
        .where(Project.approved_at.is_not(None), real | ~Project.grounds.any())
        .options(selectinload(Project.grounds).joinedload(ProjectDataset.dataset))
        .order_by(Project.title, Project.id)
    )
    return list(session.scalars(found))


def datasets(session: Session) -> list[Dataset]:
    found = select(Dataset).where(Dataset.made_up.is_(False))
    return list(session.scalars(found.order_by(Dataset.title, Dataset.id)))


def _on_made_up() -> ColumnElement[bool]:
    return ProjectDataset.dataset.has(Dataset.made_up.is_(True))


def releases(session: Session, *, limit: int, after: Key | None = None) -> list[PublicationAsked]:
    """What was made public and stands, newest first; ``after``: as ``key_of`` gives it."""
    return publications.public(session, limit=limit, after=after)


def key_of(session: Session, release_id: str) -> Key | None:
    """Where a public release stands in their list, also once it was recalled; None: nowhere."""
    words = publications.public_text(session, release_id)
    return None if words is None or words.decision is None else (words.decision.at, words.id)


def release(session: Session, release_id: str) -> PublicationAsked:
    """A public release with its words. Raises NotFound, NotYetInLog, Recalled."""
    looked.release(session, person=None, release_id=release_id)
    words = publications.public_text(session, release_id)
    if words is None:
        raise NotFound(release_id)
    return words


def head(session: Session) -> Head | None:
    """None before anybody signs."""
    newest = log.newest(session)
    if newest is None:
        return None
    origin, _, root = newest.note.split("\n")[:3]
    return Head(origin, newest.size, root, newest.at)
