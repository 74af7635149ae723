"""May this person do this? Every rule by role and by relation, as pairs of check and can.

``check_x`` raises NotFound where the person may not even know of the thing, NotPermitted (with
one fixed sentence) where they may know but not act. ``can_x`` is the same for templates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import releases, reviews, seeded
from tre.datasets import Dataset
from tre.errors import NotFound, NotPermitted
from tre.people import Person, Role
from tre.projects import Membership, is_member
from tre.submissions import Submission

if TYPE_CHECKING:
    from tre.outputs import Output
    from tre.publications import PublicationAsked
    from tre.second_tracks import SecondTrack
    from tre.top_ups import TopUp

NEVER_ONE_PERSON: frozenset[frozenset[Role]] = frozenset(
    {
        frozenset({Role.CHECKER, Role.ADMINISTRATOR}),
        frozenset({Role.OWNER, Role.ADMINISTRATOR}),
        frozenset({Role.HEAD_CHECKER, Role.ADMINISTRATOR}),
        frozenset({Role.PUBLISHER, Role.ADMINISTRATOR}),
        *(frozenset({Role.AUDITOR, role}) for role in Role if role is not Role.AUDITOR),
    }
)
"""Roles that one person never holds together: whoever operates the service decides nothing, and
whoever audits does nothing else."""


def check_roles(roles: tuple[Role, ...]) -> None:
    if Role.AUDITOR in roles and len(set(roles)) > 1:
        raise NotPermitted("An auditor holds no other role.")
    if any(pair <= set(roles) for pair in NEVER_ONE_PERSON):
        raise NotPermitted("An administrator cannot also be a checker, a publisher or an owner.")


def check_active(person: Person) -> None:
    if not person.active:
        raise NotPermitted("Your account is not active.")


def check_in_project(session: Session, *, person: Person, project_id: str) -> None:
    """Members only; for anybody else the project does not exist."""
    check_active(person)
    if not is_member(session, person_id=person.id, project_id=project_id):
        raise NotFound(project_id)


def check_ask(session: Session, *, person: Person, project_id: str) -> None:
    check_in_project(session, person=person, project_id=project_id)
    if not person.has(Role.RESEARCHER):
        raise NotPermitted("Only researchers can ask questions.")


def check_author(*, person: Person, submission: Submission) -> None:
    check_active(person)
    if submission.author_id != person.id:
        raise NotPermitted("Only the author of a query can do this.")


def conflict(
    session: Session, *, person: Person, submission: Submission, act: str = "check"
) -> str | None:
    """Why this person may not check (or release) this question's output, or None."""
    if submission.author_id == person.id:
        return f"You asked this question, so you cannot {act} its output."
    if is_member(session, person_id=person.id, project_id=submission.project_id):
        return f"You belong to this project, so you cannot {act} its outputs."
    if _asks_the_same(session, person=person, submission=submission):
        return f"You or your project asked the same question, so you cannot {act} its output."
    return None


def _asks_the_same(session: Session, *, person: Person, submission: Submission) -> bool:
    """The same question has the same table: to check it here is to see one's own before release."""
    mine = select(Membership.project_id).where(Membership.person_id == person.id)
    same = select(Submission.id).where(
        Submission.fingerprint == submission.fingerprint,
        (Submission.author_id == person.id) | Submission.project_id.in_(mine),
    )
    return session.scalar(same.limit(1)) is not None


def check_review_at_all(*, person: Person) -> None:
    check_active(person)
    if not person.has(Role.CHECKER):
        raise NotFound("checks")


def check_review(session: Session, *, person: Person, output: Output) -> None:
    check_review_at_all(person=person)
    reason = conflict(session, person=person, submission=output.submission)
    if reason is not None:
        raise NotPermitted(reason)
    if any(one.publisher_id == person.id for one in releases.sent_back(session, output.id)):
        raise NotPermitted("You sent this output back as its publisher, so others check it.")
    planted = seeded.of_submission(session, output.submission)
    if planted is not None and planted.by_id == person.id:
        raise NotPermitted("You put this output before others, so others check it.")


