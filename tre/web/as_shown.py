"""Was this browser just shown this page, and has nothing happened since? It is shown once more.

A page that follows from the database alone is kept as bytes, with the state of the database that
it was made from. One statement says whether the session still counts and whether that is still the
state; whatever else is the case, the page is made anew. Kept pages are never anybody else's: the
whole cookie is part of their name.
"""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, Dialect, Select, String, bindparam, cast, func, select
from sqlalchemy.exc import SQLAlchemyError

from tre.audit import AuditEntry
from tre.people import Person, SignedIn, hashed
from tre.prepared import Prepared
from tre.request import Clock
from tre.sign_in.browser import NOTICED

Environ = dict[str, Any]
Answer = Iterable[bytes]
App = Callable[[Environ, Callable[..., Any]], Answer]
Headers = list[tuple[str, str]]

MARK = "tre.as_shown"  # in a request's environment: the session that its page was made for
MOST = 256  # pages of one web process
PATHS = frozenset({"/checks"})
OK = "200 OK"

Name = tuple[str, ...]


def only_of_the_database(token: str) -> None:
    """A view says: this page follows from the database, this session, and the minute."""
    request.environ[MARK] = hashed(token)


def state_of(dialect: Dialect) -> ColumnElement[str]:
    """A text that differs once anything else was committed.

    SQLite writes one transaction after the other, and each that changes what people see writes an
    audit entry. In PostgreSQL entries may commit late; its snapshots say what is committed.
    """
    if dialect.name == "postgresql":
        return cast(func.pg_current_snapshot(), String)
    return cast(select(func.max(AuditEntry.id)).scalar_subquery(), String)


def still_counts(dialect: Dialect) -> Select[tuple[str]]:
    """The state, for a session that counts and whose last visit is on record: as ``person_at``."""
    return (
        select(state_of(dialect))
        .select_from(SignedIn)
        .join(Person, Person.id == SignedIn.person_id)
        .where(
            SignedIn.token_hash == bindparam("token"),
            SignedIn.ended_at.is_(None),
            SignedIn.expires_at > bindparam("now"),
            SignedIn.last_seen_at > bindparam("seen"),
            Person.active.is_(True),
        )
    )


@dataclass(frozen=True, slots=True)
class Shown:
    token: str  # its hash
    state: str
    minute: datetime.datetime
    headers: Headers
    body: bytes


@dataclass(slots=True)
class AsShown:
    """WSGI middleware."""

    app: App
    still_counts: Prepared
    clock: Clock
    _shown: OrderedDict[Name, Shown] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Answer:
        name = _name(environ)
        if name is None:
            return self.app(environ, start_response)
        kept = self._shown.get(name)
        if kept is not None and self._as_it_was(kept):
            start_response(OK, kept.headers)
            return [kept.body]
        return self._made(name, environ, start_response)

    def _as_it_was(self, kept: Shown) -> bool:
        now = self.clock()
        return _minute(now) == kept.minute and self._state(kept.token, now) == kept.state

    def _state(self, token: str, now: datetime.datetime) -> str | None:
        """None where the session counts no longer, or the database does not say."""
        given = {"token": token, "now": now, "seen": now - NOTICED}
        try:
            state: str | None = self.still_counts.first(given)
        except (SQLAlchemyError, self.still_counts.faults):
            return None
        return state

    def _made(self, name: Name, environ: Environ, start_response: Callable[..., Any]) -> Answer:
        """The state is read before the page: what is committed meanwhile makes it another."""
        before = self._shown.get(name)
        now = self.clock()
        state = None if before is None else self._state(before.token, now)
        answered: list[tuple[str, Headers]] = []

        def started(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], Any]:
            answered.append((status, headers))
            written: Callable[[bytes], Any] = start_response(status, headers, *rest)
            return written

        answer = self.app(environ, started)
        body = b"".join(answer)
        if callable(close := getattr(answer, "close", None)):
            close()
        token = environ.get(MARK)
        if token is not None and answered and _may_be_kept(*answered[-1]):
            # The first time its session was not known before: then the next one is kept.
            self._keep(name, Shown(token, state or "", _minute(now), answered[-1][1], body))
        return [body]

    def _keep(self, name: Name, shown: Shown) -> None:
        with self._lock:
            self._shown[name] = shown
            self._shown.move_to_end(name)
            while len(self._shown) > MOST:
                self._shown.popitem(last=False)


def _name(environ: Environ) -> Name | None:
    if environ.get("REQUEST_METHOD") != "GET" or environ.get("PATH_INFO") not in PATHS:
        return None
    parts = ("PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HOST", "wsgi.url_scheme")
    return tuple(str(environ.get(part, "")) for part in parts)


def _minute(now: datetime.datetime) -> datetime.datetime:
    return now.replace(second=0, microsecond=0)


def _may_be_kept(status: str, headers: Headers) -> bool:
    """A page that sets no cookie: it has told nothing that is told once."""
    return status == OK and all(name.lower() != "set-cookie" for name, _ in headers)
