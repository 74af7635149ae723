"""What does an operator type? ``python -m tre.practice``: made-up data, tokens, seeded outputs."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tre.errors import NotFound, NotPermitted
from tre.ingest.command import Place
from tre.ingest.errors import IngestError
from tre.operator import DATABASE, now, person_called, session_on
from tre.practice import opened
from tre.practice.opened import SeededWords


@click.group()
def practice() -> None:
    """Lets programs be tried on made-up people."""


OWNER = click.option("--owner", required=True, help="Email address of who owns the data.")
STORE = click.option(
    "--store-root", envvar="TRE_STORE_ROOT", required=True, type=click.Path(path_type=Path)
)
KEY = click.option(
    "--key-file", envvar="TRE_KEY_FILE", required=True, type=click.Path(path_type=Path)
)


@practice.command("open")
@OWNER
@STORE
@KEY
@DATABASE
def open_(*, owner: str, store_root: Path, key_file: Path, database_url: str) -> None:
    """Makes, seals and publishes the practice data; once is enough."""
    with session_on(database_url) as session, _told():
        opened.open_(
            session,
            owner=person_called(session, owner),
            place=Place(store_root, key_file),
            stream=sys.stdout,
            now=now(),
        )


@practice.command()
@OWNER
@click.option("--author", required=True, help="Name of who seems to ask.")
@click.option("--project", required=True, help="Title of the project that seems to ask.")
@click.option("--purpose", required=True, help="What that project seems to be for.")
@STORE
@KEY
@DATABASE
def seeded(
    *,
    owner: str,
    author: str,
    project: str,
    purpose: str,
    store_root: Path,
    key_file: Path,
    database_url: str,
) -> None:
    """Makes what outputs that are known to be unsafe are asked of; once is enough."""
    with session_on(database_url) as session, _told():
        opened.open_seeded(
            session,
            owner=person_called(session, owner),
            words=SeededWords(project, purpose, author),
            place=Place(store_root, key_file),
            stream=sys.stdout,
            now=now(),
        )


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong, in a sentence."""
    try:
        yield
    except (IngestError, NotPermitted) as error:
        raise click.ClickException(str(error)) from error
    except NotFound as error:
        raise click.ClickException("These data have another owner.") from error


@practice.command()
@click.argument("email")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True)
@DATABASE
def token(*, email: str, days: int, database_url: str) -> None:
    """Shows a new practice token for EMAIL, once."""
    with session_on(database_url) as session:
        try:
            secret = opened.token(
                session,
                person=person_called(session, email),
                lasts=datetime.timedelta(days=days),
                now=now(),
            )
        except NotFound as error:
            raise click.ClickException("First run `open`.") from error
    click.echo(secret)


if __name__ == "__main__":
    practice(prog_name="python -m tre.practice")
