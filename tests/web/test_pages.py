"""Do all pages answer, for those who may see them?"""

from __future__ import annotations

from tests.web.service import Service
from tests.web.steps import release


def test_a_question_goes_from_form_to_release_through_the_pages(service: Service):
    ada = service.visitor("ada")
    project = service.world.project
    assert ada.get("/projects").status_code == 200
    assert ada.get(f"/projects/{project}").status_code == 200
    assert ada.get(f"/projects/{project}/datasets/clinic").status_code == 200
    ask = f"/projects/{project}/datasets/clinic/ask"
    page = ada.post(ask, {"source": "persons", "act": "add:measures", "new-measures": "count"})
    assert page.status_code == 303, page.text
    draft = page.location.partition("#")[0]
    entries = {"source": "persons", "measures-0-statistic": "count"}
    page = ada.post(draft, {**entries, "act": "add:dimensions", "new-dimensions": "persons.sex"})
    assert page.status_code == 303
    entries["dimensions-0-ref"] = "persons.sex"
    page = ada.post(draft, {**entries, "act": "preview"})
    assert page.status_code == 303, page.text
    preview = ada.get(page.location)
    assert "Number of persons" in preview.text
    sent = ada.post(page.location, {"purpose": "To learn", "key": "k1"})
    assert sent.status_code == 303, sent.text
    assert "Waiting" in ada.get(sent.location).text
    service.work()
    assert "With checkers" in ada.get(sent.location).text
    cleo = service.visitor("cleo")
    output = service.output_of(sent.location.rsplit("/", 1)[1])
    assert output in cleo.get("/checks").text
    decide = cleo.get(f"/checks/{output}")
    assert "May this table leave?" in decide.text
    shown = decide.text.partition('name="artefact_hash"')[2].partition('value="')[2][:64]
    done = cleo.post(f"/checks/{output}", {"decision": "approve", "artefact_hash": shown})
    assert done.status_code == 303, done.text
    assert "A publisher, who is none of them, releases it" in ada.get(sent.location).text
    release(service, sent.location.rsplit("/", 1)[1])
    answer = ada.get(sent.location)
    assert "Released" in answer.text
    assert "[c]" in answer.text
