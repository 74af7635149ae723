"""What everybody reads: the public register in pages and by program, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re

import httpx
import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, RDF

from tests.factories import checked_by
from tests.sealing import seal
from tests.web import service as web
from tests.web.service import PASSWORD, Service
from tests.web.steps import leave, token_of
from tre.api.problems import KINDS
from tre.client import Client
from tre.client import NotFound as NotThere
from tre.downloads import Download
from tre.journey import looked

TITLE = "Persons <by> age"
SUMMARY = "Most persons are old.\nSmall groups are not shown."
TEXT = {"title": TITLE, "summary": SUMMARY}
HASH = re.compile(r'name="text_hash"[^>]*value="([0-9a-f]{64})"')
SERIES = rdflib.URIRef("http://www.w3.org/ns/dcat#DatasetSeries")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


@pytest.fixture
def service(tmp_path) -> Service:
    return web.make(tmp_path, policy=checked_by(1))


def released(service: Service, band: int = 40) -> str:
    """The id of a release that its project reads."""
    asked = service.ask(band)
    service.work()
    leave(service, asked)
    with service.sessions() as session:
        assert seal(session) == 1
        ada = service.person(session, "ada")
        found = looked.release_of(session, person=ada, submission_id=asked)
        assert found is not None
        return found.id


def proposed(service: Service, release: str) -> str:
    """The page of a publisher about its text."""
    page = f"/releases/{release}/publication"
    assert service.visitor("ada").post(page, TEXT).status_code == 303
    waiting = service.visitor("pat").get("/publishing/public").text
    found = re.findall(r"/publishing/public/[0-9a-f]{24}", waiting)
    return found[-1]


def decide(service: Service, page: str, act: str, **entries: str):
    pat = service.visitor("pat")
    seen = HASH.search(pat.get(page).text)
    assert seen
    given = {"act": act, "text_hash": seen[1], "password": PASSWORD, **entries}
    return pat.post(page, given)


def public(service: Service, band: int = 40) -> str:
    release = released(service, band)
    assert decide(service, proposed(service, release), "allow").status_code == 303
    with service.sessions() as session:
        seal(session)
    return release


def api(service: Service, path: str, *, token: str | None = None, **headers: str):
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return service.app.test_client().get(f"/api/v1{path}", headers={**bearer, **headers})


def test_a_project_proposes_a_publisher_allows_and_everybody_reads(service):
    release = released(service)
    ada, nobody = service.visitor("ada"), service.visitor()
    assert "Make it public" in ada.get(f"/releases/{release}").text
    assert nobody.get(f"/published/{release}").status_code == 404
    page = proposed(service, release)
    assert "A publisher decides on it" in ada.get(f"/releases/{release}/publication").text
    shown = service.visitor("pat").get(page).text
    assert "Persons &lt;by&gt; age" in shown
    assert decide(service, page, "allow").status_code == 303
    seen = nobody.get(f"/published/{release}")
    assert seen.status_code == 200
    assert "Persons &lt;by&gt; age" in seen.text
    assert "Small groups are not shown." in seen.text
    assert "[c]" in seen.text or "confidential" in seen.text
    for name in ("Ada", "Pat", "Cleo"):
        assert name not in seen.text + nobody.get("/published").text
    assert f"/published/{release}" in nobody.get("/published").text
    assert f"/published/{release}" in ada.get(f"/releases/{release}").text
    own = ada.get(f"/releases/{release}/table.csv").data
    with nobody.get(f"/published/{release}/table.csv") as found:
        assert found.data == own
    assert nobody.get(f"/published/{release}/release.zip").data[:2] == b"PK"


def test_the_register_names_projects_datasets_and_the_head_of_the_log(service):
    empty = service.visitor().get("/published").text
    assert "No table has been made public yet." in empty
    assert "Nobody signs the log" in empty
    assert "clinic" in empty.lower()
    assert "frailty" in empty.lower()
    released(service)
    told = api(service, "/register").json
    assert {one["title"] for one in told["projects"]} == {"Frailty", "Smoking"}
    assert told["datasets"][0]["open"] is True
    assert told["log"]["size"] > 0
    note = api(service, "/log/checkpoint").text.splitlines()
    assert note[:3] == [told["log"]["origin"], str(told["log"]["size"]), told["log"]["root"]]
    assert told["log"]["root"] in service.visitor().get("/published").text


def test_a_wrong_password_no_reason_and_an_old_text_do_nothing(service):
    release = released(service)
    page = proposed(service, release)
    assert decide(service, page, "allow", password="wrong").status_code == 422
    assert decide(service, page, "decline").status_code == 422
    assert decide(service, page, "allow", text_hash="0" * 64).status_code == 409
    assert service.visitor("pat").post(page, {}).status_code == 422
    assert service.visitor().get(f"/published/{release}").status_code == 404
    assert decide(service, page, "decline", reason="Name the year.").status_code == 303
    said = service.visitor("ben").get(f"/releases/{release}/publication").text
    assert "Name the year." in said
    assert "Ask for publication" in said
    assert service.visitor("pat").get(page).status_code == 409


def test_an_empty_or_a_second_text_is_not_taken(service):
    release = released(service)
    page = f"/releases/{release}/publication"
    ada = service.visitor("ada")
    assert ada.post(page, {"title": "x"}).status_code == 422
    proposed(service, release)
    assert ada.post(page, TEXT, page="/projects").status_code == 409


def test_a_late_text_is_shown_again_and_not_obeyed(service):
    release = released(service)
    page = f"/releases/{release}/publication"
    ada = service.visitor("ada")
    shown = ada.client.post(page, data={**TEXT, "csrf_token": "old"})
    assert "Persons &lt;by&gt; age" in shown.text
    assert "A publisher decides" not in ada.get(page).text.partition("<form")[0]


def test_without_a_token_programs_read_what_is_public_and_nothing_else(service):
    hidden, shown = released(service, 40), public(service, 50)
    assert [one["id"] for one in api(service, "/releases").json["items"]] == [shown]
    about = api(service, f"/releases/{shown}/about").json
    assert about["public"]["title"] == TITLE
    for path in ("/about", "", ".csv", ".json", "/record", "/chart", "/bundle"):
        assert api(service, f"/releases/{shown}{path}").status_code == 200, path
        assert api(service, f"/releases/{hidden}{path}").status_code == 404, path
    for file in about["files"]:
        assert service.app.test_client().get(file["href"]).status_code == 200
    found = api(service, f"/releases/{shown}.csv")
    assert found.headers["Cache-Control"] == "public, no-cache"
    tag = found.headers["ETag"]
    assert api(service, f"/releases/{shown}.csv", **{"If-None-Match": tag}).status_code == 304
    with service.sessions() as session:
        (line,) = session.query(Download)
        assert (line.person_id, line.file) == (service.world.people["pat"], "page"), "who decided"
    assert api(service, "/releases", token="tre_x").status_code == 401
    assert api(service, f"/releases/{shown}.csv", token="tre_x").status_code == 401
    assert api(service, "/projects").status_code == 401


def test_a_reader_of_another_project_reads_what_is_public_and_is_told_of_its_recall(service):
    hidden, shown = released(service, 40), public(service, 50)
    gus = token_of(service, "gus")
    assert [one["id"] for one in api(service, "/releases", token=gus).json["items"]] == [shown]
    assert api(service, f"/releases/{hidden}.csv", token=gus).status_code == 404
    found = api(service, f"/releases/{shown}.csv", token=gus)
    assert found.status_code == 200
    assert found.headers["Cache-Control"] == "private, no-cache"
    with service.sessions() as session:
        fetched = session.query(Download).filter_by(file="table.csv")
        assert [one.person_id for one in fetched] == [service.world.people["gus"]]


def recall(service: Service, release: str) -> None:
    done = service.visitor("eve").post(f"/recalls/{release}", {"reason": "Wrong codes."})
    assert done.status_code == 303
    with service.sessions() as session:
        seal(session)


def test_a_recalled_table_is_gone_for_everybody_with_its_reason(service):
    release = public(service)
    tag = api(service, f"/releases/{release}.csv").headers["ETag"]
    recall(service, release)
    gone = api(service, f"/releases/{release}.csv", **{"If-None-Match": tag})
    assert (gone.status_code, gone.json["reason"]) == (410, "Wrong codes.")
    page = service.visitor().get(f"/published/{release}")
    assert page.status_code == 410
    assert "Wrong codes." in page.text
    assert service.visitor().get(f"/published/{release}/table.csv").status_code == 410
    assert release not in service.visitor().get("/published").text
    assert api(service, "/catalog").json["@graph"][0]["dcat:dataset"][0]["@id"].endswith("clinic")


def test_latest_leads_to_the_newest_release_in_any_format(service):
    release = public(service)
    series = api(service, f"/releases/{release}/about").json["series"]
    found = api(service, f"/series/{series}/latest")
    assert found.status_code == 307
    client = service.app.test_client()
    followed = client.get(
        f"/api/v1/series/{series}/latest", headers={"Accept": "text/csv"}, follow_redirects=True
    )
    assert followed.data == api(service, f"/releases/{release}.csv").data
    listed = api(service, f"/releases?series={series}").json["items"]
    assert [one["id"] for one in listed] == [release]
    recall(service, release)
    assert api(service, f"/series/{series}/latest").status_code == 404
    assert api(service, "/releases?series=x").status_code == 422


def test_changes_are_followed_by_a_cursor_that_is_kept(service):
    ada = token_of(service, "ada")
    first = public(service)
    told = api(service, "/changes").json
    assert [(one["kind"], one["release"]) for one in told["items"]] == [
        ("released", first),
        ("published", first),
    ]
    assert api(service, f"/changes?cursor={told['cursor']}").json["items"] == []
    second = released(service, 50)
    recall(service, first)
    later = api(service, f"/changes?cursor={told['cursor']}").json
    assert [(one["kind"], one["release"]) for one in later["items"]] == [("recalled", first)]
    mine = api(service, f"/changes?cursor={told['cursor']}", token=ada).json
    assert [(one["kind"], one["release"]) for one in mine["items"]] == [
        ("released", second),
        ("recalled", first),
    ]
    for wrong in ("x", "p01", "p-1", "p9999999999", "pp1"):
        answer = api(service, f"/changes?cursor={wrong}")
        assert answer.status_code in (404, 422), wrong
    assert KINDS["cursor-unknown"].status == 404


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is:DeprecationWarning")  # its own
def test_a_portal_reads_the_catalogue_as_linked_data(service):
    releases = [public(service, band) for band in (40, 50)]
    answer = api(service, "/catalog")
    assert answer.content_type == "application/ld+json"
    graph = rdflib.Graph().parse(data=answer.data, format="json-ld")
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    listed = set(graph.objects(catalogue, DCAT.dataset))
    tables = {str(one).rpartition("/")[2]: one for one in listed if "/published/" in one}
    assert set(tables) == set(releases)
    assert set(graph.subjects(RDF.type, SERIES)) < listed
    for release, node in tables.items():
        assert str(graph.value(node, DCTERMS.title)) == TITLE
        assert str(graph.value(node, DCTERMS.description)) == SUMMARY
        files = {
            one["format"]: one for one in api(service, f"/releases/{release}/about").json["files"]
        }
        distributions = list(graph.objects(node, DCAT.distribution))
        assert len(distributions) == len(files)
        for one in distributions:
            url = str(graph.value(one, DCAT.downloadURL))
            fetched = service.app.test_client().get(url.removeprefix("http://localhost"))
            assert fetched.status_code == 200
            told = graph.value(graph.value(one, SPDX.checksum), SPDX.checksumValue)
            assert str(told) == hashlib.sha256(fetched.data).hexdigest()
    for form in answer.json["@graph"]:
        assert "Ada" not in json.dumps(form)


def test_the_catalogue_and_the_register_go_on_behind_a_page(service, monkeypatch):
    releases = [public(service, band) for band in (40, 50, 60)]
    found, path = [], "/catalog?limit=2"
    while path:
        document = api(service, path).json
        found += [
            node["dct:identifier"]
            for node in document["@graph"]
            if node["@type"] == "dcat:Dataset" and "dcat:distribution" in node
        ]
        following = [one for one in document["@graph"] if "hydra:next" in one]
        path = following[0]["hydra:next"]["@id"].partition("/api/v1")[2] if following else ""
    assert sorted(found) == sorted(releases)
    monkeypatch.setattr("tre.web.published.PAGE", 2)
    first = service.visitor().get("/published").text
    more = re.search(r"/published\?after=([0-9a-f]{24})", first)
    assert more
    second = service.visitor().get(more[0]).text
    shown = [set(re.findall(r"/published/([0-9a-f]{24})", text)) for text in (first, second)]
    assert shown[0] | shown[1] == set(releases)
    assert len(shown[0]) == 2
    assert service.visitor().get("/published?after=" + "0" * 24).status_code == 200


def test_the_client_reads_what_is_public_without_a_token_and_follows_changes(service):
    hidden, first = released(service, 40), public(service, 50)
    with Client("http://localhost", transport=httpx.WSGITransport(app=service.app)) as client:
        (found,) = client.releases()
        assert found.id == first
        assert found.table().shape[0] > 0
        series = found.document["series"]
        assert client.latest(series).id == first
        assert [one.id for one in client.releases(series=series)] == [first]
        told, cursor = client.changes()
        assert [one["kind"] for one in told] == ["released", "published"]
        recall(service, first)
        told, _ = client.changes(cursor)
        assert [(one["kind"], one["release"]) for one in told] == [("recalled", first)]
        for lost in (hidden, "0" * 24):
            with pytest.raises(NotThere):
                client.release(lost)
        with pytest.raises(NotThere):
            client.latest(series)
