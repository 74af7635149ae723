"""What may this person see? Every read of a page or of the API that is not public."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from queries import words
from queries.language import Measure, Statistic
from tre import (
    audit,
    budgets,
    datasets,
    exact_cells,
    gates,
    projects,
    publications,
    recalls,
    register,
    releases,
    reviews,
    second_tracks,
    submissions,
    worked_out,
)
from tre.budgets import Cost
from tre.datasets import Dataset, DatasetVersion, PolicyVersion
from tre.errors import NotFound, NotYetInLog, Recalled, TrackClosed
from tre.gates import Gate, Stage
from tre.journey import shelved
from tre.lifecycle import State
from tre.outputs import FOR_CHECKERS, Artefact, Format, Output
from tre.people import Person, Role
from tre.permissions import check_active, check_in_project
from tre.projects import Project
from tre.recalls import Recall
from tre.register import TableState
from tre.releases import Release, ReleaseSeal, Search
from tre.reviews import Review
from tre.second_tracks import SecondTrack
from tre.submissions import Submission

MAY_NOT_LEAVE = (
    "This table cannot leave as exact numbers together with what has already left this dataset."
    " Try broader categories, categories that were used already, or the noisy track."
)
"""All that an author is told of a clash, whatever it was."""


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset as a project sees it: public metadata and rules only."""

    dataset: Dataset
    version: DatasetVersion
    policy_version: PolicyVersion


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One step of a question, as its project sees it."""

    at: datetime.datetime
    event: str


TOLD: dict[str, str] = {
    "submitted": "submitted",
    "reserved": "validated",
    "reused": "validated",  # looks the same: a stored draw may be another project's
    "refused": "refused",
    "failed": "failed",
    "executed": "executed",
    "protected": "protected",
    "cancelled": "cancelled",
    "answered": "answered",
    "approved": "reviewed",
    "released": "released",
}
"""Which audit events a project sees of its questions, and under which name."""


def gates_to_release(
    session: Session, *, submission: Submission, now: datetime.datetime
) -> tuple[Gate, ...]:
    """What keeps a reviewed output inside, for those who may see the question; else nothing."""
    if submission.state != State.REVIEWED.value:
        return ()
    closed = gates.closed_for(
        session, submission, dataset=submission.dataset, stage=Stage.RELEASE, now=now
    )
    lost = worked_out.lost_its_source(session, submission.id)
    return (*closed, shelved.LOST_ITS_SOURCE) if lost else closed


def my_projects(session: Session, *, person: Person) -> list[Project]:
    check_active(person)
    return projects.of_person(session, person)


def project(session: Session, *, person: Person, project_id: str) -> Project:
    check_in_project(session, person=person, project_id=project_id)
    return session.get_one(Project, project_id)


def dataset(
    session: Session,
    *,
    person: Person,
    name: str,
    now: datetime.datetime,
    project_id: str | None = None,
) -> DatasetView:
    """For members of a project on it, its owner, checkers; with the rules for that project."""
    return dataset_on(session, person=person, name=name, track=None, now=now, project_id=project_id)


def dataset_on(
    session: Session,
    *,
    person: Person,
    name: str,
    track: str | None,
    now: datetime.datetime,
    project_id: str | None = None,
) -> DatasetView:
    """The dataset under the rules of this track. Raises NotFound, TrackClosed."""
    check_active(person)
    if project_id is not None:
        check_in_project(session, person=person, project_id=project_id)
    found = datasets.by_name(session, name)
    if found is None or not _may_see_dataset(session, person, found):
        raise NotFound(name)
    version = datasets.current_version(session, found)
    policy_version = second_tracks.policy_of_track(
        session, found, track=track, project_id=project_id, today=now.date()
    )
    if version is None or (policy_version is None and track is None):
        raise NotFound(name)
    if policy_version is None:
        raise TrackClosed(name)
    return DatasetView(found, version, policy_version)


def second_track(
    session: Session, *, person: Person, name: str, now: datetime.datetime
) -> SecondTrack | None:
    """The exception by which the dataset opens its other track today."""
    view = dataset(session, person=person, name=name, now=now)
    return second_tracks.in_force(session, view.dataset, today=now.date())


def _may_see_dataset(session: Session, person: Person, found: Dataset) -> bool:
    return (
        person.has(Role.CHECKER)
        or found.owner_id == person.id
        or any(found in mine.datasets for mine in projects.of_person(session, person))
    )


def own_submission(session: Session, *, person: Person, submission_id: str) -> Submission:
    """A question of one of this person's projects; for anybody else it does not exist."""
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound(submission_id)
    check_in_project(session, person=person, project_id=found.project_id)
    return found


