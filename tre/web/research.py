"""What does a researcher see? Projects, what is left of their budgets, and what may be asked."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask_login import login_required

from disclosure_control import strength
from tre import budgets
from tre import request as this
from tre.budgets import Level
from tre.datasets import Dataset
from tre.gates import Gate
from tre.journey import drafted, looked, requested
from tre.projects import Project
from tre.web import words
from tre.web.schema import outline
from tre.web.visitor import me

research = Blueprint("research", __name__)

LEVELS: tuple[tuple[Level, str], ...] = (
    (Level.RESEARCHER, "Your share"),
    (Level.PROJECT, "Project"),
    (Level.POOL, "Dataset, all projects"),
)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on one level of one dataset's budget."""

    label: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A dataset that a project may ask, as its card shows it."""

    dataset: Dataset
    track: str
    unit: str
    balances: tuple[Balance, ...]


@research.get("/projects")
@login_required
def projects() -> str:
    mine = looked.my_projects(this.session(), person=me())
    cards = [
        (project, [_ground(project, dataset) for dataset in project.datasets]) for project in mine
    ]
    return render_template("research/projects.html", cards=cards, section="research.projects")


@research.get("/projects/<project_id>")
@login_required
def project(project_id: str) -> str:
    session, person = this.session(), me()
    found = looked.project(session, person=person, project_id=project_id)
    return render_template(
        "research/project.html",
        project=found,
        grounds=[_ground(found, dataset) for dataset in found.datasets],
        drafts=drafted.listed(session, person=person, project_id=project_id),
        requests=requested.listed(session, person=person, project_id=project_id),
        questions=looked.project_submissions(session, person=person, project_id=project_id),
        titles={dataset.id: dataset.title for dataset in found.datasets},
        section="research.projects",
    )


@research.get("/projects/<project_id>/datasets/<name>")
@login_required
def dataset(project_id: str, name: str) -> str:
    session, person = this.session(), me()
    found = looked.project(session, person=person, project_id=project_id)
    view = looked.dataset(session, person=person, name=name, now=this.now(), project_id=project_id)
    return render_template(
        "research/dataset.html",
        free_parts=looked.free_parts(
            session, person=person, project_id=project_id, dataset_name=name, now=this.now()
        ),
        project=found,
        dataset=view.dataset,
        version=view.version,
        policy=view.policy_version.policy,
        policy_hash=view.policy_version.policy_hash,
        exactness=strength.exactness(view.policy_version.policy),
        catalogue=view.version.catalogue,
        outlines=outline(view.version.catalogue),
        balances=balances(found, view.dataset),
        gates=_gates(project_id, name),
        second=looked.second_track(session, person=person, name=name, now=this.now()),
        section="research.projects",
    )


def _gates(project_id: str, name: str) -> tuple[Gate, ...]:
    return looked.project_gates(
        this.session(), person=me(), project_id=project_id, dataset_name=name, now=this.now()
    )


def _ground(project: Project, dataset: Dataset) -> Ground:
    view = looked.dataset(
        this.session(), person=me(), name=dataset.name, now=this.now(), project_id=project.id
    )
    catalogue = view.version.catalogue
    return Ground(
        dataset, view.policy_version.policy.track.value, catalogue.unit, balances(project, dataset)
    )


def balances(project: Project, dataset: Dataset) -> tuple[Balance, ...]:
    accounts = budgets.accounts_of(
        this.session(), dataset_id=dataset.id, project_id=project.id, person_id=me().id
    )
    found = [(label, accounts[level]) for level, label in LEVELS]
    own = [
        Balance(label, account.rho_left, account.rho_total)
        for label, account in found
        if account is not None and account.rho_total > 0
    ]
    pool = accounts[Level.POOL]
    period = None if pool is None else pool.in_period(this.now())
    if period is not None:
        label = f"Dataset, until {words.day(period.next)}"
        own.append(Balance(label, period.left, period.total))
    return tuple(own)
