"""A small service with two projects, for tests of the API: everything but the worker."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

import tre.api
from tests import catalogues
from tre import budgets, datasets, outputs, people, projects
from tre import request as this
from tre.database import connect, new_id, sessions, writing
from tre.journey import drawn
from tre.lifecycle import State
from tre.outputs import Format, Rendered
from tre.people import Role
from tre.projects import Position
from tre.records import Base
from tre.releases import Release, series_of
from tre.scopes import EVERY
from tre.submissions import Submission

NOW = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)
YEAR = datetime.timedelta(days=365)
POOL = 10**10
COUNT_BY_SEX = "SELECT sex, count(*) FROM persons GROUP BY sex"


@dataclass
class Clock:
    now: datetime.datetime = NOW

    def __call__(self) -> datetime.datetime:
        return self.now


@dataclass(frozen=True)
class World:
    app: APIFlask
    sessions: sessionmaker[Session]
    clock: Clock
    token: str  # of a researcher of the project "liver"
    stranger: str  # of a researcher of the project "other", on the same dataset

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def get(self, path: str, *, token: str | None = None, **options: Any) -> Any:
        return self._send("get", path, token, options)

    def post(self, path: str, *, token: str | None = None, **options: Any) -> Any:
        return self._send("post", path, token, options)

    def _send(self, method: str, path: str, token: str | None, options: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        return getattr(self.client(), method)(f"/api/v1{path}", headers=headers, **options)

    def token_for(self, email: str, *scopes: str, lasts: datetime.timedelta = YEAR) -> str:
        with self.sessions() as session, writing(session):
            person = people.by_email(session, email)
            assert person is not None
            _, secret = people.issue_token(
                session, person=person, name="a test", scopes=scopes, lasts=lasts, now=NOW
            )
        return secret


def make(folder: Path) -> World:
    engine = connect(f"sqlite:///{folder / 'service.db'}")
    Base.metadata.create_all(engine)
    made = sessions(engine)
    with made() as session, writing(session):
        tokens = _fill(session)
    app = APIFlask(
        __name__, spec_path=tre.api.SPEC_PATH, docs_path=None, json_errors=False, static_folder=None
    )
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    clock = Clock()
    this.install(app, sessions=made, clock=clock)
    tre.api.mount(app)
    return World(app, made, clock, *tokens)


def _fill(session: Session) -> tuple[str, str]:
    owner = _person(session, "owner", Role.OWNER)
    for name in ("first", "second"):
        _person(session, name, Role.CHECKER)
    _person(session, "third", Role.PUBLISHER)
    dataset = datasets.register(
        session, name="clinic", title="A made-up clinic", owner=owner, now=NOW
    )
    _publish(session, dataset)
    budgets.open_account(session, dataset=dataset, rho_total=POOL, now=NOW)
    return _project(session, "liver", dataset), _project(session, "other", dataset)


def _person(session: Session, name: str, role: Role) -> people.Person:
    return people.add(
        session, email=f"{name}@example.org", name=name.title(), roles=(role,), now=NOW
    )


def _publish(session: Session, dataset: datasets.Dataset) -> None:
    datasets.publish_version(
        session,
        dataset=dataset,
        version="a-content-hash",
        catalogue=catalogues.clinic(),
        report={},
        now=NOW,
    )
    datasets.publish_policy(session, dataset=dataset, policy=catalogues.dp_policy(), now=NOW)


def _project(session: Session, slug: str, dataset: datasets.Dataset) -> str:
    person = _person(session, f"{slug}-researcher", Role.RESEARCHER)
    project = projects.create(
        session,
        slug=slug,
        title=slug.title(),
        purpose="To test.",
        starts_on=NOW.date() - YEAR,
        ends_on=NOW.date() + YEAR,
        members=((person, Position.LEAD),),
        datasets=(dataset,),
        now=NOW,
    )
    for holder in (None, person.id):
        budgets.open_account(
            session,
            dataset=dataset,
            rho_total=POOL // 2,
            project_id=project.id,
            person_id=holder,
            now=NOW,
        )
    _, secret = people.issue_token(
        session, person=person, name="all", scopes=EVERY, lasts=YEAR, now=NOW
    )
    return secret


TABLE = (
    b'{"format":"protected-table/1","table":{"axes":[],"columns":[],"published":[],"record":{}}}'
)
FILES = {
    Format.JSON: TABLE,
    Format.CSV: b"Sex,Rows\r\nFemale,[c]\r\n",
    Format.SDMX: b"STRUCTURE,STRUCTURE_ID,ACTION\r\n",
    Format.JSONSTAT: b'{"version":"2.0"}',
    Format.CHART: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    Format.RECORD: b'{"track":"dp"}',
    Format.FINDINGS: b'{"only":"for checkers"}',
}


def release(world: World, submission_id: str, *, at: datetime.datetime = NOW) -> str:
    """Puts files and a release on record, as the worker and the checkers would have done."""
    with world.sessions() as session, writing(session):
        submission = session.get_one(Submission, submission_id)
        draw = drawn.lead(session, submission=submission, now=at)
        output = outputs.store(
            session,
            submission=submission,
            draw=draw,
            rendered=tuple(Rendered(name, content) for name, content in FILES.items()),
            now=at,
        )
        submission.state = State.RELEASED.value
        row = Release(
            id=new_id(),
            output_id=output.id,
            project_id=submission.project_id,
            dataset_id=submission.dataset_id,
            fingerprint=submission.fingerprint,
            series=series_of(submission),
            manifest_hash=output.manifest_hash,
            released_at=at,
        )
        session.add(row)
        return row.id
