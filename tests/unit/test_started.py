"""Web and worker refuse the same unsafe databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import app
from config import WebConfig
from tests import factories
from tests.factories import NOW
from tre import people
from tre.database import writing
from tre.errors import ConfigurationError
from tre.people import Role
from tre.worker import __main__ as worker


def web(url: str, environment: str) -> WebConfig:
    return WebConfig(
        environment=environment,
        database_url=url,
        secret_key="0123456789abcdef" * 2,
        public_url="https://tre.example.org",
    )


def add_demo_person(engine: Engine, *, active: bool = True) -> None:
    with Session(engine) as session, writing(session):
        person = people.add(
            session,
            email="demo@example.org",
            name="Dee",
            roles=(Role.RESEARCHER,),
            now=NOW,
            demo=True,
        )
        person.active = active


@pytest.fixture
def engine(tmp_path) -> Engine:
    return factories.sqlite_engine(tmp_path)


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_the_pages_do_not_start_in_production_beside_a_demo_account(engine):
    add_demo_person(engine)
    with pytest.raises(ConfigurationError, match="demo accounts"):
        app.create_app(web(url_of(engine), "production"))


def test_nor_does_the_worker(engine, tmp_path, monkeypatch, caplog):
    add_demo_person(engine)
    monkeypatch.setenv("TRE_DATABASE_URL", url_of(engine))
    monkeypatch.setenv("TRE_ENVIRONMENT", "production")
    monkeypatch.setenv("TRE_STORE_ROOT", str(tmp_path / "store"))
    monkeypatch.setenv("TRE_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("TRE_LOG_KEY_FILE", str(tmp_path / "log.key"))
    monkeypatch.setenv("TRE_LOG_NAME", "tre.example.org/log")
    assert worker.main() == 2
    assert "demo accounts" in caplog.text


@pytest.mark.parametrize("environment", ["demo", "production"])
def test_they_start_where_demo_accounts_are_wanted_or_closed(engine, environment):
    add_demo_person(engine, active=environment == "demo")
    app.create_app(web(url_of(engine), environment))


def test_a_database_without_tables_is_named_as_the_reason(tmp_path):
    empty = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    with pytest.raises(ConfigurationError, match="db upgrade"):
        app.create_app(web(empty, "production"))


def test_a_database_that_does_not_answer_is_named_without_its_address(tmp_path):
    away = f"sqlite:///{tmp_path / 'nowhere' / 'service.sqlite3'}"
    with pytest.raises(ConfigurationError, match="TRE_DATABASE_URL") as caught:
        app.create_app(web(away, "production"))
    assert "nowhere" not in str(caught.value)
