"""Databases that tests share: SQLite for most, both for races, faults and guards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests import factories, postgres
from tests.factories import World
from tre.database import connect


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server a test process, in a short path (a socket's path has at most 107 bytes)."""
    with (
        tempfile.TemporaryDirectory(prefix="tre-pg-") as folder,
        postgres.server(Path(folder)) as url,
    ):
        yield url


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = factories.sqlite_engine(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """A database with all tables and guards, which nobody is connected to."""
    with postgres.database(postgres_server) as url:
        factories.migrated(url).dispose()
        yield url


@pytest.fixture
def postgresql(postgres_server: str, postgres_template: str) -> Iterator[Engine]:
    with postgres.database(postgres_server, like=postgres_template) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on both databases."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def session(sqlite: Engine) -> Iterator[Session]:
    with Session(sqlite) as session:
        yield session


@pytest.fixture
def world(session: Session) -> World:
    return factories.furnish(session)
