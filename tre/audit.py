"""Who did what, when? A log that only grows, written in the transaction that it describes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, Integer, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base
from tre.people import Person

if TYPE_CHECKING:
    from tre.submissions import Submission

EVENTS: dict[str, frozenset[str]] = {
    "signed_in": frozenset(),
    "signed_out": frozenset(),
    "sign_in_failed": frozenset({"email_hash"}),
    "stepped_up": frozenset(),
    "step_up_failed": frozenset(),
    "person_added": frozenset({"person", "roles"}),
    "roles_changed": frozenset({"person", "before", "after"}),
    "organisation_changed": frozenset({"person", "before", "after"}),
    "account_closed": frozenset({"person"}),
    "account_opened": frozenset({"person"}),
    "token_issued": frozenset({"name", "scopes"}),
    "token_revoked": frozenset({"name"}),
    "project_created": frozenset({"slug"}),
    "budget_opened": frozenset(
        {
            *("level", "rho_total", "delta_total", "rho_lifetime", "delta_lifetime"),
            *("period_days", "period_rho"),
        }
    ),
    "version_published": frozenset({"version", "catalogue_hash"}),
    "policy_published": frozenset({"policy_hash"}),
    "request_begun": frozenset({"request", "outputs"}),
    "submitted": frozenset({"fingerprint", "rho_nano", "words", "purpose", "risk", "for_audit"}),
    "worked_out": frozenset({"release"}),
    "submission_refused": frozenset({"gates", "fingerprint"}),
    "reserved": frozenset({"rho_nano", "delta_femto"}),
    "cells_charged": frozenset({"cells"}),
    "reused": frozenset({"draw"}),
    "refused": frozenset({"reasons"}),
    "failed": frozenset({"kind", "attempts"}),
    "executed": frozenset({"cells"}),
    "protected": frozenset({"manifest_hash", "rho_nano"}),
    "cancelled": frozenset({"state"}),
    "assigned": frozenset({"checker", "how"}),
    "reviewed": frozenset({"decision", "artefact_hash", "round", "turn"}),
    "checks_begun_anew": frozenset({"round", "person"}),
    "sent_back": frozenset({"round", "reason"}),
    "commented": frozenset({"comment", "audience"}),
    "answered": frozenset({"round", "answer"}),
    "approved": frozenset({"approvals", "required"}),
    "judged": frozenset({"safe", "number"}),
    "withdrawn": frozenset({"number"}),
    "register_rebuilt": frozenset({"tables", "agree"}),
    "released": frozenset({"release", "files_hash"}),
    "publication_asked": frozenset({"release", "number", "text_hash"}),
    "made_public": frozenset({"release", "number", "text_hash"}),
    "publication_declined": frozenset({"release", "number", "reason"}),
    "recalled": frozenset({"release", "reason", "successor"}),
    "restoration_found": frozenset({"outside_size", "own_size"}),
    "restoration_settled": frozenset({"rho_nano", "reason"}),
    "webhook_made": frozenset({"webhook"}),
    "webhook_ended": frozenset({"webhook"}),
    "release_waits": frozenset({"gates"}),
    "exact_values_seen": frozenset({"output"}),
    "seeded": frozenset({"fault", "fingerprint"}),
    "seeded_ended": frozenset({"fault", "decided"}),
    "twin_made": frozenset({"version", "releases"}),
    "stopped": frozenset({"reason"}),
    "resumed": frozenset({"reason"}),
    "exported": frozenset({"rows"}),
    "top_up_asked": frozenset({"top_up", "level", "rho_more", "delta_more"}),
    "top_up_decided": frozenset({"top_up", "level", "rho_more", "delta_more", "granted"}),
    "exception_asked": frozenset({"exception", "policy_hash", "ends_on"}),
    "exception_decided": frozenset({"exception", "policy_hash", "granted"}),
    "rules_tightened": frozenset({"rules"}),
    "exception_ended": frozenset({"exception"}),
}
"""Every event and exactly the keys of its detail. None ever holds a value from a dataset."""


OF_RELEASES = text("event IN ('made_public', 'recalled', 'released')")
"""What readers of releases follow: as the index spells it, so that it is used."""


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_dataset", "dataset_id", "id"),
        Index("ix_audit_entry_submission", "submission_id", "id"),
        Index(
            "ix_audit_entry_of_releases",
            "id",
            sqlite_where=OF_RELEASES,
            postgresql_where=OF_RELEASES,
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime.datetime]
    event: Mapped[str]
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))  # None: the service
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset.id"))
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submission.id"))
    detail: Mapped[dict[str, Any]]

    actor: Mapped[Person | None] = relationship()


def write(
    session: Session,
    event: str,
    *,
    now: datetime.datetime,
    actor_id: str | None = None,
    project_id: str | None = None,
    dataset_id: str | None = None,
    submission_id: str | None = None,
    **detail: object,
) -> None:
    """Raises ValueError for an event or key that the table does not name: a fault of ours."""
    if EVENTS.get(event) != detail.keys():
        raise ValueError(f"audit event {event} with {sorted(detail)}")
    session.add(
        AuditEntry(
            at=now,
            event=event,
            actor_id=actor_id,
            project_id=project_id,
            dataset_id=dataset_id,
            submission_id=submission_id,
            detail=dict(detail),
        )
    )


def write_about(
    session: Session,
    submission: Submission,
    event: str,
    *,
    now: datetime.datetime,
    actor: Person | None = None,
    **detail: object,
) -> None:
    """Of a question on its way. ``actor`` of None: the service."""
    write(
        session,
        event,
        now=now,
        actor_id=None if actor is None else actor.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        **detail,
    )


def latest(session: Session, event: str, *, dataset_id: str) -> datetime.datetime | None:
    """When this last happened to a dataset."""
    found = select(AuditEntry.at).where(
        AuditEntry.dataset_id == dataset_id, AuditEntry.event == event
    )
    return session.scalar(found.order_by(AuditEntry.id.desc()).limit(1))


def of_submission(session: Session, submission_id: str) -> list[AuditEntry]:
    found = select(AuditEntry).where(AuditEntry.submission_id == submission_id)
    return list(session.scalars(found.order_by(AuditEntry.id)))
