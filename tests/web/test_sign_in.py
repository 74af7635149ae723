"""Is a person who they say they are, until they sign out and no longer?"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.web import service as web
from tests.web.service import PASSWORD, Service
from tre import people
from tre.audit import AuditEntry
from tre.database import writing
from tre.people import SignedIn
from tre.sign_in import attempts, browser

ADA = "ada@example.org"


def test_the_right_password_opens_the_persons_own_start_page(service: Service):
    visitor = service.visitor()
    assert visitor.sign_in(ADA).location == "/projects"
    assert visitor.get("/projects").status_code == 200


@pytest.mark.parametrize(
    ("name", "home"), [("cleo", "/checks"), ("eve", "/owner"), ("fay", "/people")]
)
def test_every_role_has_a_start_page(service: Service, name: str, home: str):
    assert service.visitor().sign_in(f"{name}@example.org").location == home


def test_a_wrong_password_and_an_unknown_person_are_told_the_same(service: Service):
    wrong = service.visitor().sign_in(ADA, "not the password")
    unknown = service.visitor().sign_in("nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert "is not right" in wrong.text
    plain = web.TOKEN.sub("", wrong.text).replace(ADA, "")
    assert plain == web.TOKEN.sub("", unknown.text).replace("nobody@example.org", "")


def test_a_failed_sign_in_keeps_the_address_and_never_the_password(service: Service):
    page = service.visitor().sign_in(ADA, "not the password").text
    assert f'value="{ADA}"' in page
    assert "not the password" not in page
    assert "govuk-error-summary" in page


def test_signing_out_ends_the_session_on_the_server(service: Service):
    visitor = service.visitor("ada")
    copied = visitor.client.get_cookie("tre")
    assert copied is not None
    visitor.post("/sign-out", page="/projects")
    thief = service.visitor()
    thief.client.set_cookie("tre", copied.value)
    assert thief.get("/projects").status_code == 303


def test_a_session_ends_when_idle_and_at_the_end_of_the_day(service: Service):
    visitor = service.visitor("ada")
    service.clock.pass_by(minutes=59)
    assert visitor.get("/projects").status_code == 200
    service.clock.pass_by(minutes=61)
    assert visitor.get("/projects").status_code == 303
    busy = service.visitor("ada")
    for _ in range(23):
        service.clock.pass_by(minutes=30)
        assert busy.get("/projects").status_code == 200
    service.clock.pass_by(minutes=30)
    assert busy.get("/projects").status_code == 303


def test_a_closed_account_is_signed_out_everywhere_at_once(service: Service):
    ada, fay = service.visitor("ada"), service.visitor("fay")
    path = f"/people/{service.world.people['ada']}"
    assert fay.post(path, {"roles": "researcher", "account": "closed"}).status_code == 303
    assert ada.get("/projects").status_code == 303
    assert service.visitor().sign_in(ADA).status_code == 422


def test_the_form_token_of_before_signing_in_is_worth_nothing_after(service: Service):
    visitor = service.visitor()
    before = visitor.token("/sign-in")
    visitor.sign_in(ADA)
    assert visitor.token("/projects") != before


def test_the_browser_holds_a_token_and_the_database_only_its_hash(service: Service):
    token = service.token_of("ada")
    with service.sessions() as session:
        row = session.scalars(select(SignedIn)).one()
        assert row.token_hash == people.hashed(token)
        assert token not in str(vars(row))


def test_the_sixth_wrong_password_is_refused_and_so_is_the_right_one_then(service: Service):
    visitor = service.visitor()
    for _ in range(attempts.PER_PERSON_AND_PLACE):
        assert visitor.sign_in(ADA, "a guess").status_code == 422
    assert visitor.sign_in(ADA, "a guess").status_code == 429
    assert visitor.sign_in(ADA, PASSWORD).status_code == 429
    service.clock.pass_by(minutes=16)
    assert visitor.sign_in(ADA, PASSWORD).status_code == 303


def test_one_place_cannot_guess_at_everybody(service: Service):
    visitor = service.visitor()
    sent = [
        visitor.sign_in(f"person{n}@example.org", "a guess").status_code
        for n in range(attempts.PER_PLACE + 1)
    ]
    assert sent[-2:] == [422, 429]


def test_successful_sign_ins_never_count_as_guesses(service: Service):
    for _ in range(attempts.PER_PERSON + 2):
        assert service.visitor().sign_in(ADA).status_code == 303


def test_every_sign_in_sign_out_and_failure_is_on_record(service: Service):
    visitor = service.visitor("ada")
    visitor.post("/sign-out", page="/projects")
    visitor.sign_in(ADA, "a guess")
    with service.sessions() as session:
        events = list(session.scalars(select(AuditEntry.event).order_by(AuditEntry.id)))
        kept = [str(entry.detail) for entry in session.scalars(select(AuditEntry))]
    assert [event for event in events if event.startswith("sign")] == [
        "signed_in",
        "signed_out",
        "sign_in_failed",
    ]
    assert not any(ADA in detail or "a guess" in detail for detail in kept)


@pytest.mark.parametrize(
    "back",
    [
        "https://example.com/",
        "//example.com/",
        "/\\example.com",
        "http:example.com",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=1\r\n",
        "projects",
    ],
)
def test_signing_in_never_leads_out_of_the_service(service: Service, back: str):
    visitor = service.visitor()
    page = visitor.client.post(
        "/sign-in",
        query_string={"next": back},
        data={"csrf_token": visitor.token("/sign-in"), "email": ADA, "password": PASSWORD},
    )
    assert page.location == "/projects"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(service: Service):
    visitor = service.visitor()
    door = visitor.get("/releases").location
    assert door == "/sign-in?next=%2Freleases"
    token = visitor.token("/sign-in")
    page = visitor.client.post(door, data={"csrf_token": token, "email": ADA, "password": PASSWORD})
    assert page.location == "/releases"


def test_demo_people_are_buttons_in_the_demonstration_only(tmp_path: Path):
    shown = web.make(tmp_path, environment="demo", demo=True)
    with shown.sessions() as session, writing(session):
        shown.person(session, "ada").demo = True
    page = shown.visitor().get("/sign-in").text
    assert "Ada" in page
    assert "Ben" not in page
    ada, ben = shown.world.people["ada"], shown.world.people["ben"]
    visitor = shown.visitor()
    assert visitor.post("/sign-in/demo", {"person": ben}, page="/sign-in").status_code == 404
    assert visitor.post("/sign-in/demo", {"person": ada}, page="/sign-in").location == "/projects"


def test_ending_a_session_twice_is_no_error(service: Service):
    token = service.token_of("ada")
    with service.sessions() as session:
        browser.end(session, token=token, now=service.clock())
        browser.end(session, token=token, now=service.clock())
        assert browser.person_at(session, token=token, now=service.clock()) is None
