"""What has a researcher begun to ask, without sending it? No input is ever lost."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.people import Person
from tre.projects import Project


class Draft(Base):
    """``form`` is whatever the page needs to fill itself again, valid as a query or not."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_person_project", "person_id", "project_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    title: Mapped[str]
    form: Mapped[dict[str, Any]]
    source_text: Mapped[str | None]
    created_at: Mapped[datetime.datetime]
    updated_at: Mapped[datetime.datetime]

    person: Mapped[Person] = relationship()
    project: Mapped[Project] = relationship()


def of_person(session: Session, *, person_id: str, project_id: str) -> list[Draft]:
    found = select(Draft).where(Draft.person_id == person_id, Draft.project_id == project_id)
    return list(session.scalars(found.order_by(Draft.updated_at.desc())))
