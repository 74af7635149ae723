"""How does a file of a release get into somebody's hands? With a line in the ledger."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre.database import writing
from tre.downloads import Download
from tre.errors import NotFound
from tre.journey import bundled, looked
from tre.outputs import FOR_CHECKERS, NAMES, Artefact, Format
from tre.people import Person
from tre.releases import Release

BUNDLE = "release.zip"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Exactly the bytes that were approved."""

    content: bytes
    media_type: str
    sha256: str


def digest(
    session: Session,
    *,
    person: Person | None,
    release_id: str,
    format: Format,  # noqa: A002 - the domain's word
) -> str:
    """The hash of a file, for who may have it already. Raises as ``looked.release`` does."""
    release = looked.release(session, person=person, release_id=release_id)
    own = select(Artefact.sha256).where(
        Artefact.output_id == release.output_id, Artefact.format == format.value
    )
    found = None if format in FOR_CHECKERS else session.scalar(own)
    if found is None:
        raise NotFound(format)
    return found


def fetch(
    session: Session,
    *,
    person: Person | None,
    release_id: str,
    format: Format,  # noqa: A002
    now: datetime.datetime,
    token_id: str | None = None,
) -> Fetched:
    """A recall either finds this line in the ledger, or comes before it and is raised here."""
    with writing(session):
        _hold(session, release_id)
        artefact = looked.released_artefact(
            session, person=person, release_id=release_id, format=format
        )
        found = Fetched(artefact.content, artefact.media_type, artefact.sha256)
        _tell(session, person, _line(release_id, NAMES[format], token_id, now))
    return found


def bundle(
    session: Session,
    *,
    person: Person | None,
    release_id: str,
    now: datetime.datetime,
    token_id: str | None = None,
) -> Fetched:
    """All files as a ZIP."""
    with writing(session):
        _hold(session, release_id)
        files = bundled.bundle(session, person=person, release_id=release_id)
        content = bundled.zipped(files, folder=release_id)
        _tell(session, person, _line(release_id, BUNDLE, token_id, now))
    return Fetched(content, "application/zip", hashlib.sha256(content).hexdigest())


def _hold(session: Session, release_id: str) -> None:
    """A recall waits for this reader, or this reader for the recall."""
    mine = select(Release.id).where(Release.id == release_id)
    session.execute(mine.with_for_update(read=True, key_share=True))


def _line(release_id: str, file: str, token_id: str | None, now: datetime.datetime) -> Download:
    return Download(release_id=release_id, token_id=token_id, file=file, at=now)


def _tell(session: Session, person: Person | None, line: Download) -> None:
    """A line in the ledger, so that its reader hears of a recall. Of anybody none is kept."""
    if person is not None:
        line.person_id = person.id
        session.add(line)
