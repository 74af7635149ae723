"""An answer that a released table tells, page by page and by program: offered, asked, told."""

from __future__ import annotations

import datetime
import re

import pytest

from queries import sql
from tests.catalogues import clinic, dp_policy
from tests.factories import NOW
from tests.web import service as web
from tests.web.steps import ask_page, leave
from tre import people
from tre.database import writing
from tre.scopes import EVERY
from tre.submissions import Submission

HELD = "SELECT sex, band(age, 40, 60), count(*) FROM persons GROUP BY sex, band(age, 40, 60)"
AGES = "SELECT band(age, 40, 60), count(*) FROM persons GROUP BY band(age, 40, 60)"
FREE = 'name="rho_nano" type="radio" value="0"'


@pytest.fixture
def service(tmp_path) -> web.Service:
    return web.make(tmp_path)


@pytest.fixture
def held(service) -> str:
    """A released table by sex and age; of its six numbers two are hidden. Its address."""
    submission = service.ask(query=sql.admit(HELD, clinic(), dp_policy()))
    service.work()
    leave(service, submission)
    page = service.visitor("ada").get(f"/questions/{submission}").text
    return re.search(r'href="(/releases/[0-9a-f]+)"', page)[1]


def preview(service: web.Service, text: str, *, who: str = "ada") -> tuple[web.Visitor, str]:
    visitor, page = service.visitor(who), f"{ask_page(service)}/sql"
    made = visitor.post(page, {"sql": text, "act": "preview"})
    assert made.status_code == 303, made.text
    return visitor, made.location


def last(service: web.Service) -> tuple[str, str, int]:
    """The one question that was asked at no cost."""
    with service.sessions() as session:
        found = session.query(Submission).filter(Submission.rho_nano == 0).one()
        return found.id, found.state, found.rho_nano


def test_a_table_that_tells_the_answer_is_offered_and_taken(service, held):
    ada, page = preview(service, AGES)
    shown = ada.get(page).text
    assert FREE in shown
    assert "from a released table" in shown
    assert "1 of 3 cells are told, within ±" in shown

    looked = ada.post(page, {"rho_nano": "0", "purpose": ""})
    assert "No data" not in looked.text
    assert f'href="{held}"' in looked.text
    assert "no data are read, and nothing is spent" in looked.text

    sent = ada.post(page, {"rho_nano": "0", "purpose": "To see less."})
    assert sent.status_code == 303
    service.clock.pass_by(seconds=1)
    question, _, rho = last(service)
    assert rho == 0
    service.work()
    leave(service, question)
    told = ada.get(f"/questions/{question}").text
    assert "Worked out from" in told
    assert f'href="{held}"' in told
    assert (
        "Worked out from the released table"
        in ada.get(re.search(r'href="(/releases/[0-9a-f]+)"', told)[1]).text
    )


def test_who_has_no_such_table_is_offered_none(service):
    ada, page = preview(service, AGES)
    assert FREE not in ada.get(page).text
    refused = ada.post(page, {"rho_nano": "0", "purpose": "To see."})
    assert refused.status_code == 422
    assert "No released table that you can see tells the answer" in refused.text
    assert "To see." in refused.text


def test_a_question_that_does_not_follow_is_offered_at_its_price_alone(service, held):
    text = AGES.replace("40, 60", "50, 60")
    ada, page = preview(service, text)
    assert held
    assert FREE not in ada.get(page).text


def test_the_trail_of_an_auditor_says_from_what(service, held):
    ada, page = preview(service, AGES)
    ada.post(page, {"rho_nano": "0", "purpose": "To see less."})
    question, _, _ = last(service)
    page = service.visitor("ira").get(f"/audit/questions/{question}")
    assert held.rpartition("/")[2] in page.text


def test_programs_ask_for_it_at_a_cost_of_0(service, held):
    with service.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=service.person(session, "ada"),
            name="notebook",
            scopes=EVERY,
            lasts=datetime.timedelta(days=1),
            now=NOW,
        )
    client, headers = service.app.test_client(), {"Authorization": f"Bearer {secret}"}
    question = {"dataset": "clinic", "query": AGES}
    release = held.rpartition("/")[2]

    def post(path: str, **more):
        address = f"/api/v1/projects/frailty/{path}"
        return client.post(address, headers=headers, json={**question, **more})

    assert post("previews").json["implied_by"] == release
    free = post("previews", rho_nano=0).json
    assert (free["rho_nano"], free["epsilon"], free["implied_by"]) == (0, None, release)
    assert free["columns"][0]["half_width"]
    sent = post("submissions", rho_nano=0, purpose="To see less.")
    assert sent.status_code == 201
    assert (sent.json["worked_out_from"], sent.json["rho_nano"]) == (release, 0)
    paid = post("submissions", purpose="To see more.")
    assert paid.json["worked_out_from"] is None
    other = post("submissions", query=AGES.replace("40", "41"), rho_nano=0, purpose="To see.")
    assert other.status_code == 409
    assert "No released table that you can see" in other.json["errors"][0]["message"]
