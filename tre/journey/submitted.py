"""How does a question enter the queue? Checked against every gate, once per idempotency key."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from queries.language import Query
from tre import audit, exact_cells, gates, jobs, outputs, release_requests, worked_out
from tre.budgets import FREE
from tre.database import new_id, writing
from tre.errors import GatesClosed, IdempotencyConflict, Incomplete
from tre.gates import Gate, Stage
from tre.journey import asked, cancelled, priced, requested, routed, shelved
from tre.journey.asked import Grounds
from tre.journey.priced import Quote
from tre.journey.routed import Route
from tre.journey.shelved import Held
from tre.lifecycle import INITIAL, TERMINAL, State
from tre.outputs import DrawState
from tre.people import Person
from tre.submissions import IdempotencyKey, Submission
from tre.worked_out import WorkedOut

LONGEST_PURPOSE = 2000
LONGEST_SOURCE = 20_000
LONGEST_KEY = 200
ON_ITS_WAY = "A question for this output is on its way: wait for it, or cancel it first."


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request to submit, planned and priced."""

    person: Person
    grounds: Grounds
    quote: Quote
    purpose: str
    source_text: str | None
    key: str | None
    intended_id: str | None
    now: datetime.datetime
    for_audit: bool = False

    @property
    def route(self) -> Route:
        return routed.route(self.quote)

    @property
    def request_hash(self) -> str:
        told = [self.grounds.project.id, self.quote.fingerprint, self.purpose]
        told += [self.intended_id] if self.intended_id is not None else []
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


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
    track: str | None = None,
    intended_id: str | None = None,
) -> Submission:
    """The question on its way, or the one that the same key sent before.

    ``intended_id``: the output of a release request that it is asked for. A version of it that
    checkers returned is withdrawn for this one.

    Raises NotFound, NotPermitted, QueryRefused, Incomplete, GatesClosed (on record, nothing
    spent), IdempotencyConflict.
    """
    _check_texts(purpose, source_text, idempotency_key)
    found = asked.grounds(
        session,
        person=person,
        project_id=project_id,
        dataset_name=query.dataset,
        track=track,
        now=now,
    )
    held = None
    if rho_nano == shelved.COST:
        held = _held(session, found, query, person=person, key=idempotency_key)
    quote = priced.quote(
        query,
        version=found.version,
        policy_version=found.policy_version,
        rho_nano=rho_nano,
        held=held,
    )
    asking = _Asking(
        person,
        found,
        quote,
        purpose.strip(),
        source_text,
        key=idempotency_key,
        intended_id=intended_id,
        now=now,
    )
    try:
        return _once(session, asking)
    except IntegrityError:
        return _lost_the_race(session, asking)


def _held(
    session: Session, found: Grounds, query: Query, *, person: Person, key: str | None
) -> Held | None:
    """What tells the answer at no cost: sent again, the same as before, whatever left since."""
    used = _used(session, person=person, key=key)
    source = used and worked_out.source_of(session, used.submission_id)
    if source is None:
        return shelved.best(session, found, query)
    return shelved.of_release(
        session,
        source,
        query=query,
        version=found.version,
        policy_version=found.policy_version,
    )


def _used(session: Session, *, person: Person, key: str | None) -> IdempotencyKey | None:
    if key is None:
        return None
    return session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.person_id == person.id, IdempotencyKey.key == key
        )
    )


def _once(session: Session, asking: _Asking) -> Submission:
    with writing(session):
        earlier = _earlier(session, asking)
        if earlier is not None:
            return earlier
        grounds = asked.on_record(session, asking.grounds, now=asking.now)
        asking = replace(asking, grounds=grounds, for_audit=_drawn_for_audit(session, asking))
        closed = _closed_gates(session, asking)
        if closed:
            _record_refusal(session, asking, closed)
        else:
            submission = _enter(session, asking)
            _remember(session, asking, submission)
    if closed:
        raise GatesClosed(closed)
    return submission


def _drawn_for_audit(session: Session, asking: _Asking) -> bool:
    return routed.drawn_for_audit(
        session,
        asking.route,
        project_id=asking.grounds.project.id,
        fingerprint=asking.quote.fingerprint,
    )


def _lost_the_race(session: Session, asking: _Asking) -> Submission:
    """Two requests with one key arrived at once; the other has entered. Or a source is gone."""
    earlier = _earlier(session, asking)
    if earlier is None and asking.quote.held is not None:
        raise Incomplete("rho_nano", "The table that tells the answer was recalled just now.")
    if earlier is None:
        raise IdempotencyConflict("no key to have collided on")
    return earlier


