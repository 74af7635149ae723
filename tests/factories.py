"""Made-up people, projects and datasets for tests, in a database with every guard laid."""

from __future__ import annotations

import atexit
import datetime
import shutil
import tempfile
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from queries.language import ColumnRef, Dimension, Measure, Query, Statistic
from tests.catalogues import clinic, dp_policy
from tre import budgets, database, datasets, migrations, outputs, people, projects, submissions
from tre.datasets import Dataset
from tre.journey import drawn
from tre.lifecycle import INITIAL, Mover, State
from tre.outputs import DrawState, Format, Output, Rendered
from tre.people import Person, Role
from tre.projects import Position, Project
from tre.register import ReleaseTable, TableState
from tre.submissions import Submission

NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
VERSION = "a" * 64
POOL = 10_000_000_000
LIFETIME = 3 * POOL  # most that the pool may ever hold
PROJECT_QUOTA = 5_000_000_000
PERSON_QUOTA = 2_000_000_000
POOL_DELTA = 10_000_000
PERSON_DELTA = 2_000_000  # two questions by keys that nobody declared

PEOPLE: dict[str, tuple[Role, ...]] = {
    "ada": (Role.RESEARCHER,),
    "ben": (Role.RESEARCHER,),
    "cleo": (Role.CHECKER,),
    "dan": (Role.CHECKER,),
    "eve": (Role.OWNER,),
    "fay": (Role.ADMINISTRATOR,),
    "gus": (Role.RESEARCHER,),
    "hal": (Role.HEAD_CHECKER,),
    "ira": (Role.AUDITOR,),
    "pat": (Role.PUBLISHER,),
}
"""ada and ben belong to the first project, gus to the second; eve owns the dataset.

hal answers for the checking, ira audits, pat releases what was approved.
"""


@dataclass(frozen=True, slots=True)
class World:
    """Ids of everything that ``furnish`` made."""

    people: dict[str, str]
    project: str
    other_project: str
    dataset: str

    def person(self, session: Session, name: str) -> Person:
        return session.get_one(Person, self.people[name])


def later(**passed: float) -> datetime.datetime:
    return NOW + datetime.timedelta(**passed)


def migrated(url: str) -> Engine:
    """A database with all tables and guards."""
    engine = database.connect(url)
    migrations.upgrade(engine)
    return engine


def sqlite_engine(folder: Path) -> Engine:
    """A database of its own, copied from one that was made once."""
    place = folder / "service.db"
    shutil.copy(_template(), place)
    return database.connect(f"sqlite:///{place}")


