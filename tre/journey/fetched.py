"""How does a file of a release get into somebody's hands? With a line in the ledger."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import downloads, recalls
from tre.database import writing
from tre.downloads import Download
from tre.errors import NotFound, Recalled
from tre.journey import bundled, looked
from tre.outputs import FOR_CHECKERS, NAMES, Artefact, Format
from tre.people import Person
from tre.releases import Release

BUNDLE = "release.zip"
PAGE = "page"  # in the ledger: its numbers were read on a page


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
    if person is None:  # of anybody no line is kept, so nothing is written
        return _file(session, None, release_id, format)
    with writing(session):
        _hold(session, release_id)
        found = _file(session, person, release_id, format)
        session.add(_line(person, release_id, NAMES[format], token_id, now))
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
    if person is None:
        return _bundle(session, None, release_id)
    with writing(session):
        _hold(session, release_id)
        found = _bundle(session, person, release_id)
        session.add(_line(person, release_id, BUNDLE, token_id, now))
    return found


def seen(session: Session, *, person: Person, release_id: str, now: datetime.datetime) -> None:
    """A page shows them its table: one line for each person, so that a recall reaches them.

    Raises Recalled where that came before.
    """
    if downloads.has_fetched(session, release_id, person):
        return
    with writing(session):
        _hold(session, release_id)
        recall = recalls.of_release(session, release_id)
        if recall is not None:
            raise Recalled(
                release_id, reason=recall.reason, successor_id=recall.successor_id, at=recall.at
            )
        session.add(_line(person, release_id, PAGE, None, now))


def _file(
    session: Session,
    person: Person | None,
    release_id: str,
    format: Format,  # noqa: A002
) -> Fetched:
    artefact = looked.released_artefact(
        session, person=person, release_id=release_id, format=format
    )
    return Fetched(artefact.content, artefact.media_type, artefact.sha256)


def _bundle(session: Session, person: Person | None, release_id: str) -> Fetched:
    files = bundled.bundle(session, person=person, release_id=release_id)
    content = bundled.zipped(files, folder=release_id)
    return Fetched(content, "application/zip", hashlib.sha256(content).hexdigest())


def _hold(session: Session, release_id: str) -> None:
    """A recall waits for this reader, or this reader for the recall."""
    mine = select(Release.id).where(Release.id == release_id)
    session.execute(mine.with_for_update(read=True, key_share=True))


def _line(
    person: Person, release_id: str, file: str, token_id: str | None, now: datetime.datetime
) -> Download:
    return Download(
        release_id=release_id, person_id=person.id, token_id=token_id, file=file, at=now
    )
