"""The balance sheet is the pool's ledger, by month; its forecast is arithmetic on it."""

from __future__ import annotations

import datetime

import pytest

from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, POOL, PROJECT_QUOTA
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, work
from tests.web import service as web
from tre import budgets
from tre.database import new_id, writing
from tre.errors import NotFound
from tre.journey import balanced
from tre.restorations import Restoration, Settlement

DAY = datetime.timedelta(days=1)


@pytest.fixture
def world(session):
    return factories.furnish(session)


def spend(session, world, rho_nano: int, *, at: datetime.datetime) -> None:
    """As a question of Ada's would be charged."""
    submission = factories.a_submission(session, world, created_at=at)
    budgets.reserve(
        session,
        accounts=budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        ),
        submission_id=submission.id,
        cost=budgets.Cost(rho_nano),
        now=at,
    )
    session.commit()


def sheet(session, world, *, now=NOW, who="eve"):
    return balanced.sheet(
        session, owner=world.person(session, who), dataset_id=world.dataset, now=now
    )


def test_nothing_spent_is_nothing_lost(session, world):
    found = sheet(session, world)
    assert (found.spent.rho_nano, found.spent.epsilon) == (0, "0.000")
    assert (found.total.rho_nano, found.left.rho_nano) == (POOL, POOL)
    assert (found.months, found.pace, found.used_up) == ((), None, None)
    assert found.unit == "person"
    assert found.lifetime.rho_nano == factories.LIFETIME


def test_months_add_up_to_what_was_spent(session, world):
    for days, rho in ((400, 5), (399, 7), (40, 11), (20, 13), (0, 17)):
        spend(session, world, rho * 10**6, at=NOW - days * DAY)
    found = sheet(session, world)
    assert [(one.first.isoformat(), one.questions, one.loss.rho_nano) for one in found.months] == [
        ("2026-03-01", 1, 17 * 10**6),
        ("2026-02-01", 1, 13 * 10**6),
        ("2026-01-01", 1, 11 * 10**6),
        ("2025-01-01", 2, 12 * 10**6),
    ]
    assert found.spent.rho_nano == 53 * 10**6
    assert found.earlier.rho_nano == 0
    # Losses add up in rho; epsilons of months are more than that of all together.
    assert sum(float(one.loss.epsilon) for one in found.months) > float(found.spent.epsilon)


def test_months_beyond_a_year_are_one_line(session, world):
    for number in range(15):
        at = NOW.replace(year=2024 + number // 12, month=1 + number % 12, day=1)
        spend(session, world, 10**6, at=at)
    found = sheet(session, world)
    assert len(found.months) == 12
    assert found.earlier.rho_nano == 3 * 10**6
    assert found.earlier.rho_nano + sum(one.loss.rho_nano for one in found.months) == 15 * 10**6


@pytest.mark.parametrize(
    ("first", "rho_nano", "days"),
    [
        (3, 10**9, None),  # too early
        (10, 10**9, 90),  # 1e8 a day, of which 9e9 are left
        (100, 10**9, None),  # nothing in the last 90 days
        (90, 9, None),  # far
    ],
)
def test_the_day_it_is_used_up_follows_from_the_pace(session, world, first, rho_nano, days):
    spend(session, world, rho_nano, at=NOW - first * DAY)
    found = sheet(session, world)
    expected = None if days is None else (NOW + days * DAY).date()
    assert found.used_up == expected


def test_a_pool_that_is_used_up_is_used_up_today(session, world):
    account = budgets.account(session, dataset_id=world.dataset)
    spend(session, world, 10**9, at=NOW - 20 * DAY)
    with writing(session):
        account.rho_spent = account.rho_total
    assert sheet(session, world).used_up == NOW.date()


def test_what_projects_were_promised_is_told_beside_what_is_left(session, world):
    spend(session, world, 10**6, at=NOW)
    projects = 2
    assert sheet(session, world).promised.rho_nano == projects * PROJECT_QUOTA - 10**6


def test_settled_losses_are_part_of_what_was_spent(session, world):
    with writing(session):
        restoration = Restoration(
            id=new_id(), outside_size=9, outside_root="00", own_size=1, found_at=NOW
        )
        session.add(restoration)
        session.flush()
        session.add(
            Settlement(
                id=new_id(),
                restoration_id=restoration.id,
                dataset_id=world.dataset,
                by_id=world.people["eve"],
                rho_nano=123,
                reason="Lost.",
                at=NOW,
            )
        )
    assert sheet(session, world).settled.rho_nano == 123


@pytest.mark.parametrize("who", ["ada", "cleo", "gus"])
def test_it_is_for_its_owner(session, world, who):
    with pytest.raises(NotFound):
        sheet(session, world, who=who)


def test_a_stored_answer_costs_nothing_again(session, world):
    ask(session, world)
    work(session, SteadyEngine())
    before = sheet(session, world).spent.rho_nano
    ask(session, world, who="gus", project=world.other_project)
    work(session, SteadyEngine())
    found = sheet(session, world)
    assert found.spent.rho_nano == before > 0
    assert [one.questions for one in found.months] == [1]


def test_an_exact_dataset_has_none(tmp_path):
    service = web.make(tmp_path, policy=sdc_policy())
    page = service.visitor("eve").get(f"/owner/{service.world.dataset}").text
    assert "Balance sheet" not in page


def test_the_owner_reads_it_on_the_page(tmp_path):
    service = web.make(tmp_path)
    service.ask(40)
    service.work()
    page = service.visitor("eve").get(f"/owner/{service.world.dataset}").text
    for words in ("Balance sheet", "Spent so far", "Never more than", "March 2026", "too early"):
        assert words in page
