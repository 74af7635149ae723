"""A budget comes to hold more by two people's decisions; a pool never more than was declared."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from tests import factories
from tests.factories import NOW, POOL, PROJECT_QUOTA, World
from tests.second_tracks import second_owner
from tre import budgets
from tre.audit import AuditEntry
from tre.budgets import Account, Cost, Level
from tre.database import writing
from tre.errors import EdgeNotAllowed, Incomplete, NotFound, NotPermitted
from tre.journey import topped_up
from tre.people import Role
from tre.top_ups import TopUp

SOME = Cost(1_000_000_000, 1_000_000)


@pytest.fixture
def world(session) -> World:
    return factories.furnish(session)


def account(session, world, level: Level = Level.POOL) -> Account:
    found = budgets.accounts_of(
        session,
        dataset_id=world.dataset,
        project_id=world.project,
        person_id=world.people["ada"],
    )[level]
    session.refresh(found)
    return found


def asked(session, world, *, level=Level.POOL, more=SOME, who="eve", reason="Twice the questions"):
    return topped_up.ask(
        session,
        owner=world.person(session, who),
        dataset_id=world.dataset,
        account_id=account(session, world, level).id,
        more=more,
        reason=reason,
        now=NOW,
    )


def decided(session, world, top_up, *, granted=True, who="gus"):
    if who == "gus":
        second_owner(session, world)
    return topped_up.decide(
        session,
        person=world.person(session, who),
        top_up_id=top_up.id,
        granted=granted,
        reason="As the board agreed",
        now=NOW,
    )


@pytest.mark.parametrize("level", list(Level))
def test_what_two_people_agree_on_is_added(session, world, level):
    before = account(session, world, level)
    rho, delta = before.rho_total, before.delta_total
    decided(session, world, asked(session, world, level=level))
    after = account(session, world, level)
    assert (after.rho_total, after.delta_total) == (rho + SOME.rho_nano, delta + SOME.delta_femto)
    assert (after.rho_spent, after.delta_spent) == (0, 0)


def test_asking_alone_adds_nothing_nor_does_declining(session, world):
    top_up = asked(session, world)
    assert account(session, world).rho_total == POOL
    decided(session, world, top_up, granted=False)
    assert account(session, world).rho_total == POOL
    assert asked(session, world).id != top_up.id


def test_who_asks_never_decides(session, world):
    top_up = asked(session, world)
    with pytest.raises(NotPermitted):
        decided(session, world, top_up, who="eve")
    assert account(session, world).rho_total == POOL


@pytest.mark.parametrize("level", [Level.PROJECT, Level.RESEARCHER])
def test_who_would_spend_it_does_not_decide(session, world, level):
    """ben owns data too, and belongs to the project."""
    with writing(session):
        world.person(session, "ben").roles = [Role.OWNER.value, Role.RESEARCHER.value]
    top_up = asked(session, world, level=level)
    with pytest.raises(NotPermitted):
        decided(session, world, top_up, who="ben")
    pool = asked(session, world)
    decided(session, world, pool, who="ben")


@pytest.mark.parametrize("who", ["ada", "cleo", "fay", "pat"])
def test_who_owns_no_data_neither_asks_nor_decides(session, world, who):
    with pytest.raises(NotFound):
        asked(session, world, who=who)
    top_up = asked(session, world)
    with pytest.raises(NotFound):
        decided(session, world, top_up, who=who)


def test_another_owner_does_not_ask_for_a_dataset_of_somebody_else(session, world):
    second_owner(session, world)
    with pytest.raises(NotFound):
        asked(session, world, who="gus")


def test_a_top_up_is_decided_once(session, world):
    top_up = asked(session, world)
    decided(session, world, top_up)
    for granted in (True, False):
        with pytest.raises(EdgeNotAllowed):
            decided(session, world, top_up, granted=granted)
    assert account(session, world).rho_total == POOL + SOME.rho_nano


def test_one_waits_for_a_budget_at_a_time(session, world):
    asked(session, world)
    with pytest.raises(EdgeNotAllowed):
        asked(session, world)
    asked(session, world, level=Level.PROJECT)


def test_a_pool_never_grows_beyond_what_was_declared(session, world):
    room = account(session, world).room
    assert room.rho_nano > 0
    with pytest.raises(Incomplete) as refused:
        asked(session, world, more=Cost(room.rho_nano + 1))
    assert refused.value.field == "rho"
    with pytest.raises(Incomplete):
        asked(session, world, more=Cost(0, room.delta_femto + 1))
    decided(session, world, asked(session, world, more=room))
    assert account(session, world).room == Cost(0, 0)
    with pytest.raises(Incomplete):
        asked(session, world, more=Cost(1))


def test_a_pool_that_declared_no_more_than_it_holds_stays_as_it_is(session, world):
    pool = account(session, world)
    assert Account(rho_total=5, delta_total=5, level="pool").room == Cost(0, 0)
    assert pool.room == Cost(factories.LIFETIME - POOL, factories.POOL_DELTA)


def test_a_quota_may_be_larger_than_its_pool_which_decides_all_the_same(session, world):
    more = Cost(10 * POOL)
    decided(session, world, asked(session, world, level=Level.PROJECT, more=more))
    assert account(session, world, Level.PROJECT).rho_total == PROJECT_QUOTA + more.rho_nano


@pytest.mark.parametrize(
    "more", [Cost(0, 0), Cost(-1, 5), Cost(5, -1), Cost(10**15 + 1), Cost(0, 10**15 + 1)]
)
def test_some_amount_has_to_be_named(session, world, more):
    with pytest.raises(Incomplete):
        asked(session, world, level=Level.PROJECT, more=more)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_both_say_why(session, world, reason):
    with pytest.raises(Incomplete):
        asked(session, world, reason=reason)


def test_a_budget_of_another_dataset_is_not_named(session, world):
    with pytest.raises(Incomplete):
        topped_up.ask(
            session,
            owner=world.person(session, "eve"),
            dataset_id=world.dataset,
            account_id="nowhere",
            more=SOME,
            reason="Why not",
            now=NOW,
        )


def test_both_steps_are_on_record(session, world):
    top_up = asked(session, world)
    decided(session, world, top_up)
    events = {
        entry.event: entry.detail
        for entry in session.scalars(select(AuditEntry))
        if entry.event.startswith("top_up")
    }
    told = {"top_up": top_up.id, "level": "pool", "rho_more": SOME.rho_nano}
    told["delta_more"] = SOME.delta_femto
    assert events == {"top_up_asked": told, "top_up_decided": {**told, "granted": True}}


def test_owners_see_what_waits_for_them_and_not_their_own(session, world):
    top_up = asked(session, world)
    gus = second_owner(session, world)
    assert topped_up.waiting(session, person=gus) == [top_up]
    assert topped_up.waiting(session, person=world.person(session, "eve")) == []
    with pytest.raises(NotFound):
        topped_up.waiting(session, person=world.person(session, "ada"))


# The database itself.

GUARDED = {
    "a total that falls": lambda a, t: setattr(a, "rho_total", a.rho_total - 1),
    "a total that grows without a top-up": lambda a, t: setattr(a, "rho_total", a.rho_total + 1),
    "delta that grows without a top-up": lambda a, t: setattr(a, "delta_total", a.delta_total + 1),
    "another lifetime": lambda a, t: setattr(a, "rho_lifetime", 10**15),
    "another amount": lambda a, t: setattr(t, "rho_more", t.rho_more + 1),
    "another account": lambda a, t: setattr(t, "dataset_id", "x"),
    "the asker's own decision": lambda a, t: [
        setattr(t, "decided_by_id", t.raised_by_id),
        setattr(t, "decided_at", NOW),
        setattr(t, "granted", True),
    ],
    "a decision by nobody": lambda a, t: setattr(t, "granted", True),
}


@pytest.mark.parametrize("change", GUARDED.values(), ids=GUARDED.keys())
def test_the_database_refuses(session, world, change):
    top_up = asked(session, world)
    pool = account(session, world)
    change(pool, top_up)
    with pytest.raises(DatabaseError):
        session.flush()
    session.rollback()


@pytest.mark.parametrize(
    ("name", "value"), [("granted", False), ("rho_after", 1), ("answer", "no")]
)
def test_a_decision_never_changes(session, world, name, value):
    top_up = asked(session, world)
    decided(session, world, top_up)
    setattr(top_up, name, value)
    with pytest.raises(DatabaseError):
        session.flush()
    session.rollback()


def test_a_granted_top_up_raises_its_own_account_only(session, world):
    decided(session, world, asked(session, world))
    project = account(session, world, Level.PROJECT)
    project.rho_total += SOME.rho_nano
    with pytest.raises(DatabaseError):
        session.flush()
    session.rollback()


def test_a_top_up_is_never_removed(session, world):
    top_up = asked(session, world)
    session.delete(top_up)
    with pytest.raises(DatabaseError):
        session.flush()
    session.rollback()
    assert session.get(TopUp, top_up.id) is not None


def test_spending_goes_on_while_a_total_grows(session, world):
    """The larger total can be spent to the last unit, and not beyond."""
    decided(session, world, asked(session, world, level=Level.RESEARCHER))
    total = account(session, world, Level.RESEARCHER).rho_total
    for rho, fits in ((total, True), (1, False)):
        submission = factories.a_submission(session, world)
        accounts = budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        )
        if fits:
            with writing(session):
                budgets.reserve(
                    session,
                    accounts=accounts,
                    submission_id=submission.id,
                    cost=Cost(rho),
                    now=NOW,
                )
            continue
        with pytest.raises(budgets.BudgetExceeded), writing(session):
            budgets.reserve(
                session, accounts=accounts, submission_id=submission.id, cost=Cost(rho), now=NOW
            )
