"""No race, clock or hand at the database takes more of a pool than a period opens."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW, World
from tre import budgets, database, datasets
from tre.budgets import Account, Charge, Cost, Level, Period
from tre.errors import BudgetExceeded
from tre.journey import restored
from tre.restorations import Restoration

DAYS = 30
OPENED = 500
SPENDERS = 16
COST = 90  # five of them are 450


def charge(session: Session, world: World, cost: int, *, at: datetime.datetime = NOW) -> None:
    """As a question would be charged that reaches the worker then."""
    with database.writing(session):
        submission = factories.a_submission(session, world)
        accounts = budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        )
        budgets.reserve(
            session, accounts=accounts, submission_id=submission.id, cost=Cost(cost), now=at
        )


def pool_of(session: Session, world: World) -> Account:
    session.expire_all()
    return budgets.account(session, dataset_id=world.dataset)


@pytest.fixture
def opened(engine: Engine):
    with Session(engine) as session:
        yield session, factories.furnish(session, period=Period(DAYS, OPENED))


def day(number: float) -> datetime.datetime:
    return NOW + datetime.timedelta(days=number)


def test_a_crowd_takes_what_a_period_opens_and_no_more(engine: Engine):
    with Session(engine) as session:
        world = factories.furnish(session, period=Period(DAYS, OPENED))

    def one(_: int) -> bool:
        with Session(engine) as session:
            try:
                charge(session, world, COST)
            except BudgetExceeded:
                return False
            return True

    with ThreadPoolExecutor(SPENDERS) as crowd:
        let_through = sum(crowd.map(one, range(SPENDERS)))
    with Session(engine) as session:
        pool = pool_of(session, world)
        of_pool = select(func.sum(Charge.rho_nano)).where(Charge.account_id == pool.id)
        assert let_through == OPENED // COST
        assert session.scalar(of_pool) == pool.rho_spent == pool.period_spent == let_through * COST


def test_another_period_opens_as_much_and_nothing_that_was_left(opened):
    session, world = opened
    charge(session, world, OPENED - 1)
    with pytest.raises(BudgetExceeded):
        charge(session, world, 2, at=day(DAYS - 1))
    assert pool_of(session, world).in_period(day(DAYS - 1)).left == 1
    charge(session, world, OPENED, at=day(2 * DAYS))  # one went by unused
    with pytest.raises(BudgetExceeded):
        charge(session, world, 1, at=day(3 * DAYS - 1))
    pool = pool_of(session, world)
    assert pool.rho_spent == 2 * OPENED - 1
    assert pool.in_period(day(3 * DAYS)).spent == 0


def test_a_refused_charge_leaves_nothing_on_any_level(opened):
    session, world = opened
    with pytest.raises(BudgetExceeded):
        charge(session, world, OPENED + 1)
    assert session.scalar(select(func.sum(Account.rho_spent))) == 0
    assert session.scalar(select(func.count(Charge.id))) == 0


@pytest.mark.postgres
def test_the_time_zone_of_a_database_moves_no_period(postgresql: Engine):
    """Fourteen hours east of here the pool was opened a day later."""
    late = NOW.replace(hour=23)
    with Session(postgresql) as session:
        world = factories.furnish(session)
        with database.writing(session):
            made = datasets.register(
                session, name="other", title="Other", owner=world.person(session, "eve"), now=late
            )
            period = Period(DAYS, OPENED)
            budgets.open_account(session, dataset=made, rho_total=1000, period=period, now=late)
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
            session.execute(text(f"SET TIME ZONE '{zone}'"))
            session.expire_all()
            pool = budgets.account(session, dataset_id=made.id)
            assert pool.created_at.utcoffset() == datetime.timedelta(0)
            assert pool.in_period(late).first == late.date()


def test_a_clock_that_was_put_back_opens_no_period_again(opened):
    session, world = opened
    charge(session, world, OPENED)
    charge(session, world, 1, at=day(DAYS))
    for at in (day(0), day(-1), day(-DAYS)):
        with pytest.raises(BudgetExceeded):
            charge(session, world, 1, at=at)


def test_lost_charges_count_in_the_period_in_which_they_are_settled(opened):
    session, world = opened
    charge(session, world, 100)
    session.add(Restoration(id="r", outside_size=9, outside_root="00", own_size=1, found_at=day(1)))
    session.commit()
    restored.settle(
        session,
        owner=world.person(session, "eve"),
        dataset_id=world.dataset,
        rho_nano=OPENED,
        no_exact_table_left=True,
        reason="By our mails.",
        now=day(2),
    )
    found = pool_of(session, world).in_period(day(2))
    assert (found.spent, found.left) == (OPENED + 100, 0)
    with pytest.raises(BudgetExceeded):
        charge(session, world, 1, at=day(3))
    charge(session, world, 1, at=day(DAYS))


@pytest.mark.parametrize(
    "values",
    [
        {"period_spent": 0},
        {"period_spent": None},
        {"period_from": None},
        {"period_rho": 2 * OPENED},
        {"period_days": 1},
        {"period_days": None, "period_rho": None, "period_from": None, "period_spent": None},
        {"period_from": day(-DAYS).date(), "period_spent": 0},
        {"period_from": day(DAYS).date()},
        {"rho_spent": 101},
        {"rho_spent": 101, "period_from": day(DAYS).date(), "period_spent": 0},
    ],
    ids=lambda values: ", ".join(f"{name} {value}" for name, value in values.items()),
)
def test_the_database_keeps_what_was_spent_in_a_period(opened, values):
    session, world = opened
    charge(session, world, 100)
    of_pool = update(Account).where(Account.level == Level.POOL.value)
    with pytest.raises(IntegrityError, match="spent in a period"):
        session.execute(of_pool.values(values))


def test_the_database_takes_no_charge_beyond_a_period(opened):
    """As code would that forgets the period's condition."""
    session, world = opened
    submission = factories.a_submission(session, world)
    of_pool = update(Account).where(Account.level == Level.POOL.value)
    more = {"rho_spent": OPENED + 1, "period_spent": OPENED + 1}
    session.execute(of_pool.values(more))
    row = Charge(
        id="c",
        account_id=pool_of(session, world).id,
        submission_id=submission.id,
        rho_nano=OPENED + 1,
        delta_femto=0,
        state="reserved",
        reserved_at=NOW,
    )
    session.add(row)
    with pytest.raises(IntegrityError, match="than a period opens"):
        session.flush()


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "project"},
        {"period_days": 0},
        {"period_rho": None},
        {"period_spent": 1},
        {"period_from": None},
    ],
    ids=lambda wrong: " ".join(map(str, *wrong.items())),
)
def test_an_account_opens_by_whole_periods_or_all_of_it(engine: Engine, wrong):
    with Session(engine) as session:
        world = factories.furnish(session)
        whose = {"project_id": world.project} if "level" in wrong else {}
        row = {
            "id": "a",
            "holder": "h",
            "level": "pool",
            "dataset_id": world.dataset,
            "rho_total": 9,
            "delta_total": 0,
            "rho_spent": 0,
            "delta_spent": 0,
            "created_at": NOW,
            "period_days": 1,
            "period_rho": 1,
            "period_spent": 0,
            "period_from": NOW.date(),
            **whose,
            **wrong,
        }
        session.add(Account(**row))
        with pytest.raises(IntegrityError, match="opens by periods"):
            session.flush()
