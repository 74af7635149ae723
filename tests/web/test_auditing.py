"""An auditor reads every act, newest first, and nobody else reads any."""

from __future__ import annotations

import pytest

from tests.sealing import seal, sign
from tests.web.service import Service
from tests.web.steps import decide, leave
from tre import audit
from tre.audit import AuditEntry
from tre.database import writing
from tre.journey import audited
from tre.people import Role
from tre.permissions import NEVER_ONE_PERSON
from tre.releases import Release


def test_every_act_is_read_with_its_place_in_the_log(service: Service):
    ira = service.visitor("ira")
    assert "Nobody signs the log" in ira.get("/audit").text
    asked = service.ask(40)
    service.work()
    leave(service, asked)
    with service.sessions() as session:
        assert seal(session) == 1
        last = session.query(AuditEntry).filter_by(event="released").one()
    service.ask(50)
    page = ira.get("/audit").text
    assert "not yet" in page
    assert last.detail["files_hash"] in page
    assert "Cleo" in page
    only = ira.get("/audit?event=released").text
    assert last.detail["files_hash"] in only
    assert "fingerprint" not in only


def test_a_long_record_is_read_in_pages_without_gap_or_repeat(service: Service, monkeypatch):
    monkeypatch.setattr(audited, "PAGE", 7)
    with service.sessions() as session, writing(session):
        for name in range(20):
            audit.write(session, "project_created", now=service.clock(), slug=f"p{name}")
    with service.sessions() as session:
        sign(session)
        ira, seen, before = service.person(session, "ira"), [], None
        while found := audited.entries(session, person=ira, before=before):
            seen += [line.entry.id for line in found]
            before = seen[-1]
        every = [one.id for one in session.query(AuditEntry).order_by(AuditEntry.id.desc())]
        assert seen == every
    assert "Older entries" in service.visitor("ira").get("/audit").text


ODD = ("?before=x", "?before=-1", "?event=nothing", "?before=" + "9" * 11, "?before=" + "9" * 30)


@pytest.mark.parametrize("address", ODD)
def test_an_address_that_means_nothing_shows_everything(service: Service, address: str):
    assert service.visitor("ira").get(f"/audit{address}").status_code == 200


def test_an_auditor_holds_no_other_role_and_opens_no_other_page(service: Service):
    others = {role for role in Role if role is not Role.AUDITOR}
    pairs = {frozenset({Role.AUDITOR, role}) for role in others}
    assert pairs <= NEVER_ONE_PERSON
    ira = service.visitor("ira")
    for path in ("/checks", "/owner", "/people", "/recalls"):
        assert ira.get(path).status_code == 404
    assert ira.get("/", follow_redirects=False).location == "/audit"


def test_everything_on_record_of_a_question_is_read_together(service: Service):
    asked = service.ask(40)
    service.work()
    output = service.output_of(asked)
    checker = service.visitor("cleo")
    said = {"comment-audience": "checkers", "comment-words": "Between us."}
    assert checker.post(f"/comments/{asked}", said, page=f"/checks/{output}").status_code == 303
    decide(checker, output, "return", "Which year?")
    answer = {"answer": "Of 2020."}
    page = f"/questions/{asked}"
    assert service.visitor("ada").post(f"{page}/answer", answer, page=page).status_code == 303
    leave(service, asked)
    with service.sessions() as session:
        assert seal(session) == 1
        release = session.query(Release).one().id
    recalled = service.visitor("eve").post(f"/recalls/{release}", {"reason": "Wrong codes."})
    assert recalled.status_code == 303
    ira = service.visitor("ira")
    assert f"/audit/questions/{asked}" in ira.get("/audit").text
    told = ira.get(f"/audit/questions/{asked}").text
    for words in ("Which year?", "Between us.", "Wrong codes.", release, "Pat", "settled", "Cleo"):
        assert words in told, words
    assert "Of 2020." in told, "in an entry"
    assert told.count("<table") == 3, "its table, its noise, its entries"
    assert "What left" in told
    for path in (f"/audit/questions/{'0' * 24}", "/audit/questions/x"):
        assert ira.get(path).status_code == 404


def test_a_question_that_nobody_answered_yet_is_read_as_well(service: Service):
    told = service.visitor("ira").get(f"/audit/questions/{service.ask(40)}")
    assert told.status_code == 200
    assert "Nothing was charged." in told.text
