"""Are noisy statistics and totals of real data told as they are, page by page?"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys import person
from tests.journeys.conftest import Stage
from tests.journeys.person import AtBrowser
from tre.demo.cast import FIRST, RESEARCHER, SECOND

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

WORKER = 120_000  # milliseconds of patience with the worker of a busy machine
ADDED = (
    ("mean:@diabetes", "Proportion with diabetes"),
    ("quantile 0.5:persons.age", "Median of Age"),
    ("quantile 0.9:persons.bmi", "90 % quantile of Body mass index"),
    ("stddev:persons.age", "Standard deviation of Age"),
    ("ratio:persons.bmi", "Body mass index per ..."),
    ("slope:persons.bmi", "Slope of Body mass index on ..."),
)


def test_a_table_of_medians_spreads_and_proportions_goes_from_form_to_release(
    browser: Browser, stage: Stage
):
    rita = _at_the_form(browser, stage)
    _build(rita)
    rita.look("statistics-form")
    rita.press("Look at the price")
    for told in ("Proportion with diabetes", "Percentage points, by rank"):
        expect(rita.page.get_by_text(told).first).to_be_visible()
    rita.look("statistics-preview")
    _released(rita, "proportion with diabetes")
    rita.look("statistics-released")
    _read(rita)
    assert rita.complaints == []


def test_a_noisy_table_with_totals_adds_up_from_form_to_release(browser: Browser, stage: Stage):
    rita = _at_the_form(browser, stage)
    form = rita.page
    form.get_by_label("Name of your draft").fill("People by age and sex")
    form.locator("#new-measures").select_option(label="Number of persons")
    rita.press("Add measure")
    for value, words in (("persons.age", "Age"), ("persons.sex", "Sex")):
        form.locator("#new-dimensions").select_option(value=value)
        rita.press("Add dimension")
        expect(form.get_by_text(words).first).to_be_visible()
    form.locator("#dimensions-0-bands").fill("30, 50, 70")
    form.get_by_label("Totals").select_option(label="Every total")
    rita.look("totals-form")
    rita.press("Look at the price")
    expect(rita.page.get_by_text("cells and totals within").first).to_be_visible()
    form.locator("#half_width").fill("20")
    rita.press("Show its cost")
    expect(rita.page.locator("input[name=rho_nano]:checked + label")).to_contain_text("0.0")
    expect(rita.page.get_by_text("asked one by one would cost")).to_be_visible()
    rita.look("totals-preview")
    _released(rita, "with all totals")
    rita.look("totals-released")
    rows = _rows(rita)[2:]
    found = {(age, sex): int(count) for age, sex, count, *_ in rows}
    ages, sexes = ({key[at] for key in found} - {"Total"} for at in (0, 1))
    assert (len(ages), len(sexes)) == (4, 2)
    assert all(found["Total", sex] == sum(found[age, sex] for age in ages) for sex in sexes)
    assert all(found[age, "Total"] == sum(found[age, sex] for sex in sexes) for age in ages)
    assert 17_000 < found["Total", "Total"] == sum(found["Total", sex] for sex in sexes) < 18_000
    assert rita.complaints == []


def _at_the_form(browser: Browser, stage: Stage) -> AtBrowser:
    looks = os.environ.get("TRE_LOOKS")
    rita = person.at(
        browser, stage.address, accept_downloads=True, pictures=Path(looks) if looks else None
    )
    rita.be(RESEARCHER.name)
    rita.page.get_by_role("link", name="Risk factors").first.click()
    rita.page.locator(".tre-card h3 a").first.click()
    rita.press("Ask a question")
    return rita


def _released(rita: AtBrowser, words: str) -> None:
    """What lies on the page with the price is asked, approved twice and let out."""
    rita.page.get_by_label("What is this question for?").fill("To describe the cohort by sex.")
    rita.press("Ask this question")
    question = rita.page.url
    expect(rita.page.get_by_text("With checkers")).to_be_visible(timeout=WORKER)
    for checker in (FIRST, SECOND):
        _approve(rita, checker.name, words)
    person.let_out(rita, words)
    rita.be(RESEARCHER.name)
    rita.page.goto(question)
    expect(rita.page.get_by_text("The released table")).to_be_visible()


def _build(rita: AtBrowser) -> None:
    form = rita.page
    form.get_by_label("Name of your draft").fill("The cohort by sex")
    form.locator("#new-features").select_option(value="events")
    form.locator("#new-features-aggregate").select_option(label="Has at least one row (yes or no)")
    rita.press("Add feature")
    form.locator("#features-0-name").fill("diabetes")
    form.locator("#new-features-0-conditions").select_option(value="events.event")
    form.locator("[value='add:features-0-conditions']").click()
    form.locator("#features-0-conditions-0").get_by_label("Diabetes").check()
    for value, words in ADDED:
        form.locator("#new-measures").select_option(value=value)
        rita.press("Add measure")
        expect(form.get_by_text(words).first).to_be_visible()
    form.locator("#measures-4-per").select_option(value="persons.age")
    form.locator("#measures-5-per").select_option(value="persons.age")
    form.locator("#measures-5").get_by_label("diabetes").check()
    form.locator("#new-dimensions").select_option(value="persons.sex")
    rita.press("Add dimension")


def _approve(visitor: AtBrowser, name: str, words: str) -> None:
    visitor.be(name)
    visitor.page.locator("tbody a", has_text=words).first.click()
    visitor.look("statistics-check")
    visitor.page.get_by_label("Approve").check()
    visitor.press("Record the decision")
    expect(visitor.page.get_by_text("Your decision is recorded")).to_be_visible()


def _read(rita: AtBrowser) -> None:
    """Of 17,549 people: about a fifth had diabetes, and the median age is a little over 50."""
    _, header, *rows = _rows(rita)
    assert len(rows) == 2
    for words, least, most in (
        ("Proportion with diabetes", 0.05, 0.5),
        ("Median of Age", 40, 65),
        ("90 % quantile of Body mass index", 30, 60),
        ("Standard deviation of Age", 8, 25),
        ("Body mass index per Age", 0.3, 1),
        ("Slope of Body mass index on Age, adjusted for diabetes", -1, 1),
    ):
        at = header.index(words)
        assert [name.split(" (")[-1] for name in header[at + 1 : at + 3]] == [
            "lower, 95 %)",
            "upper, 95 %)",
        ]
        for row in rows:
            value, low, high = map(float, row[at : at + 3])
            assert least < low <= value <= high < most


def _rows(rita: AtBrowser) -> list[list[str]]:
    with rita.page.expect_download() as waiting:
        rita.follow("Table as CSV")
    return list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
