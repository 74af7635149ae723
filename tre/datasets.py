"""Which datasets exist, in which version, under which policy, and may they be asked now?"""

from __future__ import annotations

import datetime
import functools
import json
from dataclasses import replace
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from disclosure_control import policy as policies
from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Policy
from queries import read_catalogue
from queries.catalogue import Catalogue
from tre.database import Base, new_id
from tre.people import Person


class Dataset(Base):
    __tablename__ = "dataset"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)  # the catalogue's ``dataset``
    title: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    stopped_at: Mapped[datetime.datetime | None]
    stop_reason: Mapped[str | None]
    both_tracks_since: Mapped[datetime.datetime | None]  # of the first two-person exception
    register_head: Mapped[int] = mapped_column(default=0, server_default="0")  # see tre.register
    made_up: Mapped[bool] = mapped_column(default=False)  # nobody in it exists
    created_at: Mapped[datetime.datetime]

    owner: Mapped[Person] = relationship()


class DatasetVersion(Base):
    """One sealed store file, by its content hash, with the catalogue that describes it."""

    __tablename__ = "dataset_version"
    __table_args__ = (
        UniqueConstraint("dataset_id", "version", "catalogue_hash"),
        Index(
            "ix_dataset_version_current",
            "dataset_id",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    version: Mapped[str]
    catalogue_json: Mapped[dict[str, Any]]
    catalogue_hash: Mapped[str]
    report: Mapped[dict[str, Any]]  # of the ingest; for the dataset's owner only
    created_at: Mapped[datetime.datetime]
    superseded_at: Mapped[datetime.datetime | None]

    dataset: Mapped[Dataset] = relationship()

    @property
    def catalogue(self) -> Catalogue:
        return _catalogue(json.dumps(self.catalogue_json, sort_keys=True))


@functools.lru_cache(maxsize=64)
def _catalogue(entry: str) -> Catalogue:
    """Read and checked once; kept by its text, so that another text is never answered from it."""
    return read_catalogue.from_json(json.loads(entry))


class PolicyVersion(Base):
    __tablename__ = "policy_version"
    __table_args__ = (
        UniqueConstraint("dataset_id", "policy_hash"),
        Index(
            "ix_policy_version_current",
            "dataset_id",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    policy_json: Mapped[dict[str, Any]]
    policy_hash: Mapped[str]
    created_at: Mapped[datetime.datetime]
    superseded_at: Mapped[datetime.datetime | None]

    dataset: Mapped[Dataset] = relationship()

    @property
    def policy(self) -> Policy:
        return policies.from_json(self.policy_json)


def register(
    session: Session,
    *,
    name: str,
    title: str,
    owner: Person,
    now: datetime.datetime,
    made_up: bool = False,
) -> Dataset:
    """The dataset of this name; made if it is new. Whether it is made up never changes."""
    dataset = by_name(session, name)
    if dataset is None:
        dataset = Dataset(
            id=new_id(),
            name=name,
            title=title,
            owner_id=owner.id,
            stopped_at=None,
            stop_reason=None,
            both_tracks_since=None,
            made_up=made_up,
            created_at=now,
        )
        session.add(dataset)
        session.flush()
    return dataset


def publish_version(
    session: Session,
    *,
    dataset: Dataset,
    version: str,
    catalogue: Catalogue,
    report: dict[str, Any],
    now: datetime.datetime,
) -> DatasetVersion:
    """Makes this the version that new queries are asked of. The same version again is no change."""
    catalogue_hash = read_catalogue.catalogue_hash(catalogue)
    current = current_version(session, dataset)
    if current is not None and (current.version, current.catalogue_hash) == (
        version,
        catalogue_hash,
    ):
        return current
    _supersede(session, DatasetVersion, dataset, now)
    earlier = session.scalar(
        select(DatasetVersion).where(
            DatasetVersion.dataset_id == dataset.id,
            DatasetVersion.version == version,
            DatasetVersion.catalogue_hash == catalogue_hash,
        )
    )
    row = earlier or DatasetVersion(
        id=new_id(),
        dataset_id=dataset.id,
        version=version,
        catalogue_json=read_catalogue.to_json(catalogue),
        catalogue_hash=catalogue_hash,
        report=report,
        created_at=now,
    )
    row.superseded_at = None
    session.add(row)
    session.flush()
    return row


def publish_policy(
    session: Session,
    *,
    dataset: Dataset,
    policy: Policy,
    now: datetime.datetime,
) -> PolicyVersion:
    """Makes this the policy of new queries. The same again is no change.

    Whether records say that both tracks were open is the dataset's history, not the policy's word.
    Raises PolicyInvalid, also for the other track than before without a two-person exception.
    """
    policies.require_valid(policy)
    policy = replace(policy, both_tracks=dataset.both_tracks_since is not None)
    _require_same_track(session, dataset, policy)
    policy_hash = policies.policy_hash(policy)
    current = current_policy(session, dataset)
    if current is not None and current.policy_hash == policy_hash:
        return current
    _supersede(session, PolicyVersion, dataset, now)
    row = keep_policy(session, dataset=dataset, policy=policy, now=now)
    row.superseded_at = None
    session.flush()
    return row


def keep_policy(
    session: Session, *, dataset: Dataset, policy: Policy, now: datetime.datetime
) -> PolicyVersion:
    """The policy on record, without making it the dataset's own."""
    earlier = kept_policy(session, dataset=dataset, policy=policy)
    if earlier is not None:
        return earlier
    row = policy_row(dataset, policy, now=now)
    session.add(row)
    session.flush()
    return row


def kept_policy(session: Session, *, dataset: Dataset, policy: Policy) -> PolicyVersion | None:
    """The policy, if it is on record."""
    return session.scalar(
        select(PolicyVersion).where(
            PolicyVersion.dataset_id == dataset.id,
            PolicyVersion.policy_hash == policies.policy_hash(policy),
        )
    )


def policy_row(dataset: Dataset, policy: Policy, *, now: datetime.datetime) -> PolicyVersion:
    """As it would be put on record; not the dataset's own."""
    return PolicyVersion(
        id=new_id(),
        dataset_id=dataset.id,
        policy_json=json.loads(policies.to_json(policy)),
        policy_hash=policies.policy_hash(policy),
        created_at=now,
        superseded_at=now,
    )


def _require_same_track(session: Session, dataset: Dataset, policy: Policy) -> None:
    """To change tracks is to open both, one after the other."""
    own = current_policy(session, dataset)
    if own is not None and own.policy.track != policy.track:
        raise PolicyInvalid(
            ("the policy opens the other track than before: that is a two-person exception",)
        )


def _supersede(
    session: Session,
    kind: type[DatasetVersion | PolicyVersion],
    dataset: Dataset,
    now: datetime.datetime,
) -> None:
    session.execute(
        update(kind)
        .where(kind.dataset_id == dataset.id, kind.superseded_at.is_(None))
        .values(superseded_at=now)
    )


def by_name(session: Session, name: str) -> Dataset | None:
    return session.scalar(select(Dataset).where(Dataset.name == name))


def current_version(session: Session, dataset: Dataset) -> DatasetVersion | None:
    return session.scalar(
        select(DatasetVersion).where(
            DatasetVersion.dataset_id == dataset.id, DatasetVersion.superseded_at.is_(None)
        )
    )


def current_policy(session: Session, dataset: Dataset) -> PolicyVersion | None:
    return session.scalar(
        select(PolicyVersion).where(
            PolicyVersion.dataset_id == dataset.id, PolicyVersion.superseded_at.is_(None)
        )
    )


def owned_by(session: Session, person: Person) -> list[Dataset]:
    return list(
        session.scalars(
            select(Dataset).where(Dataset.owner_id == person.id).order_by(Dataset.title)
        )
    )
