"""An operator makes again what the register knows, and is told if it was something else."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from tests import factories
from tests.catalogues import clinic, sdc_policy
from tests.stores import seal
from tests.unit.test_registrar import TENS
from tre import cli
from tre.audit import AuditEntry
from tre.database import connect, writing


@pytest.fixture
def place(tmp_path):
    """A service with one admitted table, on a sealed store."""
    store = seal(tmp_path / "store", clinic())
    key = tmp_path / "key"
    key.write_text(store.key.hex() + "\n", encoding="ascii")
    key.chmod(0o600)
    engine = factories.migrated(f"sqlite:///{tmp_path / 'service.db'}")
    with Session(engine) as session:
        world = factories.furnish(session, policy=sdc_policy())
        with writing(session):
            asked = factories.a_submission(session, world, track="sdc", checkers_required=2)
            output = factories.an_output(session, asked)
            factories.a_table(session, output, entry=TENS.text())
        yield (
            session,
            {
                "TRE_DATABASE_URL": str(engine.url),
                "TRE_STORE_ROOT": str(tmp_path / "store"),
                "TRE_KEY_FILE": str(key),
            },
        )


def rebuild(settings):
    return CliRunner().invoke(cli.tre, ("register", "rebuild", "clinic"), env=settings)


def test_a_register_is_rebuilt_and_compared_on_record(place):
    session, settings = place
    first, second = rebuild(settings), rebuild(settings)
    assert first.output == "Exact tables: 1; nothing was kept to compare with.\n"
    assert second.output == "Exact tables: 1; they are what was kept.\n"
    found = session.query(AuditEntry).filter_by(event="register_rebuilt").all()
    assert [one.detail for one in found] == [
        {"tables": 1, "agree": None},
        {"tables": 1, "agree": True},
    ]


def test_a_register_that_holds_something_else_is_replaced_and_the_command_fails(place, tmp_path):
    _, settings = place
    assert rebuild(settings).exit_code == 0
    (state,) = (tmp_path / "store" / "clinic" / "register").iterdir()
    kept = state.read_bytes()
    with Session(connect(settings["TRE_DATABASE_URL"])) as session:
        session.connection().exec_driver_sql('DROP TRIGGER "guard_release_table_moves"')
        session.connection().exec_driver_sql(
            "UPDATE release_table SET entry = replace(entry, 'person // 30', 'person % 10')"
        )
        session.commit()
    assert rebuild(settings).exit_code == 0
    (new,) = set((tmp_path / "store" / "clinic" / "register").iterdir()) - {state}
    new.chmod(0o600)
    new.write_bytes(kept)
    failed = rebuild(settings)
    assert failed.exit_code == 1
    assert "It was replaced" in failed.output
    assert rebuild(settings).exit_code == 0


def test_without_the_data_there_is_nothing_to_rebuild_from(place, tmp_path):
    _, settings = place
    (tmp_path / "store" / "clinic" / "v1.duckdb").unlink()
    failed = rebuild(settings)
    assert failed.exit_code == 1
    assert "could not be rebuilt" in failed.output
