"""What can owners and administrators do, and what can they not?"""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.web.service import PASSWORD, Service
from tests.web.steps import decide, release, shown_hash
from tre.audit import AuditEntry
from tre.submissions import Submission


def test_one_button_stops_queries_and_releases_and_one_opens_them_again(service: Service):
    page, eve = f"/owner/{service.world.dataset}", service.visitor("eve")
    asked = service.ask()
    service.work()
    assert "Stop queries and releases" in eve.get(page).text
    assert eve.post(page, {"reason": "An incident", "act": "stop"}).status_code == 303
    stopped = eve.get(page).text
    assert "An incident" in stopped
    assert "Open this dataset again" in stopped
    decide(service.visitor("cleo"), service.output_of(asked), "approve")
    ada, publisher = service.visitor("ada"), service.visitor("pat")
    assert "Why it is not released" in ada.get(f"/questions/{asked}").text
    page_of_it = f"/publishing/{service.output_of(asked)}"
    seen = shown_hash(publisher.get(page_of_it).text)
    sent = {"act": "release", "password": PASSWORD, "artefact_hash": seen}
    refused = publisher.post(page_of_it, sent)
    assert refused.status_code == 409
    assert "has stopped queries and releases" in refused.text
    assert eve.post(page, {"reason": "It is over", "act": "resume"}).status_code == 303
    assert "Stop queries and releases" in eve.get(page).text
    release(service, asked)


def test_stopping_needs_a_reason(service: Service):
    page, eve = f"/owner/{service.world.dataset}", service.visitor("eve")
    again = eve.post(page, {"reason": "", "act": "stop"})
    assert again.status_code == 422
    assert "Give a reason" in again.text
    assert "Stop queries and releases" in eve.get(page).text


def test_a_button_pressed_on_an_old_page_does_not_turn_the_wrong_way(service: Service):
    page, eve = f"/owner/{service.world.dataset}", service.visitor("eve")
    eve.post(page, {"reason": "An incident", "act": "stop"})
    eve.post(page, {"reason": "An incident again", "act": "stop"})
    assert "An incident again" not in eve.get(page).text
    assert "Open this dataset again" in eve.get(page).text


def test_the_statement_and_the_export_say_who_asked_what_at_what_price(service: Service):
    asked = service.ask()
    service.work()
    eve, page = service.visitor("eve"), f"/owner/{service.world.dataset}"
    shown = eve.get(page).text
    for words in ("Ada", "Frailty", "Number of persons", "settled", "9.9 ρ"):
        assert words in shown
    export = eve.post(f"{page}/who-asked-what.csv", page=page)
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [row["who"] for row in rows] == ["ada@example.org"]
    assert rows[0]["rho_nano"] == "100000000"
    assert "attachment" in export.headers["Content-Disposition"]
    with service.sessions() as session:
        assert session.query(AuditEntry).filter_by(event="exported").count() == 1
        assert session.get_one(Submission, asked).state == "protected"


def test_the_ledger_adds_up_to_what_the_pool_spent(service: Service):
    """A question asked again is a line of its own, at no charge."""
    for band in (40, 40, 50):
        service.ask(band)
        service.work()
        service.clock.pass_by(minutes=1)
    eve, page = service.visitor("eve"), f"/owner/{service.world.dataset}"
    total = re.search(r"<tfoot>.*?</tfoot>", eve.get(page).text, re.DOTALL)
    assert total
    assert ">0.2<" in total[0]
    assert "9.8 ρ left" in total[0]
    export = eve.post(f"{page}/who-asked-what.csv", page=page)
    charged = [row["charged_rho_nano"] for row in csv.DictReader(io.StringIO(export.text))]
    assert charged == ["100000000", "0", "100000000"]


PERSON = {
    "name": "Jan",
    "email": "jan@example.org",
    "password": "long enough for now",
    "roles": ["researcher"],
}


def test_an_administrator_adds_a_person_who_can_sign_in(service: Service):
    fay = service.visitor("fay")
    assert fay.post("/people/new", PERSON).status_code == 303
    assert "Jan" in fay.get("/people").text
    assert service.visitor().sign_in("jan@example.org", PERSON["password"]).status_code == 303


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email": "no address"}, "Enter an email address"),
        ({"email": "ada@example.org"}, "Somebody has an account"),
        ({"password": "short"}, "at least 12 characters"),
        ({"name": ""}, "Enter a name"),
        ({"roles": ["checker", "administrator"]}, "cannot also be a checker"),
        ({"roles": ["auditor", "researcher"]}, "holds no other role"),
        ({"roles": ["emperor"]}, "There is a problem"),
    ],
)
def test_a_faulty_person_is_shown_again_with_what_is_wrong(
    service: Service, changed: dict[str, object], says: str
):
    again = service.visitor("fay").post("/people/new", {**PERSON, **changed})
    assert again.status_code == 422
    assert says in again.text
    assert str(PERSON["password"]) not in again.text


def test_nobody_changes_the_own_roles(service: Service):
    page = f"/people/{service.world.people['fay']}"
    roles = {"roles": ["administrator", "researcher"], "account": "open"}
    refused = service.visitor("fay").post(page, roles)
    assert refused.status_code == 422
    assert "your own roles" in refused.text


def test_roles_take_effect_at_once_and_are_on_record(service: Service):
    fay, ben = service.visitor("fay"), service.visitor("ben")
    assert ben.get("/checks").status_code == 404
    page = f"/people/{service.world.people['ben']}"
    roles = {"roles": ["checker", "researcher"], "account": "open"}
    assert fay.post(page, roles).status_code == 303
    assert ben.get("/checks").status_code == 200
    with service.sessions() as session:
        entry = session.query(AuditEntry).filter_by(event="roles_changed").one()
        assert entry.detail == {
            "person": service.world.people["ben"],
            "before": ["researcher"],
            "after": ["checker", "researcher"],
        }
