"""How does the service reach its database, and what is one transaction?

SQLite and PostgreSQL are both first-class. A transaction that decides something begins with
``writing``: on SQLite it takes the write lock before it reads (BEGIN IMMEDIATE), on PostgreSQL it
locks the rows that it decides on. Everything else reads in a deferred transaction.
"""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

DURABLE = (
    "journal_mode = WAL",
    "synchronous = FULL",  # a budget that was charged stays charged when the power fails
    "foreign_keys = ON",
    "recursive_triggers = ON",  # so that a REPLACE cannot pass by the guards on DELETE
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime.datetime]):
    """A moment in UTC. SQLite forgets time zones, PostgreSQL tells those of its session."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, _dialect: Dialect
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment without a time zone cannot be stored")
        return value.astimezone(datetime.UTC)

    def process_result_value(
        self, value: datetime.datetime | None, _dialect: Dialect
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


class Base(DeclarativeBase):
    """Every record of the service."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - the name and type that SQLAlchemy asks for
        datetime.datetime: Instant,
        dict[str, Any]: JSON,
        list[str]: JSON,
        str: String,
    }


def new_id() -> str:
    """A fresh identifier that cannot be guessed and says nothing about order or number."""
    return secrets.token_hex(12)


def connect(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql+psycopg://…``.

    Its errors say which statement failed and never with which values: those are tables that
    nobody has released yet, and errors end up in logs.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    waiting = {"timeout": 30, "check_same_thread": False}
    engine = create_engine(url, connect_args=waiting, hide_parameters=True)
    event.listen(engine, "do_connect", _private_sqlite)
    event.listen(engine, "connect", _durable_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _private_sqlite(_dialect: object, _record: object, given: list[Any], _more: object) -> None:
    """A new file is its owner's alone; SQLite gives the files beside it the same mode.

    A file that exists is not opened: closing it again would drop SQLite's own locks.
    """
    if given[0] != ":memory:":
        with suppress(OSError):
            os.close(os.open(given[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _durable_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, below
    for pragma in DURABLE:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine)


@contextmanager
def writing(session: Session) -> Iterator[None]:
    """One transaction that decides: commits at the end, rolls back on any exception.

    A read transaction that is open on this session ends first, so what the decision rests on is
    read again inside. Raises RuntimeError if the session holds unsaved changes: they would
    belong to no decision.
    """
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes outside a transaction that decides")
    session.commit()
    session.connection(execution_options={"writing": True})
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
