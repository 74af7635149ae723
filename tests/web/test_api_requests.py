"""Requests, comments and answers by program: as in the pages, and of one's own projects only."""

from __future__ import annotations

import httpx
import pytest

from tests.factories import NOW, checked_by
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import decide, token_of
from tre.client import Client
from tre.comments import Audience
from tre.journey import discussed

QUESTION = {
    "dataset": "clinic",
    "query": "SELECT sex, count(*) FROM persons GROUP BY sex",
    "purpose": "For the annex.",
}
ASKED = {"title": "Annex", "context": "Of the report.", "outputs": ["By sex", "By age"]}


@pytest.fixture
def service(tmp_path) -> Service:
    return web.make(tmp_path, policy=checked_by(1))


@pytest.fixture
def call(service: Service):
    tokens = {name: token_of(service, name) for name in ("ada", "ben", "gus", "cleo")}

    def send(method: str, path: str, who: str = "ada", **options):
        headers = {"Authorization": f"Bearer {tokens[who]}"}
        client = service.app.test_client()
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def project(service: Service) -> str:
    return f"/projects/{service.world.project}"


def test_a_request_names_outputs_that_submissions_are_then_asked_for(service, call):
    made = call("POST", f"{project(service)}/requests", json=ASKED)
    assert made.status_code == 201
    first, second = made.json["outputs"]
    assert [one["title"] for one in (first, second)] == ASKED["outputs"]
    assert (first["submissions"], first["state"]) == ([], None)
    path = f"{project(service)}/submissions"
    asked = call("POST", path, json={**QUESTION, "output": first["id"]})
    assert asked.status_code == 201
    again = call("POST", path, json={**QUESTION, "output": first["id"], "rho_nano": 2_000_000})
    assert again.status_code == 422, "one is on its way"
    told = call("GET", f"/requests/{made.json['id']}", "ben").json
    assert told["outputs"][0]["submissions"] == [asked.json["id"]]
    assert told["outputs"][0]["state"] == "submitted"
    assert call("GET", f"{project(service)}/requests").json["items"] == [told]


@pytest.mark.parametrize(
    "given",
    [{"title": ""}, {"outputs": []}, {"outputs": ["x"] * 51}, {"context": " "}, {"more": 1}],
    ids=str,
)
def test_a_request_that_is_not_whole_is_refused(service, call, given):
    answer = call("POST", f"{project(service)}/requests", json={**ASKED, **given})
    assert answer.status_code == 422
    assert call("GET", f"{project(service)}/requests").json["items"] == []


def test_an_output_of_another_project_or_of_none_is_refused(service, call):
    theirs = call("POST", f"/projects/{service.world.other_project}/requests", "gus", json=ASKED)
    for output in (theirs.json["outputs"][0]["id"], "0" * 24):
        answer = call(
            "POST", f"{project(service)}/submissions", json={**QUESTION, "output": output}
        )
        assert answer.status_code == 422


def test_what_is_said_reaches_who_it_is_for_and_names_nobody(service, call):
    asked = service.ask(40)
    service.work()
    made = call("POST", f"/submissions/{asked}/comments", json={"words": "The bands are old."})
    assert made.status_code == 201
    output = service.output_of(asked)
    with service.sessions() as session:
        for audience, words in (
            (Audience.CHECKERS, "Between us."),
            (Audience.EVERYBODY, "Which year?"),
        ):
            discussed.say(
                session,
                person=service.person(session, "cleo"),
                submission_id=asked,
                audience=audience,
                words=words,
                now=NOW,
            )
    assert decide(service.visitor("dan"), output, "return", "Which year is it?").status_code == 303
    told = call("GET", f"/submissions/{asked}/comments", "ben").json["items"]
    assert {(one["side"], one["words"]) for one in told} == {
        ("project", "The bands are old."),
        ("checkers", "Which year?"),
    }
    assert not {"author", "name", "person"} & told[0].keys()
    back = call("POST", f"/submissions/{asked}/answer", json={"words": "Of 2020."})
    assert (back.status_code, back.json["state"]) == (200, "protected")
    twice = call("POST", f"/submissions/{asked}/answer", json={"words": "Of 2020."})
    assert twice.status_code == 409


@pytest.mark.parametrize("who", ["gus", "cleo"])
def test_for_others_there_is_nothing(service, call, who):
    request = call("POST", f"{project(service)}/requests", json=ASKED).json["id"]
    asked = service.ask(40)
    service.work()
    for method, path, body in (
        ("GET", f"{project(service)}/requests", None),
        ("POST", f"{project(service)}/requests", ASKED),
        ("GET", f"/requests/{request}", None),
        ("GET", f"/submissions/{asked}/comments", None),
        ("POST", f"/submissions/{asked}/comments", {"words": "Hm."}),
        ("POST", f"/submissions/{asked}/answer", {"words": "Hm."}),
    ):
        options = {} if body is None else {"json": body}
        assert call(method, path, who, **options).status_code == 404, path


def test_only_the_author_answers(service, call):
    asked = service.ask(40)
    service.work()
    decide(service.visitor("cleo"), service.output_of(asked), "return", "Which year?")
    answer = call("POST", f"/submissions/{asked}/answer", "ben", json={"words": "Of 2020."})
    assert answer.status_code == 403


def test_the_client_asks_for_an_output_and_talks(service):
    transport = httpx.WSGITransport(app=service.app)
    with Client("http://localhost", token_of(service, "ada"), transport=transport) as client:
        named = {"project": service.world.project}
        made = client.begin_request(**named, **ASKED)
        asked = client.submit(**QUESTION, **named, output=made["outputs"][1]["id"])
        service.work()
        client.say(asked, "As agreed.")
        assert [one["words"] for one in client.comments(asked)] == ["As agreed."]
        decide(service.visitor("cleo"), service.output_of(asked.id), "return", "Which year?")
        assert client.answer(asked, "Of 2020.").state == "protected"
