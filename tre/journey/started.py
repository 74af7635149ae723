"""May the service start on this database? Asked once by each process, before it serves."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre.errors import ConfigurationError
from tre.people import Person


def check(session: Session, *, production: bool) -> None:
    """Raises ConfigurationError in production where a demo account is active."""
    demo = select(Person.id).where(Person.demo.is_(True), Person.active.is_(True)).limit(1)
    if production and session.scalar(demo) is not None:
        raise ConfigurationError(("the database holds demo accounts",))
