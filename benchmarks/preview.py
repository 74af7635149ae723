"""How long does a preview take? The claim: below 20 ms, parsing, gates and budgets included.

Questions over the cohort's real catalogue, in a database of its own; no data is needed, since a
preview rests on public facts only.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from apiflask import APIFlask
from sqlalchemy.orm import Session, sessionmaker

import tre.api
from queries import sql
from tre import database, migrations
from tre import request as this
from tre.demo import cast, story
from tre.demo.places import ENTRIES
from tre.ingest.entry import read_entry
from tre.journey import looked, previewed, published

NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
CLAIM = 20.0  # milliseconds, at the median
REPEATS = 60

QUESTIONS = {
    "count by sex": "SELECT sex, count(*) FROM persons GROUP BY sex",
    "mean by two dimensions": "SELECT sex, band(age, 40, 60), count(*), avg(bmi) FROM persons "
    "GROUP BY sex, band(age, 40, 60)",
    "rows of a linked table": "SELECT event, persons.sex, count(*), count(distinct events.id) "
    "FROM events LEFT JOIN persons ON persons.id = events.id GROUP BY event, persons.sex",
    "two features, four dimensions": story.QUESTION,
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        sessions = _furnished(Path(folder))
        print(f"{'question':<32}{'way':<10}{'median ms':>10}{'95 % ms':>10}{'cells':>8}")
        slowest = max(_measured(sessions, name, text) for name, text in QUESTIONS.items())
    print(f"\nslowest median {slowest:.1f} ms; the claim is below {CLAIM:.0f} ms")
    return 0 if slowest < CLAIM else 1


def _measured(sessions: sessionmaker[Session], name: str, text: str) -> float:
    """The median of both ways, printed; the larger is returned."""
    with sessions() as session:
        journey = _journey(session, text)
        cells = journey().cells
        first = _row(name, "journey", _times(journey), cells)
    second = _row(name, "API", _times(_api(sessions, text)), cells)
    return max(first, second)


def _times(act: Callable[[], object]) -> list[float]:
    for _ in range(3):
        act()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _row(name: str, way: str, times: list[float], cells: int) -> float:
    median = statistics.median(times)
    most = statistics.quantiles(times, n=20)[-1]
    print(f"{name:<32}{way:<10}{median:>10.1f}{most:>10.1f}{cells:>8}")
    return median


def _journey(session: Session, text: str) -> Callable[[], previewed.Preview]:
    playing = cast.people_of_the_demo(session, now=NOW)
    projects = cast.projects_of_the_demo(session, playing=playing, now=NOW)
    person, project_id = playing[cast.RESEARCHER], projects[story.PROJECT].id

    def act() -> previewed.Preview:
        session.rollback()
        view = looked.dataset(session, person=person, name=story.DATASET, now=NOW)
        query = sql.parse(text, view.version.catalogue)
        return previewed.preview(
            session, person=person, project_id=project_id, query=query, now=NOW
        )

    return act


def _api(sessions: sessionmaker[Session], text: str) -> Callable[[], object]:
    app = APIFlask(__name__, spec_path=None, docs_path=None, json_errors=False, static_folder=None)
    this.install(app, sessions=sessions, clock=lambda: NOW)
    tre.api.mount(app)
    with sessions() as session:
        playing = cast.people_of_the_demo(session, now=NOW)
        token = cast.token_of(session, playing[cast.RESEARCHER], kept=None, now=NOW)
    client = app.test_client()

    def act() -> object:
        answer = client.post(
            f"/api/v1/projects/{story.PROJECT}/previews",
            json={"dataset": story.DATASET, "query": text},
            headers={"Authorization": f"Bearer {token}"},
        )
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer

    return act


def _furnished(folder: Path) -> sessionmaker[Session]:
    engine = database.connect(f"sqlite:///{folder / 'service.sqlite3'}")
    migrations.upgrade(engine)
    sessions = database.sessions(engine)
    with sessions() as session:
        playing = cast.people_of_the_demo(session, now=NOW)
        for name in cast.PURSES:
            entry = read_entry(ENTRIES / name)
            published.publish(
                session,
                owner=playing[cast.OWNER],
                catalogue=entry.catalogue,
                policy=entry.policy,
                version="0" * 32,
                report={},
                now=NOW,
            )
        cast.projects_of_the_demo(session, playing=playing, now=NOW)
    return sessions


if __name__ == "__main__":
    sys.exit(main())
