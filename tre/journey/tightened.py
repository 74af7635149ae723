"""How do rules become stricter, for a project or for all data? There is no way back."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from disclosure_control import policy as policies
from disclosure_control import strength
from disclosure_control import tightened as rules_of
from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Policy
from disclosure_control.strength import Promise
from tre import audit, datasets, projects, tightenings
from tre.database import writing
from tre.datasets import Dataset, PolicyVersion
from tre.errors import Incomplete, NotFound
from tre.people import Person
from tre.permissions import owned
from tre.projects import Project, ProjectDataset
from tre.tightenings import Tightening

LONGEST_REASON = 2000
LONGEST_RULES = 20_000


@dataclass(frozen=True, slots=True)
class Level:
    """One level of inheritance, and what it adds."""

    title: str
    rules: dict[str, Any]
    tightening: Tightening | None


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a project inherits on a dataset, and the policy that follows."""

    dataset: Dataset
    project: Project
    levels: tuple[Level, ...]
    policy: Policy
    promises: tuple[Promise, ...]


def projects_on(session: Session, *, owner: Person, dataset_id: str) -> list[Project]:
    """Projects that may ask this dataset, by title. Raises NotFound for anybody but its owner."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    found = session.query(Project).join(ProjectDataset).filter_by(dataset_id=dataset.id)
    return list(found.order_by(Project.title))


def inheritance(
    session: Session, *, owner: Person, dataset_id: str, project_id: str
) -> Inheritance:
    """Raises NotFound."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    project = _project(session, dataset, project_id)
    own = _own_policy(session, dataset)
    above = tightenings.in_scope(session, dataset_id=dataset.id, project_id=project.id)
    policy = tightenings.under(own.policy, above)
    return Inheritance(
        dataset,
        project,
        levels=tuple(
            Level("This project" if one.project_id else "The service", one.rules, one)
            for one in above
        ),
        policy=policy,
        promises=strength.promises(policy),
    )


def tighten(
    session: Session,
    *,
    owner: Person,
    dataset_id: str,
    project_id: str,
    text: str,
    reason: str,
    now: datetime.datetime,
) -> Tightening:
    """For one project on one's own dataset. Raises NotFound, Incomplete with what to correct."""
    _check_reason(reason)
    rules = _read(text)
    with writing(session):
        dataset = _locked(session, owner, dataset_id)
        project = _project(session, dataset, project_id)
        own = _own_policy(session, dataset)
        above = tightenings.in_scope(session, dataset_id=dataset.id, project_id=project.id)
        _check_stricter(tightenings.under(own.policy, above), rules)
        before = tightenings.current(session, project_id=project.id, dataset_id=dataset.id)
        made = tightenings.lay(
            session,
            rules=dict(rules_of.both(before.rules if before else {}, rules)),
            reason=reason.strip(),
            now=now,
            project_id=project.id,
            dataset_id=dataset.id,
            set_by=owner,
        )
        audit.write(
            session,
            "rules_tightened",
            now=now,
            actor_id=owner.id,
            project_id=project.id,
            dataset_id=dataset.id,
            rules=policies.for_everybody(made.rules),
        )
    return made


def tighten_service(
    session: Session, *, text: str, reason: str, now: datetime.datetime
) -> Tightening:
    """For all data of the service, by its operator. Raises Incomplete with what to correct.

    A dataset whose policy would become invalid is named, and nothing is laid.
    """
    _check_reason(reason)
    rules = _read(text)
    with writing(session):
        before = tightenings.current(session)
        joined = dict(rules_of.both(before.rules if before else {}, rules))
        if before is not None:
            _check_own(before.rules, joined)
        made = tightenings.lay(session, rules=joined, reason=reason.strip(), now=now)
        faults = [
            f"{dataset.name}: {fault}"
            for dataset in session.query(Dataset).order_by(Dataset.name)
            for own in [datasets.current_policy(session, dataset)]
            if own is not None
            for fault in tightenings.unfit(session, dataset, own.policy)
        ]
        if faults:
            raise Incomplete("rules", f"{'; '.join(faults)}.")
        audit.write(session, "rules_tightened", now=now, rules=policies.for_everybody(made.rules))
    return made


def _read(text: str) -> rules_of.Rules:
    if not text.strip() or len(text) > LONGEST_RULES:
        raise Incomplete("rules", "Give the rules that are to be stricter.")
    try:
        return rules_of.from_yaml(text)
    except PolicyInvalid as invalid:
        raise Incomplete("rules", f"Correct the rules: {'; '.join(invalid.faults)}.") from invalid


def _check_stricter(inherited: Policy, rules: rules_of.Rules) -> None:
    if weaker := list(rules_of.looser(inherited, rules)):
        raise Incomplete("rules", f"Rules can only be stricter: {'; '.join(weaker)}.")
    policy = rules_of.tightened(inherited, rules)
    if policy == inherited:
        raise Incomplete("rules", "These rules hold already.")
    if faults := policies.validate_policy(policy):
        raise Incomplete("rules", f"Correct the rules: {'; '.join(faults)}.")


def _check_own(before: rules_of.Rules, joined: rules_of.Rules) -> None:
    """The service's rules have no policy to be compared with: field by field."""
    if weaker := list(rules_of.weaker(before, joined)):
        raise Incomplete("rules", f"Rules can only be stricter: {'; '.join(weaker)}.")


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")


def _locked(session: Session, owner: Person, dataset_id: str) -> Dataset:
    """Its row is held, so that no question begins between the look and the change."""
    owned(session, owner=owner, dataset_id=dataset_id)
    return session.get_one(
        Dataset, dataset_id, with_for_update={"key_share": True}, populate_existing=True
    )


def _project(session: Session, dataset: Dataset, project_id: str) -> Project:
    project = session.get(Project, project_id)
    if project is None or not projects.may_ask(
        session, project_id=project.id, dataset_id=dataset.id
    ):
        raise NotFound(project_id)
    return project


def _own_policy(session: Session, dataset: Dataset) -> PolicyVersion:
    own = datasets.current_policy(session, dataset)
    if own is None:
        raise NotFound(dataset.id)
    return own
