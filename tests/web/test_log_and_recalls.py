"""What was released is proved, waits for its checkpoint, and is taken back: pages and API."""

from __future__ import annotations

import datetime
import io
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from tests.factories import NOW
from tests.sealing import KEY, SIGNER, seal, sign
from tests.web.service import Service
from tests.web.steps import leave
from tre import people, verify
from tre.database import writing
from tre.journey import looked
from tre.releases import Release, ReleaseSeal
from tre.scopes import EVERY
from tre.transparency.checkpoint import Checkpoint, opened
from tre.transparency.tree import verify_consistency, verify_inclusion

PUBLIC: Ed25519PublicKey = SIGNER.key.public_key()
DAY = datetime.timedelta(days=1)
WAITING = select(Release.id).outerjoin(ReleaseSeal).where(ReleaseSeal.release_id.is_(None))
REASON = "The codes of one hospital were wrong."


@pytest.fixture
def ask_api(service: Service):
    with service.sessions() as session, writing(session):
        ada = service.person(session, "ada")
        _, secret = people.issue_token(
            session, person=ada, name="test", scopes=EVERY, lasts=DAY, now=NOW
        )

    def get(path: str, *, token: str | None = secret, **headers: str):
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        client = service.app.test_client()
        return client.get(f"/api/v1{path}", headers={**bearer, **headers})

    return get


def released(service: Service, band: int = 40) -> str:
    """The id of the question whose table left."""
    asked = service.ask(band)
    service.work()
    leave(service, asked)
    return asked


def release_id(service: Service, asked: str) -> str:
    with service.sessions() as session:
        ada = service.person(session, "ada")
        found = looked.release_of(session, person=ada, submission_id=asked)
        assert found is not None
        return found.id


def sealed(service: Service, band: int = 40) -> str:
    asked = released(service, band)
    with service.sessions() as session:
        assert seal(session) == 1
    return release_id(service, asked)


def checkpoint(ask_api) -> Checkpoint:
    return opened(ask_api("/log/checkpoint", token=None).text, origin=SIGNER.origin, key=PUBLIC)


def test_before_anybody_signs_there_is_no_log_to_ask(ask_api):
    for path in ("checkpoint", "inclusion?leaf=0", "consistency?before=1"):
        assert ask_api(f"/log/{path}", token=None).status_code == 404


def test_anybody_checks_that_the_log_only_grew_and_what_it_holds(service: Service, ask_api):
    sealed(service)
    before = checkpoint(ask_api)
    sealed(service, 50)
    after = checkpoint(ask_api)
    assert after.size > before.size
    told = ask_api(f"/log/consistency?before={before.size}", token=None).json
    assert verify_consistency(
        before=before.size,
        size=told["size"],
        proof=[bytes.fromhex(one) for one in told["proof"]],
        old_top=before.root,
        top=after.root,
    )
    for size, top in ((before.size, before.root), (after.size, after.root)):
        for leaf in (0, size - 1):
            told = ask_api(f"/log/inclusion?leaf={leaf}&size={size}", token=None).json
            way = [bytes.fromhex(one) for one in told["proof"]]
            own = bytes.fromhex(told["hash"])
            assert verify_inclusion(own, leaf=leaf, size=size, proof=way, top=top)


def test_nothing_is_told_of_what_no_checkpoint_covers(service: Service, ask_api):
    sealed(service)
    size = checkpoint(ask_api).size
    service.ask(50)
    for path in (
        f"inclusion?leaf={size}",
        f"inclusion?leaf=0&size={size + 1}",
        f"consistency?before={size + 1}",
        f"consistency?before=1&size={size + 1}",
    ):
        assert ask_api(f"/log/{path}", token=None).status_code == 404, path
    for path in ("inclusion", "inclusion?leaf=-1", "consistency?before=0", "inclusion?leaf=x"):
        assert ask_api(f"/log/{path}", token=None).status_code == 422, path


def test_a_release_that_the_log_does_not_hold_yet_says_when_to_come_back(service: Service, ask_api):
    first = sealed(service)
    asked = released(service, 50)
    with service.sessions() as session:
        waits = session.execute(WAITING).scalar_one()
    answer = ask_api(f"/releases/{waits}")
    assert (answer.status_code, answer.json["code"]) == (503, "not-yet-in-log")
    assert answer.headers["Retry-After"] == "2"
    assert [one["id"] for one in ask_api("/releases").json["items"]] == [first]
    assert ask_api(f"/submissions/{asked}").json["release"] is None
    ada = service.visitor("ada")
    page = ada.get(f"/releases/{waits}")
    assert (page.status_code, "being entered in the log" in page.text) == (503, True)
    assert "being entered in the log" in ada.get(f"/questions/{asked}").text
    with service.sessions() as session:
        assert seal(session) == 1
    assert ask_api(f"/releases/{waits}").status_code == 200


