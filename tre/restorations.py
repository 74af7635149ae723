"""Was the database put back to an earlier day, and who has answered for what that lost?

A backup that is restored brings spent budget back and forgets tables that have left. Until the
owner of a dataset has settled that, nothing runs and nothing is released on it.
"""

from __future__ import annotations

import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.people import Person


class Restoration(Base):
    """A log that does not extend the newest checkpoint outside: how long either was."""

    __tablename__ = "restoration"
    __table_args__ = (UniqueConstraint("outside_size", "outside_root"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    outside_size: Mapped[int]
    outside_root: Mapped[str]  # hexadecimal
    own_size: Mapped[int]
    found_at: Mapped[datetime.datetime]


class Settlement(Base):
    """The owner's word on one dataset. ``rho_nano`` was charged to its pool, in 1e-9 rho."""

    __tablename__ = "settlement"
    __table_args__ = (
        UniqueConstraint("restoration_id", "dataset_id"),
        CheckConstraint("rho_nano >= 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    restoration_id: Mapped[str] = mapped_column(ForeignKey("restoration.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    rho_nano: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    at: Mapped[datetime.datetime]

    by: Mapped[Person] = relationship()


def unsettled(session: Session, dataset: Dataset) -> list[Restoration]:
    """Of this dataset, oldest first. Data that came later lost nothing."""
    settled = select(Settlement.restoration_id).where(Settlement.dataset_id == dataset.id)
    found = select(Restoration).where(
        Restoration.found_at > dataset.created_at, Restoration.id.not_in(settled)
    )
    return list(session.scalars(found.order_by(Restoration.found_at, Restoration.id)))
