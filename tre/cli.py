"""What does an operator type? Thin commands over the journey and the records.

``python -m tre.cli --help`` lists them. They are no commands of the web application, which holds
neither the store's path nor its key: settings come from options or from the same environment
variables as the worker's. Every change is written to the audit log, as done by the service itself.
"""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from tre import audit, migrations, people, projects
from tre import records as every_record
from tre.budgets import Cost, Period
from tre.database import connect, writing
from tre.errors import Incomplete
from tre.journey import budgeted
from tre.operator import DATABASE, now, person_called, session_on
from tre.people import ApiToken, Role
from tre.projects import Position, Project
from tre.scopes import EVERY
from tre.transparency import checked, checkpoint
from tre.transparency import log as transparency_log
from tre.transparency import outside as kept_outside

ROLES = [role.value for role in Role]
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def tre() -> None:
    """Runs and sets up a trusted research environment."""


@tre.group()
def db() -> None:
    """The service's own database."""


@db.command()
@DATABASE
def upgrade(*, database_url: str) -> None:
    """Brings the tables to this version of the code."""
    migrations.upgrade(connect(database_url))
    click.echo("The database is up to date.")


@db.command()
def check() -> None:
    """Fails unless the migrations lead to exactly the tables of the code."""
    engine = connect("sqlite://")
    with engine.connect() as kept:  # a database in memory lasts as long as its connection
        migrations.upgrade(engine)
        migrations.check(engine)
        kept.rollback()
    click.echo("The migrations lead to the tables of the code.")


@tre.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--owner", required=True, help="Email address of the dataset's owner.")
@click.option("--source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--store-root", envvar="TRE_STORE_ROOT", required=True, type=click.Path(path_type=Path)
)
@click.option("--key-file", envvar="TRE_KEY_FILE", required=True, type=click.Path(path_type=Path))
@DATABASE
def ingest(
    *,
    folder: Path,
    owner: str,
    source: Path | None,
    store_root: Path,
    key_file: Path,
    database_url: str,
) -> None:
    """Validates, seals and publishes the dataset whose entry is in FOLDER."""
    from tre.ingest import command  # noqa: PLC0415 - loads what reads data
    from tre.ingest.entry import read_entry  # noqa: PLC0415
    from tre.ingest.errors import IngestError  # noqa: PLC0415
    from tre.journey import published  # noqa: PLC0415

    with session_on(database_url) as session:
        answerable = person_called(session, owner)
        try:
            entry = read_entry(folder)
            result = command.run(folder, source=source, store_root=store_root, key_file=key_file)
        except IngestError as error:
            raise click.ClickException(str(error)) from error
        published.publish(
            session,
            owner=answerable,
            catalogue=entry.catalogue,
            policy=entry.policy,
            version=result.version,
            report=result.report.to_json(),
            now=now(),
        )


@tre.command("tighten")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--reason", required=True, help="For the record.")
@DATABASE
def tighten_(*, file: click.utils.LazyFile, reason: str, database_url: str) -> None:
    """Makes the rules in FILE hold for all data: no policy may be weaker, now or later."""
    from tre.journey import tightened  # noqa: PLC0415 - with the rules of policies

    with session_on(database_url) as session:
        try:
            tightened.tighten_service(session, text=str(file.read()), reason=reason, now=now())
        except Incomplete as wrong:
            raise click.ClickException(wrong.sentence) from wrong
    click.echo("The rules hold for every new question.")


@tre.group()
def register() -> None:
    """Exact tables that left, beside the data."""


@register.command()
@click.argument("dataset")
@click.option("--seconds", default=3600.0, show_default=True, help="After which it gives up.")
@click.option(
    "--store-root", envvar="TRE_STORE_ROOT", required=True, type=click.Path(path_type=Path)
)
@click.option("--key-file", envvar="TRE_KEY_FILE", required=True, type=click.Path(path_type=Path))
@DATABASE
def rebuild(
    *, dataset: str, seconds: float, store_root: Path, key_file: Path, database_url: str
) -> None:
    """Makes what is known of DATASET's exact tables again, and fails if it was something else."""
    from queries.errors import EngineFailed  # noqa: PLC0415 - loads what reads data
    from queries.register.registrar import Registrar  # noqa: PLC0415
    from queries.store import Store  # noqa: PLC0415
    from tre.ingest import keys  # noqa: PLC0415
    from tre.ingest.errors import KeyRefused  # noqa: PLC0415
    from tre.journey import rebuilt  # noqa: PLC0415

    with session_on(database_url) as session:
        try:
            found = rebuilt.rebuild(
                session,
                dataset=_dataset(session, dataset),
                registrar=Registrar(Store(store_root.resolve(), keys.load(key_file))),
                seconds=seconds,
                now=now(),
            )
        except (EngineFailed, KeyRefused) as error:
            raise click.ClickException("The register could not be rebuilt.") from error
    if found.agree is False:
        raise click.ClickException("What was kept is not what the tables say. It was replaced.")
    compared = "they are what was kept" if found.agree else "nothing was kept to compare with"
    click.echo(f"Exact tables: {found.tables}; {compared}.")


