"""Tables by values that nobody declared, page by page: price, delta, release and what is told."""

from __future__ import annotations

import datetime

import pytest

from disclosure_control.tables import Unprotected
from queries import sql
from tests.catalogues import worded_clinic, worded_policy
from tests.factories import NOW, PERSON_DELTA
from tests.web import service as web
from tests.web.steps import ask_page, leave
from tre import budgets, people
from tre.budgets import Level
from tre.database import writing
from tre.scopes import EVERY

WORDED = worded_clinic()
QUESTION = "SELECT job, count(*) FROM persons GROUP BY job"


@pytest.fixture
def worded(tmp_path) -> web.Service:
    return web.make(tmp_path, policy=worded_policy(), catalogue=WORDED)


def asked(service: web.Service, text: str = QUESTION) -> str:
    return service.ask(query=sql.admit(text, WORDED, worded_policy()))


def delta_spent(service: web.Service) -> dict[Level, int]:
    with service.sessions() as session:
        accounts = budgets.accounts_of(
            session,
            dataset_id=service.world.dataset,
            project_id=service.world.project,
            person_id=service.world.people["ada"],
        )
        return {level: account.delta_spent for level, account in accounts.items()}


def preview(service: web.Service, text: str) -> str:
    """The page with the price, as Ada sees it."""
    ada, page = service.visitor("ada"), f"{ask_page(service)}/sql"
    priced = ada.post(page, {"sql": text, "act": "preview"})
    assert priced.status_code == 303, priced.text
    return ada.get(priced.location).text


def test_the_price_says_which_values_are_told_and_what_that_costs(worded):
    shown = preview(worded, QUESTION)
    assert "each is told where its noisy number of persons is at least" in shown
    assert "0.000000001 (δ)" in shown
    assert "at most 6" in shown
    assert "1.9 ρ, 0.000000001 δ" in shown


def test_values_leave_with_their_numbers_and_delta_is_charged_on_every_level(worded):
    submission = asked(worded)
    worded.work()
    assert set(delta_spent(worded).values()) == {10**6}
    leave(worded, submission)
    page = worded.visitor("ada").get(f"/questions/{submission}").text
    assert "ρ and 0.000000001 δ" in page
    assert "word 1" in page
    assert "word 0" not in page  # of two persons


def test_the_same_question_again_costs_neither_rho_nor_delta(worded):
    asked(worded)
    worded.work()
    again = worded.ask(by="ben", query=sql.admit(QUESTION, WORDED, worded_policy()))
    worded.work()
    assert again
    assert set(delta_spent(worded).values()) == {10**6}


def test_who_has_no_delta_left_may_not_ask(worded):
    for at in range(PERSON_DELTA // 10**6):
        asked(worded, f"{QUESTION.replace('GROUP', f'WHERE age > {at} GROUP')}")
    worded.work()
    assert delta_spent(worded)[Level.RESEARCHER] == PERSON_DELTA
    shown = preview(worded, QUESTION.replace("GROUP", "WHERE age > 77 GROUP"))
    assert "What stands in the way" in shown
    assert "too little" in shown
    plain = preview(worded, "SELECT count(*) FROM persons")
    assert "What stands in the way" not in plain
    assert "too little" not in plain


def test_the_owner_sees_what_delta_was_spent(worded):
    asked(worded)
    worded.work()
    page = worded.visitor("eve").get(f"/owner/{worded.world.dataset}").text
    assert "0.000000001 δ of 0.00000001" in page


def test_the_form_offers_a_text_as_dimension_and_in_no_other_place(worded):
    ada = worded.visitor("ada")
    page = ada.get(ask_page(worded)).text
    dimensions = page[page.index('id="new-dimensions"') :]
    assert "persons.job" in dimensions[: dimensions.index("</select>")]
    measures = page[page.index('id="new-measures"') :]
    assert "persons.job" not in measures[: measures.index("</select>")]


def test_a_condition_on_a_text_says_that_its_values_are_not_public(worded):
    ada, page = worded.visitor("ada"), ask_page(worded)
    added = {"source": "persons", "act": "add:conditions", "new-conditions": "persons.job"}
    shown = ada.get(ada.post(page, added).location).text
    assert "Not public: at most 5 different values." in shown
    assert "is not missing" in shown


def test_the_page_of_the_dataset_says_how_many_values_there_may_be(worded):
    ada = worded.visitor("ada")
    page = ada.get(f"/projects/{worded.world.project}/datasets/clinic").text
    assert "at most 5 different values" in page
    assert "0.000000001 δ" in page


def test_a_table_of_which_no_value_is_told_goes_its_way_like_any_other(worded, monkeypatch):
    def nobody(shape):
        vectors = {one.name: (0,) * shape.length(one) for one in shape.vectors}
        return Unprotected(shape, vectors, (None,) * shape.texts)

    monkeypatch.setattr(web, "counted", nobody)
    submission = asked(worded, "SELECT drug, count(*) FROM events GROUP BY drug")
    worded.work()
    checker = worded.visitor("cleo").get(f"/checks/{worded.output_of(submission)}")
    assert checker.status_code == 200
    leave(worded, submission)
    page = worded.visitor("ada").get(f"/questions/{submission}")
    assert page.status_code == 200
    assert "Here no value has enough" in page.text


def test_programs_read_the_threshold_and_the_delta(worded):
    with worded.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=worded.person(session, "ada"),
            name="notebook",
            scopes=EVERY,
            lasts=datetime.timedelta(days=1),
            now=NOW,
        )

    def told(text: str) -> dict:
        answer = worded.app.test_client().post(
            "/api/v1/projects/frailty/previews",
            headers={"Authorization": f"Bearer {secret}"},
            json={"dataset": "clinic", "query": text},
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    document = told(QUESTION)
    assert int(document["keys_from"]) > 10
    assert document["delta_femto"] == 10**6
    plain = told("SELECT count(*) FROM persons")
    assert (plain["keys_from"], plain["delta_femto"]) == (None, 0)
    left = {
        line["level"]: (line["delta_left"], line["delta_after"]) for line in document["budgets"]
    }
    assert left["researcher"] == (PERSON_DELTA, PERSON_DELTA - 10**6)
    assert {line["delta_left"] for line in plain["budgets"]} == {None}
