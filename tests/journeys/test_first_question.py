"""Does a real question on real data travel from a researcher's form to a released table?

The pictures of the documents are taken here: TRE_SCREENSHOTS=1 writes them again.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys import person
from tests.journeys.conftest import Stage
from tests.journeys.person import AtBrowser
from tre.demo.cast import FIRST, OWNER, RESEARCHER, SECOND

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

WORKER = 60_000  # milliseconds of patience with the worker of a busy machine


def test_diabetes_by_smoking_bmi_and_age_goes_from_form_to_release(
    browser: Browser, stage: Stage, screenshots: Path | None
):
    rita = person.at(browser, stage.address, pictures=screenshots, accept_downloads=True)
    rita.open("/sign-in")
    rita.look("sign-in")
    question = _ask(rita)
    for checker in (FIRST, SECOND):
        _approve(rita, checker.name, picture="check" if checker is FIRST else "")
    person.let_out(rita, "diabetes", picture="publish")
    rita.be(RESEARCHER.name)
    rita.page.goto(question)
    expect(rita.page.get_by_text("The released table")).to_be_visible()
    rita.look("released")
    _download(rita)
    _owner_sees(rita)
    assert rita.complaints == []


def _ask(rita: AtBrowser) -> str:
    """Everything that a researcher does; the address of the question that was asked."""
    rita.be(RESEARCHER.name)
    rita.look("projects")
    rita.page.get_by_role("link", name="Risk factors").first.click()
    rita.look()
    rita.page.locator(".tre-card h3 a").first.click()
    rita.look("dataset")
    rita.press("Ask a question")
    _build(rita)
    rita.look("form")
    rita.press("Look at the price")
    rita.look("preview")
    rita.page.get_by_text("The same question in SQL").click()
    rita.page.get_by_label("What is this question for?").fill(
        "To see how diabetes goes with smoking, body mass index and age."
    )
    rita.press("Ask this question")
    rita.look()
    address = rita.page.url
    expect(rita.page.get_by_text("With checkers")).to_be_visible(timeout=WORKER)
    rita.look()
    assert rita.page.locator("table").count() == 0
    return address


def _build(rita: AtBrowser) -> None:
    form = rita.page
    form.get_by_label("Name of your draft").fill("Diabetes by smoking, BMI band and age")
    _feature(rita, "events", "Has at least one row (yes or no)")
    form.locator("#features-0-name").fill("diabetes")
    form.locator("#new-features-0-conditions").select_option(value="events.event")
    form.locator("[value='add:features-0-conditions']").click()
    form.locator("#features-0-conditions-0").get_by_label("Diabetes").check()
    _feature(rita, "labs", "Largest value")
    form.locator("#features-1-name").fill("smoker")
    form.locator("#features-1-column").select_option(value="value")
    form.locator("#new-features-1-conditions").select_option(value="labs.test")
    form.locator("[value='add:features-1-conditions']").click()
    form.locator("#features-1-conditions-0").get_by_label("Smok").check()
    rita.press("Add measure")
    for ref, bands in (
        ("@smoker", "1"),
        ("persons.bmi", "25, 30"),
        ("persons.age", "45, 60"),
        ("@diabetes", ""),
    ):
        form.locator("#new-dimensions").select_option(value=ref)
        rita.press("Add dimension")
        if bands:
            form.locator("input[name$='-bands']").last.fill(bands)


def _feature(rita: AtBrowser, table: str, compute: str) -> None:
    rita.page.locator("#new-features").select_option(value=table)
    rita.page.locator("#new-features-aggregate").select_option(label=compute)
    rita.press("Add feature")


def _approve(visitor: AtBrowser, name: str, *, picture: str) -> None:
    visitor.be(name)
    visitor.look()
    visitor.page.locator("tbody a", has_text="diabetes").first.click()
    visitor.look(picture)
    visitor.page.get_by_label("Approve").check()
    visitor.press("Record the decision")
    expect(visitor.page.get_by_text("Your decision is recorded")).to_be_visible()


def _download(rita: AtBrowser) -> None:
    with rita.page.expect_download() as waiting:
        rita.follow("Table as CSV")
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    title, header, *rows = list(csv.reader(io.StringIO(text)))
    assert "Number of persons" in title[0]
    assert header[-1].endswith("(upper, 95 %)")
    assert len(rows) > 20
    assert any("[c]" in row for row in rows)
    assert any(row[4].isdecimal() and int(row[4]) > 1000 for row in rows)


def _owner_sees(visitor: AtBrowser) -> None:
    visitor.be(OWNER.name)
    visitor.look()
    visitor.page.get_by_role("link", name="liver").first.click()
    visitor.look("budget")
    expect(visitor.page.get_by_text(RESEARCHER.name).first).to_be_visible()
