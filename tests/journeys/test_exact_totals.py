"""Does an exact table leave, and is the next one stopped that would give a hidden cell away?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.journeys import person
from tests.journeys.conftest import Stage
from tests.journeys.person import AtBrowser
from tre.demo.cast import COLLEAGUE, FIRST, OWNER, SECOND
from tre.journey.looked import MAY_NOT_LEAVE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

WORKER = 120_000  # milliseconds of patience with the worker of a busy machine
OPENED = 200
SMALL = "5 firms"  # without a class, which the first table hides


def test_subtotals_are_priced_and_too_many_cells_are_refused_before_anything_is_read(
    browser: Browser, stage: Stage
):
    remy = person.at(browser, stage.address)
    remy.be(COLLEAGUE.name)
    _price(remy, "Industry by sector, with subtotals", totals="Every total")
    expect(remy.page.get_by_text("with subtotals, with all totals").first).to_be_visible()
    expect(remy.page.get_by_text("Too few cells of exact answers are left")).to_be_visible()
    remy.look()
    assert remy.complaints == []


def test_a_table_leaves_and_the_next_that_tells_its_hidden_cell_does_not(
    browser: Browser, stage: Stage
):
    remy = person.at(browser, stage.address)
    remy.be(COLLEAGUE.name)
    _price(remy, "Sector", totals="Every total")
    expect(remy.page.get_by_text("of exact answers: your project has")).to_be_visible()
    remy.look()
    _ask(remy, "To see which sectors are large.")
    remy.look()
    assert remy.page.locator("table").count() == 0, "no number before its release"
    question = remy.page.url
    first = person.at(browser, stage.address)
    for checker in (FIRST, SECOND):
        first.be(checker.name)
        first.page.locator("tbody a", has_text="by sector").first.click()
        if checker is FIRST:
            for mark in ("unsafe", "further"):
                expect(first.page.locator("td .tre-mark", has_text=mark).first).to_be_visible()
            expect(first.page.locator("td .tre-interval").first).to_be_visible()
            expect(first.page.get_by_text("no group that is too small can be told")).to_be_visible()
            first.look()
            _see_true_numbers(first)
        _decide(first, "Approve")
    person.let_out(first, "by sector")
    remy.page.goto(question)
    expect(remy.page.get_by_role("heading", name="The released table")).to_be_visible()

    _price(remy, "Kind of industry", totals="")
    _ask(remy, "To compare manufacturing with the rest.")
    question = remy.page.url
    for checker in (FIRST, SECOND):
        first.be(checker.name)
        first.page.locator("tbody a", has_text="by kind of industry").first.click()
        expect(first.page.get_by_text("It can only be rejected")).to_be_visible()
        expect(first.page.locator(".tre-clash__picture").first).to_be_visible()
        expect(first.page.get_by_text(SMALL).first).to_be_visible()
        assert first.page.get_by_label("Approve").count() == 0
        first.look()
        first.page.get_by_label("Why?").fill("It gives the firms without a class away.")
        _decide(first, "Reject")
    remy.page.goto(question)
    expect(remy.page.get_by_text(MAY_NOT_LEAVE)).to_be_visible()
    assert "without a class" not in remy.page.content()
    remy.look()
    olu = person.at(browser, stage.address)
    olu.be(OWNER.name)
    olu.page.get_by_role("link", name="Innovation and ownership").first.click()
    expect(olu.page.get_by_text("All exact tables together tell")).to_be_visible()
    olu.look()
    assert remy.complaints == first.complaints == olu.complaints == []


def _see_true_numbers(checker: AtBrowser) -> None:
    """Opened in the page; nothing that went over the line could be read on the way."""
    carried: list[Response] = []
    checker.page.on("response", lambda one: carried.append(one))  # noqa: PLW0108 - it is marked
    hidden = checker.page.locator("[data-cells] td", has_text="[c]").first
    expect(hidden.locator(".tre-true")).to_have_count(0)
    checker.press("Show the true numbers")
    expect(hidden.locator(".tre-true")).to_have_text(re.compile(r"true: [\d,]+"), timeout=WORKER)
    expect(checker.page.get_by_text("measured:").first).to_be_visible()
    checker.look()
    answers = [one for one in carried if "/exact-values/" in one.url and one.status == OPENED]
    assert len(answers) == 1
    sealed = answers[0].body()
    assert len(sealed) >= 4096
    assert b"columns" not in sealed


def _price(remy: AtBrowser, recode: str, *, totals: str) -> None:
    remy.open("/projects")
    remy.page.get_by_role("link", name="Research, patents").first.click()
    remy.page.locator(".tre-card h3 a").first.click()
    remy.press("Ask a question")
    remy.page.locator("#source").select_option(value="firms")
    remy.press("Use this table")
    remy.press("Add measure")
    remy.page.locator("#new-dimensions").select_option(value="firms.industry")
    remy.press("Add dimension")
    remy.page.locator("select[name$='-recode']").select_option(label=recode)
    if totals:
        remy.page.locator("#margins").select_option(label=totals)
    remy.press("Look at the price")


def _ask(remy: AtBrowser, purpose: str) -> None:
    remy.page.get_by_label("What is this question for?").fill(purpose)
    remy.press("Ask this question")
    expect(remy.page.get_by_text("With checkers")).to_be_visible(timeout=WORKER)


def _decide(checker: AtBrowser, decision: str) -> None:
    checker.page.get_by_label(decision).check()
    checker.press("Record the decision")
