"""Which exact tables count as having left a dataset? Those that did, and those that may yet.

A table is *pending* from the moment at which it was judged to be safe with all that count: two that
are safe alone and not together are never both admitted, whatever people decide later. It is
admitted by moving the dataset's head on, which only one can do from where it was judged.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.errors import RegisterMoved
from tre.submissions import Submission

if TYPE_CHECKING:
    from queries.register.entry import Entry
    from queries.register.judged import Judged


class TableState(StrEnum):
    PENDING = "pending"  # may leave, and counts as if it had
    RELEASED = "released"  # for ever, even when it is recalled
    WITHDRAWN = "withdrawn"  # nobody outside checking has seen it, and nobody will
    REFUSED = "refused"  # may not leave; for checkers to see and to reject


COUNTING = (TableState.PENDING.value, TableState.RELEASED.value)


class ReleaseTable(Base):
    """One exact output, as the register saw it. ``number`` is its place among those that count."""

    __tablename__ = "release_table"
    __table_args__ = (
        UniqueConstraint("dataset_id", "number"),
        CheckConstraint("(state = 'refused') = (number IS NULL)", name="numbered"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), unique=True)
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"))
    policy_id: Mapped[str] = mapped_column(ForeignKey("policy_version.id"))
    number: Mapped[int | None]
    state: Mapped[str]
    entry: Mapped[str]  # what the register must know of it, as text that never changes
    verdict: Mapped[str]  # for checkers and owners
    against: Mapped[list[str]]  # ids of the rows that it was judged with, in their order
    judged_at: Mapped[datetime.datetime]
    moved_at: Mapped[datetime.datetime]

    submission: Mapped[Submission] = relationship()
    dataset: Mapped[Dataset] = relationship()

    @property
    def judged(self) -> Judged:
        from queries.register.judged import judged_from  # noqa: PLC0415

        return judged_from(self.verdict)

    @property
    def counts(self) -> bool:
        return self.state in COUNTING


def head(session: Session, dataset_id: str) -> int:
    """How often a table was admitted: whoever judged at this number may admit the next."""
    return session.execute(
        select(Dataset.register_head).where(Dataset.id == dataset_id)
    ).scalar_one()


def counting(session: Session, dataset_id: str) -> list[ReleaseTable]:
    """Every table that left or may yet, in the order in which they were admitted."""
    found = select(ReleaseTable).where(
        ReleaseTable.dataset_id == dataset_id, ReleaseTable.state.in_(COUNTING)
    )
    return list(session.scalars(found.order_by(ReleaseTable.number)))


def of_submission(session: Session, submission_id: str) -> ReleaseTable | None:
    return session.scalar(select(ReleaseTable).where(ReleaseTable.submission_id == submission_id))


def enter(
    session: Session,
    *,
    submission: Submission,
    draw_id: str,
    entry: Entry,
    judged: Judged,
    against: tuple[str, ...],
    at: int,
    now: datetime.datetime,
) -> ReleaseTable:
    """Puts a verdict on record; a safe table is admitted, if the head is still ``at``.

    Raises RegisterMoved if another table was admitted meanwhile.
    """
    number = _taken(session, submission.dataset_id, at=at) if judged.safe else None
    row = ReleaseTable(
        id=new_id(),
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        draw_id=draw_id,
        policy_id=submission.policy_id,
        number=number,
        state=(TableState.PENDING if judged.safe else TableState.REFUSED).value,
        entry=entry.text(),
        verdict=judged.text(),
        against=list(against),
        judged_at=now,
        moved_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _taken(session: Session, dataset_id: str, *, at: int) -> int:
    moved = session.execute(
        update(Dataset)
        .where(Dataset.id == dataset_id, Dataset.register_head == at)
        .values(register_head=at + 1)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        raise RegisterMoved
    return at + 1


def release(session: Session, row: ReleaseTable, *, now: datetime.datetime) -> None:
    _move(session, row, TableState.RELEASED, now=now)


def withdraw(session: Session, row: ReleaseTable, *, now: datetime.datetime) -> None:
    _move(session, row, TableState.WITHDRAWN, now=now)


def _move(session: Session, row: ReleaseTable, to: TableState, *, now: datetime.datetime) -> None:
    row.state, row.moved_at = to.value, now
    session.flush()
