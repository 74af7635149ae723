"""Is "as before" only ever said where the service itself would say it?

One statement answers whoever holds a file already. In every situation its answer is that of the
service behind it, which is asked as well.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from tests.factories import checked_by
from tests.sealing import seal, sign
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import leave
from tre import people, recalls
from tre.api.unchanged import FILE, Unchanged
from tre.database import writing
from tre.downloads import Download
from tre.journey import looked, recalled
from tre.outputs import NAMES, Artefact, Format
from tre.people import ApiToken
from tre.projects import Membership
from tre.releases import Release
from tre.scopes import EVERY

YEAR = datetime.timedelta(days=365)


@dataclass
class Held:
    """A released table, a reader of it, and the hashes of its files."""

    service: Service
    release: str
    token: str
    hashes: dict[str, str]

    @property
    def door(self) -> Unchanged:
        door = self.service.app.wsgi_app
        assert isinstance(door, Unchanged)
        return door

    def ask(self, path: str, *, whole: bool = True, **headers: str) -> TestResponse:
        """Through the door, or behind it."""
        client = Client(self.door if whole else self.door.app)
        given = {
            "Authorization": f"Bearer {self.token}",
            "If-None-Match": f'"{self.hashes["csv"]}"',
            "Host": "localhost",
            **headers,
        }
        return client.get(f"/api/v1/releases/{self.release}{path}", headers=given)

    def both(self, path: str = ".csv", **headers: str) -> int:
        """The answer, which is the same behind the door."""
        answers = [self.ask(path, whole=whole, **headers) for whole in (True, False)]
        told = [(one.status_code, one.data, sorted(one.headers)) for one in answers]
        if answers[0].status_code != 200:  # an answer in full is told apart by its trace
            assert told[0] == told[1]
        assert answers[0].status_code == answers[1].status_code
        return answers[0].status_code

    def answered_at_the_door(self, path: str = ".csv", **headers: str) -> bool:
        asked = []
        whole, door = self.door.app, self.door

        def inner(environ, start_response):
            asked.append(environ["PATH_INFO"])
            return whole(environ, start_response)

        spied = Unchanged(inner, door.may_fetch, door.clock, door.hosts, door.headers)
        self.service.app.wsgi_app = spied
        try:
            self.ask(path, **headers)
        finally:
            self.service.app.wsgi_app = door
        return not asked


@pytest.fixture
def held(tmp_path: Path) -> Held:
    service = web.make(tmp_path, policy=checked_by(1), api_per_minute=0)  # counted behind the door
    asked = service.ask(40)
    service.work()
    leave(service, asked)
    with service.sessions() as session:
        assert seal(session) == 1
        ada = service.person(session, "ada")
        release = looked.release_of(session, person=ada, submission_id=asked)
        assert release is not None
        found = {one.format: one.sha256 for one in release.output.artefacts}
        return Held(service, release.id, token(service, "ben"), found)


def token(service: Service, name: str, scopes: tuple[str, ...] = EVERY) -> str:
    with service.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=service.person(session, name),
            name="notebook",
            scopes=scopes,
            lasts=YEAR,
            now=service.clock(),
        )
    return secret


def test_who_holds_it_is_answered_at_the_door_and_as_by_the_service(held):
    assert held.both() == 304
    assert held.answered_at_the_door()
    with held.service.sessions() as session:
        assert session.query(Download).count() == 0, "nothing was fetched"


@pytest.mark.parametrize("form", NAMES)
def test_every_file_has_its_own_hash(held, form: Format):
    tag = f'"{held.hashes[form.value]}"'
    assert held.both(f"/files/{NAMES[form]}", **{"If-None-Match": tag}) == 304
    others = [one for name, one in held.hashes.items() if name != form.value]
    for other in others:
        assert held.both(f"/files/{NAMES[form]}", **{"If-None-Match": f'"{other}"'}) == 200


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"Accept": "text/csv"}, 304),
        ("/record", {}, 200),
        (".csv", {"If-None-Match": "*"}, 304),
        (".csv", {"If-None-Match": ""}, 200),
        (".csv", {"Authorization": ""}, 401),
        (".csv", {"Authorization": "Bearer tre_nobody"}, 401),
        (".csv", {"Authorization": "Basic abc"}, 401),
        (".csv", {"Host": "elsewhere.example"}, 400),
        ("/findings", {}, 404),
        ("/files/findings.json", {}, 404),
        (".xlsx", {}, 404),
    ],
)
def test_whatever_else_is_asked_the_service_answers(held, path, headers, status):
    assert held.both(path, **headers) == status
    assert not held.answered_at_the_door(path, **headers)


def changed(held: Held, act: Callable) -> None:
    with held.service.sessions() as session, writing(session):
        act(session)


def revoke(held: Held) -> None:
    changed(held, lambda s: s.query(ApiToken).update({"revoked_at": held.service.clock()}))


def leave_the_project(held: Held) -> None:
    ben = held.service.world.people["ben"]
    changed(held, lambda s: s.query(Membership).filter_by(person_id=ben).delete())


def close_the_account(held: Held) -> None:
    def act(session):
        held.service.person(session, "ben").active = False

    changed(held, act)


def recall(held: Held) -> None:
    with held.service.sessions() as session:
        recalled.recall(
            session,
            person=held.service.person(session, "eve"),
            release_id=held.release,
            reason="Wrong.",
            successor_id=None,
            now=held.service.clock(),
        )
        assert recalls.of_release(session, held.release)


def with_another_token(name: str, scopes: tuple[str, ...] = EVERY) -> Callable[[Held], None]:
    def act(held: Held) -> None:
        held.token = token(held.service, name, scopes)

    return act


SITUATIONS: dict[str, tuple[Callable[[Held], object], int]] = {
    "revoked": (revoke, 401),
    "expired": (lambda held: held.service.clock.pass_by(days=365), 401),
    "not a member any more": (leave_the_project, 404),
    "account closed": (close_the_account, 401),
    "recalled": (recall, 410),
    "of another project": (with_another_token("gus"), 404),
    "a checker": (with_another_token("cleo"), 404),
    "without the scope": (with_another_token("ben", ("preview",)), 403),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_who_may_not_fetch_it_is_never_told_that_it_is_as_before(held, situation):
    act, status = SITUATIONS[situation]
    act(held)
    assert held.both() == status
    assert not held.answered_at_the_door()


def test_a_release_that_no_checkpoint_covers_is_not_answered_for(tmp_path: Path):
    service = web.make(tmp_path, policy=checked_by(1), api_per_minute=0)  # counted behind the door
    asked = service.ask(40)
    service.work()
    with service.sessions() as session:
        sign(session)
    leave(service, asked)
    with service.sessions() as session:
        row = session.query(Release).one()
        csv = session.query(Artefact).filter_by(output_id=row.output_id, format="csv").one()
        held = Held(service, row.id, token(service, "ben"), {"csv": csv.sha256})
    assert held.both() == 503
    assert not held.answered_at_the_door()


def test_addresses_at_the_door_are_those_of_the_service(held):
    """So none is answered that the service would not know."""
    rules = held.service.app.url_map.bind("localhost")
    for path in (
        ".json",
        ".csv",
        "/record",
        "/chart",
        *(f"/files/{one}" for one in NAMES.values()),
    ):
        address = f"/api/v1/releases/{held.release}{path}"
        assert FILE.fullmatch(address)
        assert rules.match(address)
