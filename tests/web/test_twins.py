"""A question is tried on its dataset's twin: offered beside its price, answered, and told apart."""

from __future__ import annotations

import datetime
import re

import pytest

from queries import sql
from tests.catalogues import clinic, dp_policy
from tests.factories import NOW
from tests.twins import a_twin
from tests.web import service as web
from tests.web.steps import ask_page, leave
from tre import people
from tre.database import writing
from tre.datasets import Dataset
from tre.journey import stopped
from tre.releases import Release
from tre.scopes import EVERY
from tre.submissions import Submission

QUESTION = "SELECT sex, count(*) FROM persons GROUP BY sex"
OFFER = "Try it on the synthetic twin"


@pytest.fixture
def bare(tmp_path) -> web.Service:
    return web.make(tmp_path)


@pytest.fixture
def service(bare) -> web.Service:
    """With a twin, as if Gus's project had measured what it is made from."""
    asked = bare.ask(by="gus", query=sql.admit(QUESTION, clinic(), dp_policy()))
    bare.work()
    leave(bare, asked)
    with bare.sessions() as session:
        a_twin(session, bare.world, session.query(Release).one())
    return bare


def preview(service: web.Service, text: str = QUESTION) -> tuple[web.Visitor, str]:
    visitor, page = service.visitor("ada"), f"{ask_page(service)}/sql"
    made = visitor.post(page, {"sql": text, "act": "preview"})
    assert made.status_code == 303, made.text
    return visitor, made.location


def test_without_a_twin_none_is_offered(bare):
    ada, page = preview(bare)
    assert OFFER not in ada.get(page).text
    assert ada.post(page, {"act": "twin"}).status_code == 404


def test_a_question_in_sql_is_tried_and_the_draft_of_it_stays(service):
    ada, page = preview(service)
    assert OFFER in ada.get(page).text
    on_twin = ada.post(page, {"act": "twin"})
    assert on_twin.status_code == 303
    assert on_twin.location != page
    shown = ada.get(on_twin.location).text
    assert "who do not exist" in shown
    assert "Left after" not in shown
    assert OFFER not in shown
    assert "leaves by itself" in shown
    sent = ada.post(on_twin.location, {"purpose": "To try.", "rho_nano": "100000000"})
    assert sent.status_code == 303, sent.text
    service.work()
    with service.sessions() as session:
        others = Submission.dataset_id != service.world.dataset
        tried = session.query(Submission).filter(others).one()
        assert (tried.dataset.name, tried.state) == ("clinic_twin", "released")
    answer = ada.get(sent.location).text
    assert "Synthetic twin of" in answer
    table = ada.get(re.search(r'href="(/releases/[0-9a-f]+)"', answer)[1]).text
    assert "nobody who is counted here exists" in table
    assert "Make it public" not in table
    assert OFFER in ada.get(page).text


def test_a_question_of_the_form_is_tried_as_it_was_filled_in(service):
    ada = service.visitor("ada")
    filled = {"title": "By sex", "source": "persons", "measures-0-statistic": "count"}
    made = ada.post(ask_page(service), {**filled, "act": "preview"})
    assert made.status_code == 303, made.text
    on_twin = ada.post(made.location, {"act": "twin"})
    assert on_twin.status_code == 303
    draft = re.search(r"/drafts/([0-9a-f]+)/", on_twin.location)[1]
    form = ada.get(f"/drafts/{draft}").text
    assert 'value="By sex"' in form
    assert "Synthetic twin of" in form


def test_a_twin_is_marked_and_has_no_budget_to_look_at(service):
    ada = service.visitor("ada")
    for address in ("/projects", f"/projects/{service.world.project}"):
        page = ada.get(address).text
        assert page.count("Made up") == 1
        assert page.index("A made-up clinic") < page.index("Synthetic twin of")
    page = ada.get(f"/projects/{service.world.project}/datasets/clinic_twin").text
    assert "nobody&#39;s privacy is spent" in page or "nobody's privacy is spent" in page
    assert "of a study" not in page


def test_an_owner_sees_which_twin_stands_for_what(service):
    eve = service.visitor("eve")
    with service.sessions() as session:
        twin = session.query(Dataset).filter_by(name="clinic_twin").one().id
    of_data = eve.get(f"/owner/{service.world.dataset}").text
    assert "Questions are tried on clinic_twin" in of_data
    of_twin = eve.get(f"/owner/{twin}").text
    assert "A synthetic twin of clinic." in of_twin
    assert "Ask for more budget" not in of_twin
    assert "Balance sheet" not in of_twin


def test_an_owner_without_a_twin_reads_how_one_is_made(bare):
    page = bare.visitor("eve").get(f"/owner/{bare.world.dataset}").text
    assert "python -m tre.synthetic ask clinic" in page


def test_a_stopped_twin_is_not_offered(service):
    ada, page = preview(service)
    with service.sessions() as session:
        twin = session.query(Dataset).filter_by(name="clinic_twin").one()
        stopped.stop(
            session,
            owner=service.person(session, "eve"),
            dataset_id=twin.id,
            reason="Wrong.",
            now=NOW,
        )
    assert OFFER not in ada.get(page).text
    assert ada.post(page, {"act": "twin"}).status_code == 404


def test_the_measuring_project_is_public_and_the_twin_is_not(service):
    page = service.visitor(None).get("/published/register").text
    assert "Synthetic twin of" not in page


def test_programs_find_a_twin_by_name(service):
    with service.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=service.person(session, "ada"),
            name="t",
            scopes=EVERY,
            lasts=datetime.timedelta(days=1),
            now=NOW,
        )
    client = service.app.test_client()
    bearer = {"Authorization": f"Bearer {secret}"}
    told = client.get("/api/v1/datasets", headers=bearer).get_json()["items"]
    by_name = {one["name"]: one for one in told}
    assert by_name["clinic"]["twin"] == "clinic_twin"
    assert by_name["clinic"]["twin_of"] is None
    assert by_name["clinic_twin"]["twin_of"] == "clinic"
    assert by_name["clinic_twin"]["made_up"] is True
    public = client.get("/api/v1/register").get_json()
    assert all("clinic_twin" not in one["datasets"] for one in public["projects"])
    assert [one["name"] for one in public["datasets"]] == ["clinic"]
