"""How does a checker see true numbers of an exact table? On record, and through nobody's hands.

The page that asks makes a key pair and sends the public half; a worker opens the evidence, and
seals what is to be read for that page alone. Whoever carries the answer cannot open it, and after
a while it is gone.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy.orm import Session

from disclosure_control.arranged import Order
from disclosure_control.tables import Shape
from tre import audit, evidence
from tre.database import new_id, writing
from tre.errors import EdgeNotAllowed, Incomplete, NotFound
from tre.evidence import Evidence, EvidenceAsked
from tre.journey import reviewed
from tre.journey.validated import quote_again
from tre.lifecycle import State
from tre.people import Person
from tre.permissions import can_review

LASTS = datetime.timedelta(minutes=10)  # that an answer can be fetched

CURVE = SECP256R1()  # that browsers have
POINT = 65  # bytes of a public key


@dataclass(frozen=True, slots=True)
class Showing:
    """What a worker needs to answer. ``shape`` and ``order``: of the question as it was asked."""

    sealed: bytes
    fingerprint: str  # of the draw, which its evidence is bound to
    shape: Shape
    order: Order
    reader_key: bytes
    about: str  # which look it is: an answer opens for no other


def may_ask(session: Session, *, checker: Person, output_id: str) -> bool:
    """Is there something kept of it, and is it still to be checked? Raises as ``opened``."""
    output = reviewed.opened(session, checker=checker, output_id=output_id)
    open_still = output.submission.state == State.PROTECTED.value
    return open_still and evidence.is_kept(session, output)


def ask(
    session: Session, *, checker: Person, output_id: str, reader_key: str, now: datetime.datetime
) -> str:
    """The id of this look, which is on record from here on, whether or not it is answered.

    Raises NotFound, NotPermitted, Incomplete for what is no public key, EdgeNotAllowed.
    """
    with writing(session):
        output = reviewed.opened(session, checker=checker, output_id=output_id)
        _check_key(reader_key)
        session.refresh(output.submission, with_for_update={"key_share": True})
        if not may_ask(session, checker=checker, output_id=output_id):
            raise EdgeNotAllowed(output.submission.state)
        asked = EvidenceAsked(
            id=new_id(),
            output_id=output.id,
            checker_id=checker.id,
            reader_key=reader_key,
            at=now,
            answered_at=None,
            answer=None,
        )
        session.add(asked)
        audit.write_about(
            session,
            output.submission,
            "exact_values_seen",
            now=now,
            actor=checker,
            output=output.id,
        )
    return asked.id


def _check_key(reader_key: str) -> None:
    try:
        point = bytes.fromhex(reader_key)
        EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError as error:
        raise Incomplete("key", "Send a public key.") from error
    if len(point) != POINT:
        raise Incomplete("key", "Send a public key.")


def answer_to(
    session: Session, *, checker: Person, output_id: str, asked_id: str, now: datetime.datetime
) -> bytes | None:
    """Sealed for the page that asked; None while it waits.

    Raises NotFound for another's look, and where there is nothing to read or it is too late.
    """
    reviewed.opened(session, checker=checker, output_id=output_id)
    asked = session.get(EvidenceAsked, asked_id)
    if asked is None or (asked.checker_id, asked.output_id) != (checker.id, output_id):
        raise NotFound(asked_id)
    if asked.answered_at is None:
        return None
    if asked.answer is None or now - asked.answered_at >= LASTS:
        raise NotFound(asked_id)
    return asked.answer


def answer_next(
    session: Session, *, made: Callable[[Showing], bytes | None], now: datetime.datetime
) -> bool:
    """Answers the oldest that waits, and wipes what is too old; False if none waited.

    Whoever asked must still be one who may check it. Of two workers the first answers.
    """
    waits = evidence.next_waiting(session)
    if waits is None:
        _wipe(session, now)
        return False
    showing = _showing(session, waits)
    asked_id = waits.id
    session.rollback()
    answer = None if showing is None else made(showing)
    with writing(session):
        asked = session.get_one(EvidenceAsked, asked_id, with_for_update=True)
        if asked.answered_at is None:
            asked.answered_at, asked.answer = now, answer
    return True


def _wipe(session: Session, now: datetime.datetime) -> None:
    found = evidence.any_older(session, before=now - LASTS)
    session.rollback()
    if found:
        with writing(session):
            evidence.wipe(session, before=now - LASTS)


def _showing(session: Session, asked: EvidenceAsked) -> Showing | None:
    """None where it may not be read, or cannot: nothing is answered then."""
    output = asked.output
    submission = output.submission
    kept = session.get(Evidence, output.draw_id)
    if kept is None or submission.state != State.PROTECTED.value:
        return None
    quote = quote_again(session, submission)
    if quote is None or not can_review(session, person=asked.checker, output=output):
        return None
    return Showing(
        sealed=kept.sealed,
        fingerprint=submission.fingerprint,
        shape=quote.shape,
        order=quote.order,
        reader_key=bytes.fromhex(asked.reader_key),
        about=asked.id,
    )
