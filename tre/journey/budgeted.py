"""How does somebody come to have a budget? An account is opened once, on record."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, budgets, twins
from tre.budgets import Account, Cost, Period
from tre.datasets import Dataset

AMPLE = 10**12  # in 1e-9 rho, and in 1e-15 delta


def open_account(
    session: Session,
    dataset: Dataset,
    *,
    rho_total: int,
    now: datetime.datetime,
    delta_total: int = 0,
    lifetime: Cost | None = None,
    period: Period | None = None,
    **holder: str | None,
) -> Account | None:
    """In the caller's transaction. None where it is open: a total never changes silently.

    ``holder``: ``project_id``, and ``person_id`` beside it; nothing for the pool.
    """
    if budgets.account(session, dataset_id=dataset.id, **holder) is not None:
        return None
    account = budgets.open_account(
        session,
        dataset=dataset,
        rho_total=rho_total,
        delta_total=delta_total,
        lifetime=lifetime,
        period=period,
        now=now,
        **holder,
    )
    audit.write(
        session,
        "budget_opened",
        now=now,
        dataset_id=dataset.id,
        project_id=account.project_id,
        level=account.level,
        rho_total=account.rho_total,
        delta_total=account.delta_total,
        rho_lifetime=account.rho_lifetime,
        delta_lifetime=account.delta_lifetime,
        period_days=account.period_days,
        period_rho=account.period_rho,
    )
    twin = twins.of(session, dataset.id) if holder else None
    if twin is not None:
        open_ample(session, twin, now=now, **holder)
    return account


def open_ample(
    session: Session, twin: Dataset, *, now: datetime.datetime, **holder: str | None
) -> None:
    """On a synthetic twin, which holds nobody: questions are tried there without counting."""
    open_account(session, twin, rho_total=AMPLE, delta_total=AMPLE, now=now, **holder)
