"""The pages on which a second track is asked for, decided, chosen and closed."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from tests.factories import NOW, checked_by
from tests.second_tracks import EXACT, LAST_DAY, granted, second_owner
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import ask_page, draft_of
from tre.submissions import Submission

ASKED = {"reason": "A linkage study", "ends_on": str(LAST_DAY), "policy": EXACT}
COUNT = {"measures-0-statistic": "count", "dimensions-0-ref": "persons.sex"}
SQL = "SELECT sex, count(*) FROM persons GROUP BY sex"


@pytest.fixture
def two_owners(tmp_path: Path) -> Service:
    service = web.make(tmp_path, policy=checked_by(1))
    with service.sessions() as session:
        second_owner(session, service.world)
    return service


@pytest.fixture
def both(tmp_path: Path) -> Service:
    service = web.make(tmp_path, policy=checked_by(1))
    with service.sessions() as session:
        granted(session, service.world)
    return service


def own_page(service: Service) -> str:
    return f"/owner/{service.world.dataset}"


def test_an_exception_goes_from_its_owner_to_somebody_else_and_back(two_owners: Service):
    service, eve, gus = two_owners, two_owners.visitor("eve"), two_owners.visitor("gus")
    assert "Ask to open both tracks" in eve.get(own_page(service)).text
    sent = eve.post(f"{own_page(service)}/second-track", ASKED)
    assert sent.status_code == 303, sent.text
    assert "has to decide" in eve.get(own_page(service)).text

    page = re.search(r"/exceptions/[0-9a-f]{24}", gus.get("/owner").text)[0]
    seen = gus.get(page).text
    assert "A linkage study" in seen
    rules = re.search(r'name="policy_hash"[^>]*value="([0-9a-f]{64})"', seen)[1]
    answer = {"decision": "grant", "reason": "Needed", "policy_hash": rules}
    assert gus.post(page, answer).status_code == 303
    assert "Granted by" in gus.get(page).text

    assert "Both tracks are open until" in eve.get(own_page(service)).text
    assert eve.post(f"{own_page(service)}/second-track/end", page="/owner").status_code == 303
    assert "It was open and has ended" in eve.get(own_page(service)).text


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"reason": ""}, "Give a reason"),
        ({"ends_on": "soon"}, "Give a last day"),
        ({"ends_on": "2020-01-01"}, "Give a last day"),
        ({"policy": "track: both"}, "Correct the rules"),
        ({"policy": "<script>"}, "Correct the rules"),
    ],
)
def test_a_faulty_request_is_shown_again_with_its_faults(two_owners: Service, entries, said):
    eve = two_owners.visitor("eve")
    refused = eve.post(f"{own_page(two_owners)}/second-track", {**ASKED, **entries})

    assert refused.status_code == 422
    assert said in refused.text
    assert "There is a problem" in refused.text
    assert "<script>" not in refused.text.replace("<script ", "")


def test_who_asked_cannot_open_the_page_of_the_decision(two_owners: Service):
    eve, gus = two_owners.visitor("eve"), two_owners.visitor("gus")
    eve.post(f"{own_page(two_owners)}/second-track", ASKED)
    page = re.search(r"/exceptions/[0-9a-f]{24}", gus.get("/owner").text)[0]

    assert page not in eve.get("/owner").text
    assert eve.get(page).status_code == 403
    assert eve.post(page, {"decision": "grant", "reason": "-"}, page="/owner").status_code == 403


def test_a_researcher_chooses_a_track_in_the_form_and_in_sql(both: Service):
    ada = both.visitor("ada")
    assert "other track is open too" in ada.get(ask_page(both).removesuffix("/ask")).text
    form = draft_of(both, "ada", track="sdc", **COUNT)
    text = ada.post(f"{ask_page(both)}/sql", {"sql": SQL, "track": "sdc", "act": "save"})
    written = text.location.split("/")[2]
    for draft in (form, written):
        preview = f"/drafts/{draft}/preview"
        assert "exact" in ada.get(preview).text.lower()
        assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    with both.sessions() as session:
        assert {one.track for one in session.query(Submission)} == {"sdc"}


def test_without_a_choice_a_question_takes_the_datasets_own_track(both: Service):
    ada = both.visitor("ada")
    draft = draft_of(both, "ada", track="", **COUNT)
    assert ada.post(f"/drafts/{draft}/preview", {"purpose": "To learn"}).status_code == 303
    with both.sessions() as session:
        assert session.query(Submission).one().track == "dp"


def test_a_track_that_has_closed_is_said_in_the_form_and_in_sql(both: Service):
    ada = both.visitor("ada")
    form = draft_of(both, "ada", track="sdc", **COUNT)
    text = ada.post(f"{ask_page(both)}/sql", {"sql": SQL, "track": "sdc", "act": "save"})
    both.clock.now = NOW + datetime.timedelta(days=40)
    again = both.visitor("ada")
    for draft in (form, text.location.split("/")[2]):
        refused = again.get(f"/drafts/{draft}/preview")
        assert refused.status_code == 422
        assert "This track is not open" in refused.text


def test_a_track_is_not_offered_where_one_is_open(two_owners: Service):
    assert 'name="track"' not in two_owners.visitor("ada").get(ask_page(two_owners)).text
