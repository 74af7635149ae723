"""How does an ingested version become the one that is asked? By its owner, on record."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy.orm import Session

from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from tre import audit, datasets, tightenings
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import NotPermitted
from tre.people import Person, Role
from tre.permissions import check_active, check_own


def publish(
    session: Session,
    *,
    owner: Person,
    catalogue: Catalogue,
    policy: Policy,
    version: str,
    report: dict[str, Any],
    now: datetime.datetime,
    made_up: bool = False,
) -> Dataset:
    """The dataset with this version and policy in force; the same again changes nothing.

    Raises NotPermitted, NotFound for a dataset of somebody else, PolicyInvalid.
    """
    with writing(session):
        dataset = _dataset(session, owner, catalogue, now, made_up=made_up)
        before = _in_force(session, dataset)
        datasets.publish_version(
            session, dataset=dataset, version=version, catalogue=catalogue, report=report, now=now
        )
        if faults := tuple(tightenings.unfit(session, dataset, policy)):
            raise PolicyInvalid(faults)
        datasets.publish_policy(session, dataset=dataset, policy=policy, now=now)
        _write(session, owner, dataset, before, now)
    return dataset


def _dataset(
    session: Session,
    owner: Person,
    catalogue: Catalogue,
    now: datetime.datetime,
    *,
    made_up: bool,
) -> Dataset:
    check_active(owner)
    if not owner.has(Role.OWNER):
        raise NotPermitted("Only the owner of a dataset can publish it.")
    dataset = datasets.register(
        session,
        name=catalogue.dataset,
        title=catalogue.title,
        owner=owner,
        now=now,
        made_up=made_up,
    )
    check_own(person=owner, dataset=dataset)
    if dataset.made_up != made_up:
        raise NotPermitted("A dataset of this name holds other people: choose another name.")
    return dataset


def _in_force(session: Session, dataset: Dataset) -> dict[str, dict[str, str]]:
    """The detail of both audit events, as it would be written now."""
    version = datasets.current_version(session, dataset)
    policy = datasets.current_policy(session, dataset)
    found: dict[str, dict[str, str]] = {}
    if version is not None:
        found["version_published"] = {
            "version": version.version,
            "catalogue_hash": version.catalogue_hash,
        }
    if policy is not None:
        found["policy_published"] = {"policy_hash": policy.policy_hash}
    return found


def _write(
    session: Session,
    owner: Person,
    dataset: Dataset,
    before: dict[str, dict[str, str]],
    now: datetime.datetime,
) -> None:
    for event, detail in _in_force(session, dataset).items():
        if before.get(event) != detail:
            audit.write(session, event, now=now, actor_id=owner.id, dataset_id=dataset.id, **detail)
