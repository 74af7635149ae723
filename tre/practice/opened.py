"""What does practice need on record? Made-up data, and for each person somebody who asks of them.

A practice token belongs to an account of its own that nobody can sign in to and that is in one
project, on made-up data only. So nothing in the service has to tell practice and real apart: what
such a token cannot reach, it cannot reach because it is of another project.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sqlalchemy.orm import Session

from queries import read_catalogue
from tre import audit, datasets, people, seeded
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import NotFound
from tre.ingest import command
from tre.ingest.command import Place
from tre.ingest.entry import read_entry
from tre.journey import budgeted, published
from tre.journey.stand_ins import Asking, nobody, project_of
from tre.people import Person
from tre.practice import made
from tre.scopes import EVERY

ENTRY = Path(__file__).parent / "entry"
SEEDED_ENTRY = Path(__file__).parent / "seeded_entry"
NAME = "practice"
POOL = 10**15  # in 1e-9 rho: nobody is in the data, so nobody's privacy is spent
SHARE = 10**12


@dataclass(frozen=True, slots=True)
class Made:
    """An entry, and what writes its source."""

    folder: Path
    write: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class SeededWords:
    """Under which names seeded outputs come: checkers must not know them by these."""

    project: str
    purpose: str
    author: str


def open_(
    session: Session, *, owner: Person, place: Place, stream: TextIO, now: datetime.datetime
) -> Dataset:
    """The practice data, sealed and published; the same again changes nothing.

    Raises NotPermitted, NotFound where the data are another owner's, IngestError, StoreFailed.
    """
    entry = Made(ENTRY, made.write)
    dataset = _published(session, entry, owner=owner, place=place, stream=stream, now=now)
    with writing(session):
        budgeted.open_account(session, dataset, rho_total=POOL, now=now)
    return dataset


def open_seeded(
    session: Session,
    *,
    owner: Person,
    words: SeededWords,
    place: Place,
    stream: TextIO,
    now: datetime.datetime,
) -> Dataset:
    """What seeded outputs are asked of, and who asks. Raises as ``open_``."""
    entry = Made(SEEDED_ENTRY, made.write_seeded)
    dataset = _published(session, entry, owner=owner, place=place, stream=stream, now=now)
    with writing(session):
        author = nobody(session, f"{seeded.NAME}@practice.invalid", words.author, now)
        asking = Asking(seeded.NAME, words.project, words.purpose)
        project_of(session, asking, dataset=dataset, members=(author,), now=now)
    return dataset


def _published(
    session: Session,
    entry: Made,
    *,
    owner: Person,
    place: Place,
    stream: TextIO,
    now: datetime.datetime,
) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        entry.write(Path(folder))
        result = command.run(
            entry.folder,
            source=Path(folder),
            store_root=place.store_root,
            key_file=place.key_file,
            stream=stream,
            full_report=False,
        )
    return published.publish(
        session,
        owner=owner,
        catalogue=read_catalogue.from_json(result.catalogue_json),
        policy=read_entry(entry.folder).policy,
        version=result.version,
        report=result.report.to_json(),
        made_up=True,
        now=now,
    )


def token(
    session: Session, *, person: Person, lasts: datetime.timedelta, now: datetime.datetime
) -> str:
    """The secret of a new practice token for this person. Raises NotFound before ``open_``."""
    with writing(session):
        dataset = datasets.by_name(session, NAME)
        if dataset is None or not dataset.made_up:
            raise NotFound(NAME)
        stand_in = _stand_in(session, person, now)
        _project(session, dataset, stand_in, person, now)
        issued, secret = people.issue_token(
            session, person=stand_in, name=NAME, scopes=EVERY, lasts=lasts, now=now
        )
        audit.write(
            session,
            "token_issued",
            now=now,
            actor_id=person.id,
            name=issued.name,
            scopes=issued.scopes,
        )
    return secret


def _stand_in(session: Session, person: Person, now: datetime.datetime) -> Person:
    email = f"practice-{person.id}@practice.invalid"
    return nobody(session, email, f"Practice of {person.name}", now)


def _project(
    session: Session, dataset: Dataset, stand_in: Person, person: Person, now: datetime.datetime
) -> None:
    asking = Asking(f"{NAME}-{person.id}", "Practice", "To try programs on made-up people.")
    project = project_of(session, asking, dataset=dataset, members=(stand_in,), now=now)
    own = {"project_id": project.id}
    for holder in (own, {**own, "person_id": stand_in.id}):
        budgeted.open_account(session, dataset, rho_total=SHARE, now=now, **holder)
