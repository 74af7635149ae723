"""What does a researcher who looks for one person do? Every page and answer, at every state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from queries.errors import EngineFailed, Fault
from tests.attacks.worlds import Witness
from tests.made_up_engines import BrokenEngine
from tests.web.service import PASSWORD
from tre.submissions import Submission

SPEC = Path(__file__).parents[1] / "spec"
CORPUS = Path(__file__).parent / "hostile_sql.txt"

HDL = "SELECT person, count(*) > 0 AS has FROM labs WHERE test = 'hdl' GROUP BY person"
QUESTIONS = (
    "SELECT area, sex, count(*) FROM persons GROUP BY area, sex",
    "SELECT sex, avg(bmi), sum(income) FROM persons WHERE age >= 100 GROUP BY sex",
    "SELECT test, count(*), avg(value), count(distinct person) FROM labs GROUP BY test",
    (
        f"WITH f AS ({HDL}) SELECT f.has, count(*) FROM persons"
        " LEFT JOIN f ON f.person = persons.person GROUP BY f.has"
    ),
    (
        "SELECT recode(kind, 'disease'), count(distinct person) FROM events"
        " GROUP BY recode(kind, 'disease')"
    ),
)
"""Each is about at least one of the units that somebody might look for."""

BY_SEX = "SELECT sex, count(*) FROM persons GROUP BY sex"
SAME_AS_FIRST = "SELECT p.sex, p.area, count(*) AS n FROM persons AS p GROUP BY p.area, p.sex"

FAILURES: dict[str, Exception] = {
    "killed": EngineFailed(Fault.CHILD),
    "late": EngineFailed(Fault.DEADLINE),
    "not started": EngineFailed(Fault.START),
    "garbled": EngineFailed(Fault.ANSWER),
    "a fault of ours": ValueError("the count of o'hara is 1"),
    "out of memory": MemoryError("1 row"),
}


def refused_texts() -> list[str]:
    """The examples of every refusal, and some of the hostile corpus."""
    blocks = (SPEC / "refused.txt").read_text("utf-8").split("\n\n")
    asked = [
        "\n".join(line for line in block.splitlines() if not line.startswith(("#", "> ")))
        for block in blocks
    ]
    hostile = [line for line in CORPUS.read_text("utf-8").splitlines() if line and line[:2] != "# "]
    return [text for text in asked if text.strip()] + hostile[::16]


def asked(text: str, **more: Any) -> dict[str, Any]:
    return {"dataset": "clinic", "query": text, **more}


def submit(w: Witness, text: str, *, by: str = "ada", **more: Any) -> str:
    project = "smoking" if by == "gus" else "frailty"
    body = asked(text, purpose="To find somebody.", **more)
    answer = w.call("POST", f"/projects/{project}/submissions", by=by, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def look_around(w: Witness) -> None:
    project = w.service.world.project
    for path in ("/projects", f"/projects/{project}", "/releases", "/checks", "/owner"):
        w.get(path)
    for path in ("", "/ask", "/ask/sql"):
        w.get(f"/projects/{project}/datasets/clinic{path}")
    for path in ("/projects", "/projects/frailty", "/datasets", "/datasets/clinic", "/releases"):
        w.call("GET", path)


def be_refused(w: Witness) -> None:
    for text in refused_texts():
        body = asked(text.replace("\\n", "\n").replace("\\t", "\t"))
        assert w.call("POST", "/projects/frailty/previews", json=body).status_code >= 400, text
    sql = f"/projects/{w.service.world.project}/datasets/clinic/ask/sql"
    for text in ("SELECT * FROM persons", "SELECT sex FROM persons WHERE area = 'nowhere'"):
        assert w.post(sql, {"title": "t", "sql": text, "act": "preview"}).status_code == 422
    for wrong in ({"dataset": "nothing", "query": "x"}, {"dataset": "clinic"}, []):
        w.call("POST", "/projects/frailty/previews", json=wrong)
    w.call("POST", "/projects/frailty/previews", data=b"{", content_type="application/json")
    w.call("POST", "/projects/smoking/previews", json=asked(QUESTIONS[0]))
    w.call("DELETE", "/datasets/clinic")


def preview_all(w: Witness) -> None:
    for text in QUESTIONS:
        answer = w.call("POST", "/projects/frailty/previews", json=asked(text))
        assert answer.status_code == 200, answer.text


def ask_by_pages(w: Witness) -> None:
    """The same as through the API, by the form for SQL, preview and all; cancelled at once."""
    sql = f"/projects/{w.service.world.project}/datasets/clinic/ask/sql"
    drafted = w.post(sql, {"title": "t", "sql": QUESTIONS[0], "act": "preview"})
    w.get(drafted.location)
    sent = w.post(drafted.location, {"purpose": "To find somebody.", "key": "k"})
    assert sent.status_code == 303, sent.text
    look_at(w, sent.location.rsplit("/", 1)[1])
    w.post(f"{sent.location}/cancel", {}, page=sent.location)
    look_at(w, sent.location.rsplit("/", 1)[1])


def look_at(w: Witness, question: str, *, by: str = "ada") -> None:
    w.get(f"/questions/{question}", by=by)
    w.call("GET", f"/submissions/{question}", by=by)


def ask_and_watch(w: Witness, text: str) -> str:
    """Looks while the worker is at each of its steps."""
    question = submit(w, text)
    w.work(at_step=lambda _step: look_at(w, question))
    look_at(w, question)
    return question


def cancel_on_the_way(w: Witness) -> None:
    for at in ("reserved", "counted", "rendered"):
        question = submit(w, QUESTIONS[0], rho_nano=40_000_000)
        cancel = {at: lambda q=question: w.call("POST", f"/submissions/{q}/cancellation")}
        w.work(at_step=lambda step, cancel=cancel: cancel.get(step, lambda: None)())
        look_at(w, question)


def fail_in_every_way(w: Witness) -> None:
    for error in FAILURES.values():
        question = submit(w, QUESTIONS[1], rho_nano=30_000_000)
        w.work(engine=BrokenEngine(error))
        look_at(w, question)


def release(w: Witness, question: str) -> None:
    """What its checker sees, and what its project sees afterwards."""
    output = w.service.output_of(question)
    w.get("/checks", by="cleo")
    page = w.get(f"/checks/{output}", by="cleo")
    w.get(f"/checks/{output}/chart.svg", by="cleo")
    manifest = re.search(r'name="artefact_hash"[^>]*value="([0-9a-f]{64})"', page.text)
    assert manifest
    w.post(f"/checks/{output}", {"decision": "approve", "artefact_hash": manifest[1]}, by="cleo")
    look_at(w, question)
    w.get("/publishing", by="pat")
    page = f"/publishing/{output}"
    w.get(page, by="pat")
    w.get(f"{page}/chart.svg", by="pat")
    let_out = {"act": "release", "password": PASSWORD, "artefact_hash": manifest[1]}
    w.post(page, let_out, by="pat")
    look_at(w, question)
    with w.service.sessions() as session:
        from tre.journey import looked

        person = w.service.person(session, "ada")
        left = looked.release_of(session, person=person, submission_id=question)
        assert left is not None
        number = left.id
    for name in ("", "/table.csv", "/table.json", "/chart.svg", "/record.json"):
        assert w.get(f"/releases/{number}{name}").status_code == 200
    for name in ("", ".json", ".csv", "/record", "/chart"):
        assert w.call("GET", f"/releases/{number}{name}").status_code == 200


def ask_the_same_elsewhere(w: Witness) -> None:
    """Another project asks in other words what was drawn already."""
    question = submit(w, SAME_AS_FIRST, by="gus")
    w.work(at_step=lambda _step: look_at(w, question, by="gus"))
    look_at(w, question, by="gus")
    w.call("GET", "/projects/smoking", by="gus")


def look_as_others(w: Witness) -> None:
    """The owner's pages and export, and what an administrator and a stranger find."""
    w.get("/owner", by="eve")
    w.get(f"/owner/{w.service.world.dataset}", by="eve")
    w.post(f"/owner/{w.service.world.dataset}/who-asked-what.csv", {}, by="eve", page="/owner")
    w.get("/people", by="fay")


