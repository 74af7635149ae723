"""Which projects and datasets are mine, what do they offer, and what is left of the budgets?"""

from __future__ import annotations

from sqlalchemy.orm import Session

from tre import request as this
from tre import twins
from tre.api import contract as said
from tre.api import spoken
from tre.api.blueprint import blueprint
from tre.api.problems import KINDS, Problem
from tre.api.tokens import caller, needs
from tre.journey import looked
from tre.people import Person
from tre.projects import Project
from tre.scopes import Scope


def project_called(session: Session, *, person: Person, name: str) -> Project:
    """A project of this person by its id or its slug. Raises Problem("not-found")."""
    mine = looked.my_projects(session, person=person)
    found = next((one for one in mine if name in (one.id, one.slug)), None)
    if found is None:
        raise Problem("not-found")
    return found


@blueprint.get("/projects")
@needs(Scope.READ_CATALOGUE)
@blueprint.output(said.ProjectPage)
def projects() -> said.ProjectPage:
    """Your projects.

    With their datasets and what is left of each budget.
    """
    session, person = this.session(), caller()
    mine = looked.my_projects(session, person=person)
    return said.ProjectPage(
        items=[spoken.project(session, one, person=person, now=this.now()) for one in mine],
        next_cursor=None,
    )


@blueprint.get("/projects/<project>")
@needs(Scope.READ_CATALOGUE)
@blueprint.output(said.ProjectAnswer)
def project(project: str) -> said.ProjectAnswer:
    """One of your projects."""
    session, person = this.session(), caller()
    found = project_called(session, person=person, name=project)
    return spoken.project(session, found, person=person, now=this.now())


@blueprint.get("/datasets")
@needs(Scope.READ_CATALOGUE)
@blueprint.output(said.DatasetPage)
def datasets() -> said.DatasetPage:
    """The datasets of your projects.

    Tables, columns, codes, bounds, links, the unit of privacy, and the policy.
    """
    session, person = this.session(), caller()
    mine = looked.my_projects(session, person=person)
    names = sorted({dataset.name for project in mine for dataset in project.datasets})
    return said.DatasetPage(items=[_dataset(name) for name in names], next_cursor=None)


@blueprint.get("/datasets/<dataset>")
@needs(Scope.READ_CATALOGUE)
@blueprint.output(said.DatasetAnswer)
def dataset(dataset: str) -> said.DatasetAnswer:
    """One dataset."""
    return _dataset(dataset)


def _dataset(name: str) -> said.DatasetAnswer:
    session, person = this.session(), caller()
    view = looked.dataset(session, person=person, name=name, now=this.now())
    second = looked.second_track(session, person=person, name=name, now=this.now())
    return spoken.dataset(view, second, twins.pair(session, view.dataset.id))


@blueprint.get("/problems/<code>")
@blueprint.output(said.ProblemKind)
@blueprint.doc(security=[{}])
def problem(code: str) -> said.ProblemKind:
    """What a type of problem means."""
    kind = KINDS.get(code)
    if kind is None:
        raise Problem("not-found")
    return said.ProblemKind(
        type=kind.type, code=kind.code, title=kind.title, status=kind.status, remedy=kind.remedy
    )
