"""What may an auditor read? Everything that is on record, and nothing may be written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tre import assignments, budgets, comments, publications, recalls, releases, reviews
from tre.assignments import Assignment
from tre.audit import AuditEntry
from tre.budgets import Charge
from tre.comments import Comment
from tre.datasets import Dataset
from tre.errors import NotFound
from tre.people import Person
from tre.permissions import check_audit
from tre.projects import Project
from tre.publications import PublicationAsked
from tre.recalls import Recall
from tre.releases import Release, SentBack
from tre.reviews import Review
from tre.submissions import Submission
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


@dataclass(frozen=True, slots=True)
class Case:
    """All that is on record of one question. What would leave, or left, is the submission's."""

    submission: Submission
    lines: tuple[Line, ...]  # the first first
    charges: tuple[Charge, ...]
    turns: tuple[Assignment, ...]
    reviews: tuple[Review, ...]
    sent_back: tuple[SentBack, ...]
    comments: tuple[Comment, ...]
    release: Release | None
    recall: Recall | None
    texts: tuple[PublicationAsked, ...]


def question(session: Session, *, person: Person, submission_id: str) -> Case:
    """Raises NotFound."""
    check_audit(person=person)
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound(submission_id)
    output_id = "" if found.output is None else found.output.id
    release = releases.of_output(session, output_id)
    of_it = _found().where(AuditEntry.submission_id == submission_id).order_by(AuditEntry.id)
    return Case(
        submission=found,
        lines=tuple(_lines(session, of_it)),
        charges=tuple(budgets.charges_of(session, submission_id)),
        turns=tuple(assignments.ever_of_output(session, output_id)),
        reviews=tuple(reviews.of_output(session, output_id)),
        sent_back=tuple(releases.sent_back(session, output_id)),
        comments=tuple(comments.of_submission(session, submission_id)),
        release=release,
        recall=None if release is None else recalls.of_release(session, release.id),
        texts=() if release is None else tuple(publications.of_release(session, release.id)),
    )


def entries(
    session: Session,
    *,
    person: Person,
    event: str | None = None,
    before: int | None = None,
) -> list[Line]:
    """Newest first, a page at most; ``before`` is the id of the last one seen. Raises NotFound."""
    check_audit(person=person)
    found = _found().order_by(AuditEntry.id.desc()).limit(PAGE)
    if event is not None:
        found = found.where(AuditEntry.event == event)
    if before is not None:
        found = found.where(AuditEntry.id < before)
    return _lines(session, found)


def _found() -> Select[tuple[AuditEntry, str, str, str, int]]:
    return (
        select(AuditEntry, Person.name, Project.title, Dataset.title, LogLeaf.place)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .outerjoin(Project, Project.id == AuditEntry.project_id)
        .outerjoin(Dataset, Dataset.id == AuditEntry.dataset_id)
        .outerjoin(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
    )


def _lines(session: Session, found: Select[tuple[AuditEntry, str, str, str, int]]) -> list[Line]:
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
