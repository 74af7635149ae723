"""Who plays in the demonstration, in which projects, with which budgets? As data."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, datasets, people, projects
from tre.database import writing
from tre.datasets import Dataset
from tre.journey import budgeted
from tre.people import Person, Role
from tre.projects import Position, Project
from tre.scopes import EVERY

PASSWORD = "demonstration"  # noqa: S105 - of made-up people, in demo mode only
YEAR = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Part:
    email: str
    name: str
    roles: tuple[Role, ...]
    may: str


RESEARCHER = Part(
    "researcher@demo.example", "Rita Researcher", (Role.RESEARCHER,), "ask questions of the cohort"
)
COLLEAGUE = Part(
    "colleague@demo.example",
    "Remy Researcher",
    (Role.RESEARCHER,),
    "ask questions of cohort, stops and firms",
)
FIRST = Part("checker1@demo.example", "Cora Checker", (Role.CHECKER,), "check outputs")
SECOND = Part("checker2@demo.example", "Chris Checker", (Role.CHECKER,), "check outputs")
OWNER = Part("owner@demo.example", "Olu Owner", (Role.OWNER,), "answer for the three datasets")
OTHER_OWNER = Part(
    "owner2@demo.example", "Orla Owner", (Role.OWNER,), "decide on exceptions of the first owner"
)
HEAD = Part("head@demo.example", "Hana Head-of-Checking", (Role.HEAD_CHECKER,), "recall a release")
PUBLISHER = Part(
    "publisher@demo.example", "Pia Publisher", (Role.PUBLISHER,), "release what was approved"
)
AUDITOR = Part("auditor@demo.example", "Aino Auditor", (Role.AUDITOR,), "read every act on record")
ADMINISTRATOR = Part(
    "admin@demo.example", "Ada Administrator", (Role.ADMINISTRATOR,), "look after accounts"
)
PARTS = (
    RESEARCHER,
    COLLEAGUE,
    FIRST,
    SECOND,
    PUBLISHER,
    OWNER,
    OTHER_OWNER,
    HEAD,
    AUDITOR,
    ADMINISTRATOR,
)


@dataclass(frozen=True, slots=True)
class Plot:
    """A project: who is in it, which datasets it may ask, and what it may spend of each pool."""

    slug: str
    title: str
    purpose: str
    members: tuple[tuple[Part, Position], ...]
    datasets: tuple[str, ...]


PLOTS = (
    Plot(
        "risk-factors",
        "Risk factors of diabetes, hypertension and heart disease",
        "To see which risk factors go with the diseases that most often lead to early death.",
        ((RESEARCHER, Position.LEAD), (COLLEAGUE, Position.RESEARCHER)),
        ("nafld",),
    ),
    Plot(
        "fair-stops",
        "Police stops and searches by neighbourhood",
        "To see where stops and searches are concentrated, and against whom.",
        ((COLLEAGUE, Position.LEAD),),
        ("stops",),
    ),
    Plot(
        "innovation",
        "Research, patents and ownership of firms",
        "To see how ownership goes with research and patents.",
        ((COLLEAGUE, Position.LEAD),),
        ("firms",),
    ),
)


@dataclass(frozen=True, slots=True)
class Purse:
    """Budgets of one dataset in 1e-9 rho; an exact dataset has accounts, but nothing to spend."""

    pool: int
    project: int
    researcher: int


PURSES = {
    "nafld": Purse(pool=2_000_000_000, project=1_000_000_000, researcher=500_000_000),
    "stops": Purse(0, 0, 0),
    "firms": Purse(0, 0, 0),
}


def people_of_the_demo(session: Session, *, now: datetime.datetime) -> dict[Part, Person]:
    """Everybody, made at the first run."""
    with writing(session):
        return {part: _person(session, part, now) for part in PARTS}


def _person(session: Session, part: Part, now: datetime.datetime) -> Person:
    found = people.by_email(session, part.email)
    if found is not None:
        return found
    made = people.add(
        session,
        email=part.email,
        name=part.name,
        roles=part.roles,
        password=PASSWORD,
        demo=True,
        now=now,
    )
    audit.write(session, "person_added", now=now, person=made.id, roles=made.roles)
    return made


def projects_of_the_demo(
    session: Session, *, playing: dict[Part, Person], now: datetime.datetime
) -> dict[str, Project]:
    """Every project by its slug, with its budgets, made at the first run."""
    with writing(session):
        for name, purse in PURSES.items():
            dataset = _dataset(session, name)
            budgeted.open_account(session, dataset, rho_total=purse.pool, now=now)
        return {plot.slug: _project(session, plot, playing, now) for plot in PLOTS}


def _dataset(session: Session, name: str) -> Dataset:
    found = datasets.by_name(session, name)
    if found is None:
        raise LookupError(f"the demonstration's dataset {name} was not ingested")
    return found


def _project(
    session: Session, plot: Plot, playing: dict[Part, Person], now: datetime.datetime
) -> Project:
    found = session.scalar(select(Project).where(Project.slug == plot.slug))
    if found is not None:
        return found
    granted = tuple(_dataset(session, name) for name in plot.datasets)
    made = projects.create(
        session,
        slug=plot.slug,
        title=plot.title,
        purpose=plot.purpose,
        starts_on=now.date(),
        ends_on=now.date() + 3 * YEAR,
        members=tuple((playing[part], position) for part, position in plot.members),
        datasets=granted,
        now=now,
    )
    audit.write(session, "project_created", now=now, project_id=made.id, slug=made.slug)
    for dataset in granted:
        _open_quotas(session, dataset, made, [playing[part] for part, _ in plot.members], now)
    return made


def _open_quotas(
    session: Session,
    dataset: Dataset,
    project: Project,
    members: list[Person],
    now: datetime.datetime,
) -> None:
    purse = PURSES[dataset.name]
    own = {"project_id": project.id}
    budgeted.open_account(session, dataset, rho_total=purse.project, now=now, **own)
    for person in members:
        share = {**own, "person_id": person.id}
        budgeted.open_account(session, dataset, rho_total=purse.researcher, now=now, **share)


def token_of(session: Session, person: Person, *, kept: str | None, now: datetime.datetime) -> str:
    """The kept secret while it lasts, else a new one."""
    if kept and people.by_token(session, kept, now=now) is not None:
        return kept
    with writing(session):
        token, secret = people.issue_token(
            session, person=person, name="demonstration", scopes=EVERY, lasts=YEAR / 12, now=now
        )
        audit.write(
            session,
            "token_issued",
            now=now,
            actor_id=person.id,
            name=token.name,
            scopes=token.scopes,
        )
    return secret
