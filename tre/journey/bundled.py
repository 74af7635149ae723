"""What does a reader take away? All files of a release in one folder that can be checked alone."""

from __future__ import annotations

import io
import zipfile

from sqlalchemy.orm import Session

from tre import outputs
from tre.errors import NotFound
from tre.journey import looked
from tre.people import Person
from tre.releases import ReleaseSeal
from tre.rendering import described

BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest time of a file in a ZIP


def bundle(session: Session, *, person: Person | None, release_id: str) -> dict[str, bytes]:
    """Files by name. Raises NotFound (also where nobody signs the log), NotYetInLog."""
    release = looked.release(session, person=person, release_id=release_id)
    seal = session.get(ReleaseSeal, release.id)
    if seal is None:
        raise NotFound(release_id)
    told = {
        described.README: seal.readme,
        described.CRATE: seal.crate,
        described.STATEMENT: seal.statement,
        described.PROOF: seal.log_proof,
    }
    files = {name: one.content for name, one in outputs.files(release.output).items()}
    return files | {name: text.encode() for name, text in told.items()}


def zipped(files: dict[str, bytes], *, folder: str) -> bytes:
    """The same files give the same bytes: nothing is compressed, and no time is told."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", BEGINNING), content)
    return held.getvalue()
