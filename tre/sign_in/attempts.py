"""Is somebody guessing? Failed sign-ins are counted in the database, over all web processes.

An attempt is written *before* the password is looked at, so that many guesses at once count as
many. Addresses are kept as keyed hashes: the table says how often, never who from where.
"""

from __future__ import annotations

import datetime
import hmac
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from tre.database import new_id
from tre.people import SignInAttempt
from tre.sign_in.errors import TooManyAttempts

WINDOW = datetime.timedelta(minutes=15)
PER_PERSON_AND_PLACE = 5
PER_PERSON = 20  # higher, so that a stranger elsewhere cannot lock somebody out with five guesses
PER_PLACE = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """Who tried to sign in from where, as keyed hashes."""

    email: str
    address: str


def origin(*, email: str, address: str, key: bytes) -> Origin:
    return Origin(_mark(email.strip().lower(), key), _mark(address, key))


def _mark(text: str, key: bytes) -> str:
    return hmac.new(key, b"sign-in\0" + text.encode("utf-8", "replace"), "sha256").hexdigest()


def begin(session: Session, *, where: Origin, now: datetime.datetime) -> SignInAttempt:
    """Writes the attempt, as failed until it is known better.

    It stays on record even where it is one too many: whoever goes on guessing goes on waiting.
    """
    attempt = SignInAttempt(
        id=new_id(), email_hash=where.email, address_hash=where.address, at=now, succeeded=False
    )
    session.add(attempt)
    session.flush()
    return attempt


def check(session: Session, *, where: Origin, now: datetime.datetime) -> None:
    """Raises TooManyAttempts if any of the limits is passed, this attempt included."""
    person = SignInAttempt.email_hash == where.email
    place = SignInAttempt.address_hash == where.address
    for who, limit in (
        (person & place, PER_PERSON_AND_PLACE),
        (person, PER_PERSON),
        (place, PER_PLACE),
    ):
        if _failures(session, who, since=now - WINDOW) > limit:
            raise TooManyAttempts


def _failures(session: Session, who: ColumnElement[bool], *, since: datetime.datetime) -> int:
    counted = select(func.count(SignInAttempt.id)).where(
        who, SignInAttempt.at > since, SignInAttempt.succeeded.is_(False)
    )
    return session.scalar(counted) or 0


def succeed(session: Session, attempt_id: str) -> None:
    """The attempt was no guess: it does not count against its person."""
    session.execute(
        update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True)
    )
