"""How does a release become one that everybody reads? In plain words, and by a second clearance.

Its project says what the table shows; a publisher, who neither asked nor checked it, allows exactly
these words for exactly these files.

What left to a project counts as known to everybody already (of the noisy track by its ledger, of
the exact by its register), so that nothing new is told of anybody: what is decided is the text.
"""

from __future__ import annotations

import datetime
import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit, gates, notices, outputs, publications, recalls
from tre.database import new_id, writing
from tre.errors import (
    ArtefactsChanged,
    EdgeNotAllowed,
    GatesClosed,
    Incomplete,
    NotFound,
    NotPermitted,
)
from tre.gates import Gate, Stage
from tre.journey import looked, released
from tre.notices import Kind
from tre.people import Person
from tre.permissions import (
    can_publish,
    check_ask,
    check_in_project,
    check_make_public,
    check_publish_at_all,
)
from tre.publications import PublicationAsked, PublicationDecided
from tre.releases import Release
from tre.sign_in.stepped_up import SteppedUp, check_stepped_up

LONGEST_TITLE = 150
LONGEST_SUMMARY = 3000
LONGEST_REASON = 2000
MOST = 200


def text_hash(asked: PublicationAsked) -> str:
    """Of the words and of the files that they go with: what an approval names."""
    parts = [asked.release_id, asked.release.manifest_hash, asked.title, asked.summary]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def proposed(session: Session, *, person: Person, release_id: str) -> list[PublicationAsked]:
    """Every text that its project proposed, in order. Raises NotFound for anybody else."""
    return publications.of_release(session, _of_project(session, person, release_id).id)


def ask(
    session: Session,
    *,
    person: Person,
    release_id: str,
    title: str,
    summary: str,
    now: datetime.datetime,
) -> PublicationAsked:
    """Raises NotFound, NotPermitted, NotYetInLog, Recalled, Incomplete.

    EdgeNotAllowed while another text waits, and once one was allowed.
    """
    _check(title, summary)
    with writing(session):
        release = _held(session, release_id)
        check_ask(session, person=person, project_id=release.project_id)
        if release.dataset.made_up:
            raise NotPermitted("Made-up data are for practice: nothing of them becomes public.")
        looked.release(session, person=person, release_id=release_id)
        before = publications.of_release(session, release_id)
        if any(one.decision is None or one.decision.allowed for one in before):
            raise EdgeNotAllowed(f"{release_id} has a text")
        made = PublicationAsked(
            id=new_id(),
            release_id=release_id,
            number=len(before) + 1,
            by_id=person.id,
            title=title.strip(),
            summary=summary.strip(),
            at=now,
        )
        session.add(made)
        session.flush()
        _write(session, made, "publication_asked", person, now, text_hash=text_hash(made))
    return made


def queue(session: Session, *, publisher: Person) -> list[PublicationAsked]:
    """The texts that this publisher may decide on, oldest first. Raises NotFound."""
    check_publish_at_all(person=publisher)
    return [
        one
        for one in publications.waiting(session, limit=MOST)
        if one.by_id != publisher.id
        and can_publish(session, person=publisher, output=one.release.output)
    ]


def opened(session: Session, *, publisher: Person, asked_id: str) -> PublicationAsked:
    """A text that waits. Raises NotFound, NotPermitted, EdgeNotAllowed."""
    found = session.get(PublicationAsked, asked_id)
    if found is None:
        raise NotFound(asked_id)
    check_make_public(session, person=publisher, asked=found)
    if found.decision is not None or recalls.of_release(session, found.release_id) is not None:
        raise EdgeNotAllowed(f"{asked_id} waits no more")
    return found


def closed_gates(
    session: Session, asked: PublicationAsked, *, now: datetime.datetime
) -> tuple[Gate, ...]:
    """What stands in the way at this moment, whatever the text says."""
    submission = asked.release.output.submission
    return gates.closed_for(
        session, submission, dataset=asked.release.dataset, stage=Stage.PUBLISH, now=now
    )


def allow(
    session: Session,
    *,
    publisher: Person,
    stepped_up: SteppedUp,
    asked_id: str,
    hashed: str,
    now: datetime.datetime,
) -> PublicationDecided:
    """``hashed``: of the text that was looked at.

    Raises NotFound, NotPermitted, EdgeNotAllowed, ArtefactsChanged, GatesClosed.
    """
    check_stepped_up(stepped_up, person=publisher, now=now)
    with writing(session):
        asked = _waiting(session, publisher, asked_id, hashed)
        released.held_dataset(session, asked.release.output.submission)
        if closed := closed_gates(session, asked, now=now):
            raise GatesClosed(closed)
        made = _decide(session, asked, publisher, reason="", now=now)
        _write(session, asked, "made_public", publisher, now, text_hash=hashed)
    return made


def decline(
    session: Session,
    *,
    publisher: Person,
    asked_id: str,
    hashed: str,
    reason: str,
    now: datetime.datetime,
) -> PublicationDecided:
    """Its project reads why, and may propose another text. Raises as ``allow``, Incomplete."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")
    with writing(session):
        asked = _waiting(session, publisher, asked_id, hashed)
        made = _decide(session, asked, publisher, reason=reason.strip(), now=now)
        _write(session, asked, "publication_declined", publisher, now, reason=made.reason)
    return made


def _of_project(session: Session, person: Person, release_id: str) -> Release:
    found = session.get(Release, release_id)
    if found is None:
        raise NotFound(release_id)
    check_in_project(session, person=person, project_id=found.project_id)
    return found


def _held(session: Session, release_id: str) -> Release:
    """Its row, held: two texts, or a text and a recall, never pass each other."""
    found = session.scalar(select(Release).where(Release.id == release_id).with_for_update())
    if found is None:
        raise NotFound(release_id)
    return found


def _waiting(session: Session, publisher: Person, asked_id: str, hashed: str) -> PublicationAsked:
    asked = session.get(PublicationAsked, asked_id)
    if asked is None:
        raise NotFound(asked_id)
    _held(session, asked.release_id)
    session.refresh(asked)
    opened(session, publisher=publisher, asked_id=asked_id)
    outputs.check_bytes(asked.release.output)
    if hashed != text_hash(asked):
        raise ArtefactsChanged(asked_id)
    return asked


def _decide(
    session: Session,
    asked: PublicationAsked,
    publisher: Person,
    *,
    reason: str,
    now: datetime.datetime,
) -> PublicationDecided:
    made = PublicationDecided(
        asked_id=asked.id, publisher_id=publisher.id, allowed=not reason, reason=reason, at=now
    )
    session.add(made)
    session.flush()
    if asked.by.active:
        kind = Kind.MADE_PUBLIC if made.allowed else Kind.DECLINED
        about = asked.release.output.submission_id
        notices.write_to(session, asked.by, kind, submission_id=about, now=now)
    return made


def _write(
    session: Session,
    asked: PublicationAsked,
    event: str,
    actor: Person,
    now: datetime.datetime,
    **detail: object,
) -> None:
    audit.write(
        session,
        event,
        now=now,
        actor_id=actor.id,
        project_id=asked.release.project_id,
        dataset_id=asked.release.dataset_id,
        submission_id=asked.release.output.submission_id,
        release=asked.release_id,
        number=asked.number,
        **detail,
    )


def _check(title: str, summary: str) -> None:
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise Incomplete("title", f"Enter a title of at most {LONGEST_TITLE} characters.")
    if not summary.strip() or len(summary) > LONGEST_SUMMARY:
        raise Incomplete(
            "summary", f"Say what the table shows, in at most {LONGEST_SUMMARY} characters."
        )
