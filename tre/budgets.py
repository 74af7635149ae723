"""How much privacy budget is there, who has spent it, and is there enough left?

Integers only: rho in 1e-9, delta in 1e-15. The *pool* of a dataset carries the guarantee, over
all people and projects; quotas of projects and researchers sit under it. A charge is a
conditional update, so two spenders can never both take the last of it. Nothing is refunded. What is
added later (``top_ups``) takes two people; a pool ends at what was declared when it was opened. A
pool may open by periods: then questions take no more than so much of it in each.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    UniqueConstraint,
    case,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.errors import BudgetExceeded


class Level(StrEnum):
    """Levels of an account, in the order in which they are always locked."""

    POOL = "pool"
    PROJECT = "project"
    RESEARCHER = "researcher"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a question, or what is left for questions: rho in 1e-9, delta in 1e-15."""

    rho_nano: int = 0
    delta_femto: int = 0

    def within(self, left: Cost) -> bool:
        return self.rho_nano <= left.rho_nano and self.delta_femto <= left.delta_femto


FREE = Cost()


@dataclass(frozen=True, slots=True)
class Period:
    """What questions may take of a pool in each so many days, in 1e-9 rho, from its first day on.

    What one period leaves is not added to the next.
    """

    days: int
    rho_nano: int


@dataclass(frozen=True, slots=True)
class InPeriod:
    """Of the period of a day: ``spent`` may exceed ``total`` by lost charges that were settled."""

    total: int
    spent: int
    first: datetime.date
    next: datetime.date  # on which another begins

    @property
    def left(self) -> int:
        return max(0, self.total - self.spent)


class Account(Base):
    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("0 <= rho_spent AND rho_spent <= rho_total", name="rho"),
        CheckConstraint("0 <= delta_spent AND delta_spent <= delta_total", name="delta"),
        CheckConstraint(
            "(level = 'pool' AND project_id IS NULL AND person_id IS NULL)"
            " OR (level = 'project' AND project_id IS NOT NULL AND person_id IS NULL)"
            " OR (level = 'researcher' AND project_id IS NOT NULL AND person_id IS NOT NULL)",
            name="level",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    holder: Mapped[str] = mapped_column(unique=True)  # dataset/project/person: one account each
    level: Mapped[str]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    rho_total: Mapped[int] = mapped_column(BigInteger)
    rho_spent: Mapped[int] = mapped_column(BigInteger, default=0)
    delta_total: Mapped[int] = mapped_column(BigInteger)
    delta_spent: Mapped[int] = mapped_column(BigInteger, default=0)
    rho_lifetime: Mapped[int | None] = mapped_column(BigInteger)  # most that it may ever hold;
    delta_lifetime: Mapped[int | None] = mapped_column(BigInteger)  # None: no more than it holds
    period_days: Mapped[int | None]  # None: all of it is open from the first day on
    period_rho: Mapped[int | None] = mapped_column(BigInteger)
    period_from: Mapped[datetime.date | None]  # in which something was charged last
    period_spent: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime.datetime]

    @property
    def rho_left(self) -> int:
        return self.rho_total - self.rho_spent

    def in_period(self, now: datetime.datetime) -> InPeriod | None:
        """None for an account that does not open by periods."""
        if self.period_days is None or self.period_rho is None:
            return None
        opened, days = self.created_at.date(), datetime.timedelta(days=self.period_days)
        first = opened + (now.date() - opened) // days * days
        spent = self.period_spent if self.period_from == first else 0
        return InPeriod(self.period_rho, spent or 0, first, first + days)

    @property
    def left(self) -> Cost:
        return Cost(self.rho_left, self.delta_total - self.delta_spent)

    @property
    def room(self) -> Cost:
        """How much more a pool may come to hold."""
        return Cost(
            (self.rho_lifetime or self.rho_total) - self.rho_total,
            (self.delta_lifetime or self.delta_total) - self.delta_total,
        )


class ChargeState(StrEnum):
    RESERVED = "reserved"
    SETTLED = "settled"