def submission(session: Session, *, person: Person, submission_id: str) -> Submission:
    return own_submission(session, person=person, submission_id=submission_id)


def project_submissions(
    session: Session,
    *,
    person: Person,
    project_id: str,
    limit: int = 50,
    after: tuple[datetime.datetime, str] | None = None,
) -> list[Submission]:
    check_in_project(session, person=person, project_id=project_id)
    return submissions.of_project(session, project_id, limit=limit, after=after)


def project_gates(
    session: Session,
    *,
    person: Person,
    project_id: str,
    dataset_name: str,
    now: datetime.datetime,
) -> tuple[Gate, ...]:
    """Every gate, seen before a question is written, at the policy's usual cost."""
    mine = project(session, person=person, project_id=project_id)
    view = dataset(session, person=person, name=dataset_name, now=now, project_id=project_id)
    policy = view.policy_version.policy
    situation = gates.gather(
        session,
        person=person,
        project=mine,
        dataset=view.dataset,
        now=now,
        cost=Cost(0 if policy.dp is None else policy.dp.rho_nano_default),
        checkers_needed=policy.fewest_checkers,
        rules=policy,
        cells_needed=0 if policy.sdc is None else 1,
    )
    return gates.evaluate(situation, stage=Stage.LOOK)


def free_parts(
    session: Session, *, person: Person, project_id: str, dataset_name: str, now: datetime.datetime
) -> tuple[str, ...]:
    """The categories of tables that have left, in words: exact questions of them are free.

    Nothing of who asked, or of which numbers.
    """
    view = dataset(session, person=person, name=dataset_name, now=now, project_id=project_id)
    found = exact_cells.left(session, dataset_id=view.dataset.id, version_id=view.version.id)
    catalogue = view.version.catalogue
    counted = (Measure(Statistic.COUNT),)
    return tuple(
        dict.fromkeys(
            words.describe(replace(one.query, measures=counted, margins=False), catalogue)
            for one in found
        )
    )


def my_releases(
    session: Session,
    *,
    person: Person,
    limit: int = 50,
    after: tuple[datetime.datetime, str] | None = None,
    search: Search | None = None,
) -> list[Release]:
    """Of this person's projects, newest first."""
    check_active(person)
    visible = releases.of_projects_of(person)
    return releases.newest(session, visible, limit=limit, after=after, search=search)


def readable_releases(
    session: Session,
    *,
    person: Person | None,
    limit: int = 50,
    after: tuple[datetime.datetime, str] | None = None,
    search: Search | None = None,
) -> list[Release]:
    """The public ones, and those of this person's projects; newest first."""
    return releases.newest(session, readable(person), limit=limit, after=after, search=search)


def readable(person: Person | None) -> ColumnElement[bool]:
    """Which releases this reader may fetch; ``None``: anybody, of whom nothing is known."""
    if person is None:
        return publications.is_public()
    return publications.is_public() | releases.of_projects_of(person)


def release(session: Session, *, person: Person | None, release_id: str) -> Release:
    """Raises NotFound, NotYetInLog where no checkpoint covers it yet, Recalled."""
    mine = select(Release).where(Release.id == release_id, readable(person))
    found = session.scalar(mine)
    if found is None:
        raise NotFound(release_id)
    if person is not None:
        check_active(person)
    if not releases.is_served(session, found):
        raise NotYetInLog(release_id)
    recall = recalls.of_release(session, found.id)
    if recall is not None:
        raise Recalled(
            found.id, reason=recall.reason, successor_id=recall.successor_id, at=recall.at
        )
    return found


