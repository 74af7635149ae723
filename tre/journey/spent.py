"""What may have been learned of a unit at most, by each dataset and by all? For everybody.

From the ledgers alone: which questions were charged, never what they found. Losses add up in rho
over datasets that hold the same unit, whatever they are asked in which order; without a record of
who is in which, the sum over all of them is the bound for anybody.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import datasets
from tre.budgets import Account, Level, Period
from tre.datasets import Dataset
from tre.journey import shown
from tre.journey.balanced import Loss


@dataclass(frozen=True, slots=True)
class Losses:
    """So far, and ever at most; each in rho, and in the delta that adds to that of an epsilon."""

    spent: Loss
    most: Loss
    delta_spent: int  # in 1e-15
    delta_most: int


@dataclass(frozen=True, slots=True)
class DatasetLosses:
    dataset: Dataset
    unit: str
    since: datetime.date  # on which its budget was opened, before any question
    losses: Losses
    period: Period | None  # of a pool that opens by periods
    exact: bool  # also answers exactly, or did: of that no bound is claimed


@dataclass(frozen=True, slots=True)
class Spent:
    each: tuple[DatasetLosses, ...]  # with a budget, by title
    together: Losses
    exact_too: bool  # there are exact answers of some dataset


def of_everybody(session: Session) -> Spent:
    every = shown.datasets(session)
    pools = select(Account).where(Account.level == Level.POOL.value, Account.rho_total > 0)
    by_dataset = {one.dataset_id: one for one in session.scalars(pools)}
    each = tuple(
        _of(session, dataset, by_dataset[dataset.id])
        for dataset in every
        if dataset.id in by_dataset
    )
    exact = any(one.exact for one in each) or len(each) < len(every)
    return Spent(each, _together([one.losses for one in each]), exact)


def _of(session: Session, dataset: Dataset, pool: Account) -> DatasetLosses:
    version = datasets.current_version(session, dataset)
    policy = datasets.current_policy(session, dataset)
    days, rho = pool.period_days, pool.period_rho
    return DatasetLosses(
        dataset=dataset,
        unit="unit" if version is None else version.catalogue.unit,
        since=pool.created_at.date(),
        losses=Losses(
            spent=Loss(pool.rho_spent),
            most=Loss(pool.rho_total + pool.room.rho_nano),
            delta_spent=pool.delta_spent,
            delta_most=pool.delta_total + pool.room.delta_femto,
        ),
        period=None if days is None or rho is None else Period(days, rho),
        exact=dataset.both_tracks_since is not None
        or (policy is not None and policy.policy.dp is None),
    )


def _together(losses: Sequence[Losses]) -> Losses:
    return Losses(
        spent=Loss(sum(one.spent.rho_nano for one in losses)),
        most=Loss(sum(one.most.rho_nano for one in losses)),
        delta_spent=sum(one.delta_spent for one in losses),
        delta_most=sum(one.delta_most for one in losses),
    )
