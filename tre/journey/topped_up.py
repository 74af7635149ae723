"""How does a privacy budget come to hold more? Its owner asks, somebody else decides.

Nothing is refunded: what was spent stays spent, and a total only grows. A pool grows up to what was
declared when it was opened, and never beyond.
"""

from __future__ import annotations

import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tre import audit, top_ups
from tre.budgets import FREE, Account, Cost, Level
from tre.database import new_id, writing
from tre.errors import EdgeNotAllowed, Incomplete, NotFound
from tre.people import Person
from tre.permissions import check_decide_top_up, check_owner, owned
from tre.top_ups import TopUp

LONGEST_REASON = 2000
MOST = Cost(10**15, 10**15)  # in one step: far beyond any use


def waiting(session: Session, *, person: Person) -> list[TopUp]:
    """Those on which this person may decide. Raises NotFound for who owns no data."""
    check_owner(person=person)
    return [one for one in top_ups.undecided(session) if one.raised_by_id != person.id]


def of_own(session: Session, *, owner: Person, dataset_id: str) -> list[TopUp]:
    """Every top-up of one's own dataset, newest first. Raises NotFound."""
    owned(session, owner=owner, dataset_id=dataset_id)
    return top_ups.of_dataset(session, dataset_id)


def accounts_of(session: Session, *, owner: Person, dataset_id: str) -> list[Account]:
    """That could hold more: of one's own dataset, pool first. Raises NotFound."""
    owned(session, owner=owner, dataset_id=dataset_id)
    found = session.scalars(select(Account).where(Account.dataset_id == dataset_id))
    order = list(Level)
    return sorted(found, key=lambda one: (order.index(Level(one.level)), one.created_at, one.id))


def opened(session: Session, *, person: Person, top_up_id: str) -> TopUp:
    """A top-up to look at and decide. Raises NotFound, NotPermitted."""
    found = session.get(TopUp, top_up_id)
    if found is None:
        raise NotFound(top_up_id)
    check_decide_top_up(session, person=person, top_up=found)
    return found


def ask(
    session: Session,
    *,
    owner: Person,
    dataset_id: str,
    account_id: str,
    more: Cost,
    reason: str,
    now: datetime.datetime,
) -> TopUp:
    """Raises NotFound, Incomplete with what to correct, EdgeNotAllowed where one waits."""
    _check_reason(reason)
    if more == FREE or not (FREE.within(more) and more.within(MOST)):
        raise Incomplete("rho", "Say how much is to be added: some ρ, some δ, or both.")
    with writing(session):
        dataset = owned(session, owner=owner, dataset_id=dataset_id)
        account = _locked(session, account_id)
        if account is None or account.dataset_id != dataset.id:
            raise Incomplete("account", "Choose which budget is to hold more.")
        _check_lifetime(account, more)
        if any(one.account_id == account.id for one in top_ups.undecided(session)):
            raise EdgeNotAllowed(f"a top-up of {account.id} waits")
        made = TopUp(
            id=new_id(),
            dataset_id=dataset.id,
            account_id=account.id,
            rho_more=more.rho_nano,
            delta_more=more.delta_femto,
            reason=reason.strip(),
            raised_by_id=owner.id,
            raised_at=now,
        )
        session.add(made)
        session.flush()
        _write(session, "top_up_asked", made, account, by=owner, now=now)
    return made


def decide(
    session: Session,
    *,
    person: Person,
    top_up_id: str,
    granted: bool,
    reason: str,
    now: datetime.datetime,
) -> TopUp:
    """Once; to grant raises the totals of the account in the same transaction.

    Raises NotFound, NotPermitted, Incomplete, EdgeNotAllowed.
    """
    _check_reason(reason)
    with writing(session):
        found = opened(session, person=person, top_up_id=top_up_id)
        account = _locked(session, found.account_id)
        session.refresh(found, with_for_update=True)
        if found.decided_at is not None or account is None:
            raise EdgeNotAllowed(found.id)
        if granted:
            _check_lifetime(account, found.more)
            found.rho_after = account.rho_total + found.rho_more
            found.delta_after = account.delta_total + found.delta_more
        found.decided_by_id, found.decided_at = person.id, now
        found.granted, found.answer = granted, reason.strip()
        session.flush()
        if granted:
            _raise(session, account, found)
        _write(session, "top_up_decided", found, account, by=person, now=now, granted=granted)
    return found


def _raise(session: Session, account: Account, found: TopUp) -> None:
    session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(rho_total=found.rho_after, delta_total=found.delta_after)
        .execution_options(synchronize_session=False)
    )
    session.refresh(account)


def _write(
    session: Session,
    event: str,
    top_up: TopUp,
    account: Account,
    *,
    by: Person,
    now: datetime.datetime,
    **also: bool,
) -> None:
    audit.write(
        session,
        event,
        now=now,
        actor_id=by.id,
        dataset_id=top_up.dataset_id,
        project_id=account.project_id,
        top_up=top_up.id,
        level=account.level,
        rho_more=top_up.rho_more,
        delta_more=top_up.delta_more,
        **also,
    )


def _locked(session: Session, account_id: str) -> Account | None:
    """Its row is held, so that no two decisions add to the same total."""
    return session.get(Account, account_id, with_for_update=True, populate_existing=True)


def _check_lifetime(account: Account, more: Cost) -> None:
    if account.level == Level.POOL.value and not more.within(account.room):
        raise Incomplete(
            "rho",
            "That is more than this pool may ever hold, as was declared when it was opened.",
        )


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
