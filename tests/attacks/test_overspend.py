"""Can more be spent than there is, or less be paid than was asked?"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.worlds import Witness, tokens
from tests.factories import PERSON_QUOTA, POOL, PROJECT_QUOTA
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tests.web import service as web
from tre import budgets, database
from tre.audit import AuditEntry
from tre.budgets import Account, Charge, Level
from tre.jobs import Job
from tre.journey import submitted
from tre.outputs import Draw
from tre.projects import Project
from tre.submissions import Submission

USUAL = 100_000_000
MOST = 1_000_000_000
BY_AGE = "SELECT band(age, {}), count(*) FROM persons GROUP BY band(age, {})"


@pytest.fixture
def w(tmp_path: Path) -> Witness:
    service = web.make(tmp_path)
    return Witness(service, SteadyEngine(), tokens(service))


def text(cut: int) -> str:
    return BY_AGE.format(cut, cut)


def submit(w: Witness, cut: int = 40, *, by: str = "ada", key: str = "", **more: Any) -> Any:
    project = "smoking" if by == "gus" else "frailty"
    body = {"dataset": "clinic", "query": text(cut), "purpose": "To spend.", **more}
    headers = {"Idempotency-Key": key} if key else {}
    return w.call("POST", f"/projects/{project}/submissions", by=by, json=body, headers=headers)


def spent(w: Witness) -> dict[str, int]:
    with w.service.sessions() as session:
        found: dict[str, int] = {}
        for account in session.query(Account):
            assert 0 <= account.rho_spent <= account.rho_total
            charged = sum(
                one.rho_nano for one in session.query(Charge).filter_by(account_id=account.id)
            )
            assert charged == account.rho_spent, "the ledger and the account agree"
            found[account.level] = found.get(account.level, 0) + account.rho_spent
        return found


def rows(w: Witness, kind: type) -> int:
    with w.service.sessions() as session:
        return session.query(kind).count()


# What may be asked for


RHOS = (0, -1, 1, 999_999, MOST + 1, 10**15, 2**63, 2**64, 10**400, -(2**63), 0.5, 1e-9)
NO_RHOS = ("1000000", "NaN", True, [], {}, [USUAL], "")


@pytest.mark.parametrize("rho", [*RHOS, *NO_RHOS], ids=lambda rho: str(rho)[:20])
def test_a_cost_outside_the_policy_is_refused_and_leaves_nothing(w, rho):
    answer = submit(w, rho_nano=rho)

    assert answer.status_code in {409, 422}, answer.text
    assert answer.mimetype == "application/problem+json"
    assert rows(w, Submission) == rows(w, Job) == rows(w, Charge) == 0


@pytest.mark.parametrize("rho", ["NaN", "Infinity", "-Infinity", "1e400", "-0.0", "1e6.5"])
def test_numbers_that_json_does_not_have_are_refused(w, rho):
    body = f'{{"dataset":"clinic","query":"{text(40)}","purpose":"p","rho_nano":{rho}}}'
    for what in ("previews", "submissions"):
        answer = w.call(
            "POST",
            f"/projects/frailty/{what}",
            data=body.encode(),
            content_type="application/json",
        )
        assert 400 <= answer.status_code < 500, answer.text
    assert rows(w, Submission) == 0


@pytest.mark.parametrize("rho", ["-5", "abc", "1e9", "0", str(MOST + 1), "9" * 40, "1.5", "٣"])
def test_a_price_that_a_page_did_not_offer_is_never_taken_for_the_usual_one(w, rho):
    sql = f"/projects/{w.service.world.project}/datasets/clinic/ask/sql"
    drafted = w.post(sql, {"title": "t", "sql": text(40), "act": "preview"})

    sent = w.post(drafted.location, {"purpose": "To spend.", "key": "k", "rho_nano": rho})

    assert sent.status_code == 422, sent.location
    assert rows(w, Submission) == 0


def test_the_least_and_the_most_are_charged_as_said(w):
    for cost in (1_000_000, MOST):
        assert submit(w, rho_nano=cost).status_code == 201
        w.work()
    assert spent(w) == dict.fromkeys(Level, 1_000_000 + MOST)


# How often it may be asked


def test_quotas_and_the_pool_hold_against_many_questions(w):
    """Each may be accepted; the worker takes what is left and refuses the rest."""
    answers = [
        submit(w, cut + n, by=by, rho_nano=MOST).status_code
        for cut in range(20, 60, 10)
        for n, by in enumerate(("ada", "ben", "gus"))
    ]
    w.work()
    assert set(answers) <= {201, 409}
    assert spent(w)[Level.RESEARCHER] == 3 * PERSON_QUOTA
    assert spent(w)[Level.PROJECT] <= 2 * PROJECT_QUOTA
    assert spent(w)[Level.POOL] <= POOL
    assert submit(w, 60, rho_nano=1_000_000).status_code == 409


def test_parallel_submissions_and_workers_never_overspend(w):
    """More is asked at once than the researcher has; two workers race for it."""
    together = threading.Barrier(8)

    def ask(cut: int) -> int:
        together.wait()
        with w.service.sessions() as session:
            submitted.submit(
                session,
                person=w.service.person(session, "ada"),
                project_id=w.service.world.project,
                query=web.a_query(cut, 90),
                purpose="To spend.",
                rho_nano=MOST,
                now=w.service.clock(),
            )
        return cut

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(ask, range(20, 28)))) == 8
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: w.work(), range(2)))
    assert spent(w) == dict.fromkeys(Level, PERSON_QUOTA)


def test_the_same_question_sent_at_once_by_many_is_drawn_and_paid_once(w):
    together = threading.Barrier(6)

    def ask(name: str) -> None:
        together.wait()
        submit(w, 33, by=name)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, ["ada", "ben", "gus"] * 2))
    assert rows(w, Submission) == 6
    for _ in range(8):
        w.work()
        w.service.clock.pass_by(seconds=5)
    assert rows(w, Draw) == 1
    assert spent(w) == dict.fromkeys(Level, USUAL)


def test_a_key_is_for_one_request(w):
    first = submit(w, 40, key="k1")
    assert submit(w, 40, key="k1").json == first.json
    for changed in ({"cut": 41}, {"rho_nano": 2 * USUAL}, {"purpose": "Another."}):
        assert submit(w, **{"cut": 40, "key": "k1", **changed}).status_code == 409
    w.work()
    assert submit(w, 40, key="k1").json["id"] == first.json["id"]
    assert submit(w, 40, by="gus", key="k1").json["id"] != first.json["id"]
    w.work()
    assert (rows(w, Submission), spent(w)[Level.POOL]) == (2, USUAL)


# What would be a refund


def test_cancelled_and_asked_again_is_paid_again(w):
    """The draw was made or may have been: it is gone, and so is its cost."""
    for _ in range(3):
        question = submit(w).json["id"]
        cancel = {"drawn": lambda q=question: w.call("POST", f"/submissions/{q}/cancellation")}
        w.work(at_step=lambda step, cancel=cancel: cancel.get(step, lambda: None)())
    assert rows(w, Draw) == 3
    assert spent(w)[Level.POOL] == 3 * USUAL


def test_a_failure_is_paid_and_asking_again_is_too(w):
    submit(w)
    w.work(engine=BrokenEngine())
    submit(w)
    w.work()
    assert spent(w)[Level.POOL] == 2 * USUAL


def test_cancelled_before_its_turn_costs_nothing(w):
    question = submit(w).json["id"]
    w.call("POST", f"/submissions/{question}/cancellation")
    w.work()
    assert spent(w)[Level.POOL] == 0


def test_cancelling_after_the_draw_does_not_give_another(w):
    question = submit(w).json["id"]
    w.work()
    w.call("POST", f"/submissions/{question}/cancellation")
    submit(w)
    w.work()
    assert (rows(w, Draw), spent(w)[Level.POOL]) == (1, USUAL)


def test_another_cost_is_another_draw_and_is_charged(w):
    for cost in (USUAL, USUAL + 1, 2 * USUAL):
        submit(w, rho_nano=cost)
        w.work()
    assert (rows(w, Draw), spent(w)[Level.POOL]) == (3, 4 * USUAL + 1)


def test_a_renamed_project_has_the_same_budget_and_the_same_draw(w):
    submit(w)
    w.work()
    with w.service.sessions() as session, database.writing(session):
        project = session.get_one(Project, w.service.world.project)
        project.slug, project.title = "renamed", "Renamed"
    body = {"dataset": "clinic", "query": text(40), "purpose": "To spend."}
    assert w.call("POST", "/projects/renamed/submissions", json=body).status_code == 201
    w.work()
    assert (rows(w, Draw), spent(w)[Level.POOL]) == (1, USUAL)


def test_a_charge_without_the_condition_is_caught(w, monkeypatch):
    """The checks above would see an account that is charged beyond its total, or not at all."""
    monkeypatch.setattr(budgets, "_take", lambda *_: True)
    submit(w)
    w.work()
    with pytest.raises(AssertionError):
        spent(w)


def test_every_charge_has_its_audit_entry(w):
    for cut in (30, 31, 30):
        submit(w, cut)
        w.work()
    with w.service.sessions() as session:
        reserved = [
            entry.detail["rho_nano"]
            for entry in session.query(AuditEntry).filter_by(event="reserved")
        ]
    assert sum(reserved) == spent(w)[Level.POOL] == 2 * USUAL
