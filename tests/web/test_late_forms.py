"""Is a form that comes too late shown again to its person, with nothing lost and nothing done?"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.factories import checked_by
from tests.web import service as web
from tests.web.service import PASSWORD, Service, Visitor
from tests.web.steps import ask_page, decide, draft_of
from tre.audit import AuditEntry
from tre.database import Base, writing
from tre.people import SignedIn, SignInAttempt
from tre.web import again

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
LATE = "send it again"
OF_SESSIONS = {one.__tablename__ for one in (SignedIn, SignInAttempt, AuditEntry)}
TYPED = "Typed before it was too late & “kept”"

FORMS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("ada", "new", "title", {"source": "persons", "act": "preview"}),
    ("ada", "draft", "title", {"source": "persons", "act": "save"}),
    ("ada", "new sql", "sql", {"act": "preview"}),
    ("ada", "draft sql", "sql", {"title": "Mine", "act": "save"}),
    ("ada", "preview", "purpose", {"rho_nano": "100000000"}),
    ("ada", "answer", "answer", {}),
    ("cleo", "check", "reason", {"decision": "reject", "artefact_hash": "0" * 64}),
    ("eve", "owner", "reason", {"act": "stop"}),
    ("fay", "new person", "name", {"email": "hal@example.org", "password": "a long secret"}),
)
"""Who sends which form, the field that was typed into, and what else it sends."""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, dict[str, str]]:
    """One service for all: nothing in here changes it, or the test of that fails."""
    service = web.make(Path(tmp_path_factory.mktemp("late")), policy=checked_by(1))
    returned, waiting = service.ask(40), service.ask(50)
    service.work()
    decide(service.visitor("cleo"), service.output_of(returned), "return", "Why?")
    fresh, draft = ask_page(service), draft_of(service, "ada", **COUNT)
    return service, {
        "new": fresh,
        "new sql": f"{fresh}/sql",
        "draft": f"/drafts/{draft}",
        "draft sql": f"/drafts/{draft}/sql",
        "preview": f"/drafts/{draft}/preview",
        "answer": f"/questions/{returned}/answer",
        "check": f"/checks/{service.output_of(waiting)}",
        "owner": f"/owner/{service.world.dataset}",
        "new person": "/people/new",
    }


COUNT = {"measures-0-statistic": "count", "measures-0-ref": ""}


def everything(service: Service) -> dict[str, list[str]]:
    """Every row of every table, but for sessions and what is written about them."""
    with service.sessions() as session:
        rows = {
            name: [str(row) for row in session.execute(select(table))]
            for name, table in Base.metadata.tables.items()
            if name not in OF_SESSIONS
        }
        events = session.scalars(select(AuditEntry.event).order_by(AuditEntry.id))
        return {**rows, "events": [event for event in events if not event.startswith("sign")]}


def after_an_hour(
    service: Service, visitor: Visitor, path: str, sent: dict[str, str]
) -> TestResponse:
    token = visitor.token("/privacy")
    service.clock.pass_by(minutes=61)
    return visitor.client.post(path, data={"csrf_token": token, **sent})


def signed_in_again(visitor: Visitor, door: TestResponse, name: str) -> TestResponse:
    hidden = dict(HIDDEN.findall(door.text))
    return visitor.client.post(
        "/sign-in",
        data={
            "csrf_token": visitor.token("/sign-in"),
            "kept": hidden["kept"],
            "email": f"{name}@example.org",
            "password": PASSWORD,
        },
    )


def shown_again(visitor: Visitor, offer: TestResponse) -> TestResponse:
    """Presses the one button of the page that says that everything is kept."""
    action = re.findall(r'<form method="post" action="([^"]+)">', offer.text)[-1]
    fields = [(name, unescape(value)) for name, value in HIDDEN.findall(offer.text)]
    own = fields[[name for name, _ in fields].index(again.MARK) :]
    return visitor.client.post(
        action, data=MultiDict([("csrf_token", visitor.token("/privacy")), *own])
    )


@pytest.mark.parametrize(("name", "form", "typed", "others"), FORMS)
def test_a_form_of_an_ended_session_comes_back_after_signing_in_and_does_nothing(
    furnished: tuple[Service, dict[str, str]],
    name: str,
    form: str,
    typed: str,
    others: dict[str, str],
):
    service, paths = furnished
    visitor = service.visitor(name)
    before = everything(service)
    door = after_an_hour(service, visitor, paths[form], {**others, typed: TYPED})
    assert door.status_code == 403
    assert "what you entered is kept" in door.text
    offer = signed_in_again(visitor, door, name)
    assert offer.status_code == 200, offer.text
    page = shown_again(visitor, offer)
    assert page.status_code == 200
    assert LATE in page.text
    assert TYPED in unescape(page.text)
    assert everything(service) == before


@pytest.mark.parametrize(("name", "form", "typed", "others"), FORMS)
def test_a_form_with_an_expired_token_is_shown_again_and_does_nothing(
    furnished: tuple[Service, dict[str, str]],
    name: str,
    form: str,
    typed: str,
    others: dict[str, str],
):
    service, paths = furnished
    visitor, before = service.visitor(name), everything(service)
    sent = {**others, typed: TYPED, "csrf_token": "of another session"}
    page = visitor.client.post(paths[form], data=sent)
    assert page.status_code == 400
    assert LATE in page.text
    assert TYPED in unescape(page.text)
    assert everything(service) == before


def test_every_page_that_takes_more_than_a_press_can_be_shown_again(service: Service):
    """A new form fails here until it is registered, or named as one without entries."""
    buttons = {
        *("drafting.discard", "questions.cancel", "owner.export", "public.sign_out"),
        "exceptions.end",
    }
    takes = {
        rule.endpoint
        for rule in service.app.url_map.iter_rules()
        if "POST" in rule.methods and not rule.rule.startswith("/api/")
    }
    assert {one for one in takes if again.shown_by(one) is None} == buttons


def test_passwords_are_never_kept(furnished: tuple[Service, dict[str, str]]):
    service, paths = furnished
    fay = service.visitor("fay")
    sent = {"name": "Hal", "password": "a long secret"}
    door = after_an_hour(service, fay, paths["new person"], sent)
    offer = signed_in_again(fay, door, "fay")
    assert "a long secret" not in offer.text
    assert "a long secret" not in shown_again(fay, offer).text


def test_another_person_never_gets_a_form_that_was_kept(service: Service):
    ada = service.visitor("ada")
    door = after_an_hour(service, ada, ask_page(service), {"title": TYPED})
    inside = signed_in_again(ada, door, "ben")
    assert inside.status_code == 303
    assert "another person" in unescape(ada.get(inside.location).text)


def test_a_kept_form_lasts_an_hour_and_cannot_be_changed(service: Service):
    with service.app.test_request_context():
        late = again.Late("/projects", (("title", "a"),))
        sealed = again.seal(late, person_id="p") or ""
        assert again.unseal(sealed, person_id="p") == late
        assert again.unseal(sealed[:-2] + "xx", person_id="p") is None
        assert again.unseal(sealed, person_id="q") is None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(again, "LASTS", -1)
            assert again.unseal(sealed, person_id="p") is None


def test_a_wrong_password_does_not_lose_the_kept_form(service: Service):
    ada = service.visitor("ada")
    door = after_an_hour(service, ada, ask_page(service), {"title": TYPED})
    kept = dict(HIDDEN.findall(door.text))["kept"]
    sent = {"csrf_token": ada.token("/sign-in"), "kept": kept, "email": "ada@example.org"}
    wrong = ada.client.post("/sign-in", data={**sent, "password": "a guess"})
    assert wrong.status_code == 422
    assert dict(HIDDEN.findall(wrong.text))["kept"] == kept


def test_a_strangers_form_is_not_kept(service: Service):
    """Without a session of ours there is nobody whom it could belong to."""
    sent = service.visitor().post(ask_page(service), {"title": TYPED}, page="/sign-in")
    assert sent.status_code == 303
    assert "/sign-in" in sent.location


def test_the_mark_alone_makes_nobody_act_or_see_what_is_not_theirs(service: Service):
    mine = f"/drafts/{draft_of(service, 'ada')}"
    seen = service.visitor("ben").post(mine, {again.MARK: "yes", "title": TYPED}, page="/projects")
    assert seen.status_code == 404


def test_an_expired_sign_in_keeps_the_address(service: Service):
    sent = {"csrf_token": "old", "email": "ada@example.org", "password": "a guess"}
    page = service.visitor().client.post("/sign-in", data=sent)
    assert page.status_code == 400
    assert "ada@example.org" in page.text
    assert "a guess" not in page.text


def test_demo_people_get_their_form_back_too(tmp_path: Path):
    service = web.make(tmp_path, environment="demo", demo=True)
    with service.sessions() as session, writing(session):
        service.person(session, "ada").demo = True
    ada = service.visitor("ada")
    door = after_an_hour(service, ada, ask_page(service), {"title": TYPED})
    kept = dict(HIDDEN.findall(door.text))["kept"]
    sent = {"person": service.world.people["ada"], "kept": kept}
    offer = ada.post("/sign-in/demo", sent, page="/sign-in")
    assert TYPED in unescape(shown_again(ada, offer).text)
