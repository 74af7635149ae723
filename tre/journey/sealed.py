"""When may a release be shown? Once it is in the signed log, with a statement that outlasts us.

A release is sealed after a checkpoint covers its audit entry: in one transaction it gets a signed
statement of its files, the proof that the log holds it, a description for people and one for
programs. None of them is ever made again: what was downloaded once stays true.
"""

from __future__ import annotations

import datetime
import json
import logging

from sqlalchemy import Row, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure_control.errors import DisclosureError
from tre import outputs
from tre.audit import AuditEntry
from tre.database import writing
from tre.errors import ArtefactsChanged
from tre.outputs import Output
from tre.releases import Release, ReleaseSeal
from tre.rendering import described
from tre.transparency import log, statement
from tre.transparency.log import LogLeaf, Signer
from tre.transparency.tree import inclusion

release_log = logging.getLogger("tre.release")

PREDICATE = "urn:x-tre:release:v1"
BATCH = 100  # releases that are sealed in one look

Proof = Row[tuple[str, int, str]]


def seal_waiting(session: Session, *, signer: Signer, now: datetime.datetime) -> int:
    """So many releases were sealed; each in a transaction of its own, and none holds up another."""
    found = session.execute(_waiting(session)).all()
    session.rollback()
    return sum(_sealed_if_intact(session, row, signer, now) for row in found)


def _sealed_if_intact(
    session: Session, proof: Proof, signer: Signer, now: datetime.datetime
) -> bool:
    """Bytes that are not those on record are never signed for, and never shown."""
    try:
        return _seal(session, proof, signer, now)
    except (ArtefactsChanged, DisclosureError) as error:
        release_log.error("a release is not sealed: %s", type(error).__name__)
        return False


def _waiting(session: Session) -> Select[tuple[str, int, str]]:
    """Releases without a seal that the newest checkpoint covers: id, place and salt of the leaf."""
    newest = log.newest(session)
    covered = 0 if newest is None else newest.size
    return (
        select(Release.id, LogLeaf.place, LogLeaf.salt)
        .join(Release.output)
        .join(
            AuditEntry,
            (AuditEntry.submission_id == Output.submission_id) & (AuditEntry.event == "released"),
        )
        .join(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
        .outerjoin(ReleaseSeal, ReleaseSeal.release_id == Release.id)
        .where(ReleaseSeal.release_id.is_(None), LogLeaf.place < covered)
        .order_by(LogLeaf.place)
        .limit(BATCH)
    )


def _seal(session: Session, proof: Proof, signer: Signer, now: datetime.datetime) -> bool:
    try:
        with writing(session):
            release = session.get_one(Release, proof.id)
            outputs.check_bytes(release.output)
            session.add(_sealed(session, release, proof, signer, now))
    except IntegrityError:  # another worker was first
        return False
    return True


def _sealed(
    session: Session, release: Release, proof: Proof, signer: Signer, now: datetime.datetime
) -> ReleaseSeal:
    files = {name: one.content for name, one in outputs.files(release.output).items()}
    readme = described.readme(release, log=signer.origin, files=files)
    crate = described.crate(release, files=files, readme=readme)
    payload = statement.statement(
        {**files, described.README: readme.encode(), described.CRATE: crate.encode()},
        predicate_type=PREDICATE,
        predicate={
            "release": release.id,
            "files": sorted(files),
            "filesHash": outputs.files_hash(release.output),
            "releasedAt": described.instant(release.released_at),
            "question": release.output.submission.words,
            "dataset": release.dataset.name,
            "track": release.output.track,
            "policyHash": release.output.submission.policy_version.policy_hash,
            "log": signer.origin,
        },
    )
    return ReleaseSeal(
        release_id=release.id,
        statement=statement.enveloped(payload, signer.key),
        log_proof=_proof(session, proof),
        readme=readme,
        crate=crate,
        sealed_at=now,
    )


def _proof(session: Session, proof: Proof) -> str:
    """The entry as it was hashed, its place, and the way from there to a signed root."""
    leaf = session.get_one(LogLeaf, proof.place)
    entry = session.execute(select(*log.FIELDS).where(AuditEntry.id == leaf.audit_id)).one()
    checkpoint = log.covering(session, proof.place)
    way = inclusion(log.hashes(session), leaf=proof.place, size=checkpoint.size)
    return json.dumps(
        {
            "checkpoint": checkpoint.note,
            "entry": log.committed(entry, leaf.salt).decode(),
            "leaf": proof.place,
            "proof": [one.hex() for one in way],
        },
        indent=1,
        ensure_ascii=False,
    )
