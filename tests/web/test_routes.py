"""Who may open what? Every address of the pages times everybody, pinned.

An address that appears or disappears fails here until it is written into the table. Nobody learns
from an answer whether a thing exists that is not theirs: it is 404 either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import checked_by
from tests.sealing import seal
from tests.second_tracks import asked_for
from tests.top_ups import more_asked_for
from tests.web import service as web
from tests.web.service import Service, Visitor
from tests.web.steps import draft_of, leave
from tre import assignments
from tre.journey import assigned, looked, made_public, requested

VISITORS = ("nobody", "gus", "cleo", "eve", "fay", "ben", "ada")
"""ada wrote the question, ben is in her project, gus is not; cleo checks, eve owns, fay runs."""

TABLE = """
GET  /                                                303 303 303 303 303 303 303
GET  /accessibility                                   200 200 200 200 200 200 200
GET  /privacy                                         200 200 200 200 200 200 200
GET  /corrections                                     200 200 200 200 200 200 200
GET  /published                                       200 200 200 200 200 200 200
GET  /published/<release_id>                          404 404 404 404 404 404 404
GET  /published/<release_id>/<file:name>              404 404 404 404 404 404 404
GET  /published/<release_id>/release.zip              404 404 404 404 404 404 404
GET  /health                                          200 200 200 200 200 200 200
GET  /static/<path:filename>                          200 200 200 200 200 200 200
GET  /sign-in                                         200 303 303 303 303 303 303
POST /sign-in                                         422 303 303 303 303 303 303
GET  /projects                                        303 200 200 200 200 200 200
GET  /projects/<project_id>                           303 404 404 404 404 200 200
GET  /projects/<project_id>/requests/new              303 404 404 404 404 200 200
POST /projects/<project_id>/requests/new              303 404 404 404 404 422 422
GET  /requests/<request_id>                           303 404 404 404 404 200 200
GET  /projects/<project_id>/datasets/<name>           303 404 404 404 404 200 200
GET  /projects/<project_id>/datasets/<name>/ask       303 404 404 404 404 200 200
POST /projects/<project_id>/datasets/<name>/ask       303 404 404 404 404 303 303
GET  /projects/<project_id>/datasets/<name>/ask/sql   303 404 404 404 404 200 200
POST /projects/<project_id>/datasets/<name>/ask/sql   303 404 404 404 404 303 303
GET  /drafts/<draft_id>                               303 404 404 404 404 404 200
POST /drafts/<draft_id>                               303 404 404 404 404 404 303
GET  /drafts/<draft_id>/sql                           303 404 404 404 404 404 200
GET  /drafts/<draft_id>/preview                       303 404 404 404 404 404 422
POST /drafts/<draft_id>/preview                       303 404 404 404 404 404 422
POST /drafts/<draft_id>/sql                           303 404 404 404 404 404 303
POST /drafts/<draft_id>/discard                       303 404 404 404 404 404 303
GET  /questions/<submission_id>                       303 404 404 404 404 200 200
POST /questions/<submission_id>/answer                303 404 404 404 404 422 422
POST /questions/<submission_id>/cancel                303 404 404 404 404 403 303
GET  /releases                                        303 200 200 200 200 200 200
GET  /releases/<release_id>                           303 404 404 404 404 200 200
GET  /releases/<release_id>/<file:name>               303 404 404 404 404 200 200
GET  /releases/<release_id>/release.zip               303 404 404 404 404 200 200
GET  /releases/<release_id>/publication               303 404 404 404 404 200 200
POST /releases/<release_id>/publication               303 404 404 404 404 422 422
GET  /recalls                                         303 404 404 200 404 404 404
GET  /recalls/<release_id>                            303 404 404 200 404 404 404
POST /recalls/<release_id>                            303 404 404 422 404 404 404
GET  /checks                                          303 404 200 404 404 404 404
GET  /checks/<output_id>                              303 404 200 404 404 404 404
POST /checks/<output_id>                              303 404 422 404 404 404 404
GET  /checks/<output_id>/chart.svg                    303 404 200 404 404 404 404
POST /checks/<output_id>/exact-values                 303 404 422 404 404 404 404
GET  /checks/<output_id>/exact-values/<asked_id>      303 404 404 404 404 404 404
POST /checks/<output_id>/claim                        303 404 409 404 404 404 404
POST /checks/<output_id>/hand-over                    303 404 403 404 404 404 404
GET  /checkers                                        303 404 404 404 404 404 404
GET  /checkers/seeded                                 303 404 404 404 404 404 404
POST /checkers/seeded                                 303 404 404 404 404 404 404
GET  /publishing                                      303 404 404 404 404 404 404
GET  /publishing/<output_id>                          303 404 404 404 404 404 404
POST /publishing/<output_id>                          303 404 404 404 404 404 404
GET  /publishing/<output_id>/chart.svg                303 404 404 404 404 404 404
GET  /publishing/public                               303 404 404 404 404 404 404
GET  /publishing/public/<asked_id>                    303 404 404 404 404 404 404
POST /publishing/public/<asked_id>                    303 404 404 404 404 404 404
GET  /publishing/public/<asked_id>/chart.svg          303 404 404 404 404 404 404
POST /comments/<submission_id>                        303 404 404 404 404 422 422
GET  /owner                                           303 404 404 200 404 404 404
GET  /owner/<dataset_id>                              303 404 404 200 404 404 404
POST /owner/<dataset_id>                              303 404 404 422 404 404 404
POST /owner/<dataset_id>/who-asked-what.csv           303 404 404 200 404 404 404
GET  /owner/<dataset_id>/policy                       303 404 404 200 404 404 404
POST /owner/<dataset_id>/policy                       303 404 404 422 404 404 404
GET  /owner/<dataset_id>/policy/<project_id>          303 404 404 200 404 404 404
POST /owner/<dataset_id>/policy/<project_id>          303 404 404 422 404 404 404
GET  /owner/<dataset_id>/second-track                 303 404 404 200 404 404 404
POST /owner/<dataset_id>/second-track                 303 404 404 422 404 404 404
POST /owner/<dataset_id>/second-track/end             303 404 404 409 404 404 404
GET  /owner/<dataset_id>/settlement                   303 404 404 200 404 404 404
POST /owner/<dataset_id>/settlement                   303 404 404 422 404 404 404
GET  /audit                                           303 404 404 404 404 404 404
GET  /audit/questions/<submission_id>                 303 404 404 404 404 404 404
GET  /owner/<dataset_id>/top-up                       303 404 404 200 404 404 404
POST /owner/<dataset_id>/top-up                       303 404 404 422 404 404 404
GET  /top-ups/<top_up_id>                             303 404 404 403 404 404 404
POST /top-ups/<top_up_id>                             303 404 404 403 404 404 404
GET  /exceptions/<exception_id>                       303 404 404 403 404 404 404
POST /exceptions/<exception_id>                       303 404 404 403 404 404 404
GET  /people                                          303 404 404 404 200 404 404
GET  /people/new                                      303 404 404 404 200 404 404
POST /people/new                                      303 404 404 404 422 404 404
GET  /people/<person_id>                              303 404 404 404 200 404 404
POST /people/<person_id>                              303 404 404 404 422 404 404
POST /sign-out                                        303 303 303 303 303 303 303
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[str, str]]]:
    """One service for the whole table: nothing in it succeeds twice."""
    service = web.make(Path(tmp_path_factory.mktemp("routes")), policy=checked_by(1))
    released, waiting = service.ask(40), service.ask(50)
    service.work()
    leave(service, released)
    with service.sessions() as session:
        assert seal(session) == 1
        cleo, output = service.person(session, "cleo"), service.output_of(waiting)
        if assignments.of_checker(session, output, cleo.id) is None:
            assigned.claim(session, checker=cleo, output_id=output, now=service.clock())
        ada = service.person(session, "ada")
        release = looked.release_of(session, person=ada, submission_id=released)
        assert release is not None
        yield (
            service,
            {
                "<project_id>": service.world.project,
                "<name>": "clinic",
                "<draft_id>": draft_of(service, "ada"),
                "<submission_id>": service.ask(60),
                "<request_id>": requested.begin(
                    session,
                    person=service.person(session, "ada"),
                    project_id=service.world.project,
                    title="Annex",
                    context="Of the report.",
                    outputs=("Persons by age",),
                    now=service.clock(),
                ).id,
                "<release_id>": release.id,
                "<asked_id>": made_public.ask(
                    session,
                    person=ada,
                    release_id=release.id,
                    title="Persons by age",
                    summary="Most are old.",
                    now=service.clock(),
                ).id,
                "<file:name>": "table.csv",
                "<output_id>": service.output_of(waiting),
                "<dataset_id>": service.world.dataset,
                "<exception_id>": asked_for(session, service.world),
                "<top_up_id>": more_asked_for(session, service.world),
                "<person_id>": service.world.people["ben"],
                "<path:filename>": "service.css",
            },
        )


