"""Does an owner see what the policy promises, and what another would have stopped?"""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path

import yaml

from disclosure_control.alterations import Alteration, Method
from disclosure_control.entropy import perturbation
from tests.catalogues import sdc_policy
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import leave


def page_of(service: Service) -> str:
    return f"/owner/{service.world.dataset}/policy"


def rules_of(service: Service) -> dict[str, object]:
    text = service.visitor("eve").get(page_of(service)).text
    text = html.unescape(text)
    return yaml.safe_load(text.split('<pre class="tre-code">')[1].split("</pre>")[0])


def test_the_page_tells_promises_rules_and_hash(service: Service):
    shown = service.visitor("eve").get(page_of(service)).text
    for words in ("What it promises", "People who must approve an output", "Hash"):
        assert words in shown
    assert rules_of(service)["track"] == "dp"


def test_a_stricter_policy_names_the_outputs_that_it_would_have_stopped(service: Service):
    asked = service.ask()
    service.work()
    leave(service, asked)
    rules, eve = rules_of(service), service.visitor("eve")
    same = eve.post(page_of(service), {"policy": yaml.safe_dump(rules)})
    assert same.status_code == 200
    assert "0 of 1 past output would have been stopped" in same.text
    rules["dp"]["threshold"] = 100_000
    stricter = eve.post(page_of(service), {"policy": yaml.safe_dump(rules)})
    assert "1 of 1 past output would have been stopped" in stricter.text
    assert "The noisy count is large enough" in stricter.text
    assert "100000" in stricter.text, "what it would promise"
    assert rules_of(service)["dp"]["threshold"] != 100_000, "nothing was changed by looking"


def test_a_weak_or_malformed_policy_is_refused_with_every_fault_and_kept_in_the_form(
    service: Service,
):
    eve = service.visitor("eve")
    weak = yaml.safe_dump({**rules_of(service), "checkers": 7, "max_cells": 0})
    answer = eve.post(page_of(service), {"policy": weak})
    assert answer.status_code == 422
    for words in ("checkers must be 0, 1 or 2", "max_cells must be", "checkers: 7"):
        assert words in answer.text
    for text in ("", "a: [", "- 1"):
        assert eve.post(page_of(service), {"policy": text}).status_code == 422


def test_nobody_but_the_owner_sees_it(service: Service):
    for name in ("ada", "cleo"):
        assert service.visitor(name).get(page_of(service)).status_code == 404
        answer = service.visitor(name).post(page_of(service), {"policy": "version: 1"})
        assert answer.status_code == 404


def test_a_perturbation_table_is_named_and_never_shown_and_may_be_kept_in_what_if(tmp_path: Path):
    exact = sdc_policy()
    assert exact.sdc
    table = perturbation(most=5, variance=2.0, hidden=2)
    counts = Alteration(Method.CELL_KEY, table=table, hides_small=False)
    policy = replace(exact, sdc=replace(exact.sdc, counts=counts))
    service = web.make(tmp_path, policy=policy)
    rules, eve = rules_of(service), service.visitor("eve")
    assert rules["sdc"]["counts"]["table"] == "counts.csv"
    same = eve.post(page_of(service), {"policy": yaml.safe_dump(rules)})
    assert same.status_code == 200
    assert str(table[0].weight) not in same.text
    rules["sdc"]["counts"]["table"] = "/etc/passwd"
    other = eve.post(page_of(service), {"policy": yaml.safe_dump(rules)})
    assert other.status_code == 422
    assert "no such text file beside the policy" in other.text
