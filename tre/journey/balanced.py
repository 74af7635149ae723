"""What has a dataset spent of its privacy budget, when, and when will it be used up? For its owner.

From the ledger of the pool: what was reserved counts from that moment. The loss of a period is that
of everybody who asked in it, together; losses of periods add up in rho, not in epsilon.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from disclosure_control.dp import accounting
from tre import budgets, datasets
from tre.budgets import Account, Charge, InPeriod, Level
from tre.people import Person
from tre.permissions import owned
from tre.restorations import Settlement

PACE = datetime.timedelta(days=90)  # over which the pace is told
SHORTEST = datetime.timedelta(days=7)  # of use, before a pace is told
FAR = datetime.timedelta(days=3650)  # beyond it no day is told
MONTHS = 12  # with any charge, that are told one by one


@dataclass(frozen=True, slots=True)
class Loss:
    """In 1e-9 rho, and what that implies at delta = 1e-6."""

    rho_nano: int

    @property
    def epsilon(self) -> str:
        return accounting.implied_epsilon(self.rho_nano, delta=accounting.CLAIM_DELTA)


@dataclass(frozen=True, slots=True)
class Month:
    first: datetime.date
    questions: int  # that were charged
    loss: Loss


@dataclass(frozen=True, slots=True)
class Sheet:
    """``spent`` is what was charged since the account was opened, lost charges included.

    ``promised``: what projects have left of their quotas; more than the pool has left is allowed,
    and then not all of them can use theirs. ``pace``: a day, of the last 90; None too early.
    """

    unit: str  # whose loss it is
    total: Loss
    spent: Loss
    settled: Loss  # of it: charges that were lost with a database, as its owner settled
    left: Loss
    delta_spent: int  # in 1e-15, for keys that nobody declared; adds to the delta of an epsilon
    delta_total: int
    lifetime: Loss  # most that it may ever be, after every top-up
    period: InPeriod | None  # of a pool that opens by periods
    promised: Loss
    months: tuple[Month, ...]  # newest first
    earlier: Loss  # than those months
    pace: float | None  # in 1e-9 rho
    used_up: datetime.date | None  # at that pace; None where it is far, or nothing is spent


def sheet(
    session: Session, *, owner: Person, dataset_id: str, now: datetime.datetime
) -> Sheet | None:
    """None for a dataset without a budget. Raises NotFound for somebody else's."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    pool = budgets.account(session, dataset_id=dataset.id)
    policy = datasets.current_policy(session, dataset)
    noisy = policy is not None and policy.policy.dp is not None
    if pool is None or not (noisy or pool.rho_spent):
        return None
    charges = session.execute(
        select(Charge.reserved_at, Charge.rho_nano)
        .where(Charge.account_id == pool.id, Charge.rho_nano > 0)
        .order_by(Charge.reserved_at)
    ).all()
    months = _months([(at, rho) for at, rho in charges])
    lost = session.scalar(
        select(func.coalesce(func.sum(Settlement.rho_nano), 0)).where(
            Settlement.dataset_id == dataset.id
        )
    )
    left = pool.rho_total - pool.rho_spent
    pace = _pace([(at, rho) for at, rho in charges], now)
    version = datasets.current_version(session, dataset)
    return Sheet(
        unit="unit" if version is None else version.catalogue.unit,
        total=Loss(pool.rho_total),
        spent=Loss(pool.rho_spent),
        settled=Loss(int(lost or 0)),
        left=Loss(left),
        delta_spent=pool.delta_spent,
        delta_total=pool.delta_total,
        lifetime=Loss(pool.rho_total + pool.room.rho_nano),
        period=pool.in_period(now),
        promised=Loss(_promised(session, dataset.id)),
        months=months[:MONTHS],
        earlier=Loss(sum(one.loss.rho_nano for one in months[MONTHS:])),
        pace=pace,
        used_up=_used_up(left, pace, now),
    )


Spent = list[tuple[datetime.datetime, int]]


def _months(charges: Spent) -> tuple[Month, ...]:
    by_month: defaultdict[datetime.date, list[int]] = defaultdict(list)
    for at, rho in charges:
        by_month[at.date().replace(day=1)].append(rho)
    return tuple(
        Month(first, len(own), Loss(sum(own))) for first, own in sorted(by_month.items())[::-1]
    )


def _pace(charges: Spent, now: datetime.datetime) -> float | None:
    """Of the last 90 days, or since the first question where that is less."""
    if not charges or now - charges[0][0] < SHORTEST:
        return None
    since = max(charges[0][0], now - PACE)
    recent = sum(rho for at, rho in charges if at >= since)
    return recent / ((now - since) / datetime.timedelta(days=1))


def _used_up(left: int, pace: float | None, now: datetime.datetime) -> datetime.date | None:
    if not pace:
        return None
    days = left / pace
    return None if days > FAR.days else (now + datetime.timedelta(days=days)).date()


def _promised(session: Session, dataset_id: str) -> int:
    found = select(func.coalesce(func.sum(Account.rho_total - Account.rho_spent), 0)).where(
        Account.dataset_id == dataset_id, Account.level == Level.PROJECT.value
    )
    return int(session.scalar(found) or 0)
