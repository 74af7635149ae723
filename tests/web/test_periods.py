"""A pool that opens by periods, as pages and programs tell it."""

from __future__ import annotations

import pytest

from tests.web import service as web
from tests.web.steps import ask_page
from tre.budgets import Period

PERIOD = Period(365, 120_000_000)
NEXT = "2 March 2027"
ENTRIES = {"source": "persons", "measures-0-statistic": "count", "dimensions-0-ref": "persons.sex"}


@pytest.fixture
def service(tmp_path):
    return web.make(tmp_path, period=PERIOD)


def preview(service) -> str:
    """The page of a question's prices."""
    ada = service.visitor("ada")
    return ada.get(ada.post(ask_page(service), {**ENTRIES, "act": "preview"}).location).text


def test_researchers_read_what_is_left_of_it_and_until_when(service):
    ada = service.visitor("ada")
    for page in ("/projects", f"/projects/{service.world.project}/datasets/clinic"):
        assert f"Dataset, until {NEXT}" in ada.get(page).text, page
    previewed = preview(service)
    assert f"Dataset, until {NEXT}" in previewed
    assert "too little" not in previewed


def test_what_the_period_does_not_hold_is_not_offered_as_if_it_did(service):
    service.ask()
    service.work()
    previewed = preview(service)
    assert "too little" in previewed
    assert "opens of its privacy budget in this period is too little" in previewed


def test_an_owner_reads_what_it_has_spent(service):
    service.ask()
    service.work()
    page = service.visitor("eve").get(f"/owner/{service.world.dataset}").text
    assert f"another begins on {NEXT}" in page


def test_everybody_reads_the_losses(service):
    page = service.visitor().get("/privacy").text
    assert "0.12 ρ in 365 days" in page
    assert "Ever at most" in page
    assert "All together" not in page  # there is one dataset


def test_programs_read_them_too(service):
    told = service.visitor().get("/api/v1/register").json
    (clinic,) = told["datasets"]
    assert clinic["losses"]["period_days"] == PERIOD.days
    assert clinic["losses"]["period_rho"] == PERIOD.rho_nano
    assert clinic["losses"]["rho_spent"] == told["losses"]["rho_spent"] == 0
    assert clinic["losses"]["rho_most"] == told["losses"]["rho_most"] > 0
