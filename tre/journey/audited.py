"""What may an auditor read? Everything that is on record, and nothing may be written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre.audit import AuditEntry
from tre.datasets import Dataset
from tre.people import Person
from tre.permissions import check_audit
from tre.projects import Project
from tre.transparency import log
from tre.transparency.log import LogCheckpoint, LogLeaf

PAGE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """``place`` in the log, once it is there; ``signed`` once a checkpoint covers it."""

    entry: AuditEntry
    actor: str
    project: str | None
    dataset: str | None
    place: int | None
    signed: bool


def entries(
    session: Session,
    *,
    person: Person,
    event: str | None = None,
    before: int | None = None,
) -> list[Line]:
    """Newest first, a page at most; ``before`` is the id of the last one seen. Raises NotFound."""
    check_audit(person=person)
    found = (
        select(AuditEntry, Person.name, Project.title, Dataset.title, LogLeaf.place)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .outerjoin(Project, Project.id == AuditEntry.project_id)
        .outerjoin(Dataset, Dataset.id == AuditEntry.dataset_id)
        .outerjoin(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
        .order_by(AuditEntry.id.desc())
        .limit(PAGE)
    )
    if event is not None:
        found = found.where(AuditEntry.event == event)
    if before is not None:
        found = found.where(AuditEntry.id < before)
    newest = log.newest(session)
    size = 0 if newest is None else newest.size
    return [
        Line(
            entry=entry,
            actor=actor or "the service",
            project=project,
            dataset=dataset,
            place=place,
            signed=place is not None and place < size,
        )
        for entry, actor, project, dataset, place in session.execute(found)
    ]


def checkpoint(session: Session, *, person: Person) -> LogCheckpoint | None:
    """The newest. Raises NotFound."""
    check_audit(person=person)
    return log.newest(session)
