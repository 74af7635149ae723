"""Which rules hold for a project? Its dataset's policy, and what is stricter above and below it.

The service may lay rules for all data, and an owner rules for one project on one dataset. Each is
at least as strict as what it inherits (``disclosure_control.tightened``). What follows for a
project is a policy like any other, on record before the first question under it, with what it came
from.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from disclosure_control import policy as policies
from disclosure_control.policy import Policy
from disclosure_control.tightened import tightened
from tre import datasets
from tre.database import Base, new_id
from tre.datasets import Dataset, PolicyVersion
from tre.people import Person
from tre.projects import Project

SERVICE = "service"
CURRENT = text("superseded_at IS NULL")


class Tightening(Base):
    """Rules of one scope. Replaced by stricter ones only, never removed."""

    __tablename__ = "tightening"
    __table_args__ = (
        Index(
            "ix_tightening_current",
            "scope",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    scope: Mapped[str]  # "service", or the ids of project and dataset
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset.id"))
    rules: Mapped[dict[str, Any]]
    reason: Mapped[str]
    set_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))  # None: the operator
    set_at: Mapped[datetime.datetime]
    superseded_at: Mapped[datetime.datetime | None]

    project: Mapped[Project | None] = relationship()
    set_by: Mapped[Person | None] = relationship()


class TightenedPolicy(Base):
    """That a policy is this base under this tightening, among others perhaps."""

    __tablename__ = "tightened_policy"

    policy_id: Mapped[str] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    base_id: Mapped[str] = mapped_column(ForeignKey("policy_version.id"), primary_key=True)
    tightening_id: Mapped[str] = mapped_column(ForeignKey("tightening.id"), primary_key=True)


def scope_of(project_id: str | None, dataset_id: str | None) -> str:
    return SERVICE if project_id is None else f"{project_id}/{dataset_id}"


def current(
    session: Session, *, project_id: str | None = None, dataset_id: str | None = None
) -> Tightening | None:
    """Of one scope; without names, the service's."""
    return session.scalar(
        select(Tightening).where(
            Tightening.scope == scope_of(project_id, dataset_id),
            Tightening.superseded_at.is_(None),
        )
    )


def in_scope(session: Session, *, dataset_id: str, project_id: str | None) -> list[Tightening]:
    """What holds for this project on this dataset, from the top."""
    scopes = [SERVICE] + ([] if project_id is None else [scope_of(project_id, dataset_id)])
    found = session.scalars(
        select(Tightening).where(Tightening.scope.in_(scopes), Tightening.superseded_at.is_(None))
    )
    return sorted(found, key=lambda one: one.project_id is not None)


def of_dataset(session: Session, dataset_id: str) -> list[Tightening]:
    """What holds for single projects on it."""
    found = select(Tightening).where(
        Tightening.dataset_id == dataset_id, Tightening.superseded_at.is_(None)
    )
    return list(session.scalars(found))


def under(policy: Policy, tightenings: list[Tightening]) -> Policy:
    """The policy under all of these. It may be invalid: then nothing can be asked."""
    for one in tightenings:
        policy = _tightened(policy, json.dumps(one.rules, sort_keys=True))
    return policy


@functools.lru_cache(maxsize=256)
def _tightened(policy: Policy, rules: str) -> Policy:
    return tightened(policy, json.loads(rules))


def effective(
    session: Session, base: PolicyVersion, *, dataset: Dataset, project_id: str | None
) -> PolicyVersion | None:
    """The policy in force for a project, on record already or yet to be; None: an invalid one."""
    above = in_scope(session, dataset_id=dataset.id, project_id=project_id)
    if not above:
        return base
    policy = under(base.policy, above)
    if policies.validate_policy(policy):
        return None
    found = datasets.kept_policy(session, dataset=dataset, policy=policy)
    return found or datasets.policy_row(dataset, policy, now=base.created_at)


def keep(
    session: Session,
    *,
    policy: PolicyVersion,
    bases: tuple[PolicyVersion, ...],
    dataset: Dataset,
    project_id: str,
    now: datetime.datetime,
) -> PolicyVersion:
    """Puts an effective policy on record, with what it came from. The same again is no change."""
    above = in_scope(session, dataset_id=dataset.id, project_id=project_id)
    if not above:
        return policy
    row = datasets.keep_policy(session, dataset=dataset, policy=policy.policy, now=now)
    for base in bases:
        if policies.policy_hash(under(base.policy, above)) == row.policy_hash:
            _link(session, row, base, above)
    session.flush()
    return row


def _link(
    session: Session, row: PolicyVersion, base: PolicyVersion, above: list[Tightening]
) -> None:
    for one in above:
        key = {"policy_id": row.id, "base_id": base.id, "tightening_id": one.id}
        if session.get(TightenedPolicy, key) is None:
            session.add(TightenedPolicy(**key))


def unfit(session: Session, dataset: Dataset, policy: Policy) -> Iterator[str]:
    """Why this policy of a dataset would be invalid under what holds for its projects."""
    service = current(session)
    top = [service] if service else []
    for fault in policies.validate_policy(under(policy, top)):
        yield f"under the rules of the service: {fault}"
    for one in of_dataset(session, dataset.id):
        for fault in policies.validate_policy(under(policy, [*top, one])):
            name = one.project.slug if one.project else SERVICE
            yield f"under the stricter rules of project {name}: {fault}"


def lay(
    session: Session,
    *,
    rules: dict[str, Any],
    reason: str,
    now: datetime.datetime,
    project_id: str | None = None,
    dataset_id: str | None = None,
    set_by: Person | None = None,
) -> Tightening:
    """Rules of a scope in place of those before, which they must contain."""
    before = current(session, project_id=project_id, dataset_id=dataset_id)
    if before is not None:
        before.superseded_at = now
        session.flush()
    made = Tightening(
        id=new_id(),
        scope=scope_of(project_id, dataset_id),
        project_id=project_id,
        dataset_id=dataset_id,
        rules=rules,
        reason=reason,
        set_by_id=set_by.id if set_by else None,
        set_at=now,
        superseded_at=None,
    )
    session.add(made)
    session.flush()
    return made
