"""Who is who? An administrator adds people, gives roles, and closes accounts; never their own."""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tre import audit, people
from tre.database import writing
from tre.errors import Incomplete, NotFound, NotPermitted
from tre.journey import reviewed
from tre.people import Person, Role
from tre.permissions import check_administer, check_roles
from tre.sign_in import browser

LONGEST = 200
SHORTEST_PASSWORD = 12
NOT_ONESELF = "You cannot change your own roles or close your own account."


def everybody(session: Session, *, administrator: Person) -> list[Person]:
    check_administer(person=administrator)
    return list(session.scalars(select(Person).order_by(Person.name, Person.email)))


def person(session: Session, *, administrator: Person, person_id: str) -> Person:
    check_administer(person=administrator)
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound(person_id)
    return found


def add(
    session: Session,
    *,
    administrator: Person,
    email: str,
    name: str,
    roles: tuple[Role, ...],
    password: str,
    now: datetime.datetime,
    organisation: str = "",
) -> Person:
    """Raises NotFound, NotPermitted where roles may never meet in one person, Incomplete."""
    _check_texts(email, name, password)
    _check_organisation(organisation)
    try:
        with writing(session):
            check_administer(person=administrator)
            added = people.add(
                session,
                email=email,
                name=name,
                roles=roles,
                password=password,
                organisation=organisation,
                now=now,
            )
            audit.write(
                session,
                "person_added",
                now=now,
                actor_id=administrator.id,
                person=added.id,
                roles=added.roles,
            )
    except IntegrityError as taken:
        raise Incomplete("email", "Somebody has an account with this email address") from taken
    return added


def change(
    session: Session,
    *,
    administrator: Person,
    person_id: str,
    roles: tuple[Role, ...],
    active: bool,
    organisation: str | None = None,
    now: datetime.datetime,
) -> Person:
    """New roles, account open or closed; a closed account loses its sessions at once.

    ``organisation`` of None stays as it is. Raises as ``add``.
    """
    _check_organisation(organisation or "")
    with writing(session):
        found = person(session, administrator=administrator, person_id=person_id)
        if found.id == administrator.id:
            raise NotPermitted(NOT_ONESELF)
        check_roles(roles)
        _give_roles(session, administrator, found, roles, now)
        _employ(session, administrator, found, organisation, now)
        _open_or_close(session, administrator, found, active=active, now=now)
        if not (found.active and found.has(Role.CHECKER)):
            reviewed.begin_anew(session, without=found, now=now)
    return found


def _check_texts(email: str, name: str, password: str) -> None:
    if "@" not in email or len(email) > LONGEST:
        raise Incomplete("email", "Enter an email address")
    if not name.strip() or len(name) > LONGEST:
        raise Incomplete("name", f"Enter a name of at most {LONGEST} characters")
    if len(password) < SHORTEST_PASSWORD:
        raise Incomplete("password", f"Use at least {SHORTEST_PASSWORD} characters")


def _give_roles(
    session: Session,
    administrator: Person,
    found: Person,
    roles: tuple[Role, ...],
    now: datetime.datetime,
) -> None:
    before, after = list(found.roles), sorted(role.value for role in roles)
    if before == after:
        return
    found.roles = after
    audit.write(
        session,
        "roles_changed",
        now=now,
        actor_id=administrator.id,
        person=found.id,
        before=before,
        after=after,
    )


def _check_organisation(name: str) -> None:
    if len(name) > LONGEST:
        raise Incomplete("organisation", f"Enter a name of at most {LONGEST} characters")


def _employ(
    session: Session,
    administrator: Person,
    found: Person,
    organisation: str | None,
    now: datetime.datetime,
) -> None:
    before = found.organisation
    if organisation is None or organisation.strip() == before:
        return
    found.organisation = organisation.strip()
    audit.write(
        session,
        "organisation_changed",
        now=now,
        actor_id=administrator.id,
        person=found.id,
        before=before,
        after=found.organisation,
    )


def _open_or_close(
    session: Session, administrator: Person, found: Person, *, active: bool, now: datetime.datetime
) -> None:
    if found.active == active:
        return
    found.active = active
    if not active:
        browser.end_all(session, person_id=found.id, now=now)
    audit.write(
        session,
        "account_opened" if active else "account_closed",
        now=now,
        actor_id=administrator.id,
        person=found.id,
    )
