"""Who can read the database of the service on its machine?"""

from __future__ import annotations

import os
import stat

from sqlalchemy import text

from tre.database import connect


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_and_what_lies_beside_it_are_for_their_owner_only(tmp_path):
    before = os.umask(0o022)
    try:
        engine = connect(f"sqlite:///{tmp_path / 'service.db'}")
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE kept (id INTEGER)"))
            connection.commit()
            assert {path.name: mode(path) for path in tmp_path.iterdir()} == {
                "service.db": 0o600,
                "service.db-shm": 0o600,
                "service.db-wal": 0o600,
            }
        engine.dispose()
    finally:
        os.umask(before)


def test_a_database_that_is_there_keeps_its_mode_and_its_rows(tmp_path):
    path = tmp_path / "service.db"
    connect(f"sqlite:///{path}").connect().close()
    path.chmod(0o640)
    engine = connect(f"sqlite:///{path}")
    engine.connect().close()
    engine.dispose()
    assert mode(path) == 0o640


def test_a_database_in_memory_makes_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    connect("sqlite://").connect().close()
    assert list(tmp_path.iterdir()) == []
