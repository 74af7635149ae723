"""What do an operator's commands share? The database of a command, and refusals as one sentence."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from disclosure_control.errors import DisclosureError
from queries.errors import QueryError
from tre import people
from tre.database import connect, sessions
from tre.errors import NotPermitted, ServiceError
from tre.people import Person

DATABASE = click.option(
    "--database-url", envvar="TRE_DATABASE_URL", required=True, help="As for the service."
)
NO_DATABASE = (
    "The database cannot be read: check its address, and run `db upgrade` if its tables are not "
    "those of this version."
)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@contextmanager
def session_on(url: str) -> Iterator[Session]:
    """A session whose refusals become one sentence on the terminal."""
    try:
        with sessions(connect(url))() as session:
            yield session
    except NotPermitted as error:
        raise click.ClickException(error.reason) from error
    except (ServiceError, QueryError, DisclosureError) as error:
        raise click.ClickException(error.public) from error
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(NO_DATABASE) from error


def person_called(session: Session, email: str) -> Person:
    found = people.by_email(session, email)
    if found is None:
        raise click.ClickException(f"There is nobody with the address {email}.")
    return found
