"""The whole web process over a furnished database, and a worker that makes numbers up.

Noise and hiding are real; only what was counted is invented, so no data store is needed.
"""

from __future__ import annotations

import atexit
import datetime
import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

import app as web_process
import config
from disclosure_control.policy import Policy, Track
from disclosure_control.tables import Counting, Protected, Shape, Unprotected, Vector
from disclosure_control.withheld import withheld
from queries.catalogue import Catalogue
from queries.language import Query
from tests import factories
from tests.factories import NOW, World, a_query
from tests.made_up_engines import SteadyRegistrar
from tre import database, jobs
from tre.budgets import Period
from tre.journey import protected, registered, submitted, validated
from tre.journey.registered import VerdictOnTable
from tre.people import Person, hash_password
from tre.rendering import artefacts
from tre.sign_in import browser

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PASSWORD = "a made-up password"
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Clock:
    now: datetime.datetime = NOW

    def __call__(self) -> datetime.datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += datetime.timedelta(**time)


@dataclass(frozen=True)
class Service:
    """The application, its database, and the people of ``tests.factories``."""

    app: APIFlask
    sessions: sessionmaker[Session]
    world: World
    clock: Clock = field(default_factory=Clock)

    def visitor(self, name: str | None = None) -> Visitor:
        """A browser; signed in as one of the made-up people if a name is given."""
        visitor = Visitor(self.app.test_client(use_cookies=True))
        if name is not None:
            visitor.sign_in(f"{name}@example.org")
        return visitor

    def person(self, session: Session, name: str) -> Person:
        return self.world.person(session, name)

    def ask(self, *bands: int, by: str = "ada", query: Query | None = None) -> str:
        """A question on its way; the id of its submission."""
        project = self.world.other_project if by == "gus" else self.world.project
        with self.sessions() as session:
            return submitted.submit(
                session,
                person=self.person(session, by),
                project_id=project,
                query=query or a_query(*bands),
                purpose="To see the pages.",
                now=self.clock(),
            ).id

    def work(self, *, clash: str | None = None, **cells: Any) -> None:
        """Answers everything that waits, with made-up numbers; exact tables clash in this layer.

        ``cells``: those that are hidden for that, or would help.
        """
        with self.sessions() as session:
            while self._one(session, SteadyRegistrar(clash, **cells)):
                pass

    def _one(self, session: Session, registrar: SteadyRegistrar) -> bool:
        with database.writing(session):
            job = jobs.lease(session, worker="made-up", now=self.clock())
            held = None if job is None else (job.id, job.token)
        if held is None:
            return False
        work = validated.validate(session, job_id=held[0], token=held[1], now=self.clock()).work
        if work is not None:
            self._settle(session, work, registrar)
        return True

    def _settle(self, session: Session, work: validated.Work, registrar: SteadyRegistrar) -> None:
        table = (
            protected.drawn_before(work.stored)
            if work.stored
            else protected.protect(work, counted(work.quote.plan.shape), seconds=60.0)
        )
        verdict = self._verdict(session, work, table, registrar)
        table = withheld(table, verdict.judged.hidden if verdict else ())
        rendered = artefacts.render(table, title=work.title)
        protected.settle(
            session,
            work=work,
            protected=table,
            rendered=rendered,
            now=self.clock(),
            verdict=verdict,
        )

    def _verdict(
        self, session: Session, work: validated.Work, table: Protected, registrar: SteadyRegistrar
    ) -> VerdictOnTable | None:
        if work.quote.policy.track is not Track.SDC:
            return None
        before = registered.before(session, work.dataset_id)
        registrar.asked.append((work.dataset, len(before.entries)))
        judged = registrar.judged
        entry = registered.entry(work, table).hiding(judged.hidden)
        return VerdictOnTable(entry, judged, before)

    def output_of(self, submission_id: str) -> str:
        from tre.submissions import Submission

        with self.sessions() as session:
            output = session.get_one(Submission, submission_id).output
            assert output is not None
            return output.id

    def token_of(self, name: str) -> str:
        """A session on the server without a browser."""
        with self.sessions() as session:
            return browser.start(session, person_id=self.world.people[name], now=self.clock())


@dataclass(frozen=True)
class Visitor:
    """A browser that fills in form tokens, as people's browsers do."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, data: Any = None, *, page: str | None = None) -> TestResponse:
        """Sends a form of ``page`` (by default: of the address itself, or the door's)."""
        return self.client.post(path, data={"csrf_token": self.token(page or path), **(data or {})})

    def token(self, page: str) -> str:
        for address in (page, "/sign-in", "/projects", "/checks", "/owner", "/people"):
            found = TOKEN.search(self.client.get(address, follow_redirects=True).text)
            if found:
                return found[1]
        raise AssertionError("no page with a form")

    def sign_in(self, email: str, password: str = PASSWORD, *, back: str = "") -> TestResponse:
        path = f"/sign-in?next={back}" if back else "/sign-in"
        return self.post(path, {"email": email, "password": password}, page="/sign-in")


def make(
    folder: Path,
    *,
    policy: Policy | None = None,
    catalogue: Catalogue | None = None,
    period: Period | None = None,
    **settings: Any,
) -> Service:
    """``settings`` replaces fields of ``config.WebConfig``."""
    template, world = _furnished(policy, catalogue, period)
    shutil.copy(template, folder / "service.db")
    url = f"sqlite:///{folder / 'service.db'}"
    chosen = replace(
        config.WebConfig(environment="test", database_url=url, secret_key=SECRET), **settings
    )
    clock = Clock()
    app = web_process.create_app(chosen, clock=clock)
    return Service(app, database.sessions(database.connect(url)), world, clock)


@cache
def _furnished(
    policy: Policy | None, catalogue: Catalogue | None, period: Period | None
) -> tuple[Path, World]:
    """A database made once, to be copied: laying its guards takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="tre-web-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = factories.sqlite_engine(folder)
    with Session(engine) as session:
        world = factories.furnish(session, policy=policy, catalogue=catalogue, period=period)
        _give_passwords(session, world)
    engine.dispose()
    return folder / "service.db", world


def _give_passwords(session: Session, world: World) -> None:
    made = hash_password(PASSWORD)
    with database.writing(session):
        for name in world.people:
            world.person(session, name).password_hash = made


def counted(shape: Shape) -> Unprotected:
    """Made-up numbers that fit the shape: most cells well filled, a few nearly empty."""
    vectors = {vector.name: _cells(vector, shape) for vector in shape.vectors}
    return Unprotected(shape, vectors, tuple(f"word {at}" for at in range(shape.texts)))


def _cells(vector: Vector, shape: Shape) -> tuple[int, ...]:
    per_cell = [40 + (cell * 37) % 160 if cell % 5 else 2 for cell in range(shape.cells)]
    if vector.counts in {Counting.NEGATIVE, Counting.SMALLEST}:
        return (0,) * shape.cells
    if vector.counts in {Counting.TOTAL, Counting.GROSS, Counting.LARGEST, Counting.SECOND}:
        weight = {Counting.LARGEST: 3, Counting.SECOND: 2}.get(vector.counts, 50)
        return tuple(min(vector.magnitude, n * weight * vector.scale // 10) for n in per_cell)
    return tuple(min(vector.magnitude, n * vector.scale) for n in per_cell)