@tre.group("log")
def log_() -> None:
    """The log of what happened, which others can check."""


@log_.command("key")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@click.option(
    "--store-root", envvar="TRE_STORE_ROOT", required=True, type=click.Path(path_type=Path)
)
def log_key(*, file: Path, name: str, store_root: Path) -> None:
    """Makes the key that signs the log NAME in FILE, and prints its public half.

    Where the file is there already, only prints. NAME is a host and a path, tre.example.org/log.
    """
    from tre.ingest import keys  # noqa: PLC0415
    from tre.ingest.errors import KeyRefused  # noqa: PLC0415

    if not checkpoint.NAME.fullmatch(name):
        raise click.BadParameter("a name has neither spaces nor +")
    try:
        seed = keys.load_or_create(file, store_root=store_root)
    except KeyRefused as error:
        raise click.ClickException(str(error)) from error
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    click.echo(checkpoint.verifier_key(name, public))


@log_.command("verify")
@click.argument("outside", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--key", required=True, help="What `log key` printed.")
@click.option("--former", multiple=True, help="A key from before a restoration.")
@DATABASE
def log_verify(
    *, outside: tuple[Path, ...], key: str, former: tuple[str, ...], database_url: str
) -> None:
    """Makes the log again from the audit entries, and compares it with what was signed.

    OUTSIDE are checkpoints that were kept elsewhere, or folders of them. Fails for any fault.
    """
    try:
        origin, public = checkpoint.key_from(key)
        before = [checkpoint.key_from(one) for one in former]
        kept = list(kept_outside.kept(outside, origin=origin, key=public))
    except (checkpoint.NotACheckpoint, OSError) as error:
        raise click.ClickException(str(error)) from error
    with session_on(database_url) as session:
        found = list(
            checked.faults(session, origin=origin, key=public, outside=kept, former=before)
        )
        size = transparency_log.size(session)
    for fault in found:
        click.echo(fault, err=True)
    if found:
        raise click.ClickException("The log is not what was signed.")
    click.echo(f"Entries in the log: {size}; checkpoints from outside: {len(kept)}. All agree.")


@tre.command()
def worker() -> None:
    """Carries questions from the queue to their answers, until it is stopped."""
    os.execv(sys.executable, [sys.executable, "-m", "tre.worker"])  # noqa: S606 - our own command


@tre.group("people")
def people_() -> None:
    """Accounts."""


@people_.command("add")
@click.argument("email")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--organisation", default="", help="For whom they work.")
@click.password_option()
@DATABASE
def add_person(
    *,
    email: str,
    name: str,
    roles: tuple[str, ...],
    organisation: str,
    password: str,
    database_url: str,
) -> None:
    """Adds NAME with the address EMAIL."""
    with session_on(database_url) as session, writing(session):
        if people.by_email(session, email) is not None:
            raise click.ClickException("There is somebody with this address.")
        made = people.add(
            session,
            email=email,
            name=name,
            roles=tuple(Role(role) for role in roles),
            password=password,
            organisation=organisation,
            now=now(),
        )
        audit.write(session, "person_added", now=now(), person=made.id, roles=made.roles)
    click.echo(f"{name} can sign in.")


@tre.group()
def token() -> None:
    """Bearer tokens of the API."""


@token.command()
@click.argument("email")
@click.option("--name", default="command line", show_default=True)
@click.option("--scope", "scopes", multiple=True, type=click.Choice(EVERY), default=EVERY)
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True)
@DATABASE
def issue(*, email: str, name: str, scopes: tuple[str, ...], days: int, database_url: str) -> None:
    """Shows a new token of EMAIL, once."""
    with session_on(database_url) as session, writing(session):
        person = person_called(session, email)
        made, secret = people.issue_token(
            session,
            person=person,
            name=name,
            scopes=scopes,
            lasts=datetime.timedelta(days=days),
            now=now(),
        )
        audit.write(
            session,
            "token_issued",
            now=now(),
            actor_id=person.id,
            name=made.name,
            scopes=made.scopes,
        )
    click.echo(secret)


