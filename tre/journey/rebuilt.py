"""Is what the register keeps what its entries say? Made again from them, by an operator."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from queries.register.registrar import Registrar
from tre import audit, datasets
from tre.database import writing
from tre.datasets import Dataset
from tre.journey import registered


@dataclass(frozen=True, slots=True)
class Compared:
    """``agree`` is None where no file was kept to compare with."""

    tables: int
    agree: bool | None


def rebuild(
    session: Session,
    *,
    dataset: Dataset,
    registrar: Registrar,
    seconds: float,
    now: datetime.datetime,
) -> Compared:
    """Raises EngineFailed."""
    before = registered.before(session, dataset.id)
    policy = datasets.current_policy(session, dataset)
    name, dataset_id = dataset.name, dataset.id
    if not before.entries or policy is None:
        return Compared(0, None)
    limits = registered.limits(policy.policy, seconds=seconds)
    session.rollback()
    found = registrar.rebuilt(
        dataset=name,
        history=before.entries,
        limits=limits,
        deadline=time.monotonic() + seconds,
    )
    agree = None if found.kept is None else found.agree
    with writing(session):
        audit.write(
            session,
            "register_rebuilt",
            now=now,
            dataset_id=dataset_id,
            tables=len(before.entries),
            agree=agree,
        )
    return Compared(len(before.entries), agree)
