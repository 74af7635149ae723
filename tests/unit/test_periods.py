"""A pool that opens by periods: who is told, what is refused, and what everybody reads."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import LIFETIME, NOW, POOL
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, work
from tre import budgets, datasets
from tre.budgets import Level, Period
from tre.database import writing
from tre.errors import GatesClosed
from tre.journey import balanced, planned, previewed, spent
from tre.lifecycle import State

USUAL = 100_000_000
THIRTY = Period(30, USUAL)
NEXT = datetime.date(2026, 4, 1)


@pytest.fixture
def world(session):
    return factories.furnish(session, period=THIRTY)


def seen(session, world, *, days: int = 0, rho_nano: int = USUAL):
    return previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=factories.a_query(),
        rho_nano=rho_nano,
        now=factories.later(days=days),
    )


def pool_line(found):
    return next(line for line in found.budgets if line.level is Level.POOL)


def test_a_preview_tells_what_the_period_has_left_and_when_it_ends(session, world):
    line = pool_line(seen(session, world))
    assert (line.left, line.after) == (POOL, POOL - USUAL)
    assert (line.period_left, line.period_after, line.period_ends) == (USUAL, 0, NEXT)
    assert line.enough
    others = [one for one in seen(session, world).budgets if one is not line]
    assert all(one.period_left is None for one in others if one.level is not Level.POOL)


def test_a_question_beyond_the_period_is_refused_and_the_next_one_takes_it(session, world):
    assert ask(session, world, rho_nano=USUAL).state == State.SUBMITTED
    work(session, SteadyEngine(), now=factories.later(hours=1))
    session.rollback()
    found = seen(session, world, days=1, rho_nano=USUAL // 2)
    assert [gate.id for gate in found.failing] == ["budget_period"]
    assert not pool_line(found).enough
    assert pool_line(found).holds
    with pytest.raises(GatesClosed):
        ask(session, world, query=factories.a_query(30), rho_nano=USUAL // 2)
    assert seen(session, world, days=30).failing == ()


def test_two_that_wait_together_do_not_take_one_period_twice(session, world):
    first, second = (ask(session, world, query=factories.a_query(cut)) for cut in (30, 50))
    work(session, SteadyEngine(), jobs=2, now=factories.later(hours=1))
    session.rollback()
    states = {one.id: session.get(type(one), one.id) for one in (first, second)}
    refused = [one for one in states.values() if one.state == State.REFUSED]
    assert [one.reasons for one in refused] == [["budget_period"]]
    pool = budgets.account(session, dataset_id=world.dataset)
    assert pool.period_spent == pool.rho_spent == USUAL


def test_a_plan_of_several_tables_is_held_to_the_period(session, world):
    queries = [factories.a_query(cut) for cut in (30, 50)]
    found = planned.plan(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        queries=queries,
        within=Decimal(40),
        now=NOW,
    )
    line = pool_line(found)
    cost = sum(one.rho_nano for one in found.cheapest)
    assert line.period_after == USUAL - cost


def test_its_owner_reads_what_the_period_has_spent(session, world):
    ask(session, world, rho_nano=USUAL)
    work(session, SteadyEngine(), now=factories.later(hours=1))
    session.rollback()
    found = balanced.sheet(
        session, owner=world.person(session, "eve"), dataset_id=world.dataset, now=NOW
    )
    assert (found.period.spent, found.period.total, found.period.next) == (USUAL, USUAL, NEXT)


def test_everybody_reads_losses_of_each_dataset_and_their_sum(session, world):
    ask(session, world, rho_nano=USUAL)
    work(session, SteadyEngine(), now=factories.later(hours=1))
    session.rollback()
    with writing(session):
        owner = world.person(session, "eve")
        other = datasets.register(session, name="other", title="Other", owner=owner, now=NOW)
        budgets.open_account(session, dataset=other, rho_total=7, now=NOW)
        nobody = datasets.register(
            session, name="made-up", title="Made up", owner=owner, made_up=True, now=NOW
        )
        budgets.open_account(session, dataset=nobody, rho_total=7, now=NOW)
    found = spent.of_everybody(session)
    clinic, plain = found.each
    assert (clinic.dataset.name, clinic.unit, clinic.period) == ("clinic", "person", THIRTY)
    assert clinic.since == NOW.date()
    assert (clinic.losses.spent.rho_nano, clinic.losses.most.rho_nano) == (USUAL, LIFETIME)
    assert (plain.dataset.name, plain.period) == ("other", None)
    assert plain.losses.most.rho_nano == 7
    assert found.together.spent.rho_nano == USUAL
    assert found.together.most.rho_nano == LIFETIME + 7
    assert found.together.delta_most == clinic.losses.delta_most > 0
    assert not found.exact_too


def test_exact_answers_are_told_apart_from_losses(session):
    factories.furnish(session, policy=sdc_policy())
    assert spent.of_everybody(session).exact_too
