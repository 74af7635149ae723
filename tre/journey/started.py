"""May the service start on this database? Asked by web and worker alike, before they serve."""

from __future__ import annotations

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tre.errors import ConfigurationError
from tre.people import Person


def check(session: Session, *, production: bool) -> None:
    """Raises ConfigurationError without tables, or in production beside an active demo account."""
    if not _has_tables(session):
        raise ConfigurationError(("the database has no tables: tre.cli db upgrade makes them",))
    demo = select(Person.id).where(Person.demo.is_(True), Person.active.is_(True)).limit(1)
    if production and session.scalar(demo) is not None:
        raise ConfigurationError(("the database holds demo accounts",))


def _has_tables(session: Session) -> bool:
    try:
        return inspect(session.connection()).has_table(Person.__tablename__)
    except OperationalError as error:
        raise ConfigurationError(("the database of TRE_DATABASE_URL does not answer",)) from error
