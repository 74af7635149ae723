"""More budget, page by page: asked for by an owner, decided by another."""

from __future__ import annotations

from tests.second_tracks import second_owner
from tests.web.service import Service
from tre import budgets
from tre.budgets import Level


def pool_of(service: Service) -> budgets.Account:
    with service.sessions() as session:
        return budgets.account(session, dataset_id=service.world.dataset)


def entries(service: Service, **changed: str) -> dict[str, str]:
    asked = {"account": pool_of(service).id, "rho": "1.5", "delta": "0.000000001"}
    return {**asked, "reason": "The second wave of the survey", **changed}


def test_an_owner_asks_and_another_decides(service: Service):
    page, eve = f"/owner/{service.world.dataset}", service.visitor("eve")
    before = pool_of(service)
    assert "Ask for more budget" in eve.get(page).text
    assert "The pool may grow by" in eve.get(f"{page}/top-up").text
    assert eve.post(f"{page}/top-up", entries(service)).status_code == 303
    assert "Somebody else who owns data has to decide" in eve.get(page).text
    assert pool_of(service).rho_total == before.rho_total
    with service.sessions() as session:
        second_owner(session, service.world)
    gus = service.visitor("gus")
    waiting = gus.get("/owner").text
    link = waiting[waiting.index("/top-ups/") :].partition('"')[0]
    shown = gus.get(link).text
    for told in ("1.5 ρ and 0.000000001 δ", "The second wave of the survey", "Eve"):
        assert told in shown
    assert gus.post(link, {"decision": "grant", "reason": "As agreed"}).status_code == 303
    after = pool_of(service)
    assert after.rho_total == before.rho_total + 1_500_000_000
    assert after.delta_total == before.delta_total + 1_000_000
    assert "Granted by Gus" in gus.get(link).text
    assert "As agreed" in eve.get(page).text


def test_nothing_that_was_entered_is_lost_and_each_fault_is_named(service: Service):
    page, eve = f"/owner/{service.world.dataset}/top-up", service.visitor("eve")
    for changed, told in (
        ({"rho": "much"}, "Enter a number from 0 on"),
        ({"rho": "-1"}, "Enter a number from 0 on"),
        ({"rho": "0.0000000001"}, "at most 9 decimals"),
        ({"delta": "0.0000000000000001"}, "at most 15 decimals"),
        ({"rho": "", "delta": ""}, "Say how much is to be added"),
        ({"rho": "999999"}, "more than this pool may ever hold"),
        ({"reason": ""}, "Give a reason"),
        ({"account": "nowhere"}, "Choose which budget"),
    ):
        answer = eve.post(page, entries(service, **changed))
        assert answer.status_code == 422, changed
        assert told in answer.text, changed
        if "reason" not in changed:
            assert "The second wave of the survey" in answer.text


def test_a_second_request_for_the_same_budget_waits_its_turn(service: Service):
    page, eve = f"/owner/{service.world.dataset}/top-up", service.visitor("eve")
    assert eve.post(page, entries(service)).status_code == 303
    assert eve.post(page, entries(service)).status_code == 409


def test_a_decline_is_told_and_adds_nothing(service: Service):
    page, eve = f"/owner/{service.world.dataset}", service.visitor("eve")
    before = pool_of(service).rho_total
    eve.post(f"{page}/top-up", entries(service))
    with service.sessions() as session:
        second_owner(session, service.world)
    gus = service.visitor("gus")
    text = gus.get("/owner").text
    link = text[text.index("/top-ups/") :].partition('"')[0]
    assert gus.post(link, {"reason": "No"}).status_code == 422
    assert gus.post(link, {"decision": "decline", "reason": "Too much"}).status_code == 303
    assert pool_of(service).rho_total == before
    assert "declined: Too much" in eve.get(page).text
    assert eve.get(link).status_code == 403
    assert Level.POOL.value == pool_of(service).level