@cache
def _template() -> Path:
    """Laying tables and guards takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="tre-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = folder / "template.db"
    migrated(f"sqlite:///{place}").dispose()
    return place


def furnish(
    session: Session,
    *,
    policy: Policy | None = None,
    catalogue: Catalogue | None = None,
    period: budgets.Period | None = None,
) -> World:
    """People, one dataset under ``policy`` (by default noisy, one checker), two projects.

    ``period``: by which the dataset's pool opens; by default all of it is open.
    """
    with database.writing(session):
        made = {name: _person(session, name, roles) for name, roles in PEOPLE.items()}
        dataset = _dataset(session, made["eve"], policy or dp_policy(), catalogue or clinic())
        first = _project(session, "frailty", dataset, (made["ada"], made["ben"]))
        second = _project(session, "smoking", dataset, (made["gus"],))
        shares = {first: ("ada", "ben"), second: ("gus",)}
        _budgets(session, dataset, shares, made, period)
        return World(
            {name: person.id for name, person in made.items()}, first.id, second.id, dataset.id
        )


def _person(session: Session, name: str, roles: tuple[Role, ...]) -> Person:
    return people.add(session, email=f"{name}@example.org", name=name.title(), roles=roles, now=NOW)


def _dataset(session: Session, owner: Person, policy: Policy, catalogue: Catalogue) -> Dataset:
    dataset = datasets.register(
        session, name=catalogue.dataset, title=catalogue.title, owner=owner, now=NOW
    )
    datasets.publish_version(
        session, dataset=dataset, version=VERSION, catalogue=catalogue, report={}, now=NOW
    )
    datasets.publish_policy(session, dataset=dataset, policy=policy, now=NOW)
    return dataset


def _project(session: Session, slug: str, dataset: Dataset, members: tuple[Person, ...]) -> Project:
    return projects.create(
        session,
        slug=slug,
        title=slug.title(),
        purpose="A purpose for the public good.",
        starts_on=datetime.date(2026, 1, 1),
        ends_on=datetime.date(2126, 12, 31),
        members=tuple((person, Position.RESEARCHER) for person in members),
        datasets=(dataset,),
        now=NOW,
    )


def _budgets(
    session: Session,
    dataset: Dataset,
    shares: dict[Project, tuple[str, ...]],
    made: dict[str, Person],
    period: budgets.Period | None,
) -> None:
    budgets.open_account(
        session,
        dataset=dataset,
        rho_total=POOL,
        delta_total=POOL_DELTA,
        lifetime=budgets.Cost(LIFETIME, 2 * POOL_DELTA),
        period=period,
        now=NOW,
    )
    for project, names in shares.items():
        budgets.open_account(
            session,
            dataset=dataset,
            project_id=project.id,
            rho_total=PROJECT_QUOTA,
            delta_total=POOL_DELTA,
            now=NOW,
        )
        for name in names:
            budgets.open_account(
                session,
                dataset=dataset,
                project_id=project.id,
                person_id=made[name].id,
                rho_total=PERSON_QUOTA,
                delta_total=PERSON_DELTA,
                now=NOW,
            )


def a_query(*bands: int) -> Query:
    """Persons by sex and age; other bands make another question."""
    cuts = tuple(Decimal(cut) for cut in bands or (40, 60))
    return Query(
        dataset="clinic",
        source="persons",
        measures=(Measure(Statistic.COUNT),),
        dimensions=(
            Dimension(ColumnRef("persons", "sex")),
            Dimension(ColumnRef("persons", "age"), bands=cuts),
        ),
    )


def checked_by(count: int) -> Policy:
    """The noisy policy with this many checkers."""
    return replace(dp_policy(), checkers=count)


def a_submission(session: Session, world: World, **given: object) -> Submission:
    """A question as a row, without planning it; ``given`` replaces columns."""
    dataset = session.get_one(Dataset, world.dataset)
    version = datasets.current_version(session, dataset)
    policy = datasets.current_policy(session, dataset)
    columns: dict[str, object] = {
        "id": database.new_id(),
        "project_id": world.project,
        "author_id": world.people["ada"],
        "dataset_id": world.dataset,
        "version_id": version and version.id,
        "policy_id": policy and policy.id,
        "query_json": {},
        "words": "Number of persons, by sex.",
        "purpose": "To learn.",
        "rho_nano": 100_000_000,
        "fingerprint": "f" * 64,
        "track": "dp",
        "checkers_required": 1,
        "cells": 6,
        "slot_ms": 500,
        "state": INITIAL.value,
        "round": 1,
        "reasons": [],
        "created_at": NOW,
        "moved_at": NOW,
    }
    submission = Submission(**{**columns, **given})
    session.add(submission)
    session.flush()
    return submission


def an_output(session: Session, submission: Submission) -> Output:
    """A drawn and stored output of this question, which is then waiting for its checkers."""
    move_all(session, submission, State.VALIDATED)
    draw = drawn.lead(session, submission=submission, now=NOW)
    draw.state, draw.protected_json, draw.drawn_at = DrawState.DRAWN.value, "{}", NOW
    rendered = (Rendered(Format.CSV, b"sex,count\n"), Rendered(Format.JSON, b"{}"))
    output = outputs.store(session, submission=submission, draw=draw, rendered=rendered, now=NOW)
    move_all(session, submission, State.EXECUTED, State.PROTECTED)
    return output


def a_table(session: Session, output: Output, **given: object) -> ReleaseTable:
    """The output's table in the register, pending; ``given`` replaces columns."""
    row = ReleaseTable(
        dataset_id=output.submission.dataset_id,
        submission_id=output.submission_id,
        draw_id=output.draw_id,
        policy_id=output.submission.policy_id,
        number=1,
        state=TableState.PENDING.value,
        entry='{"version":"v1","grid":[],"counted":[]}',
        verdict="{}",
        against=[],
        judged_at=NOW,
        moved_at=NOW,
    )
    for name, value in given.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def move_all(session: Session, submission: Submission, *states: State) -> None:
    for state in states:
        submissions.move(session, submission, to=state, mover=Mover.WORKER, now=NOW)
