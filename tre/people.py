"""Who are the people of the service, and how do they prove it?"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id


class Role(StrEnum):
    RESEARCHER = "researcher"
    CHECKER = "checker"
    HEAD_CHECKER = "head_checker"  # answers for checking: takes releases back
    PUBLISHER = "publisher"  # releases what checkers approved
    OWNER = "owner"
    AUDITOR = "auditor"  # reads every act on record, and does nothing else
    ADMINISTRATOR = "administrator"


class Person(Base):
    __tablename__ = "person"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    organisation: Mapped[str] = mapped_column(default="")  # empty: not known
    roles: Mapped[list[str]]
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime.datetime]

    def has(self, role: Role) -> bool:
        return role.value in self.roles


class SignedIn(Base):
    """One server-side session. The browser holds a token, the database its hash."""

    __tablename__ = "signed_in"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime.datetime]
    last_seen_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    ended_at: Mapped[datetime.datetime | None]

    person: Mapped[Person] = relationship()


class SignInAttempt(Base):
    """A failed or successful sign-in, counted to slow down guessing. Holds no password."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email_hash: Mapped[str] = mapped_column(index=True)
    address_hash: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime.datetime]
    succeeded: Mapped[bool]


class ApiToken(Base):
    """A bearer token of the API. Only its hash is kept; its secret is shown once."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    revoked_at: Mapped[datetime.datetime | None]

    person: Mapped[Person] = relationship()

    def live(self, now: datetime.datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at and self.person.active


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def hashed(secret: str) -> str:
    """How a token of full strength is kept: SHA-256 is enough where guessing is hopeless."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    return _hasher().hash(password)


@cache
def _nobody() -> str:
    return hash_password(secrets.token_hex())


def password_fits(person: Person | None, password: str) -> bool:
    """Takes as long for an unknown person as for a wrong password."""
    stored = person.password_hash if person is not None else None
    try:
        _hasher().verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return person is not None and stored is not None and person.active


def add(
    session: Session,
    *,
    email: str,
    name: str,
    roles: tuple[Role, ...],
    now: datetime.datetime,
    password: str | None = None,
    demo: bool = False,
    organisation: str = "",
) -> Person:
    """Raises NotPermitted where the roles may never meet in one person."""
    from tre.permissions import check_roles  # noqa: PLC0415 - permissions read people

    check_roles(roles)
    person = Person(
        id=new_id(),
        email=email.strip().lower(),
        name=name.strip(),
        organisation=organisation.strip(),
        roles=sorted(role.value for role in roles),
        password_hash=hash_password(password) if password else None,
        active=True,
        demo=demo,
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def by_email(session: Session, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == email.strip().lower()))


def issue_token(
    session: Session,
    *,
    person: Person,
    name: str,
    scopes: tuple[str, ...],
    lasts: datetime.timedelta,
    now: datetime.datetime,
) -> tuple[ApiToken, str]:
    """The row and the secret, which is never seen again."""
    secret = "tre_" + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        person_id=person.id,
        name=name,
        token_hash=hashed(secret),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=now + lasts,
        revoked_at=None,
    )
    session.add(token)
    session.flush()
    return token, secret


def by_token(session: Session, secret: str, *, now: datetime.datetime) -> ApiToken | None:
    token = session.scalar(select(ApiToken).where(ApiToken.token_hash == hashed(secret)))
    return token if token is not None and token.live(now) else None