def _check_texts(purpose: str, source_text: str | None, key: str | None) -> None:
    if not purpose.strip() or len(purpose) > LONGEST_PURPOSE:
        raise Incomplete(
            "purpose", f"Say what the query is for, in at most {LONGEST_PURPOSE} characters."
        )
    if source_text is not None and len(source_text) > LONGEST_SOURCE:
        raise Incomplete("source_text", f"A query has at most {LONGEST_SOURCE} characters.")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Incomplete("idempotency_key", f"A key has 1 to {LONGEST_KEY} characters.")


def _earlier(session: Session, asking: _Asking) -> Submission | None:
    used = _used(session, person=asking.person, key=asking.key)
    if used is None:
        return None
    if used.request_hash != asking.request_hash:
        raise IdempotencyConflict(asking.key)
    return session.get_one(Submission, used.submission_id)


def _closed_gates(session: Session, asking: _Asking) -> tuple[Gate, ...]:
    quote, found = asking.quote, asking.grounds
    draw = outputs.live_draw(session, quote.fingerprint)
    drawn = draw is not None and draw.state == DrawState.DRAWN.value
    situation = gates.gather(
        session,
        person=asking.person,
        project=found.project,
        dataset=found.dataset,
        now=asking.now,
        cost=FREE if drawn else quote.cost,
        checkers_needed=asking.route.checkers_at_most,
        purpose=asking.purpose,
        version_id=found.version.id,
        policy_id=found.policy_version.id,
        rules=quote.policy,
        cells_needed=exact_cells.needed(
            session,
            dataset_id=found.dataset.id,
            project_id=found.project.id,
            part=quote.part,
            cells=quote.exact_cells,
        ),
        fingerprint=quote.fingerprint,
    )
    return gates.closed(gates.evaluate(situation, stage=Stage.SUBMIT))


def _record_refusal(session: Session, asking: _Asking, closed: tuple[Gate, ...]) -> None:
    audit.write(
        session,
        "submission_refused",
        now=asking.now,
        actor_id=asking.person.id,
        project_id=asking.grounds.project.id,
        dataset_id=asking.grounds.dataset.id,
        gates=[gate.id for gate in closed],
        fingerprint=asking.quote.fingerprint,
    )


def _make_room(session: Session, asking: _Asking) -> None:
    """For another version of an intended output. Raises Incomplete while one is on its way."""
    if asking.intended_id is None:
        return
    project_id = asking.grounds.project.id
    requested.intended_of(session, project_id=project_id, intended_id=asking.intended_id)
    earlier = release_requests.latest(session, asking.intended_id)
    if earlier is None or State(earlier.state) in TERMINAL:
        return
    if State(earlier.state) is not State.RETURNED or earlier.author_id != asking.person.id:
        raise Incomplete("intended", ON_ITS_WAY)
    cancelled.take_back(session, person=asking.person, submission=earlier, now=asking.now)


def _enter(session: Session, asking: _Asking) -> Submission:
    _make_room(session, asking)
    submission = _row(asking)
    session.add(submission)
    session.flush()
    source = asking.quote.held
    if source is not None:
        session.add(WorkedOut(submission_id=submission.id, release_id=source.release_id))
    jobs.enqueue(session, submission_id=submission.id, now=asking.now)
    audit.write(
        session,
        "submitted",
        now=asking.now,
        actor_id=asking.person.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        submission_id=submission.id,
        fingerprint=submission.fingerprint,
        rho_nano=submission.rho_nano,
        words=submission.words,
        purpose=submission.purpose,
        risk=submission.risk,
        for_audit=submission.for_audit,
    )
    if source is not None:
        audit.write_about(
            session, submission, "worked_out", now=asking.now, release=source.release_id
        )
    return submission


def _row(asking: _Asking) -> Submission:
    quote, found, route = asking.quote, asking.grounds, asking.route
    return Submission(
        id=new_id(),
        project_id=found.project.id,
        author_id=asking.person.id,
        dataset_id=found.dataset.id,
        version_id=found.version.id,
        policy_id=found.policy_version.id,
        query_json=quote.query_json,
        source_text=asking.source_text,
        words=quote.words,
        purpose=asking.purpose,
        intended_id=asking.intended_id,
        rho_nano=quote.rho_nano,
        fingerprint=quote.fingerprint,
        track=quote.policy.track.value,
        checkers_required=max(route.checkers, int(asking.for_audit)),
        risk=route.risk.value,
        risk_factors=[one.id for one in route.factors],
        for_audit=asking.for_audit,
        cells=quote.plan.shape.cells_asked,
        slot_ms=round(quote.plan.time.slot * 1000),
        state=INITIAL.value,
        round=1,
        reasons=[],
        created_at=asking.now,
        moved_at=asking.now,
    )


def _remember(session: Session, asking: _Asking, submission: Submission) -> None:
    if asking.key is None:
        return
    session.add(
        IdempotencyKey(
            id=new_id(),
            person_id=asking.person.id,
            key=asking.key,
            request_hash=asking.request_hash,
            submission_id=submission.id,
            created_at=asking.now,
        )
    )
    session.flush()
