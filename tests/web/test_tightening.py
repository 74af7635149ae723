"""Does an owner see what a project inherits, and make it stricter, on a page?"""

from __future__ import annotations

from tests.web.service import Service


def page_of(service: Service) -> str:
    return f"/owner/{service.world.dataset}/policy/{service.world.project}"


def test_the_policy_page_leads_to_each_project(service: Service):
    shown = service.visitor("eve").get(f"/owner/{service.world.dataset}/policy").text
    assert page_of(service) in shown


def test_stricter_rules_are_laid_shown_and_hold(service: Service):
    eve = service.visitor("eve")
    assert "Nothing: the policy of the dataset holds as it is" in eve.get(page_of(service)).text
    laid = eve.post(
        page_of(service), {"rules": "dp: {threshold: 33}", "reason": "The partner asks for it."}
    )
    assert laid.status_code == 303
    shown = eve.get(page_of(service)).text
    for words in ("This project, since", "by Eve", "The partner asks for it.", "threshold: 33"):
        assert words in shown
    mine = service.visitor("ada").get(f"/projects/{service.world.project}/datasets/clinic").text
    assert "A noisy count below 33 is hidden" in mine
    other = service.visitor("gus")
    shown = other.get(f"/projects/{service.world.other_project}/datasets/clinic").text
    assert "A noisy count below 10 is hidden" in shown


def test_what_is_weaker_or_malformed_is_refused_and_kept_in_the_form(service: Service):
    eve = service.visitor("eve")
    for rules, reason, said in (
        ("dp: {threshold: 5}", "Why not", "dp.threshold: 5 is weaker than 10, which holds"),
        ("version: 3", "Why not", "version is no rule that can be stricter"),
        ("a: [", "Why not", "not valid YAML"),
        ("", "Why not", "Give the rules"),
        ("max_cells: 9", "", "Say why"),
    ):
        answer = eve.post(page_of(service), {"rules": rules, "reason": reason})
        assert answer.status_code == 422
        assert said in answer.text
        assert rules in answer.text


def test_nobody_but_the_owner_sees_or_changes_it(service: Service):
    for name in ("ada", "cleo", "gus"):
        visitor = service.visitor(name)
        assert visitor.get(page_of(service)).status_code == 404
        answer = visitor.post(page_of(service), {"rules": "max_cells: 1", "reason": "x"})
        assert answer.status_code == 404
    eve = service.visitor("eve")
    assert eve.get(page_of(service) + "x").status_code == 404
