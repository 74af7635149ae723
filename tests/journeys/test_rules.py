"""Do people see how numbers are altered, and owners what a project inherits, before and after?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from disclosure_control.alterations import Alteration, Method
from disclosure_control.entropy import perturbation
from disclosure_control.policy import Policy
from tests.catalogues import sdc_policy
from tests.journeys import person
from tests.journeys.conftest import served
from tests.journeys.person import AtBrowser
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import ask_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


TABLE = perturbation(most=5, variance=2.0, hidden=2)


def perturbed() -> Policy:
    exact = sdc_policy()
    assert exact.sdc
    counts = Alteration(Method.CELL_KEY, table=TABLE, hides_small=False)
    return replace(exact, sdc=replace(exact.sdc, counts=counts))


def test_an_owner_makes_rules_stricter_and_the_project_sees_them(
    browser: Browser, made_up: tuple[Service, str]
):
    service, address = made_up
    eve = person.at(browser, address)
    eve.be("Eve")
    eve.open(f"/owner/{service.world.dataset}/policy")
    eve.look()
    eve.follow("Frailty")
    eve.look()
    eve.page.get_by_label("Stricter rules").fill("dp: {threshold: 5}")
    eve.page.get_by_label("Why?").fill("The partner asks for it.")
    eve.press("Make these rules hold")
    expect(eve.page.locator(".govuk-error-summary")).to_be_focused()
    eve.look()
    eve.page.get_by_label("Stricter rules").fill("dp: {threshold: 30}")
    eve.press("Make these rules hold")
    expect(eve.page.get_by_text("The stricter rules hold")).to_be_visible()
    expect(eve.page.get_by_text("The partner asks for it.")).to_be_visible()
    eve.look()
    ada = person.at(browser, address)
    ada.be("Ada")
    ada.open(f"/projects/{service.world.project}/datasets/clinic")
    expect(ada.page.get_by_text("A noisy count below 30 is hidden")).to_be_visible()
    assert ada.complaints == []


def test_perturbed_counts_are_announced_and_checked_and_their_table_is_shown_to_nobody(
    browser: Browser, tmp_path: Path
):
    service = web.make(tmp_path, environment="demo", demo=True, policy=perturbed())
    with served(service) as address:
        ada = person.at(browser, address)
        ada.be("Ada")
        ada.open(f"/projects/{service.world.project}/datasets/clinic")
        expect(ada.page.get_by_text("every count is perturbed by cell keys").first).to_be_visible()
        ada.look()
        _ask(ada, service)
        service.work()
        cleo = person.at(browser, address)
        cleo.be("Cleo")
        cleo.page.locator("tbody a").first.click()
        expect(cleo.page.get_by_text("Counts perturbed").first).to_be_visible()
        expect(cleo.page.get_by_text("perturbed by cell keys").first).to_be_visible()
        cleo.look()
        eve = person.at(browser, address)
        eve.be("Eve")
        eve.open(f"/owner/{service.world.dataset}/policy")
        expect(eve.page.get_by_text("How every count is shown")).to_be_visible()
        eve.look()
        for one in (ada, cleo, eve):
            assert str(TABLE[0].weight) not in one.page.content()
            assert one.complaints == []


def _ask(ada: AtBrowser, service: Service) -> None:
    ada.open(ask_page(service))
    ada.press("Add measure")
    ada.page.locator("#new-dimensions").select_option(value="persons.sex")
    ada.press("Add dimension")
    ada.press("Look at the price")
    expect(ada.page.get_by_text("No number is shown as it is").first).to_be_visible()
    ada.look()
    ada.page.get_by_label("What is this question for?").fill("To see the pages")
    ada.press("Ask this question")
    expect(ada.page.get_by_text("Waiting for its turn")).to_be_visible()
