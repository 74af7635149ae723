"""A track is chosen over the API where a dataset opens both, and refused where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalogues import sdc_policy
from tests.factories import NOW
from tests.second_tracks import LAST_DAY
from tests.web import api_world
from tests.web.api_world import World
from tre.database import writing
from tre.datasets import Dataset, keep_policy
from tre.journey.tightened import tighten
from tre.people import Person
from tre.projects import Project
from tre.second_tracks import SecondTrack

COUNT_BY_SEX = "SELECT sex, count(*) FROM persons GROUP BY sex"
QUESTION = {"dataset": "clinic", "query": COUNT_BY_SEX, "purpose": "To learn."}

PREVIEW = {"dataset": "clinic", "query": COUNT_BY_SEX}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return api_world.make(tmp_path)


def open_both(world: World) -> None:
    with world.sessions() as session, writing(session):
        dataset = session.query(Dataset).one()
        policy = keep_policy(session, dataset=dataset, policy=sdc_policy(), now=NOW)
        made = SecondTrack(
            dataset_id=dataset.id,
            policy_id=policy.id,
            reason="-",
            ends_on=LAST_DAY,
            raised_by_id=dataset.owner_id,
            raised_at=NOW,
        )
        session.add(made)
        session.flush()
        other = session.query(Person).filter(Person.id != dataset.owner_id).first()
        made.decided_by_id, made.decided_at, made.granted = other.id, NOW, True


def test_a_question_is_read_under_the_stricter_rules_of_its_project(world):
    with world.sessions() as session:
        dataset = session.query(Dataset).one()
        project = session.query(Project).filter_by(slug="liver").one()
        tighten(
            session,
            owner=dataset.owner,
            dataset_id=dataset.id,
            project_id=project.id,
            text="max_cells: 1",
            reason="The partner asks for it.",
            now=NOW,
        )
    for way in ("previews", "submissions"):
        refused = world.post(f"/projects/liver/{way}", json=QUESTION if way[0] == "s" else PREVIEW)
        assert (refused.status_code, refused.json["code"]) == (409, "query-refused")
        assert [one["code"] for one in refused.json["problems"]] == ["too_many_cells"]


def test_a_closed_track_is_a_problem_of_its_own(world):
    body = {"dataset": "clinic", "query": COUNT_BY_SEX, "track": "sdc"}
    refused = world.post("/projects/liver/previews", json=body)

    assert (refused.status_code, refused.json["code"]) == (409, "track-closed")
    assert world.get("/datasets/clinic").json["second_track"] is None


def test_an_unknown_track_is_no_valid_request(world):
    body = {"dataset": "clinic", "query": COUNT_BY_SEX, "track": "both"}
    assert world.post("/projects/liver/previews", json=body).status_code == 422


def test_an_open_second_track_is_shown_and_taken(world):
    open_both(world)
    shown = world.get("/datasets/clinic").json["second_track"]
    asked = world.post("/projects/liver/submissions", json={**QUESTION, "track": "sdc"})

    assert (shown["track"], shown["ends_on"]) == ("sdc", str(LAST_DAY))
    assert (asked.status_code, asked.json["track"]) == (201, "sdc")
