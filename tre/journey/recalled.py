"""How is a release taken back? By the owner of its data or the head of checking, for good.

The same table may have been released to several projects: a recall takes all of them back, and it
is never released again.
"""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, recalls, worked_out
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import EdgeNotAllowed, Incomplete, NotFound
from tre.journey import notified, twinned
from tre.people import Person, Role
from tre.permissions import check_recall, check_see_recalls
from tre.recalls import Recall
from tre.releases import Release

LONGEST_REASON = 500
NO_SUCCESSOR = "Name a release of the same dataset that was not recalled, or leave this empty."


def mine(session: Session, *, person: Person, limit: int = 200) -> list[Release]:
    """The releases that this person may take back, newest first. Raises NotFound."""
    check_see_recalls(person=person)
    found = select(Release).join(Dataset, Dataset.id == Release.dataset_id)
    if not person.has(Role.HEAD_CHECKER):
        found = found.where(Dataset.owner_id == person.id)
    newest = found.order_by(Release.released_at.desc(), Release.id.desc())
    return list(session.scalars(newest.limit(limit)))


def one_of_mine(session: Session, *, person: Person, release_id: str) -> Release:
    """Raises NotFound."""
    found = session.get(Release, release_id)
    if found is None:
        raise NotFound(release_id)
    check_recall(person=person, dataset=found.dataset)
    return found


def recall(
    session: Session,
    *,
    person: Person,
    release_id: str,
    reason: str,
    successor_id: str | None,
    now: datetime.datetime,
) -> tuple[Recall, ...]:
    """Every release of the same table, and what was worked out from them; a twin of it is stopped.

    ``reason`` is public. Raises NotFound, Incomplete; EdgeNotAllowed a second time.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    with writing(session):
        release = one_of_mine(session, person=person, release_id=release_id)
        session.get_one(
            Dataset, release.dataset_id, with_for_update={"key_share": True}, populate_existing=True
        )
        if recalls.of_release(session, release.id) is not None:
            raise EdgeNotAllowed(f"{release.id} was recalled")
        _check_successor(session, release, successor_id)
        same = select(Release).where(Release.fingerprint == release.fingerprint)
        held = list(session.scalars(same.order_by(Release.id).with_for_update()))
        held += worked_out.releases_from(session, [one.id for one in held])
        found = tuple(
            Recall(
                release_id=one.id,
                by_id=person.id,
                reason=reason.strip(),
                successor_id=successor_id,
                at=now,
            )
            for one in held
        )
        session.add_all(found)
        session.flush()
        for one in found:
            notified.tell(session, one, now=now)
            _write(session, one, now)
        twinned.stop_of(session, held, by=person, now=now)
    return found


def _check_successor(session: Session, release: Release, successor_id: str | None) -> None:
    if successor_id is None:
        return
    found = session.get(Release, successor_id)
    if (
        found is None
        or found.dataset_id != release.dataset_id
        or found.fingerprint == release.fingerprint
        or recalls.of_release(session, found.id) is not None
    ):
        raise Incomplete("successor", NO_SUCCESSOR)


def _write(session: Session, recall: Recall, now: datetime.datetime) -> None:
    audit.write(
        session,
        "recalled",
        now=now,
        actor_id=recall.by_id,
        project_id=recall.release.project_id,
        dataset_id=recall.release.dataset_id,
        submission_id=recall.release.output.submission_id,
        release=recall.release_id,
        reason=recall.reason,
        successor=recall.successor_id,
    )
