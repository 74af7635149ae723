"""Release requests in the pages: named, asked for one by one, seen by their checkers."""

from __future__ import annotations

import re

from tests.web.service import Service
from tests.web.steps import draft_of, leave

OPTION = re.compile(r'<option value="([0-9a-f]{24})"[^>]*>([^<]*)<')


def test_a_request_is_begun_asked_for_and_seen_by_its_checkers(service: Service):
    ada, project = service.visitor("ada"), service.world.project
    page = f"/projects/{project}/requests/new"
    assert page in ada.get(f"/projects/{project}").text
    told = {"title": "Annual report", "context": "Its annex.\nAnd more.", "outputs": ""}
    again = ada.post(page, told)
    assert again.status_code == 422
    assert "Name at least one output" in again.text
    assert "And more." in again.text
    made = ada.post(page, {**told, "outputs": "Persons by sex\r\nPersons by <age>\r\n"})
    assert made.status_code == 303, made.text
    seen = ada.get(made.location).text
    assert "Persons by &lt;age&gt;" in seen
    assert seen.count("Not asked yet") == 2
    assert "0 of 2" in ada.get(f"/projects/{project}").text

    draft = draft_of(service, "ada", **{"measures-0-statistic": "count", "measures-0-ref": ""})
    price = f"/drafts/{draft}/preview"
    offered = dict(OPTION.findall(ada.get(price).text))
    assert list(offered.values()) == [
        "Annual report, 1: Persons by sex",
        "Annual report, 2: Persons by &lt;age&gt;",
    ]
    second = list(offered)[1]
    sent = ada.post(price, {"purpose": "To learn", "key": "k1", "intended": second})
    assert sent.status_code == 303, sent.text
    asked = sent.location.rsplit("/", 1)[1]
    assert "Output 2 of the request" in " ".join(ada.get(sent.location).text.split())
    once_more = ada.post(price, {"purpose": "To learn", "key": "k2", "intended": second})
    assert once_more.status_code == 422
    assert "on its way" in once_more.text
    unknown = ada.post(price, {"purpose": "To learn", "key": "k3", "intended": "f" * 24})
    assert unknown.status_code == 422

    service.work()
    shown = " ".join(
        service.visitor("cleo").get(f"/checks/{service.output_of(asked)}").text.split()
    )
    assert "Output 2 of 2: Annual report" in shown
    assert "<strong>(this one)</strong>" in shown
    assert "Not asked yet" in shown
    leave(service, asked, "cleo")
    assert "1 of 2" in ada.get(f"/projects/{project}").text
    assert "version 2" in ada.get(price).text
