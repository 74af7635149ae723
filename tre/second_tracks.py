"""Which datasets open both tracks, by whose two decisions, and until when?

A dataset's policy opens one track. The other is an exception: its owner asks for it, with the rules
of the second track and a last day; somebody else who owns data decides. Noisy answers narrow what
hidden exact cells can be, and exact tables void an epsilon over all that leaves, so from the day of
the first such decision every record of the dataset says that both tracks were open.
"""

from __future__ import annotations

import datetime

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre import datasets, tightenings
from tre.database import Base, new_id
from tre.datasets import Dataset, PolicyVersion
from tre.people import Person

UNDECIDED = text("decided_at IS NULL")


class SecondTrack(Base):
    """One exception. What was asked for never changes; it is decided once, and may be ended."""

    __tablename__ = "second_track"
    __table_args__ = (
        Index(
            "ix_second_track_undecided",
            "dataset_id",
            unique=True,
            sqlite_where=UNDECIDED,
            postgresql_where=UNDECIDED,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    policy_id: Mapped[str] = mapped_column(ForeignKey("policy_version.id"))
    reason: Mapped[str]
    ends_on: Mapped[datetime.date]  # the last day on which questions may take it
    raised_by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    raised_at: Mapped[datetime.datetime]
    decided_by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime.datetime | None]
    granted: Mapped[bool | None]
    answer: Mapped[str | None]  # why it was granted or declined
    ended_at: Mapped[datetime.datetime | None]

    dataset: Mapped[Dataset] = relationship()
    policy_version: Mapped[PolicyVersion] = relationship()
    raised_by: Mapped[Person] = relationship(foreign_keys=raised_by_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)

    def in_force(self, today: datetime.date) -> bool:
        return self.granted is True and self.ended_at is None and today <= self.ends_on


def of_dataset(session: Session, dataset_id: str) -> list[SecondTrack]:
    """Newest first."""
    found = select(SecondTrack).where(SecondTrack.dataset_id == dataset_id)
    return list(session.scalars(found.order_by(SecondTrack.raised_at.desc(), SecondTrack.id)))


def in_force(session: Session, dataset: Dataset, *, today: datetime.date) -> SecondTrack | None:
    """The exception that opens the dataset's second track today."""
    open_today = (one for one in of_dataset(session, dataset.id) if one.in_force(today))
    return next(open_today, None)


def undecided(session: Session) -> list[SecondTrack]:
    """Oldest first."""
    found = select(SecondTrack).where(SecondTrack.decided_at.is_(None))
    return list(session.scalars(found.order_by(SecondTrack.raised_at, SecondTrack.id)))


def policy_of_track(
    session: Session,
    dataset: Dataset,
    *,
    track: str | None,
    project_id: str | None,
    today: datetime.date,
) -> PolicyVersion | None:
    """The rules under which a question may take this track today; of None, the dataset's own."""
    found = policies_in_force(session, dataset, project_id=project_id, today=today)
    return of_track(found, track)


def of_track(found: tuple[PolicyVersion, ...], track: str | None) -> PolicyVersion | None:
    """The first of these policies on this track; of None, the dataset's own."""
    return next((one for one in found if track in (None, one.policy.track.value)), None)


def policies_in_force(
    session: Session, dataset: Dataset, *, project_id: str | None, today: datetime.date
) -> tuple[PolicyVersion, ...]:
    """For a project: the dataset's own policy, and that of its second track while that is open.

    Each under what is stricter for all data and for the project; of None, for all data only.
    """
    found = [
        tightenings.effective(session, one, dataset=dataset, project_id=project_id)
        for one in own_policies(session, dataset, today=today)
    ]
    return tuple(one for one in found if one is not None) if found and found[0] else ()


def own_policies(
    session: Session, dataset: Dataset, *, today: datetime.date
) -> tuple[PolicyVersion, ...]:
    """As the dataset's owner laid them."""
    own = datasets.current_policy(session, dataset)
    second = in_force(session, dataset, today=today)
    found = (own, second.policy_version if second is not None and own is not None else None)
    return tuple(one for one in found if one is not None)
