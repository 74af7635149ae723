"""Is it still the same person, at the moment of an act that cannot be undone?

A session lasts a working day; a screen that was left open must not be enough to let data out.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tre import audit
from tre.database import writing
from tre.errors import NotPermitted
from tre.people import Person, password_fits
from tre.sign_in import attempts
from tre.sign_in.attempts import Origin
from tre.sign_in.errors import WrongCredentials

LASTS = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """This person gave their password again at this moment."""

    person_id: str
    at: datetime.datetime


def step_up(
    session: Session, *, person: Person, password: str, where: Origin, now: datetime.datetime
) -> SteppedUp:
    """Counted like a sign-in. Raises WrongCredentials or TooManyAttempts."""
    with writing(session):
        attempt_id = attempts.begin(session, where=where, now=now).id
    attempts.check(session, where=where, now=now)
    fits = password_fits(person, password)
    with writing(session):
        if fits:
            attempts.succeed(session, attempt_id)
        event = "stepped_up" if fits else "step_up_failed"
        audit.write(session, event, now=now, actor_id=person.id)
    if not fits:
        raise WrongCredentials
    return SteppedUp(person.id, now)


def check_stepped_up(proof: SteppedUp, *, person: Person, now: datetime.datetime) -> None:
    """Raises NotPermitted for somebody else's proof, or an old one."""
    if proof.person_id != person.id or not proof.at <= now <= proof.at + LASTS:
        raise NotPermitted("Enter your password again: this act needs it.")
