"""A person at a browser, whose every page is looked at by axe and on a narrow screen as well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tre.demo.cast import PASSWORD, PUBLISHER

WIDE, NARROW = 1280, 390
TALLEST = 1600
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class AtBrowser:
    """Opens pages under one address; collects what a browser complains about."""

    page: Page
    address: str
    pictures: Path | None = None
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def press(self, name: str, *, exact: bool = False) -> None:
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def be(self, name: str) -> None:
        """Signs in as a person of the demonstration, after whoever was there before."""
        self.open("/sign-in")
        leave = self.page.get_by_role("button", name="Sign out")
        if leave.count():
            leave.click()
        self.press(name)

    def look(self, picture: str = "") -> None:
        """This page, wide and narrow: nothing wider than the screen, nothing that axe minds."""
        self.page.wait_for_load_state("networkidle")
        for width in (WIDE, NARROW):
            self.page.set_viewport_size({"width": width, "height": 900})
            across = self.page.evaluate("document.documentElement.scrollWidth")
            assert across <= width, f"{self.page.url} is {across} wide at {width}"
            assert violations(self.page) == []
            if self.pictures is not None and picture:
                self._take(self.pictures / f"{picture}-{width}.png", width)
        self.page.set_viewport_size({"width": WIDE, "height": 900})

    def _take(self, path: Path, width: int) -> None:
        """The upper part of the page, as much as a document can show."""
        tall = self.page.evaluate("document.documentElement.scrollHeight")
        size = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)}
        self.page.screenshot(path=path, full_page=True, clip=size)


def at(
    browser: Browser, address: str, *, pictures: Path | None = None, **options: Any
) -> AtBrowser:
    context = browser.new_context(viewport={"width": WIDE, "height": 900}, **options)
    context.set_default_timeout(60_000)
    person = AtBrowser(context.new_page(), address, pictures)
    person.page.on("console", lambda said: _complain(person, said.type, said.text))
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    return person


def _complain(person: AtBrowser, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        person.complaints.append(text)


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
    return [
        f"{page.url}: {one['id']} at {node['html'][:200]}" for one in found for node in one["nodes"]
    ]


def let_out(visitor: AtBrowser, question: str, *, picture: str = "") -> None:
    """As a publisher, who gives the password once more."""
    visitor.be(PUBLISHER.name)
    visitor.look()
    visitor.page.locator("tbody a", has_text=question).first.click()
    visitor.look(picture)
    visitor.page.get_by_label("Release: this table").check()
    visitor.page.get_by_label("Your password").fill(PASSWORD)
    visitor.press("Do this")
    expect(visitor.page.get_by_text("The table is released")).to_be_visible()
