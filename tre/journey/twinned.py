"""How does a dataset come to have a synthetic twin? Its owner has noisy tables asked and released.

They are questions like any other, of a project that has a quota of its own and nobody's name:
gates, budgets, noise, checkers and release are those of every question. A twin is made from what
was released alone, so it costs nothing more, and whoever may ask the dataset may ask its twin.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from disclosure_control import present
from disclosure_control.plain import canonical_text
from disclosure_control.policy import DpRules, Policy, Track
from disclosure_control.tables import Protected
from queries import json_form
from queries.catalogue import Catalogue
from queries.language import Query
from tre import audit, datasets, second_tracks, twins
from tre.database import writing
from tre.datasets import Dataset, DatasetVersion
from tre.errors import NotFound, NoTwin
from tre.journey import budgeted, published, submitted
from tre.journey.stand_ins import Asking, nobody, project_of
from tre.lifecycle import TERMINAL, State
from tre.outputs import Format, Output
from tre.people import Person
from tre.permissions import check_in_project, check_own
from tre.projects import Membership, Project, ProjectDataset, may_ask
from tre.recalls import Recall
from tre.releases import Release, served
from tre.submissions import Submission
from tre.twins import Twin

PURPOSE = "To make a synthetic twin, on which questions are tried without spending a budget."
NOT_NOISY = (
    "A twin is made from noisy tables, and this dataset answers exactly: two of its owners can open"
    " its noisy track for that."
)
NOT_ASKED = "Nothing was measured for a twin of this dataset: ask for its tables first."
ANOTHER = "The name of this twin is taken: by the twin of a dataset whose name begins alike."
POOL = 10**15  # in 1e-9 rho, and in 1e-15 delta: nobody is in a twin whose privacy is spent
RECALLED = "A table that this twin was made from was recalled."


@dataclass(frozen=True, slots=True)
class Subject:
    """A dataset that has, or will have, a twin: as it is asked now."""

    dataset: Dataset
    version: DatasetVersion
    policy: Policy
    rules: DpRules

    @property
    def catalogue(self) -> Catalogue:
        return self.version.catalogue


@dataclass(frozen=True, slots=True)
class Made:
    """A twin that was sealed in the store."""

    catalogue: Catalogue
    policy: Policy
    version: str
    report: dict[str, Any]
    sources: tuple[Release, ...]


def subject(session: Session, *, owner: Person, name: str, now: datetime.datetime) -> Subject:
    """Under the rules of its noisy track, its own or that of a two-person exception.

    Raises NotFound for another owner's, NoTwin for data of nobody or where no noisy track is open.
    """
    dataset = datasets.by_name(session, name)
    if dataset is None:
        raise NotFound(name)
    check_own(person=owner, dataset=dataset)
    version = datasets.current_version(session, dataset)
    noisy = second_tracks.policy_of_track(
        session, dataset, track=Track.DP, project_id=None, today=now.date()
    )
    if version is None or dataset.made_up:
        raise NoTwin
    if noisy is None or noisy.policy.dp is None:
        raise NoTwin(NOT_NOISY)
    return Subject(dataset, version, noisy.policy, noisy.policy.dp)


def ask(
    session: Session,
    *,
    owner: Person,
    found: Subject,
    costs: Sequence[tuple[Query, int]],
    rho_total: int,
    now: datetime.datetime,
) -> list[Submission]:
    """Every question that is on its way, those that are new among them, each at its part.

    What was released, and not recalled, is not asked again. The first total is the quota of all
    that is ever asked for this twin. Raises as ``submitted.submit``.
    """
    check_own(person=owner, dataset=found.dataset)
    project, stand_in = _project(session, owner=owner, found=found, rho_total=rho_total, now=now)
    standing = _standing(session, project, found)
    there = [one.query_json for one in standing]
    new = [
        submitted.submit(
            session,
            person=stand_in,
            project_id=project.id,
            query=query,
            purpose=PURPOSE,
            rho_nano=rho_nano,
            track=Track.DP,
            now=now,
        )
        for query, rho_nano in costs
        if json_form.to_json(query) not in there
    ]
    return [one for one in standing if State(one.state) is not State.RELEASED] + new


def _project(
    session: Session, *, owner: Person, found: Subject, rho_total: int, now: datetime.datetime
) -> tuple[Project, Person]:
    """The owner belongs to it, so that nobody checks what they had asked."""
    dataset = found.dataset
    asking = Asking(f"twin-{dataset.id}", f"Synthetic twin of {dataset.title}", PURPOSE)
    with writing(session):
        email = f"twin-{dataset.id}@twin.invalid"
        stand_in = nobody(session, email, f"Twin of {dataset.title}", now)
        members = (stand_in, owner)
        project = project_of(session, asking, dataset=dataset, members=members, now=now)
        own = {"project_id": project.id}
        for holder in (own, {**own, "person_id": stand_in.id}):
            budgeted.open_account(session, dataset, rho_total=rho_total, now=now, **holder)
    return project, stand_in


def _standing(session: Session, project: Project, found: Subject) -> list[Submission]:
    """Of the data of today: on their way, or released and not recalled."""
    recalled = (
        exists()
        .where(Output.submission_id == Submission.id)
        .where(Release.output_id == Output.id, Recall.release_id == Release.id)
    )
    over = [state.value for state in TERMINAL - {State.RELEASED}]
    asked = select(Submission).where(
        Submission.project_id == project.id,
        Submission.version_id == found.version.id,
        Submission.state.not_in(over),
        ~recalled,
    )
    return list(session.scalars(asked.order_by(Submission.created_at, Submission.id)))


def measured(
    session: Session, *, found: Subject, queries: Sequence[Query]
) -> tuple[tuple[Release, Protected], ...]:
    """The released table of each question, in their order. Raises NoTwin while one is missing."""
    project = session.scalar(select(Project).where(Project.slug == f"twin-{found.dataset.id}"))
    if project is None:
        raise NoTwin(NOT_ASKED)
    standing = [one.id for one in _standing(session, project, found)]
    left = select(Release).join(Output, Output.id == Release.output_id)
    left = left.where(Output.submission_id.in_(standing), served())
    released = {
        canonical_text(one.output.submission.query_json): one
        for one in session.scalars(left.order_by(Release.released_at, Release.id))
    }
    wanted = [canonical_text(json_form.to_json(query)) for query in queries]
    missing = sum(text not in released for text in wanted)
    if missing:
        raise NoTwin(
            f"{len(wanted) - missing} of {len(wanted)} tables were released: "
            "a twin is made from all of them."
        )
    return tuple((released[text], _table(released[text])) for text in wanted)


def _table(release: Release) -> Protected:
    """The released bytes."""
    return present.from_json(release.output.artefact(Format.JSON).content.decode())


def publish(
    session: Session, *, owner: Person, found: Subject, made: Made, now: datetime.datetime
) -> Dataset:
    """The twin, open to every project that may ask its dataset. Raises as ``published.publish``."""
    _check_free(session, found, made)
    dataset = published.publish(
        session,
        owner=owner,
        catalogue=made.catalogue,
        policy=made.policy,
        version=made.version,
        report=made.report,
        made_up=True,
        now=now,
    )
    with writing(session):
        if session.get(Twin, dataset.id) is None:
            project_id = made.sources[0].project_id
            session.add(Twin(dataset_id=dataset.id, of_id=found.dataset.id, project_id=project_id))
            session.flush()
            budgeted.open_account(session, dataset, rho_total=POOL, delta_total=POOL, now=now)
        _open(session, found.dataset, dataset, made.sources[0].project_id, now)
        audit.write(
            session,
            "twin_made",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            project_id=made.sources[0].project_id,
            version=made.version,
            releases=[one.id for one in made.sources],
        )
    return dataset


def _check_free(session: Session, found: Subject, made: Made) -> None:
    """What an earlier try left under this name is taken over; another's twin is not."""
    taken = datasets.by_name(session, made.catalogue.dataset)
    of = None if taken is None else twins.whose(session, taken.id)
    if of is not None and of != found.dataset:
        raise NoTwin(ANOTHER)


