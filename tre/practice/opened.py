"""What does practice need on record? Made-up data, and for each person somebody who asks of them.

A practice token belongs to an account of its own that nobody can sign in to and that is in one
project, on made-up data only. So nothing in the service has to tell practice and real apart: what
such a token cannot reach, it cannot reach because it is of another project.
"""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from queries import read_catalogue
from tre import audit, datasets, people, projects
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import NotFound
from tre.ingest import command
from tre.ingest.entry import read_entry
from tre.journey import budgeted, published
from tre.people import Person, Role
from tre.practice import made
from tre.projects import Position, Project
from tre.scopes import EVERY

ENTRY = Path(__file__).parent / "entry"
NAME = "practice"
POOL = 10**15  # in 1e-9 rho: nobody is in the data, so nobody's privacy is spent
SHARE = 10**12
YEARS = datetime.timedelta(days=3650)


def open_(
    session: Session,
    *,
    owner: Person,
    store_root: Path,
    key_file: Path,
    stream: TextIO,
    now: datetime.datetime,
) -> Dataset:
    """The practice data, sealed and published; the same again changes nothing.

    Raises NotPermitted, NotFound where the data are another owner's, IngestError, StoreFailed.
    """
    entry = read_entry(ENTRY)
    with tempfile.TemporaryDirectory() as folder:
        made.write(Path(folder))
        result = command.run(
            ENTRY,
            source=Path(folder),
            store_root=store_root,
            key_file=key_file,
            stream=stream,
            full_report=False,
        )
    dataset = published.publish(
        session,
        owner=owner,
        catalogue=read_catalogue.from_json(result.catalogue_json),
        policy=entry.policy,
        version=result.version,
        report=result.report.to_json(),
        made_up=True,
        now=now,
    )
    with writing(session):
        budgeted.open_account(session, dataset, rho_total=POOL, now=now)
    return dataset


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
    """Without a password: nobody signs in as them."""
    email = f"practice-{person.id}@practice.invalid"
    found = people.by_email(session, email)
    if found is not None:
        return found
    added = people.add(
        session,
        email=email,
        name=f"Practice of {person.name}",
        roles=(Role.RESEARCHER,),
        now=now,
    )
    audit.write(session, "person_added", now=now, person=added.id, roles=added.roles)
    return added


def _project(
    session: Session, dataset: Dataset, stand_in: Person, person: Person, now: datetime.datetime
) -> None:
    slug = f"{NAME}-{person.id}"
    if session.scalar(select(Project.id).where(Project.slug == slug)) is not None:
        return
    project = projects.create(
        session,
        slug=slug,
        title="Practice",
        purpose="To try programs on made-up people.",
        starts_on=now.date(),
        ends_on=(now + YEARS).date(),
        members=((stand_in, Position.LEAD),),
        datasets=(dataset,),
        now=now,
    )
    audit.write(session, "project_created", now=now, project_id=project.id, slug=slug)
    own = {"project_id": project.id}
    for holder in (own, {**own, "person_id": stand_in.id}):
        budgeted.open_account(session, dataset, rho_total=SHARE, now=now, **holder)
