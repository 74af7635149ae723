"""Do the pages serve those without scripts, without a mouse, and those who make a mistake?"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys import person
from tests.web.service import Service
from tests.web.steps import ask_page, leave

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

MadeUp = tuple[Service, str]


def test_without_scripts_a_question_is_built_asked_and_its_answer_appears_by_itself(
    browser: Browser, made_up: MadeUp
):
    service, address = made_up
    ada = person.at(browser, address, java_script_enabled=False)
    ada.be("Ada")
    ada.open(ask_page(service))
    ada.press("Add measure")
    ada.page.locator("#new-dimensions").select_option(value="persons.age")
    ada.press("Add dimension")
    ada.page.get_by_label("Cut points of the bands").fill("40, 60")
    ada.press("Look at the price")
    ada.page.get_by_label("What is this question for?").fill("To see the pages")
    ada.press("Ask this question")
    expect(ada.page.get_by_text("Waiting for its turn")).to_be_visible()
    service.work()
    expect(ada.page.get_by_text("With checkers")).to_be_visible(timeout=20_000)
    leave(service, ada.page.url.rsplit("/", 1)[1])
    ada.page.reload()
    expect(ada.page.get_by_role("heading", name="The released table")).to_be_visible()


def test_the_keyboard_alone_signs_in_finds_the_way_and_keeps_the_focus_in_sight(
    browser: Browser, made_up: MadeUp
):
    _, address = made_up
    ada = person.at(browser, address)
    ada.open("/sign-in")
    keys = ada.page.keyboard
    keys.press("Tab")
    expect(ada.page.get_by_role("link", name="Skip to main content")).to_be_focused()
    keys.press("Enter")
    _tab_to(ada, "Ada")
    keys.press("Enter")
    expect(ada.page.get_by_role("heading", name="Your projects")).to_be_visible()
    _tab_to(ada, "Ask a question")
    assert "rgb(255" in _focus_style(ada)
    keys.press("Enter")
    expect(ada.page.get_by_role("heading", name="Ask a question of")).to_be_visible()
    assert ada.complaints == []


def _tab_to(visitor: person.AtBrowser, text: str) -> None:
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate("document.activeElement.textContent")
        if focused.strip().startswith(text):
            return
    raise AssertionError(f"the keyboard does not reach {text}")


def _focus_style(visitor: person.AtBrowser) -> str:
    colours = "s => s.outlineColor + s.backgroundColor"
    focused = "getComputedStyle(document.activeElement)"
    return str(visitor.page.evaluate(f"({colours})({focused})"))


def test_a_mistake_moves_the_focus_to_a_summary_that_leads_to_the_row(
    browser: Browser, made_up: MadeUp
):
    service, address = made_up
    ada = person.at(browser, address)
    ada.be("Ada")
    ada.open(ask_page(service))
    ada.press("Add measure")
    ada.page.locator("#new-dimensions").select_option(value="persons.age")
    ada.press("Add dimension")
    ada.press("Look at the price")
    summary = ada.page.locator(".govuk-error-summary")
    expect(summary).to_be_focused()
    ada.look()
    summary.get_by_role("link").first.click()
    expect(ada.page.locator("#dimensions-0")).to_be_focused()


def test_an_answer_appears_without_reloading_where_scripts_run(browser: Browser, made_up: MadeUp):
    service, address = made_up
    asked = service.ask()
    ada = person.at(browser, address)
    ada.be("Ada")
    ada.open(f"/questions/{asked}")
    ada.look()
    service.work()
    expect(ada.page.get_by_text("With checkers")).to_be_visible(timeout=60_000)
    ada.look()


def test_pages_of_administrators_and_errors_are_for_everybody_too(
    browser: Browser, made_up: MadeUp
):
    service, address = made_up
    fay = person.at(browser, address)
    fay.be("Fay")
    for path in (
        "/people",
        "/people/new",
        f"/people/{service.world.people['ada']}",
        "/privacy",
        "/accessibility",
        "/nothing-here",
    ):
        fay.open(path)
        fay.look()


def test_the_sql_tab_marks_what_it_refuses(browser: Browser, made_up: MadeUp):
    service, address = made_up
    ada = person.at(browser, address)
    ada.be("Ada")
    ada.open(ask_page(service) + "/sql")
    ada.page.get_by_label("Question in SQL").fill("SELECT sex, max(age) FROM persons GROUP BY sex")
    ada.press("Look at the price")
    expect(ada.page.locator("mark")).to_be_visible()
    ada.look()
