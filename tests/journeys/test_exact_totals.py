"""Does an exact table with totals reach its checkers, who see what is hidden for which reason?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys import person
from tests.journeys.conftest import Stage
from tests.journeys.person import AtBrowser
from tre.demo.cast import COLLEAGUE, FIRST, RESEARCHER

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

WORKER = 120_000  # milliseconds of patience with the worker of a busy machine


def test_firms_by_industry_within_sectors_with_totals_go_from_form_to_checkers(
    browser: Browser, stage: Stage
):
    remy = person.at(browser, stage.address)
    remy.be(COLLEAGUE.name)
    _build(remy)
    remy.look()
    remy.press("Look at the price")
    expect(remy.page.get_by_text("with subtotals, with all totals").first).to_be_visible()
    remy.look()
    remy.page.get_by_label("What is this question for?").fill("To see which sectors are large.")
    remy.press("Ask this question")
    expect(remy.page.get_by_text("With checkers")).to_be_visible(timeout=WORKER)
    assert remy.page.locator("table").count() == 0, "no number before its release"
    cora = person.at(browser, stage.address)
    cora.be(FIRST.name)
    cora.page.locator("tbody a", has_text="with all totals").first.click()
    for mark in ("unsafe", "further"):
        expect(cora.page.locator("td .tre-mark", has_text=mark).first).to_be_visible()
    expect(cora.page.locator("td .tre-interval").first).to_be_visible()
    expect(cora.page.locator("th.tre-depth-1", has_text="Tobacco").first).to_be_visible()
    cora.look()
    assert remy.complaints == cora.complaints == []


def test_totals_of_noisy_tables_are_not_offered(browser: Browser, stage: Stage):
    rita = person.at(browser, stage.address)
    rita.be(RESEARCHER.name)
    rita.page.get_by_role("link", name="Risk factors").first.click()
    rita.page.locator(".tre-card h3 a").first.click()
    rita.press("Ask a question")
    rita.page.locator("#new-dimensions").select_option(value="persons.age")
    rita.press("Add dimension")
    expect(rita.page.locator("input[name$='-bands']")).to_be_visible()
    assert rita.page.locator("#margins").count() == 0


def _build(remy: AtBrowser) -> None:
    remy.page.get_by_role("link", name="Research, patents").first.click()
    remy.page.locator(".tre-card h3 a").first.click()
    remy.press("Ask a question")
    remy.page.locator("#source").select_option(value="firm_years")
    remy.press("Use this table")
    remy.press("Add measure")
    remy.page.locator("#new-dimensions").select_option(value="firms.industry")
    remy.press("Add dimension")
    remy.page.locator("select[name$='-recode']").select_option(
        label="Industry by sector, with subtotals"
    )
    remy.page.locator("#margins").select_option(label="Every total")
