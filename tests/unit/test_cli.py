"""Can an operator set a service up from an empty folder, and is everything on record?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tre import cli, people
from tre.audit import AuditEntry
from tre.budgets import Account
from tre.database import connect
from tre.demo.places import ENTRIES
from tre.people import ApiToken
from tre.projects import Project

Run = Callable[..., Result]
PASSWORD = ["--password", "a made-up password"]
DATES = ["--from", "2026-01-01", "--until", "2027-01-01"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    settings = {
        "TRE_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "TRE_STORE_ROOT": str(tmp_path / "store"),
        "TRE_KEY_FILE": str(tmp_path / "keys" / "key"),
    }

    def command(*words: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(cli.tre, words, env=settings)
        assert (result.exit_code != 0) == fails, result.output
        assert fails or result.exception is None
        return result

    command("db", "upgrade")
    return command


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = connect(f"sqlite:///{tmp_path / 'service.db'}")
    yield opened
    opened.dispose()


def cast(run: Run) -> None:
    run("people", "add", "olu@example.org", "Olu", "--role", "owner", *PASSWORD)
    run("people", "add", "rita@example.org", "Rita", "--role", "researcher", *PASSWORD)


def test_the_migrations_lead_to_the_tables_of_the_code(run):
    assert "lead to the tables" in run("db", "check").output


def test_an_empty_folder_becomes_a_service_that_can_be_asked(run, engine, tmp_path):
    cast(run)
    run("ingest", str(ENTRIES / "firms"), "--owner", "olu@example.org")
    run(
        *("project", "add", "innovation", "--title", "T", "--purpose", "P", *DATES),
        *("--lead", "rita@example.org", "--dataset", "firms"),
    )
    run("budget", "firms", "--rho-nano", "0")
    run("budget", "firms", "--rho-nano", "0", "--project", "innovation")
    with Session(engine) as session:
        assert session.scalar(select(Project.slug)) == "innovation"
        assert {account.level for account in session.scalars(select(Account))} == {
            "pool",
            "project",
        }
        assert {entry.event for entry in session.scalars(select(AuditEntry))} == {
            "person_added",
            "version_published",
            "policy_published",
            "project_created",
            "budget_opened",
        }
    assert list((tmp_path / "store" / "firms").glob("*.duckdb"))


def test_a_pool_is_opened_with_what_it_may_ever_hold(run, engine):
    cast(run)
    run("ingest", str(ENTRIES / "firms"), "--owner", "olu@example.org")
    amounts = ("--rho-nano", "50", "--delta-femto", "7", "--rho-lifetime-nano", "80")
    run("budget", "firms", *amounts, "--period", "365", "20")
    with Session(engine) as session:
        (pool,) = session.scalars(select(Account))
        assert (pool.rho_total, pool.delta_total) == (50, 7)
        assert (pool.room.rho_nano, pool.room.delta_femto) == (30, 0)
        assert (pool.period_days, pool.period_rho, pool.period_spent) == (365, 20, 0)
        told = select(AuditEntry.detail).where(AuditEntry.event == "budget_opened")
        assert session.scalar(told) == {
            "level": "pool",
            "rho_total": 50,
            "delta_total": 7,
            "rho_lifetime": 80,
            "delta_lifetime": 7,
            "period_days": 365,
            "period_rho": 20,
        }


def test_the_same_ingest_again_leaves_one_version_and_one_entry(run, engine):
    cast(run)
    for _ in range(2):
        run("ingest", str(ENTRIES / "firms"), "--owner", "olu@example.org")
    with Session(engine) as session:
        events = [entry.event for entry in session.scalars(select(AuditEntry))]
    assert events.count("version_published") == events.count("policy_published") == 1


def test_only_an_owner_publishes(run, engine):
    cast(run)
    refused = run("ingest", str(ENTRIES / "firms"), "--owner", "rita@example.org", fails=True)
    assert "owner" in refused.output
    assert "Traceback" not in refused.output


def test_a_token_is_shown_once_kept_as_a_hash_and_ended_by_name(run, engine):
    cast(run)
    secret = run("token", "issue", "rita@example.org", "--scope", "preview").output.strip()
    run("token", "issue", "rita@example.org", "--name", "other")
    with Session(engine) as session:
        found = people.by_token(session, secret, now=cli.now())
        assert found.scopes == ["preview"]
        assert secret not in {token.token_hash for token in session.scalars(select(ApiToken))}
    assert "ended: 1" in run("token", "revoke", "rita@example.org", "--name", "other").output
    assert "ended: 1" in run("token", "revoke", "rita@example.org").output
    with Session(engine) as session:
        assert people.by_token(session, secret, now=cli.now()) is None


@pytest.mark.parametrize(
    "words",
    [
        ("people", "add", "olu@example.org", "Olu", "--role", "owner", *PASSWORD),
        ("people", "add", "x@example.org", "X", "--role", "owner", "--role", "administrator",
         *PASSWORD),
        ("token", "issue", "nobody@example.org"),
        ("token", "issue", "rita@example.org", "--scope", "everything"),
        ("budget", "nothing", "--rho-nano", "1"),
        ("budget", "firms", "--rho-nano", "-1"),
        ("budget", "firms", "--rho-nano", "1", "--period", "0", "1"),
        ("budget", "firms", "--rho-nano", "1", "--period", "30", "0"),
        ("budget", "firms", "--rho-nano", "1", "--period", "30", "1", "--project", "innovation"),
        ("budget", "firms", "--rho-nano", "1", "--person", "rita@example.org"),
        ("ingest", ".", "--owner", "olu@example.org"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(run, words):
    cast(run)
    refused = run(*words, fails=True)
    assert isinstance(refused.exception, SystemExit), refused.exception
    assert "Error:" in refused.output


def test_a_database_without_tables_is_one_sentence_too(tmp_path):
    settings = {"TRE_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    refused = CliRunner().invoke(cli.tre, ("token", "issue", "rita@example.org"), env=settings)
    assert isinstance(refused.exception, SystemExit), refused.exception
    assert "db upgrade" in refused.output
