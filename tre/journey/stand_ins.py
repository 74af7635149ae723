"""Who asks where no person does? Accounts that nobody can sign in to, each in a project of its own.

What such an account cannot reach, it cannot reach because it is of another project.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, people, projects
from tre.datasets import Dataset
from tre.people import Person, Role
from tre.projects import Position, Project

YEARS = datetime.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Asking:
    """A project that asks in nobody's name."""

    slug: str
    title: str
    purpose: str


def nobody(session: Session, email: str, name: str, now: datetime.datetime) -> Person:
    """Without a password: nobody signs in as them. Made once."""
    found = people.by_email(session, email)
    if found is not None:
        return found
    added = people.add(session, email=email, name=name, roles=(Role.RESEARCHER,), now=now)
    audit.write(session, "person_added", now=now, person=added.id, roles=added.roles)
    return added


def project_of(
    session: Session,
    asking: Asking,
    *,
    dataset: Dataset,
    members: tuple[Person, ...],
    now: datetime.datetime,
) -> Project:
    """Led by the first of the members. Made once."""
    found = session.scalar(select(Project).where(Project.slug == asking.slug))
    if found is not None:
        return found
    lead, *others = members
    project = projects.create(
        session,
        slug=asking.slug,
        title=asking.title,
        purpose=asking.purpose,
        starts_on=now.date(),
        ends_on=(now + YEARS).date(),
        members=((lead, Position.LEAD), *((one, Position.RESEARCHER) for one in others)),
        datasets=(dataset,),
        now=now,
    )
    audit.write(session, "project_created", now=now, project_id=project.id, slug=asking.slug)
    return project