@pytest.fixture(scope="module")
def visitors(furnished: tuple[Service, dict[str, str]]) -> dict[str, Visitor]:
    service, _ = furnished
    return {name: service.visitor(None if name == "nobody" else name) for name in VISITORS}


@pytest.mark.parametrize(("method", "rule", "expected"), [(m, r, s) for m, r, *s in ROWS])
def test_every_address_answers_each_person_as_the_table_says(
    furnished: tuple[Service, dict[str, str]],
    visitors: dict[str, Visitor],
    method: str,
    rule: str,
    expected: list[str],
):
    path = rule
    for part, value in furnished[1].items():
        path = path.replace(part, value)
    sent = [_send(visitors[name], method, path) for name in VISITORS]
    assert [str(status) for status in sent] == expected


def _send(visitor: Visitor, method: str, path: str) -> int:
    if method == "GET":
        with visitor.get(path) as answer:
            return answer.status_code
    return visitor.post(path, page="/sign-in").status_code


def test_the_table_names_every_address_of_the_pages_and_no_other(service: Service):
    known = {(method, rule) for method, rule, *_ in ROWS}
    found = {
        (method, _short(rule.rule))
        for rule in service.app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        if not rule.rule.startswith("/api/")
    }
    assert found == known


def _short(rule: str) -> str:
    before, some, after = rule.partition("<any(")
    return f"{before}<file:name>" if some and after.endswith("):name>") else rule


def test_the_demonstrations_door_exists_in_the_demonstration_only(service: Service, tmp_path: Path):
    assert service.visitor().post("/sign-in/demo", page="/sign-in").status_code == 404
    folder = tmp_path / "demo"
    folder.mkdir()
    shown = web.make(folder, environment="demo", demo=True)
    rules = {rule.rule for rule in shown.app.url_map.iter_rules()}
    assert "/sign-in/demo" in rules


def test_what_is_not_ones_own_looks_exactly_like_what_does_not_exist(
    furnished: tuple[Service, dict[str, str]],
):
    service, ids = furnished
    gus = service.visitor("gus")
    for address, part in (
        ("/projects/", "<project_id>"),
        ("/questions/", "<submission_id>"),
        ("/releases/", "<release_id>"),
    ):
        theirs = gus.get(address + ids[part])
        nothing = gus.get(address + "0" * 24)
        assert _without_tokens(theirs.text) == _without_tokens(nothing.text)
        assert theirs.status_code == nothing.status_code == 404


def _without_tokens(text: str) -> str:
    return web.TOKEN.sub("", text)
