"""What does the demonstration need before it can begin? Made once, found at the next run."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session, sessionmaker

from queries import read_catalogue
from queries.store import Store
from tre import datasets, migrations
from tre.database import connect, sessions
from tre.demo import cast
from tre.demo.places import ENTRIES, LOG_NAME, Places
from tre.ingest import command, keys
from tre.ingest.entry import Entry, read_entry
from tre.journey import published
from tre.people import Person
from tre.transparency.checkpoint import verifier_key

NAMES = ("nafld", "stops", "firms")


def database(places: Places) -> sessionmaker[Session]:
    """The service's records, migrated to this version of the code."""
    engine = connect(places.database_url)
    migrations.upgrade(engine)
    return sessions(engine)


def dataset(
    session: Session, name: str, *, places: Places, owner: Person, now: datetime.datetime
) -> str:
    """Ingests and publishes one dataset unless the same is there; one sentence about it."""
    folder = ENTRIES / name
    entry = read_entry(folder)
    if _is_there(session, entry, places):
        return f"{entry.catalogue.title}: sealed before, nothing to do."
    result = command.run(
        folder,
        store_root=places.store,
        key_file=places.key,
        stream=sys.stdout,
        full_report=False,
    )
    published.publish(
        session,
        owner=owner,
        catalogue=read_catalogue.from_json(result.catalogue_json),
        policy=entry.policy,
        version=result.version,
        report=result.report.to_json(),
        now=now,
    )
    return f"{entry.catalogue.title}: sealed."


def _is_there(session: Session, entry: Entry, places: Places) -> bool:
    """The entry's version is the current one, and its file is in the store."""
    found = datasets.by_name(session, entry.catalogue.dataset)
    version = None if found is None else datasets.current_version(session, found)
    if version is None or not places.key.exists():
        return False
    same = version.catalogue_hash == read_catalogue.catalogue_hash(entry.catalogue)
    store = Store(places.store, keys.load(places.key))
    return same and store.path(entry.catalogue.dataset, version.version).exists()


def log_key(places: Places) -> str:
    """Of the log, made at the first run; its public half, as readers keep it."""
    seed = keys.load_or_create(places.log_key, store_root=places.store)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return verifier_key(LOG_NAME, public)


def token(session: Session, person: Person, *, path: Path, now: datetime.datetime) -> str:
    """The secret of a live token of this person; a new one where the kept one has ended."""
    kept = path.read_text(encoding="ascii") if path.exists() else None
    return cast.token_of(session, person, kept=kept, now=now)
