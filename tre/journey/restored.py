"""Does the log still begin with what was signed outside? If not, what was lost is settled first."""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, budgets, restorations
from tre.budgets import Account, Cost, Level
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import BudgetExceeded, EdgeNotAllowed, Incomplete
from tre.people import Person
from tre.permissions import owned
from tre.restorations import Restoration, Settlement
from tre.transparency import log
from tre.transparency.checkpoint import Checkpoint
from tre.transparency.tree import root

LONGEST_REASON = 500


def extends(session: Session, outside: Checkpoint) -> bool:
    """Is the log at least as long as that, with the same beginning?"""
    if log.size(session) < outside.size:
        return False
    return root(log.hashes(session), outside.size) == outside.root


def find(session: Session, outside: Checkpoint, *, now: datetime.datetime) -> Restoration | None:
    """The restoration that this checkpoint tells, on record from now on; None for a whole log."""
    if extends(session, outside):
        session.rollback()
        return None
    with writing(session):
        known = select(Restoration).where(
            Restoration.outside_size == outside.size,
            Restoration.outside_root == outside.root.hex(),
        )
        found = session.scalar(known)
        if found is None:
            found = Restoration(
                outside_size=outside.size,
                outside_root=outside.root.hex(),
                own_size=log.size(session),
                found_at=now,
            )
            session.add(found)
            session.flush()
            audit.write(
                session,
                "restoration_found",
                now=now,
                outside_size=found.outside_size,
                own_size=found.own_size,
            )
    return found


def waiting(session: Session, *, owner: Person, dataset_id: str) -> list[Restoration]:
    """What is still to be settled on one's own dataset. Raises NotFound."""
    return restorations.unsettled(session, owned(session, owner=owner, dataset_id=dataset_id))


def settle(
    session: Session,
    *,
    owner: Person,
    dataset_id: str,
    rho_nano: int | None,
    no_exact_table_left: bool,
    reason: str,
    now: datetime.datetime,
) -> Settlement:
    """Charges what was lost to the pool; None stands for all that is left of it.

    Raises NotFound, Incomplete; EdgeNotAllowed where nothing is to be settled.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    if not no_exact_table_left:
        raise Incomplete(
            "no_exact_table_left",
            "An exact table that left and is forgotten makes others unsafe: take the data in again"
            " as a new dataset, or confirm that none left.",
        )
    with writing(session):
        dataset = owned(session, owner=owner, dataset_id=dataset_id)
        session.refresh(dataset, with_for_update={"key_share": True})
        open_ = restorations.unsettled(session, dataset)
        if not open_:
            raise EdgeNotAllowed(f"nothing to settle on {dataset.id}")
        settlement = Settlement(
            restoration_id=open_[0].id,
            dataset_id=dataset.id,
            by_id=owner.id,
            rho_nano=_charged(session, dataset, rho_nano, now),
            reason=reason.strip(),
            at=now,
        )
        session.add(settlement)
        audit.write(
            session,
            "restoration_settled",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            rho_nano=settlement.rho_nano,
            reason=settlement.reason,
        )
    return settlement


def _charged(
    session: Session, dataset: Dataset, rho_nano: int | None, now: datetime.datetime
) -> int:
    """What the pool was charged: never more than it holds, which is then empty."""
    own = (Account.dataset_id == dataset.id, Account.level == Level.POOL.value)
    pool = session.scalar(select(Account).where(*own).with_for_update())
    if pool is None:
        return 0
    lost = pool.rho_left if rho_nano is None else min(max(rho_nano, 0), pool.rho_left)
    delta = pool.left.delta_femto if lost else 0  # how much of it was lost, nobody says
    if not budgets.take_lost(session, pool=pool, cost=Cost(lost, delta), now=now):
        raise BudgetExceeded("the clock is before the last charge")
    return lost
