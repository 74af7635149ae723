"""How many look at an answer follows from its question alone; some are drawn all the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from disclosure_control.policy import Policy, Risk, Routes
from queries import sql
from queries.language import Query
from tests import factories
from tests.catalogues import clinic
from tests.factories import a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, events, work
from tre import datasets
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import GatesClosed, Incomplete
from tre.journey import cancelled, dossier, previewed, priced, routed
from tre.lifecycle import State
from tre.people import Person
from tre.submissions import Submission

USUAL = 100_000_000
MANY = ", ".join(str(cut) for cut in range(1, 60))


def policy(share: str = "0", *, low: int = 0, middle: int = 1) -> Policy:
    return replace(checked_by(2), routes=Routes(low, middle, Decimal(share)))


def furnish(session, share: str = "0"):
    return factories.furnish(session, policy=policy(share))


def asked_of(text: str) -> Query:
    return sql.parse(text, clinic())


def routes_of(session, query: Query, rho: int = USUAL) -> routed.Route:
    dataset = session.query(Dataset).one()
    version = datasets.current_version(session, dataset)
    rules = datasets.current_policy(session, dataset)
    quote = priced.quote(query, version=version, policy_version=rules, rho_nano=rho)
    return routed.route(quote)


LOUD = (
    "SELECT kind, band(age, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100) AS a, stddev(income) "
    "FROM events JOIN persons USING (person) GROUP BY CUBE (kind, a)"
)


def test_a_cost_that_buys_more_noise_than_can_be_drawn_is_refused_before_it_is_charged(session):
    """The door would refuse it after."""
    furnish(session)
    with pytest.raises(Incomplete, match="more noise than can be drawn"):
        routes_of(session, asked_of(LOUD), rho=1_000_000)
    assert routes_of(session, asked_of(LOUD), rho=USUAL).factors


BY_SEX = "SELECT sex, count(*) FROM persons GROUP BY sex"
QUESTIONS = {
    BY_SEX: (),
    f"SELECT sex, band(age, {MANY}), count(*) FROM persons GROUP BY sex, band(age, {MANY})": (
        "many_cells",
    ),
    "SELECT sex, count(*) FROM persons WHERE age > 40 GROUP BY sex": ("some_people",),
    "SELECT sex, avg(age) FROM persons WHERE age > 40 GROUP BY sex": ("some_people", "amounts"),
}


@pytest.mark.parametrize(("text", "told"), QUESTIONS.items(), ids=[*map(str, range(4))])
def test_risk_is_what_a_question_asks_for(session, text, told):
    furnish(session)
    found = routes_of(session, asked_of(text))
    assert tuple(one.id for one in found.factors) == told
    assert found.risk is (Risk.MIDDLE if told else Risk.LOW)
    assert found.checkers == (1 if told else 0)


@pytest.mark.parametrize(
    ("rho", "told", "risk"),
    [
        (USUAL, (), Risk.LOW),
        (USUAL + 1, ("dear",), Risk.MIDDLE),
        (5 * USUAL, ("dear",), Risk.MIDDLE),
        (5 * USUAL + 1, ("very_dear",), Risk.HIGH),
    ],
)
def test_a_dear_question_is_riskier(session, rho, told, risk):
    furnish(session)
    found = routes_of(session, asked_of(BY_SEX), rho)
    assert (tuple(one.id for one in found.factors), found.risk) == (told, risk)


def test_three_things_that_are_a_little_risky_are_very_risky_together(session):
    furnish(session)
    text = "SELECT sex, avg(age) FROM persons WHERE age > 40 GROUP BY sex"
    found = routes_of(session, asked_of(text), USUAL + 1)
    assert len(found.factors) == 3
    assert (found.risk, found.checkers) == (Risk.HIGH, 2)


def test_every_factor_says_of_each_question_that_it_holds_or_not_and_has_a_name_of_its_own():
    names = [one.id for one in routed.FACTORS]
    assert len(set(names)) == len(names)
    assert routed.sentences_of(names) == tuple(one.sentence for one in routed.FACTORS)
    assert Risk.LOW not in {one.risk for one in routed.FACTORS}


def test_without_routes_risk_changes_nothing(session):
    factories.furnish(session, policy=checked_by(1))
    found = [routes_of(session, asked_of(text)).checkers for text in QUESTIONS]
    assert found == [1] * len(QUESTIONS)


def test_an_answer_of_low_risk_leaves_by_itself_and_another_waits_for_its_checkers(session):
    world = furnish(session)
    low = ask(session, world, query=asked_of(BY_SEX))
    risky = ask(session, world, query=asked_of("SELECT sex, avg(age) FROM persons GROUP BY sex"))
    work(session, SteadyEngine(), jobs=2)
    assert (low.risk, low.checkers_required, low.state) == ("low", 0, State.RELEASED.value)
    assert (risky.risk, risky.checkers_required) == ("middle", 1)
    assert (risky.risk_factors, risky.state) == (["amounts"], State.PROTECTED.value)
    told = dossier.dossier(
        session, checker=world.person(session, "cleo"), output_id=risky.output.id
    )
    assert told.risks == ("Amounts are added up, not only people counted.",)
    decide(session, world, risky)
    assert risky.state == State.REVIEWED.value


def test_whatever_is_drawn_waits_for_a_checker_and_says_so(session):
    world = furnish(session, "1")
    drawn = ask(session, world, query=asked_of(BY_SEX))
    work(session, SteadyEngine())
    assert (drawn.for_audit, drawn.checkers_required) == (True, 1)
    assert drawn.state == State.PROTECTED.value
    decide(session, world, drawn)
    assert "approved" in events(session, drawn)


def test_about_the_share_is_drawn_and_nothing_that_somebody_looks_at_anyway(session):
    furnish(session, "0.3")
    found = routes_of(session, a_query())
    named = {"project_id": "p", "fingerprint": "f"}
    drawn = sum(routed.drawn_for_audit(session, found, **named) for _ in range(2000))
    assert 480 < drawn < 720  # nine standard deviations of 0.3
    looked_at = routes_of(session, asked_of("SELECT sex, avg(age) FROM persons GROUP BY sex"))
    assert looked_at.audit_share == 0
    assert not any(routed.drawn_for_audit(session, looked_at, **named) for _ in range(200))


def test_asking_again_does_not_undo_that_a_question_was_drawn(session, monkeypatch):
    world = furnish(session, "0.5")
    monkeypatch.setattr(routed.secrets, "randbelow", lambda _: 0)
    first = ask(session, world, query=asked_of(BY_SEX))
    assert first.for_audit
    cancelled.cancel(
        session,
        person=world.person(session, "ada"),
        submission_id=first.id,
        now=factories.later(seconds=500),
    )
    monkeypatch.setattr(routed.secrets, "randbelow", lambda most: most - 1)
    again = ask(session, world, query=asked_of(BY_SEX), who="ben")
    other = ask(session, world, query=asked_of(BY_SEX), rho_nano=USUAL - 1)
    assert (again.for_audit, other.for_audit) == (True, False)


def test_the_gate_does_not_tell_whether_a_question_would_be_drawn(session):
    world = furnish(session, "0.000001")
    with writing(session):
        for one in session.query(Person):
            one.active = "checker" not in one.roles
    query = asked_of(BY_SEX)
    with pytest.raises(GatesClosed):
        ask(session, world, query=query)
    told = previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=query,
        now=factories.later(),
    )
    assert (told.checkers, told.route.audit_share) == (0, Decimal("0.000001"))
    assert {gate.id for gate in told.failing} >= {"checker_free"}


def test_what_was_found_of_a_question_never_changes(session):
    world = furnish(session)
    submission = ask(session, world, query=asked_of(BY_SEX))
    for column, value in (("risk", "high"), ("risk_factors", ["x"]), ("for_audit", True)):
        with pytest.raises(IntegrityError, match="never changes"), session.begin_nested():
            session.execute(
                update(Submission).where(Submission.id == submission.id).values({column: value})
            )
