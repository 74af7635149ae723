"""Who is at this browser? Sessions on the server: the browser holds a token, nothing else counts.

A session ends when its person signs out, when it has been idle, at the latest at the end of a
working day, or when the account is closed. Ending it is a row on the server, so a copied cookie
is worth nothing afterwards.
"""

from __future__ import annotations

import datetime
import secrets

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tre import audit
from tre.database import new_id, writing
from tre.people import Person, SignedIn, by_email, hashed, password_fits
from tre.sign_in import attempts
from tre.sign_in.attempts import Origin
from tre.sign_in.errors import WrongCredentials

LASTS = datetime.timedelta(hours=12)
IDLE = datetime.timedelta(hours=1)
NOTICED = datetime.timedelta(minutes=1)  # how often a visit is written down


def sign_in(
    session: Session, *, email: str, password: str, where: Origin, now: datetime.datetime
) -> str:
    """The token of a new session. Raises WrongCredentials or TooManyAttempts."""
    with writing(session):
        attempt_id = attempts.begin(session, where=where, now=now).id
    attempts.check(session, where=where, now=now)
    person = by_email(session, email)
    if not password_fits(person, password) or person is None:
        with writing(session):
            audit.write(session, "sign_in_failed", now=now, email_hash=where.email)
        raise WrongCredentials
    return start(session, person_id=person.id, attempt_id=attempt_id, now=now)


def start(
    session: Session, *, person_id: str, now: datetime.datetime, attempt_id: str | None = None
) -> str:
    """Opens a session for a person who has proved who they are, and returns its token."""
    token = secrets.token_urlsafe(32)
    with writing(session):
        if attempt_id is not None:
            attempts.succeed(session, attempt_id)
        session.add(
            SignedIn(
                id=new_id(),
                person_id=person_id,
                token_hash=hashed(token),
                created_at=now,
                last_seen_at=now,
                expires_at=now + LASTS,
                ended_at=None,
            )
        )
        audit.write(session, "signed_in", now=now, actor_id=person_id)
    return token


def person_at(session: Session, *, token: str, now: datetime.datetime) -> Person | None:
    """Whose session this is, if it still counts; writes the visit down once a minute."""
    found = _live(session, token, now)
    if found is None:
        return None
    if now - found.last_seen_at >= NOTICED:
        with writing(session):
            found.last_seen_at = now
    return found.person


def whose(session: Session, *, token: str) -> str | None:
    """The id of the person whose session this is or was. It says nothing about who is here now."""
    return session.scalar(select(SignedIn.person_id).where(SignedIn.token_hash == hashed(token)))


def end(session: Session, *, token: str, now: datetime.datetime) -> None:
    """Signs out. A session that has ended already is no error."""
    found = _live(session, token, now)
    if found is None:
        return
    with writing(session):
        found.ended_at = now
        audit.write(session, "signed_out", now=now, actor_id=found.person_id)


def end_all(session: Session, *, person_id: str, now: datetime.datetime) -> None:
    """Ends every session of a person, inside the caller's transaction."""
    session.execute(
        update(SignedIn)
        .where(SignedIn.person_id == person_id, SignedIn.ended_at.is_(None))
        .values(ended_at=now)
    )


def _live(session: Session, token: str, now: datetime.datetime) -> SignedIn | None:
    found = session.scalar(select(SignedIn).where(SignedIn.token_hash == hashed(token)))
    if found is None or found.ended_at is not None or not found.person.active:
        return None
    if now >= found.expires_at or now - found.last_seen_at >= IDLE:
        return None
    return found
