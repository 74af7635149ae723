"""On what does a question of this project rest? The dataset, its version and its policy now."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from tre import datasets, projects, second_tracks, tightenings
from tre.datasets import Dataset, DatasetVersion, PolicyVersion
from tre.errors import NotFound, TrackClosed
from tre.people import Person
from tre.permissions import check_ask
from tre.projects import Project


@dataclass(frozen=True, slots=True)
class Grounds:
    project: Project
    dataset: Dataset
    version: DatasetVersion
    policy_version: PolicyVersion


def grounds(
    session: Session,
    *,
    person: Person,
    project_id: str,
    dataset_name: str,
    track: str | None,
    now: datetime.datetime,
) -> Grounds:
    """On a track that was chosen, or on the dataset's own.

    Raises NotFound for a project or dataset that is not this person's to ask, TrackClosed.
    """
    check_ask(session, person=person, project_id=project_id)
    project = session.get_one(Project, project_id)
    dataset = datasets.by_name(session, dataset_name)
    if dataset is None or not projects.may_ask(
        session, project_id=project.id, dataset_id=dataset.id
    ):
        raise NotFound(dataset_name)
    version = datasets.current_version(session, dataset)
    policies = second_tracks.policies_in_force(
        session, dataset, project_id=project.id, today=now.date()
    )
    if version is None or not policies:
        raise NotFound(dataset_name)
    policy_version = second_tracks.of_track(policies, track)
    if policy_version is None:
        raise TrackClosed(dataset_name)
    return Grounds(project, dataset, version, policy_version)


def on_record(session: Session, found: Grounds, *, now: datetime.datetime) -> Grounds:
    """The same, with its policy on record: before a question is entered under it."""
    kept = tightenings.keep(
        session,
        policy=found.policy_version,
        bases=second_tracks.own_policies(session, found.dataset, today=now.date()),
        dataset=found.dataset,
        project_id=found.project.id,
        now=now,
    )
    return replace(found, policy_version=kept)