def _open(
    session: Session, dataset: Dataset, twin: Dataset, but: str, now: datetime.datetime
) -> None:
    """To every project that may ask the dataset, with accounts for whoever has one there."""
    granted = select(ProjectDataset.project_id).where(ProjectDataset.dataset_id == twin.id)
    waiting = select(ProjectDataset.project_id).where(
        ProjectDataset.dataset_id == dataset.id,
        ProjectDataset.project_id != but,
        ProjectDataset.project_id.not_in(granted),
    )
    for project_id in list(session.scalars(waiting.order_by(ProjectDataset.project_id))):
        session.add(ProjectDataset(project_id=project_id, dataset_id=twin.id))
        members = select(Membership.person_id).where(Membership.project_id == project_id)
        for person_id in (None, *session.scalars(members.order_by(Membership.person_id))):
            holder = {"project_id": project_id, "person_id": person_id}
            budgeted.open_ample(session, twin, now=now, **holder)


def twin_for(
    session: Session, *, person: Person, project_id: str, dataset: Dataset
) -> Dataset | None:
    """Where this person's project tries questions to a dataset; None where it cannot today."""
    check_in_project(session, person=person, project_id=project_id)
    twin = twins.of(session, dataset.id)
    if twin is None or twin.stopped_at is not None:
        return None
    return twin if may_ask(session, project_id=project_id, dataset_id=twin.id) else None


def stop_of(
    session: Session, releases: Collection[Release], *, by: Person, now: datetime.datetime
) -> None:
    """In the caller's transaction: a twin of what was recalled is asked no more."""
    for project_id in sorted({one.project_id for one in releases}):
        twin = twins.measured_by(session, project_id)
        if twin is not None and twin.stopped_at is None:
            twin.stopped_at, twin.stop_reason = now, RECALLED
            audit.write(
                session,
                "stopped",
                now=now,
                actor_id=by.id,
                dataset_id=twin.id,
                reason=RECALLED,
            )
