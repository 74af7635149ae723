"""How does a question enter the queue? Checked against every gate, once per idempotency key."""

from __future__ import annotations

import datetime
import hashlib
import json

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from queries.language import Query
from tre import audit, gates, jobs, outputs
from tre.database import new_id, writing
from tre.errors import GatesClosed, IdempotencyConflict, Incomplete
from tre.gates import Stage
from tre.journey import asked, priced
from tre.journey.asked import Grounds
from tre.journey.priced import Quote
from tre.lifecycle import INITIAL
from tre.outputs import DrawState
from tre.people import Person
from tre.submissions import IdempotencyKey, Submission

LONGEST_PURPOSE = 2000
LONGEST_KEY = 200


def submit(
    session: Session,
    *,
    person: Person,
    project_id: str,
    query: Query,
    purpose: str,
    now: datetime.datetime,
    rho_nano: int | None = None,
    source_text: str | None = None,
    idempotency_key: str | None = None,
) -> Submission:
    """The question on its way, or the one that the same key sent before.

    Raises NotFound, NotPermitted, QueryRefused, Incomplete, GatesClosed (on record, nothing
    spent), IdempotencyConflict.
    """
    _check_texts(purpose, idempotency_key)
    found = asked.grounds(session, person=person, project_id=project_id, dataset_name=query.dataset)
    quote = priced.quote(
        query, version=found.version, policy_version=found.policy_version, rho_nano=rho_nano
    )
    request = _request_hash(project_id, quote.fingerprint, purpose)
    try:
        return _once(session, person, found, quote, purpose, source_text, idempotency_key, request, now)
    except IntegrityError:
        earlier = _earlier(session, person, idempotency_key, request)
        if earlier is None:
            raise
        return earlier


def _once(
    session: Session,
    person: Person,
    found: Grounds,
    quote: Quote,
    purpose: str,
    source_text: str | None,
    key: str | None,
    request: str,
    now: datetime.datetime,
) -> Submission:
    with writing(session):
        earlier = _earlier(session, person, key, request)
        if earlier is not None:
            return earlier
        refused = _closed_gates(session, person, found, quote, purpose, now)
        if refused:
            _record_refusal(session, person, found, quote, refused, now)
        else:
            submission = _enter(session, person, found, quote, purpose, source_text, now)
            _remember(session, person, key, request, submission, now)
    if refused:
        raise GatesClosed(refused)
    return submission


def _check_texts(purpose: str, key: str | None) -> None:
    if not purpose.strip() or len(purpose) > LONGEST_PURPOSE:
        raise Incomplete(
            "purpose", f"Say what the query is for, in at most {LONGEST_PURPOSE} characters."
        )
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Incomplete("idempotency_key", f"A key has 1 to {LONGEST_KEY} characters.")


def _request_hash(project_id: str, fingerprint: str, purpose: str) -> str:
    return hashlib.sha256(json.dumps([project_id, fingerprint, purpose]).encode()).hexdigest()


def _earlier(
    session: Session, person: Person, key: str | None, request: str
) -> Submission | None:
    if key is None:
        return None
    used = session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.person_id == person.id, IdempotencyKey.key == key
        )
    )
    if used is None:
        return None
    if used.request_hash != request:
        raise IdempotencyConflict(key)
    return session.get_one(Submission, used.submission_id)


def _closed_gates(
    session: Session,
    person: Person,
    found: Grounds,
    quote: Quote,
    purpose: str,
    now: datetime.datetime,
) -> tuple[gates.Gate, ...]:
    draw = outputs.live_draw(session, quote.fingerprint)
    drawn = draw is not None and draw.state == DrawState.DRAWN.value
    situation = gates.gather(
        session,
        person=person,
        project=found.project,
        dataset=found.dataset,
        now=now,
        rho_needed=0 if drawn else quote.rho_nano,
        checkers_needed=quote.policy.checkers,
        purpose=purpose,
        version_id=found.version.id,
        policy_id=found.policy_version.id,
    )
    return gates.closed(gates.evaluate(situation, stage=Stage.SUBMIT))


def _record_refusal(
    session: Session,
    person: Person,
    found: Grounds,
    quote: Quote,
    refused: tuple[gates.Gate, ...],
    now: datetime.datetime,
) -> None:
    audit.write(
        session,
        "submission_refused",
        now=now,
        actor_id=person.id,
        project_id=found.project.id,
        dataset_id=found.dataset.id,
        gates=[gate.id for gate in refused],
        fingerprint=quote.fingerprint,
    )


def _enter(
    session: Session,
    person: Person,
    found: Grounds,
    quote: Quote,
    purpose: str,
    source_text: str | None,
    now: datetime.datetime,
) -> Submission:
    submission = Submission(
        id=new_id(),
        project_id=found.project.id,
        author_id=person.id,
        dataset_id=found.dataset.id,
        version_id=found.version.id,
        policy_id=found.policy_version.id,
        query_json=quote.query_json,
        source_text=source_text,
        words=quote.words,
        purpose=purpose.strip(),
        rho_nano=quote.rho_nano,
        fingerprint=quote.fingerprint,
        track=quote.policy.track.value,
        checkers_required=quote.policy.checkers,
        cells=quote.plan.shape.cells,
        slot_ms=round(quote.plan.slot * 1000),
        state=INITIAL.value,
        round=1,
        reasons=[],
        created_at=now,
        moved_at=now,
    )
    session.add(submission)
    session.flush()
    jobs.enqueue(session, submission_id=submission.id, now=now)
    audit.write(
        session,
        "submitted",
        now=now,
        actor_id=person.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        fingerprint=submission.fingerprint,
        rho_nano=submission.rho_nano,
        words=submission.words,
        purpose=submission.purpose,
    )
    return submission


def _remember(
    session: Session,
    person: Person,
    key: str | None,
    request: str,
    submission: Submission,
    now: datetime.datetime,
) -> None:
    if key is None:
        return
    session.add(
        IdempotencyKey(
            id=new_id(),
            person_id=person.id,
            key=key,
            request_hash=request,
            submission_id=submission.id,
            created_at=now,
        )
    )
    session.flush()
