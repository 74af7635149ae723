"""What would this question cost and give, before anything is spent? From public facts only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.orm import Session

from disclosure_control import strength
from queries.language import Query
from tre import budgets, exact_cells, gates, recalls, releases
from tre.budgets import Account, Cost
from tre.gates import Gate, Stage
from tre.journey import asked, precision, priced, routed, shelved
from tre.journey.precision import Bounded, ColumnPrecision
from tre.journey.routed import Route
from tre.people import Person
from tre.releases import Release


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One account before and after. ``total`` of None: there is no such account yet."""

    level: budgets.Level
    total: int | None
    left: int | None
    after: int | None  # negative: too little
    delta_left: int | None = None  # in 1e-15, where the question costs some
    delta_after: int | None = None
    period_left: int | None = None  # of a pool that opens by periods
    period_after: int | None = None
    period_ends: datetime.date | None = None  # the first day of the next

    @property
    def holds(self) -> bool:
        """Is there an account, and does it hold what the question costs?"""
        return self.after is not None and self.after >= 0 and (self.delta_after or 0) >= 0

    @property
    def enough(self) -> bool:
        """Does it, and does it open so much in this period?"""
        return self.holds and (self.period_after or 0) >= 0

    def at(self, rho_nano: int) -> BudgetLine:
        """The same account after another cost."""
        if self.left is None:
            return self
        after = None if self.period_left is None else self.period_left - rho_nano
        return replace(self, after=self.left - rho_nano, period_after=after)


@dataclass(frozen=True, slots=True)
class Preview:
    words: str  # the question in plain English
    track: str
    rho_nano: int
    epsilon: Decimal | None  # implied by this cost at delta = 1e-6; None on the exact track
    cells: int
    exactness: str  # exact track: how numbers are shown, in plain words
    threshold: int  # what is hidden below it: noisy counts (dp) or distinct units (sdc)
    columns: tuple[ColumnPrecision, ...]
    bounded: Bounded | None  # where bounds may leave rows out that the question counts
    keys_from: Decimal | None  # units from which, as drawn, a key that nobody declared is told
    delta_femto: int  # what telling such keys costs, in 1e-15
    one_by_one: int | None  # with noisy totals: what the tables cost if each is asked alone
    slot_seconds: float
    route: Route
    gates: tuple[Gate, ...]  # all; ``failing`` are those that are closed
    budgets: tuple[BudgetLine, ...]
    existing: Release | None  # of this project, answering exactly this
    may_leave: bool  # exact track: whether the register can judge such a table
    exact_needed: int  # exact track: cells that this project would be charged for
    exact: exact_cells.Room | None
    implied_by: Release | None  # tells the answer at no cost; None too where not looked for

    @property
    def checkers(self) -> int:
        return self.route.checkers

    @property
    def failing(self) -> tuple[Gate, ...]:
        return gates.closed(self.gates)


def preview(
    session: Session,
    *,
    person: Person,
    project_id: str,
    query: Query,
    now: datetime.datetime,
    rho_nano: int | None = None,
    within: Decimal | None = None,
    track: str | None = None,
    shelf: bool = False,
) -> Preview:
    """With ``within``, at the least cost at which the first number of a cell is told so exactly.

    At a cost of 0 as a table that the project holds tells it; ``shelf``: says at any cost whether
    there is one.

    Raises NotFound, NotPermitted, QueryRefused, Incomplete. Reads; changes nothing.
    """
    found = asked.grounds(
        session,
        person=person,
        project_id=project_id,
        dataset_name=query.dataset,
        track=track,
        now=now,
    )
    if within is not None:
        rho_nano = priced.cheapest(
            query, version=found.version, policy_version=found.policy_version, within=within
        )
    free = rho_nano == shelved.COST
    held = shelved.best(session, found, query) if free or shelf else None
    quote = priced.quote(
        query,
        version=found.version,
        policy_version=found.policy_version,
        rho_nano=rho_nano,
        held=held if free else None,
    )
    route = routed.route(quote)
    needed = exact_cells.needed(
        session,
        dataset_id=found.dataset.id,
        project_id=found.project.id,
        part=quote.part,
        cells=quote.exact_cells,
    )
    situation = gates.gather(
        session,
        person=person,
        project=found.project,
        dataset=found.dataset,
        now=now,
        cost=quote.cost,
        checkers_needed=route.checkers_at_most,
        rules=quote.policy,
        cells_needed=needed,
    )
    return Preview(
        words=quote.words,
        track=quote.policy.track.value,
        rho_nano=quote.rho_nano,
        epsilon=precision.epsilon(quote.rho_nano),
        cells=quote.plan.shape.cells_asked,
        exactness=strength.exactness(quote.policy),
        threshold=precision.threshold(quote.policy),
        columns=precision.columns(quote),
        bounded=precision.bounded(quote),
        keys_from=precision.keys_from(quote),
        delta_femto=quote.cost.delta_femto,
        one_by_one=precision.one_by_one(quote),
        slot_seconds=quote.plan.time.slot,
        route=route,
        gates=gates.evaluate(situation, stage=Stage.LOOK),
        may_leave=quote.policy.sdc is None or quote.plan.tells_of_whole_units,
        exact_needed=needed,
        exact=exact_cells.room(
            session,
            dataset_id=found.dataset.id,
            project_id=found.project.id,
            catalogue=quote.catalogue,
            policy=quote.policy,
            now=now,
        ),
        budgets=_lines(session, person, found, quote.cost, now),
        implied_by=None if held is None else session.get_one(Release, held.release_id),
        existing=_existing(session, fingerprint=quote.fingerprint, project_id=found.project.id),
    )


def _existing(session: Session, *, fingerprint: str, project_id: str) -> Release | None:
    found = releases.answering(session, fingerprint=fingerprint, project_id=project_id)
    taken_back = found is not None and recalls.of_release(session, found.id) is not None
    return None if taken_back else found


def _lines(
    session: Session, person: Person, found: asked.Grounds, cost: Cost, now: datetime.datetime
) -> tuple[BudgetLine, ...]:
    accounts = budgets.accounts_of(
        session, dataset_id=found.dataset.id, project_id=found.project.id, person_id=person.id
    )
    return tuple(
        BudgetLine(level, None, None, None) if account is None else _line(level, account, cost, now)
        for level, account in accounts.items()
    )


def _line(level: budgets.Level, account: Account, cost: Cost, now: datetime.datetime) -> BudgetLine:
    left, period = account.left, account.in_period(now)
    line = BudgetLine(level, account.rho_total, left.rho_nano, None)
    if period is not None:
        line = replace(line, period_left=period.left, period_ends=period.next)
    line = line.at(cost.rho_nano)
    if not cost.delta_femto:
        return line
    after = left.delta_femto - cost.delta_femto
    return replace(line, delta_left=left.delta_femto, delta_after=after)
