"""What does an owner type to have a synthetic twin? ``python -m tre.synthetic``: ask, then make."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tre.errors import GatesClosed
from tre.ingest.command import Place
from tre.ingest.errors import IngestError
from tre.operator import DATABASE, now, person_called, session_on
from tre.synthetic import made


@click.group()
def synthetic() -> None:
    """Makes up units for trying questions, from noisy tables that were released."""


OWNER = click.option("--owner", required=True, help="Email address of who owns the data.")


@synthetic.command()
@click.argument("dataset")
@OWNER
@click.option(
    "--rho-nano",
    required=True,
    type=click.IntRange(1),
    help="In 1e-9 rho: what all tables together may cost.",
)
@DATABASE
def ask(*, dataset: str, owner: str, rho_nano: int, database_url: str) -> None:
    """Asks for the tables that a twin of DATASET is made from, once each."""
    with session_on(database_url) as session:
        try:
            asked = made.ask(
                session,
                owner=person_called(session, owner),
                name=dataset,
                rho_total=rho_nano,
                now=now(),
            )
        except GatesClosed as closed:
            told = (f"{gate.reason} {gate.remedy}" for gate in closed.gates)
            raise click.ClickException("\n".join(told)) from closed
        for one in asked:
            click.echo(f"{one.id}  {one.words}")
        click.echo(f"{len(asked)} questions are on their way. Once they are released: `make`.")


@synthetic.command()
@click.argument("dataset")
@OWNER
@click.option(
    "--store-root", envvar="TRE_STORE_ROOT", required=True, type=click.Path(path_type=Path)
)
@click.option("--key-file", envvar="TRE_KEY_FILE", required=True, type=click.Path(path_type=Path))
@DATABASE
def make(*, dataset: str, owner: str, store_root: Path, key_file: Path, database_url: str) -> None:
    """Makes the twin of DATASET from its released tables, and opens it to those who may ask."""
    with session_on(database_url) as session:
        try:
            twin = made.make(
                session,
                owner=person_called(session, owner),
                name=dataset,
                place=Place(store_root, key_file),
                stream=sys.stdout,
                now=now(),
            )
        except IngestError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{twin.title} ({twin.name}) can be asked.")


if __name__ == "__main__":
    synthetic(prog_name="python -m tre.synthetic")
