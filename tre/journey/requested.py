"""How does a project say which outputs it needs, and what became of each?"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tre import audit, release_requests
from tre.database import new_id, writing
from tre.errors import Incomplete, NotFound
from tre.lifecycle import State
from tre.people import Person
from tre.permissions import can_publish, can_review, check_ask, check_in_project
from tre.release_requests import IntendedOutput, ReleaseRequest
from tre.submissions import Submission

LONGEST_TITLE = 200
LONGEST_CONTEXT = 4000
MOST_OUTPUTS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An intended output, and the questions that were asked for it; none: not asked yet."""

    intended: IntendedOutput
    versions: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class RequestView:
    request: ReleaseRequest
    lines: tuple[Line, ...]

    @property
    def released(self) -> int:
        """How many of its outputs have left."""
        left = State.RELEASED.value
        return sum(any(one.state == left for one in line.versions) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its request a question stands."""

    view: RequestView
    number: int
    version: int


def begin(
    session: Session,
    *,
    person: Person,
    project_id: str,
    title: str,
    context: str,
    outputs: tuple[str, ...],
    now: datetime.datetime,
) -> ReleaseRequest:
    """``outputs``: what each of them is to show. Raises NotFound, NotPermitted, Incomplete."""
    named = tuple(one.strip() for one in outputs if one.strip())
    _check(title, context, named)
    with writing(session):
        check_ask(session, person=person, project_id=project_id)
        made = ReleaseRequest(
            id=new_id(),
            project_id=project_id,
            author_id=person.id,
            title=title.strip(),
            context=context.strip(),
            created_at=now,
        )
        made.intended = [
            IntendedOutput(id=new_id(), number=number, title=one)
            for number, one in enumerate(named, start=1)
        ]
        session.add(made)
        session.flush()
        audit.write(
            session,
            "request_begun",
            now=now,
            actor_id=person.id,
            project_id=project_id,
            request=made.id,
            outputs=len(named),
        )
    return made


def listed(session: Session, *, person: Person, project_id: str) -> list[RequestView]:
    """Newest first. Raises NotFound."""
    check_in_project(session, person=person, project_id=project_id)
    return [_view(session, one) for one in release_requests.of_project(session, project_id)]


def opened(session: Session, *, person: Person, request_id: str) -> RequestView:
    """Raises NotFound for whoever does not belong to its project."""
    found = session.get(ReleaseRequest, request_id)
    if found is None:
        raise NotFound(request_id)
    check_in_project(session, person=person, project_id=found.project_id)
    return _view(session, found)


def place_of(session: Session, *, person: Person, submission: Submission) -> Place | None:
    """Of a question, for its project and for whoever may check or release its output."""
    _check_sees(session, person, submission)
    intended = session.get(IntendedOutput, submission.intended_id or "")
    if intended is None:
        return None
    view = _view(session, intended.request)
    versions = [one.id for one in view.lines[intended.number - 1].versions]
    return Place(view, intended.number, versions.index(submission.id) + 1)


def intended_of(session: Session, *, project_id: str, intended_id: str) -> IntendedOutput:
    """Held, so that one question is asked for it at a time. Raises Incomplete."""
    found = session.get(IntendedOutput, intended_id, with_for_update={"key_share": True})
    if found is None or found.request.project_id != project_id:
        raise Incomplete("intended", "Choose an output that a request of this project names.")
    return found


def _check_sees(session: Session, person: Person, submission: Submission) -> None:
    output = submission.output
    if output is not None and (
        can_review(session, person=person, output=output)
        or can_publish(session, person=person, output=output)
    ):
        return
    check_in_project(session, person=person, project_id=submission.project_id)


def _view(session: Session, request: ReleaseRequest) -> RequestView:
    asked = release_requests.versions(session, request)
    return RequestView(request, tuple(Line(one, tuple(asked[one.id])) for one in request.intended))


def _check(title: str, context: str, outputs: tuple[str, ...]) -> None:
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise Incomplete("title", f"Enter a title of at most {LONGEST_TITLE} characters.")
    if not context.strip() or len(context) > LONGEST_CONTEXT:
        raise Incomplete("context", f"Say what it is for, in at most {LONGEST_CONTEXT} characters.")
    if not 0 < len(outputs) <= MOST_OUTPUTS or max(map(len, outputs)) > LONGEST_TITLE:
        raise Incomplete(
            "outputs",
            f"Name 1 to {MOST_OUTPUTS} outputs, one a line, each in at most {LONGEST_TITLE}"
            " characters.",
        )