def test_the_bundle_of_page_and_api_is_the_same_and_verifies(service: Service, ask_api, tmp_path):
    release = sealed(service)
    ada = service.visitor("ada")
    assert f"/releases/{release}/release.zip" in ada.get(f"/releases/{release}").text
    page, api = ada.get(f"/releases/{release}/release.zip"), ask_api(f"/releases/{release}/bundle")
    assert page.data == api.data
    (tmp_path / "release.zip").write_bytes(api.data)
    assert len(list(verify.verified(tmp_path / "release.zip", KEY))) == 4
    names = zipfile.ZipFile(io.BytesIO(api.data)).namelist()
    assert {name.split("/")[0] for name in names} == {release}
    assert ask_api(f"/releases/{release}.csv").data in api.data


def test_a_recall_ends_every_way_to_the_files_at_once(service: Service, ask_api):
    asked = released(service, 40)
    with service.sessions() as session:
        seal(session)
    release, better = release_id(service, asked), sealed(service, 50)
    eve = service.visitor("eve")
    assert release in eve.get("/recalls").text
    form = f"/recalls/{release}"
    for faulty in ({"reason": ""}, {"reason": REASON, "successor": "nothing"}):
        assert eve.post(form, faulty).status_code == 422
    assert ask_api(f"/releases/{release}").status_code == 200
    done = eve.post(form, {"reason": REASON, "successor": better})
    assert done.status_code == 303
    assert eve.post(form, {"reason": REASON}, page="/recalls").status_code == 409
    for path in ("", ".json", ".csv", "/about", "/record", "/chart", "/bundle"):
        answer = ask_api(f"/releases/{release}{path}")
        assert (answer.status_code, answer.json["code"]) == (410, "recalled"), path
        assert answer.json["reason"] == REASON
        assert answer.json["successor"] == f"/api/v1/releases/{better}"
    ada = service.visitor("ada")
    for path in ("", "/table.csv", "/table.json", "/chart.svg", "/record.json", "/release.zip"):
        answer = ada.get(f"/releases/{release}{path}")
        assert (answer.status_code, REASON in answer.text) == (410, True), path
    assert REASON in ada.get(f"/questions/{asked}").text
    listed = {one["id"]: one["recalled"] for one in ask_api("/releases").json["items"]}
    assert (listed[better], listed[release]["reason"]) == (None, REASON)
    assert "Recalled" in ada.get("/releases").text


def test_anybody_reads_the_corrections(service: Service, ask_api):
    assert "No release has been recalled" in service.visitor().get("/corrections").text
    release = sealed(service)
    hal = service.visitor("hal")
    assert hal.post(f"/recalls/{release}", {"reason": f"<b>{REASON}"}).status_code == 303
    page = service.visitor().get("/corrections").text
    assert release in page
    assert f"&lt;b&gt;{REASON}" in page
    (told,) = ask_api("/corrections", token=None).json["items"]
    assert (told["release"], told["reason"], told["dataset"]) == (release, f"<b>{REASON}", "clinic")


def test_a_stranger_is_not_told_that_a_release_was_recalled(service: Service):
    release = sealed(service)
    service.visitor("eve").post(f"/recalls/{release}", {"reason": REASON})
    assert service.visitor("gus").get(f"/releases/{release}").status_code == 404


def test_a_recall_is_in_the_log_like_everything_else(service: Service, ask_api):
    release = sealed(service)
    before = checkpoint(ask_api).size
    service.visitor("eve").post(f"/recalls/{release}", {"reason": REASON})
    with service.sessions() as session:
        sign(session)
    assert checkpoint(ask_api).size > before


def test_releases_are_found_by_dataset_project_and_words(service: Service, ask_api):
    first = sealed(service, 40)
    service.clock.pass_by(seconds=1)
    second = sealed(service, 50)

    def found(query: str) -> list[str]:
        return [one["id"] for one in ask_api(f"/releases?{query}").json["items"]]

    project = service.world.project
    for query in ("dataset=clinic", f"project={project}", "project=frailty", "words=PERSONS"):
        assert found(query) == [second, first], query
    assert found("words=below+40") == [first]
    assert found("words=below+40&dataset=clinic&project=frailty") == [first]
    for query in ("dataset=other", "project=smoking", "words=%25", "words=_", "words=below+4_"):
        assert found(query) == [], query
    page = ask_api("/releases?words=persons&limit=1").json
    assert [one["id"] for one in page["items"]] == [second]
    assert found(f"words=persons&limit=1&cursor={page['next_cursor']}") == [first]
    assert ask_api("/releases?words=").status_code == 422
