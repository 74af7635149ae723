"""What has a researcher begun? Drafts are private to their author and never checked."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy.orm import Session

from tre import drafts, projects
from tre.database import new_id, writing
from tre.drafts import Draft
from tre.errors import Incomplete, NotFound
from tre.people import Person
from tre.permissions import check_ask, check_in_project

LONGEST_TITLE = 200


def save(
    session: Session,
    *,
    person: Person,
    project_id: str,
    dataset_id: str,
    title: str,
    form: dict[str, Any],
    now: datetime.datetime,
    source_text: str | None = None,
    draft_id: str | None = None,
) -> Draft:
    """A new draft, or the same one again. Raises NotFound, NotPermitted, Incomplete."""
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise Incomplete("title", f"Enter a title of at most {LONGEST_TITLE} characters.")
    with writing(session):
        check_ask(session, person=person, project_id=project_id)
        if not projects.may_ask(session, project_id=project_id, dataset_id=dataset_id):
            raise NotFound(dataset_id)
        draft = (
            Draft(id=new_id(), person_id=person.id, created_at=now)
            if draft_id is None
            else _own(session, person, draft_id)
        )
        draft.project_id, draft.dataset_id = project_id, dataset_id
        draft.title, draft.form, draft.source_text = title.strip(), form, source_text
        draft.updated_at = now
        session.add(draft)
    return draft


def discard(session: Session, *, person: Person, draft_id: str) -> None:
    with writing(session):
        session.delete(_own(session, person, draft_id))


def opened(session: Session, *, person: Person, draft_id: str) -> Draft:
    return _own(session, person, draft_id)


def listed(session: Session, *, person: Person, project_id: str) -> list[Draft]:
    check_in_project(session, person=person, project_id=project_id)
    return drafts.of_person(session, person_id=person.id, project_id=project_id)


def _own(session: Session, person: Person, draft_id: str) -> Draft:
    draft = session.get(Draft, draft_id)
    if draft is None or draft.person_id != person.id:
        raise NotFound(draft_id)
    return draft