@token.command()
@click.argument("email")
@click.option("--name", help="Only tokens of this name; all otherwise.")
@DATABASE
def revoke(*, email: str, name: str | None, database_url: str) -> None:
    """Ends tokens of EMAIL at once."""
    with session_on(database_url) as session, writing(session):
        person = person_called(session, email)
        live = [
            one
            for one in session.query(ApiToken).filter_by(person_id=person.id)
            if one.live(now()) and name in (None, one.name)
        ]
        for one in live:
            one.revoked_at = now()
            audit.write(session, "token_revoked", now=now(), actor_id=person.id, name=one.name)
    click.echo(f"Tokens ended: {len(live)}.")


@tre.group()
def project() -> None:
    """Approved projects."""


@project.command("add")
@click.argument("slug")
@click.option("--title", required=True)
@click.option("--purpose", required=True)
@click.option("--from", "starts", required=True, type=DAY)
@click.option("--until", "ends", required=True, type=DAY)
@click.option("--lead", required=True, help="Email address.")
@click.option("--member", "members", multiple=True, help="Email address.")
@click.option("--dataset", "datasets", multiple=True, required=True)
@click.option("--funder", default="", help="The organisation that pays for it.")
@DATABASE
def add_project(
    *,
    slug: str,
    title: str,
    purpose: str,
    starts: datetime.datetime,
    ends: datetime.datetime,
    lead: str,
    members: tuple[str, ...],
    datasets: tuple[str, ...],
    funder: str,
    database_url: str,
) -> None:
    """Adds the project SLUG; its budgets are opened apart."""
    with session_on(database_url) as session, writing(session):
        belonging = ((lead, Position.LEAD), *((one, Position.RESEARCHER) for one in members))
        made = projects.create(
            session,
            slug=slug,
            title=title,
            purpose=purpose,
            starts_on=starts.date(),
            ends_on=ends.date(),
            members=tuple(
                (person_called(session, email), position) for email, position in belonging
            ),
            datasets=tuple(_dataset(session, name) for name in datasets),
            funder=funder,
            now=now(),
        )
        audit.write(session, "project_created", now=now(), project_id=made.id, slug=slug)
    click.echo(f"The project {slug} can ask.")


@tre.command()
@click.argument("dataset")
@click.option("--rho-nano", required=True, type=click.IntRange(min=0), help="In 1e-9 rho.")
@click.option(
    "--delta-femto",
    default=0,
    type=click.IntRange(min=0),
    help="In 1e-15 delta: for tables by values that nobody declared.",
)
@click.option(
    "--rho-lifetime-nano",
    type=click.IntRange(min=0),
    help="Most that a pool may ever hold, after top-ups; without it, no more than now.",
)
@click.option("--delta-lifetime-femto", type=click.IntRange(min=0), help="The same of delta.")
@click.option(
    "--period",
    type=(click.IntRange(1, 3660), click.IntRange(min=1)),
    metavar="DAYS RHO_NANO",
    help="Questions take at most so much of a pool in each so many days.",
)
@click.option("--project", "slug", help="Slug; without it, the pool of the dataset.")
@click.option("--person", "email", help="Email address; a share of the project's quota.")
@DATABASE
def budget(
    *,
    dataset: str,
    rho_nano: int,
    delta_femto: int,
    rho_lifetime_nano: int | None,
    delta_lifetime_femto: int | None,
    period: tuple[int, int] | None,
    slug: str | None,
    email: str | None,
    database_url: str,
) -> None:
    """Opens an account on DATASET: its pool, a project's quota, or a researcher's in it."""
    if email is not None and slug is None:
        raise click.UsageError("A researcher's account is within a project: name it.")
    if period is not None and slug is not None:
        raise click.UsageError("A pool opens by periods, a quota does not.")
    lifetime = Cost(
        max(rho_nano, rho_lifetime_nano or 0), max(delta_femto, delta_lifetime_femto or 0)
    )
    with session_on(database_url) as session, writing(session):
        of = _dataset(session, dataset)
        holder = {
            "project_id": None if slug is None else _project(session, slug).id,
            "person_id": None if email is None else person_called(session, email).id,
        }
        account = budgeted.open_account(
            session,
            of,
            rho_total=rho_nano,
            delta_total=delta_femto,
            lifetime=lifetime if slug is None else None,
            period=None if period is None else Period(*period),
            now=now(),
            **holder,
        )
        if account is None:
            raise click.ClickException("This account is open; a total never changes silently.")
        level = account.level
    click.echo(f"Opened on the level {level}.")


def _dataset(session: Session, name: str) -> every_record.datasets.Dataset:
    found = every_record.datasets.by_name(session, name)
    if found is None:
        raise click.ClickException(f"There is no dataset {name}.")
    return found


def _project(session: Session, slug: str) -> Project:
    found = session.query(Project).filter_by(slug=slug).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no project {slug}.")
    return found


if __name__ == "__main__":
    tre()
