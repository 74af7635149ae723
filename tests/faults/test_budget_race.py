"""32 people spend the last of a budget at once: exact on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.catalogues import dp_policy
from tests.factories import NOW, World, a_query
from tests.made_up_engines import SteadyEngine
from tre import budgets, database
from tre.budgets import Account, Charge, Level
from tre.errors import BudgetExceeded
from tre.journey import submitted, validated
from tre.lifecycle import State
from tre.submissions import Submission
from tre.worker.carry import Carrier, utc_now

SPENDERS = 32
COST = 150_000_000
AFFORDABLE = 13  # of the researcher's 2,000,000,000


def honest(session: Session, world: World, submission_id: str) -> None:
    budgets.reserve(
        session,
        accounts=budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        ),
        submission_id=submission_id,
        cost=budgets.Cost(COST),
        now=NOW,
    )


def check_then_act(session: Session, world: World, submission_id: str) -> None:
    """The planted fault: looks at what is left first, then writes what it thinks is the rest."""
    accounts = budgets.accounts_of(
        session,
        dataset_id=world.dataset,
        project_id=world.project,
        person_id=world.people["ada"],
    )
    spent = {account.id: account.rho_spent for account in accounts.values()}
    if any(account.rho_left < COST for account in accounts.values()):
        raise BudgetExceeded
    time.sleep(0.02)
    for level, account in accounts.items():
        written = max(spent[account.id] + COST, 0)
        session.execute(
            update(Account)
            .where(Account.id == account.id, Account.rho_spent <= written)
            .values(rho_spent=written)
            .execution_options(synchronize_session=False)
        )
        session.add(
            Charge(
                id=database.new_id(),
                account_id=account.id,
                submission_id=submission_id,
                rho_nano=COST,
                delta_femto=0,
                state="reserved",
                reserved_at=NOW,
            )
        )
        assert level in Level


def spend(engine: Engine, act: Callable[[Session, World, str], None]) -> tuple[int, int, int]:
    """How many were let through, what the account says, what the ledger says."""
    with Session(engine) as session:
        world = factories.furnish(session)
        with database.writing(session):
            ids = [factories.a_submission(session, world).id for _ in range(SPENDERS)]

    def one(submission_id: str) -> bool:
        with Session(engine) as session:
            try:
                with database.writing(session):
                    act(session, world, submission_id)
            except BudgetExceeded:
                return False
            return True

    with ThreadPoolExecutor(SPENDERS) as crowd:
        let_through = sum(crowd.map(one, ids))
    with Session(engine) as session:
        account = budgets.account(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        )
        ledger = session.scalar(
            select(func.sum(Charge.rho_nano)).where(Charge.account_id == account.id)
        )
        return let_through, account.rho_spent, int(ledger)


def test_a_crowd_spends_exactly_what_there_is(engine: Engine):
    assert spend(engine, honest) == (AFFORDABLE, AFFORDABLE * COST, AFFORDABLE * COST)


@pytest.mark.postgres
def test_the_same_test_catches_a_check_before_the_act(postgres_server: str):
    from tests import postgres

    with postgres.database(postgres_server) as url:
        engine = factories.migrated(url)
        let_through, _, ledger = spend(engine, check_then_act)
        engine.dispose()
    assert let_through > AFFORDABLE
    assert ledger > factories.PERSON_QUOTA


def test_a_refusal_on_one_level_takes_nothing_on_the_others(engine: Engine):
    with Session(engine) as session:
        world = factories.furnish(session)
        with database.writing(session):
            submission = factories.a_submission(session, world).id
        with pytest.raises(BudgetExceeded), database.writing(session):
            budgets.reserve(
                session,
                accounts=budgets.accounts_of(
                    session,
                    dataset_id=world.dataset,
                    project_id=world.project,
                    person_id=world.people["ada"],
                ),
                submission_id=submission,
                cost=budgets.Cost(factories.PERSON_QUOTA + 1),
                now=NOW,
            )
        assert set(session.scalars(select(Account.rho_spent))) == {0}
        assert session.scalar(select(func.count()).select_from(Charge)) == 0


def test_workers_side_by_side_refuse_what_is_too_much(engine: Engine):
    questions, workers, affordable = 12, 6, 4
    with Session(engine) as session:
        world = factories.furnish(session, policy=dp_policy(rho_nano_default=500_000_000))
        for bands in range(questions):
            submitted.submit(
                session,
                person=world.person(session, "ada"),
                project_id=world.project,
                query=a_query(20 + bands),
                purpose="To learn.",
                now=NOW,
            )
    carrier = Carrier(sessionmaker(engine), SteadyEngine(), "crowd")

    def one(_turn: int) -> None:
        with carrier.sessions() as session:
            held = carrier._lease(session)
            if held:
                validated.validate(session, job_id=held[0], token=held[1], now=utc_now())

    with ThreadPoolExecutor(workers) as crowd:
        list(crowd.map(one, range(3 * questions)))
    with Session(engine) as session:
        states = list(session.scalars(select(Submission.state)))
        assert states.count(State.VALIDATED) == affordable
        assert states.count(State.REFUSED) == questions - affordable
        pool = budgets.account(session, dataset_id=world.dataset)
        assert pool.rho_spent == affordable * 500_000_000
