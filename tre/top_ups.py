"""What was added to a privacy budget after it was opened, and by whose two decisions?

An owner of the dataset asks, somebody else who owns data decides. A pool never grows beyond what
was declared when it was opened: what may be learned of a unit is bounded from its first day on.
"""

from __future__ import annotations

import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.budgets import Account, Cost
from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.people import Person

UNDECIDED = text("decided_at IS NULL")


class TopUp(Base):
    """One addition. What was asked for never changes; it is decided once."""

    __tablename__ = "top_up"
    __table_args__ = (
        CheckConstraint("rho_more >= 0 AND delta_more >= 0", name="amounts"),
        CheckConstraint("rho_more > 0 OR delta_more > 0", name="something"),
        Index(
            "ix_top_up_undecided",
            "account_id",
            unique=True,
            sqlite_where=UNDECIDED,
            postgresql_where=UNDECIDED,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    rho_more: Mapped[int] = mapped_column(BigInteger)
    delta_more: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str]
    raised_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime.datetime]
    decided_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime.datetime | None]
    granted: Mapped[bool | None]
    answer: Mapped[str | None]  # why it was granted or declined
    rho_after: Mapped[int | None] = mapped_column(BigInteger)  # totals of the account, if granted
    delta_after: Mapped[int | None] = mapped_column(BigInteger)

    dataset: Mapped[Dataset] = relationship()
    account: Mapped[Account] = relationship()
    raised_by: Mapped[Person] = relationship(foreign_keys=raised_by_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)

    @property
    def more(self) -> Cost:
        return Cost(self.rho_more, self.delta_more)


def of_dataset(session: Session, dataset_id: str) -> list[TopUp]:
    """Newest first."""
    found = select(TopUp).where(TopUp.dataset_id == dataset_id)
    return list(session.scalars(found.order_by(TopUp.raised_at.desc(), TopUp.id)))


def undecided(session: Session) -> list[TopUp]:
    """Oldest first."""
    found = select(TopUp).where(TopUp.decided_at.is_(None))
    return list(session.scalars(found.order_by(TopUp.raised_at, TopUp.id)))
