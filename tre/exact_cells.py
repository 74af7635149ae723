"""How much of a dataset's exact answers has been asked for? Declared cells, never counted ones.

What exact tables truly tell of a dataset depends on data, so projects are charged for the cells
that their questions declare. A project pays once for the same people in the same cells, and nothing
for those of a table that has left. Nothing is refunded.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from tre.database import Base, new_id
from tre.register import ReleaseTable, TableState
from tre.submissions import Submission

WEEK = datetime.timedelta(days=7)


class ExactCharge(Base):
    """What one question was charged, before data was read. ``part`` names who is in which cell."""

    __tablename__ = "exact_charge"
    __table_args__ = (
        CheckConstraint("cells >= 0", name="cells"),
        Index("ix_exact_charge_part", "dataset_id", "part"),
        Index("ix_exact_charge_project", "dataset_id", "project_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), unique=True)
    part: Mapped[str]
    cells: Mapped[int]
    charged_at: Mapped[datetime.datetime]


@dataclass(frozen=True, slots=True)
class Room:
    """Cells: of the whole dataset, and of one project's share of it."""

    dataset_total: int
    dataset_left: int
    project_total: int
    project_left: int
    asked_this_week: int

    @property
    def left(self) -> int:
        return min(self.dataset_left, self.project_left)


def room(
    session: Session,
    *,
    dataset_id: str,
    project_id: str,
    catalogue: Catalogue,
    policy: Policy,
    now: datetime.datetime,
) -> Room | None:
    """None where no exact answers are given."""
    if policy.sdc is None:
        return None
    total = int(policy.sdc.closed * catalogue.declared_units)
    share = int(policy.sdc.project_share * total)
    return Room(
        dataset_total=total,
        dataset_left=total - _charged(session, dataset_id=dataset_id),
        project_total=share,
        project_left=share - _charged(session, dataset_id=dataset_id, project_id=project_id),
        asked_this_week=_asked(session, dataset_id, project_id, since=now - WEEK),
    )


def needed(session: Session, *, dataset_id: str, project_id: str, part: str, cells: int) -> int:
    """0 where this project paid for the part before, or a table of it has left."""
    paid = select(ExactCharge.id).where(
        ExactCharge.dataset_id == dataset_id,
        ExactCharge.project_id == project_id,
        ExactCharge.part == part,
    )
    left = (
        select(ExactCharge.id)
        .join(ReleaseTable, ReleaseTable.submission_id == ExactCharge.submission_id)
        .where(
            ExactCharge.dataset_id == dataset_id,
            ExactCharge.part == part,
            ReleaseTable.state == TableState.RELEASED.value,
        )
    )
    free = session.scalar(paid.limit(1)) or session.scalar(left.limit(1))
    return 0 if free else cells


def left(session: Session, *, dataset_id: str, version_id: str) -> list[Submission]:
    """Questions of this version whose tables have left: one for each part, the newest first."""
    found = session.execute(
        select(Submission, ExactCharge.part)
        .join(ExactCharge, ExactCharge.submission_id == Submission.id)
        .join(ReleaseTable, ReleaseTable.submission_id == Submission.id)
        .where(
            ExactCharge.dataset_id == dataset_id,
            Submission.version_id == version_id,
            ReleaseTable.state == TableState.RELEASED.value,
        )
        .order_by(ReleaseTable.moved_at, ReleaseTable.number)
    )
    return list(reversed({part: submission for submission, part in found}.values()))


def charge(
    session: Session,
    *,
    submission: Submission,
    part: str,
    cells: int,
    now: datetime.datetime,
) -> None:
    """In the transaction that reserves; the caller holds the dataset's row."""
    session.add(
        ExactCharge(
            id=new_id(),
            dataset_id=submission.dataset_id,
            project_id=submission.project_id,
            submission_id=submission.id,
            part=part,
            cells=cells,
            charged_at=now,
        )
    )
    session.flush()


def _charged(session: Session, *, dataset_id: str, project_id: str | None = None) -> int:
    found = select(func.coalesce(func.sum(ExactCharge.cells), 0)).where(
        ExactCharge.dataset_id == dataset_id
    )
    if project_id is not None:
        found = found.where(ExactCharge.project_id == project_id)
    return int(session.scalar(found) or 0)


def _asked(session: Session, dataset_id: str, project_id: str, *, since: datetime.datetime) -> int:
    found = (
        select(func.count())
        .select_from(ExactCharge)
        .where(
            ExactCharge.dataset_id == dataset_id,
            ExactCharge.project_id == project_id,
            ExactCharge.charged_at > since,
        )
    )
    return session.scalar(found) or 0
