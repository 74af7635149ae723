"""Which projects exist, who belongs to them, and which datasets may they ask?"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre import twins
from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.people import Person


class Position(StrEnum):
    LEAD = "lead"
    RESEARCHER = "researcher"


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="dates"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    purpose: Mapped[str]
    funder: Mapped[str] = mapped_column(default="")  # the organisation that pays for it, if known
    approved_at: Mapped[datetime.datetime | None]
    starts_on: Mapped[datetime.date]
    ends_on: Mapped[datetime.date]
    created_at: Mapped[datetime.datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="project")
    grounds: Mapped[list[ProjectDataset]] = relationship(back_populates="project")

    @property
    def datasets(self) -> list[Dataset]:
        """Those of nobody last."""
        return sorted((ground.dataset for ground in self.grounds), key=lambda one: one.made_up)

    @property
    def real_datasets(self) -> list[Dataset]:
        """Without those of nobody."""
        return [dataset for dataset in self.datasets if not dataset.made_up]


class Membership(Base):
    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("project_id", "person_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    position: Mapped[str]

    project: Mapped[Project] = relationship(back_populates="memberships")
    person: Mapped[Person] = relationship()


class ProjectDataset(Base):
    """A project's ground to ask one dataset."""

    __tablename__ = "project_dataset"
    __table_args__ = (UniqueConstraint("project_id", "dataset_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))

    project: Mapped[Project] = relationship(back_populates="grounds")
    dataset: Mapped[Dataset] = relationship()


def create(
    session: Session,
    *,
    slug: str,
    title: str,
    purpose: str,
    starts_on: datetime.date,
    ends_on: datetime.date,
    members: tuple[tuple[Person, Position], ...],
    datasets: tuple[Dataset, ...],
    now: datetime.datetime,
    approved: bool = True,
    funder: str = "",
) -> Project:
    """Who may ask a dataset may ask its synthetic twin."""
    project = Project(
        id=new_id(),
        slug=slug,
        title=title,
        purpose=purpose,
        funder=funder.strip(),
        approved_at=now if approved else None,
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=now,
    )
    project.memberships = [
        Membership(person_id=person.id, position=position.value) for person, position in members
    ]
    of_datasets = [twins.of(session, dataset.id) for dataset in datasets]
    granted = {one.id: one for one in (*datasets, *of_datasets) if one is not None}
    project.grounds = [ProjectDataset(dataset_id=dataset_id) for dataset_id in granted]
    session.add(project)
    session.flush()
    return project


def of_person(session: Session, person: Person) -> list[Project]:
    """The projects that this person belongs to, by title."""
    mine = select(Membership.project_id).where(Membership.person_id == person.id)
    return list(
        session.scalars(select(Project).where(Project.id.in_(mine)).order_by(Project.title))
    )


def is_member(session: Session, *, person_id: str, project_id: str) -> bool:
    found = select(Membership.id).where(
        Membership.person_id == person_id, Membership.project_id == project_id
    )
    return session.scalar(found) is not None


def may_ask(session: Session, *, project_id: str, dataset_id: str) -> bool:
    found = select(ProjectDataset.id).where(
        ProjectDataset.project_id == project_id, ProjectDataset.dataset_id == dataset_id
    )
    return session.scalar(found) is not None
