"""Which questions travel through the service, and where is each of them now?"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.datasets import Dataset, DatasetVersion, PolicyVersion
from tre.errors import EdgeNotAllowed
from tre.lifecycle import Mover, State, may_move
from tre.people import Person
from tre.projects import Project

if TYPE_CHECKING:
    from queries.language import Query
    from tre.outputs import Output


class Submission(Base):
    """A question on its way. What was asked never changes; ``state`` moves by ``tre.lifecycle``."""

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint("checkers_required BETWEEN 0 AND 2", name="checkers"),
        CheckConstraint("track = 'dp' OR checkers_required >= 2", name="exact_needs_two"),
        Index("ix_submission_project_created", "project_id", "created_at", "id"),
        Index("ix_submission_state_created", "state", "created_at", "id"),
        Index("ix_submission_dataset_created", "dataset_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    version_id: Mapped[str] = mapped_column(ForeignKey("dataset_version.id"))
    policy_id: Mapped[str] = mapped_column(ForeignKey("policy_version.id"))
    query_json: Mapped[dict[str, Any]]
    source_text: Mapped[str | None]
    words: Mapped[str]  # the question in plain English
    purpose: Mapped[str]
    intended_id: Mapped[str | None] = mapped_column(ForeignKey("intended_output.id"), index=True)
    rho_nano: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(index=True)
    track: Mapped[str]
    checkers_required: Mapped[int]
    risk: Mapped[str] = mapped_column(default="")  # empty: asked before risk was computed
    risk_factors: Mapped[list[str]] = mapped_column(default=list)
    for_audit: Mapped[bool] = mapped_column(default=False)  # drawn for a checker
    cells: Mapped[int]
    slot_ms: Mapped[int]
    state: Mapped[str]
    round: Mapped[int] = mapped_column(default=1)  # of checks: grows when they begin anew
    reasons: Mapped[list[str]]  # ids of gates, or codes, behind a refusal
    created_at: Mapped[datetime.datetime]
    moved_at: Mapped[datetime.datetime]

    project: Mapped[Project] = relationship()
    author: Mapped[Person] = relationship()
    dataset: Mapped[Dataset] = relationship()
    version: Mapped[DatasetVersion] = relationship()
    policy_version: Mapped[PolicyVersion] = relationship()
    output: Mapped[Output | None] = relationship(back_populates="submission")

    @property
    def query(self) -> Query:
        from queries import json_form  # noqa: PLC0415

        return json_form.from_json(self.query_json, self.version.catalogue)


class IdempotencyKey(Base):
    """The same key with the same request gives the same submission, however often it is sent."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str]
    request_hash: Mapped[str]
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    created_at: Mapped[datetime.datetime]


def move(
    session: Session,
    submission: Submission,
    *,
    to: State,
    mover: Mover,
    now: datetime.datetime,
    reasons: tuple[str, ...] = (),
) -> None:
    """Moves along a declared edge, or raises EdgeNotAllowed if the row has moved meanwhile."""
    source = State(submission.state)
    if not may_move(source, to, mover):
        raise EdgeNotAllowed(f"{mover} may not move {source} to {to}")
    moved = session.execute(
        update(Submission)
        .where(Submission.id == submission.id, Submission.state == source.value)
        .values(state=to.value, moved_at=now, reasons=list(reasons))
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise EdgeNotAllowed(f"{source} to {to} lost a race")
    session.refresh(submission)


def of_project(
    session: Session,
    project_id: str,
    *,
    limit: int = 50,
    after: tuple[datetime.datetime, str] | None = None,
) -> list[Submission]:
    """Newest first; ``after`` is (created_at, id) of the last row of the page before."""
    found = select(Submission).where(Submission.project_id == project_id)
    if after is not None:
        at, last = after
        found = found.where(
            (Submission.created_at < at) | ((Submission.created_at == at) & (Submission.id < last))
        )
    newest = found.order_by(Submission.created_at.desc(), Submission.id.desc())
    return list(session.scalars(newest.limit(limit)))