def latest(session: Session, *, person: Person | None, series: str) -> Release:
    """The newest release of a series that stands and that this reader may fetch.

    Raises NotFound, also of a series whose every release was recalled.
    """
    visible = readable(person) & ~exists().where(Recall.release_id == Release.id)
    found = releases.newest(session, visible, limit=1, search=Search(series=series))
    if not found:
        raise NotFound(series)
    return found[0]


def is_sealed(session: Session, found: Release) -> bool:
    """Does it have a signed statement and a place in a signed log, to be taken along?"""
    return session.get(ReleaseSeal, found.id) is not None


def release_of(session: Session, *, person: Person, submission_id: str) -> Release | None:
    """The release of this question: it has left, the log holds it, nobody took it back."""
    found = own_submission(session, person=person, submission_id=submission_id)
    if found.state != State.RELEASED.value or found.output is None:
        return None
    mine = select(Release).where(Release.output_id == found.output.id, releases.served())
    release = session.scalar(mine)
    recalled = release is not None and recalls.of_release(session, release.id) is not None
    return None if recalled else release


def delta_charged(session: Session, *, person: Person, submission_id: str) -> int:
    """What telling keys of this question cost beside its rho, in 1e-15; 0 where nothing was."""
    found = own_submission(session, person=person, submission_id=submission_id)
    charges = budgets.charges_of(session, found.id)
    return max((one.delta_femto for one in charges), default=0)


def recall_of(session: Session, *, person: Person, submission_id: str) -> Recall | None:
    """How the release of this question was taken back."""
    found = own_submission(session, person=person, submission_id=submission_id)
    if found.output is None:
        return None
    taken_back = select(Recall).join(Recall.release).where(Release.output_id == found.output.id)
    return session.scalar(taken_back)


def recalled_among(session: Session, found: list[Release]) -> dict[str, Recall]:
    """By release: those of a list that were taken back."""
    ids = [one.id for one in found]
    taken_back = session.scalars(select(Recall).where(Recall.release_id.in_(ids)))
    return {one.release_id: one for one in taken_back}


def released_artefact(
    session: Session,
    *,
    person: Person | None,
    release_id: str,
    format: Format,  # noqa: A002
) -> Artefact:
    """One format of a release. What only checkers read is not part of it."""
    output = release(session, person=person, release_id=release_id).output
    found = None if format in FOR_CHECKERS else output.artefact(format)
    if found is None:
        raise NotFound(format)
    return found


def history(session: Session, *, person: Person, submission_id: str) -> tuple[HistoryLine, ...]:
    """The steps of one's project's question, for its progress page.

    Without details: why a computation failed, or that a draw was another's, is not told.
    """
    own_submission(session, person=person, submission_id=submission_id)
    return tuple(
        HistoryLine(entry.at, TOLD[entry.event])
        for entry in audit.of_submission(session, submission_id)
        if entry.event in TOLD
    )


def reviews_for_author(session: Session, *, person: Person, submission_id: str) -> list[Review]:
    """What checkers together decided against it, once it was returned, rejected or released."""
    found = own_submission(session, person=person, submission_id=submission_id)
    told = {State.RETURNED, State.REJECTED, State.RELEASED}
    if State(found.state) not in told or found.output is None or _clashed(session, found):
        return []
    return reviews.told_to_author(session, found.output)


def may_not_leave(session: Session, *, person: Person, submission_id: str) -> str | None:
    """Of an exact table that clashed, once checkers rejected it: always the same, and no more."""
    found = own_submission(session, person=person, submission_id=submission_id)
    rejected = State(found.state) is State.REJECTED
    return MAY_NOT_LEAVE if rejected and _clashed(session, found) else None


def _clashed(session: Session, submission: Submission) -> bool:
    table = register.of_submission(session, submission.id)
    return table is not None and table.state == TableState.REFUSED.value


def source_of(session: Session, *, person: Person, submission_id: str) -> Release | None:
    """The release of one's own project that a question was worked out from."""
    own_submission(session, person=person, submission_id=submission_id)
    return worked_out.source_of(session, submission_id)


def output_of(session: Session, *, person: Person, submission_id: str) -> Output | None:
    """The output of a question of one's own project, only once it was released."""
    found = release_of(session, person=person, submission_id=submission_id)
    return None if found is None else found.output