def check_publish_at_all(*, person: Person) -> None:
    check_active(person)
    if not person.has(Role.PUBLISHER):
        raise NotFound("publishing")


def check_publish(session: Session, *, person: Person, output: Output) -> None:
    """Who checked an output never releases it, whatever they decided."""
    check_publish_at_all(person=person)
    reason = conflict(session, person=person, submission=output.submission, act="release")
    if reason is not None:
        raise NotPermitted(reason)
    if any(one.checker_id == person.id for one in reviews.of_output(session, output.id)):
        raise NotPermitted("You checked this output, so somebody else releases it.")


def check_make_public(session: Session, *, person: Person, asked: PublicationAsked) -> None:
    """As for the release itself; who proposed a text never allows it."""
    check_publish(session, person=person, output=asked.release.output)
    if asked.by_id == person.id:
        raise NotPermitted("You proposed this text, so somebody else decides on it.")


def check_own(*, person: Person, dataset: Dataset) -> None:
    check_active(person)
    if dataset.owner_id != person.id or not person.has(Role.OWNER):
        raise NotFound(dataset.id)


def check_see_recalls(*, person: Person) -> None:
    check_active(person)
    if not (person.has(Role.OWNER) or person.has(Role.HEAD_CHECKER)):
        raise NotFound("recalls")


def check_recall(*, person: Person, dataset: Dataset) -> None:
    """Whoever answers for the data or for their checking. To take back is never a conflict."""
    check_see_recalls(person=person)
    if not person.has(Role.HEAD_CHECKER):
        check_own(person=person, dataset=dataset)


def check_measure(*, person: Person) -> None:
    """Whoever answers for the checking sees how it goes."""
    check_active(person)
    if not person.has(Role.HEAD_CHECKER):
        raise NotFound("measures")


def check_audit(*, person: Person) -> None:
    check_active(person)
    if not person.has(Role.AUDITOR):
        raise NotFound("audit")


def owned(session: Session, *, owner: Person, dataset_id: str) -> Dataset:
    """One's own dataset. Raises NotFound, also for somebody else's."""
    found = session.get(Dataset, dataset_id)
    if found is None:
        raise NotFound(dataset_id)
    check_own(person=owner, dataset=found)
    return found


def check_owner(*, person: Person) -> None:
    """For anybody who owns no data there is nothing of other owners to decide."""
    check_active(person)
    if not person.has(Role.OWNER):
        raise NotFound("exceptions")


def check_decide_exception(*, person: Person, exception: SecondTrack) -> None:
    """Who asks for an exception never grants it."""
    check_owner(person=person)
    if person.id == exception.raised_by_id:
        raise NotPermitted("You asked for this exception, so somebody else has to decide.")


def check_decide_top_up(session: Session, *, person: Person, top_up: TopUp) -> None:
    """Who asks for more budget never grants it, nor does who would spend a project's."""
    check_owner(person=person)
    if person.id == top_up.raised_by_id:
        raise NotPermitted("You asked for this, so somebody else has to decide.")
    project_id = top_up.account.project_id
    if project_id and is_member(session, person_id=person.id, project_id=project_id):
        raise NotPermitted("You belong to the project, so somebody else has to decide.")


def check_administer(*, person: Person) -> None:
    check_active(person)
    if not person.has(Role.ADMINISTRATOR):
        raise NotFound("administration")


def can_ask(session: Session, *, person: Person, project_id: str) -> bool:
    return _allowed(lambda: check_ask(session, person=person, project_id=project_id))


def can_review(session: Session, *, person: Person, output: Output) -> bool:
    return _allowed(lambda: check_review(session, person=person, output=output))


def can_publish(session: Session, *, person: Person, output: Output) -> bool:
    return _allowed(lambda: check_publish(session, person=person, output=output))


def can_own(*, person: Person, dataset: Dataset) -> bool:
    return _allowed(lambda: check_own(person=person, dataset=dataset))


def can_administer(*, person: Person) -> bool:
    return _allowed(lambda: check_administer(person=person))


def _allowed(check: Callable[[], None]) -> bool:
    try:
        check()
    except (NotFound, NotPermitted):
        return False
    return True