def states(w: Witness) -> Iterator[str]:
    with w.service.sessions() as session:
        yield from (one.state for one in session.query(Submission).order_by(Submission.created_at))


def whole_story(w: Witness) -> None:
    w.service.visitor().sign_in("ada@example.org", PASSWORD + " wrong")
    look_around(w)
    be_refused(w)
    preview_all(w)
    ask_by_pages(w)
    questions = [ask_and_watch(w, text) for text in QUESTIONS[:3:2]]
    release(w, questions[0])
    w.call("POST", f"/submissions/{questions[1]}/cancellation")
    ask_the_same_elsewhere(w)
    cancel_on_the_way(w)
    fail_in_every_way(w)
    preview_all(w)
    look_around(w)
    look_as_others(w)


def short_story(w: Witness) -> None:
    """The questions alone, their pages, and every byte that would leave."""
    for text in (BY_SEX, *QUESTIONS):
        question = submit(w, text)
        w.work()
        look_at(w, question)
        w.keep_files(question)


def shortest_story(w: Witness) -> None:
    """Enough for a planted fault to be seen."""
    w.call("GET", "/datasets")
    for text in (BY_SEX, QUESTIONS[0]):
        ask_and_release(w, text)


def ask_and_release(w: Witness, text: str) -> None:
    question = submit(w, text)
    w.work()
    look_at(w, question)
    if w.visible_output(question):
        release(w, question)