class Charge(Base):
    """One line of the ledger. Amounts never change, lines never go; settled is the only step."""

    __tablename__ = "charge"
    __table_args__ = (
        UniqueConstraint("submission_id", "account_id"),
        CheckConstraint("rho_nano >= 0 AND delta_femto >= 0", name="amounts"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    rho_nano: Mapped[int] = mapped_column(BigInteger)
    delta_femto: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    reserved_at: Mapped[datetime.datetime]
    settled_at: Mapped[datetime.datetime | None]

    account: Mapped[Account] = relationship()


def open_account(
    session: Session,
    *,
    dataset: Dataset,
    rho_total: int,
    now: datetime.datetime,
    delta_total: int = 0,
    lifetime: Cost | None = None,
    period: Period | None = None,
    project_id: str | None = None,
    person_id: str | None = None,
) -> Account:
    """A pool (no project), a project's quota, or a researcher's quota within a project.

    ``lifetime``: most that a pool may ever hold, after every top-up; without it, no more than now.
    ``period``: of a pool that opens by periods.
    """
    level = (
        Level.POOL
        if project_id is None
        else Level.PROJECT
        if person_id is None
        else Level.RESEARCHER
    )
    account = Account(
        id=new_id(),
        holder=_holder(dataset.id, project_id, person_id),
        level=level.value,
        dataset_id=dataset.id,
        project_id=project_id,
        person_id=person_id,
        rho_total=rho_total,
        rho_spent=0,
        delta_total=delta_total,
        delta_spent=0,
        rho_lifetime=None if lifetime is None else lifetime.rho_nano,
        delta_lifetime=None if lifetime is None else lifetime.delta_femto,
        period_days=None if period is None else period.days,
        period_rho=None if period is None else period.rho_nano,
        period_from=None if period is None else now.date(),
        period_spent=None if period is None else 0,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def account(
    session: Session,
    *,
    dataset_id: str,
    project_id: str | None = None,
    person_id: str | None = None,
) -> Account | None:
    holder = _holder(dataset_id, project_id, person_id)
    return session.scalar(select(Account).where(Account.holder == holder))


def _holder(dataset_id: str, project_id: str | None, person_id: str | None) -> str:
    return f"{dataset_id}/{project_id or ''}/{person_id or ''}"


def accounts_of(
    session: Session, *, dataset_id: str, project_id: str, person_id: str
) -> dict[Level, Account | None]:
    """The three accounts that one question draws on, in their fixed order, read at once."""
    holders = {
        Level.POOL: _holder(dataset_id, None, None),
        Level.PROJECT: _holder(dataset_id, project_id, None),
        Level.RESEARCHER: _holder(dataset_id, project_id, person_id),
    }
    found = session.scalars(select(Account).where(Account.holder.in_(holders.values())))
    by_holder = {one.holder: one for one in found}
    return {level: by_holder.get(holder) for level, holder in holders.items()}


def reserve(
    session: Session,
    *,
    accounts: dict[Level, Account | None],
    submission_id: str,
    cost: Cost,
    now: datetime.datetime,
) -> None:
    """Takes the cost on every level or raises BudgetExceeded; the caller's transaction decides.

    Accounts are locked in the order of ``Level``, so two reservations never wait for each other.
    """
    for level in Level:
        row = accounts[level]
        if row is None and cost == FREE:
            continue  # an exact output costs nothing, and needs no account
        if row is None:
            raise BudgetExceeded(f"no account on level {level}")
        if not _take(session, row, cost, row.in_period(now)):
            raise BudgetExceeded(f"too little left on level {level}")
        session.add(
            Charge(
                id=new_id(),
                account_id=row.id,
                submission_id=submission_id,
                rho_nano=cost.rho_nano,
                delta_femto=cost.delta_femto,
                state=ChargeState.RESERVED.value,
                reserved_at=now,
            )
        )
    session.flush()


def take_lost(session: Session, *, pool: Account, cost: Cost, now: datetime.datetime) -> bool:
    """Charges that were lost with a database: they count in this period, however many they are."""
    return _take(session, pool, cost, pool.in_period(now), whole=True)


def _take(
    session: Session, row: Account, cost: Cost, period: InPeriod | None, *, whole: bool = False
) -> bool:
    """In one conditional update. ``whole``: also what is more than the period has left."""
    within = [
        Account.id == row.id,
        Account.rho_spent + cost.rho_nano <= Account.rho_total,
        Account.delta_spent + cost.delta_femto <= Account.delta_total,
    ]
    then: dict[str, object] = {
        "rho_spent": Account.rho_spent + cost.rho_nano,
        "delta_spent": Account.delta_spent + cost.delta_femto,
    }
    if period is not None:
        before = case((Account.period_from == period.first, Account.period_spent), else_=0)
        then |= {"period_from": period.first, "period_spent": before + cost.rho_nano}
        within.append(Account.period_from <= period.first)  # a clock that was put back
        if not whole:
            within.append(before + cost.rho_nano <= Account.period_rho)
    taken = session.execute(
        update(Account).where(*within).values(then).execution_options(synchronize_session=False)
    )
    session.expire_all()
    return taken.rowcount == 1


def settle(session: Session, *, submission_id: str, now: datetime.datetime) -> None:
    """The reserved charge of this question has become final."""
    session.execute(
        update(Charge)
        .where(Charge.submission_id == submission_id, Charge.state == ChargeState.RESERVED.value)
        .values(state=ChargeState.SETTLED.value, settled_at=now)
    )


def charges_of(session: Session, submission_id: str) -> list[Charge]:
    return list(session.scalars(select(Charge).where(Charge.submission_id == submission_id)))
