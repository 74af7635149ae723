"""What does one web request hold? A database session of its own, and the moment it arrived.

Pages and API share this file and nothing else. The session reads until a function of the journey
begins a transaction that decides; whatever is left open is rolled back when the request ends.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from flask import Flask, current_app, g
from sqlalchemy.orm import Session, sessionmaker

Clock = Callable[[], datetime.datetime]
_KEY = "tre.request"


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def install(app: Flask, *, sessions: sessionmaker[Session], clock: Clock = utc_now) -> None:
    app.extensions[_KEY] = (sessions, clock)
    app.teardown_appcontext(_close)


def session() -> Session:
    """This request's session, opened when it is first asked for."""
    if "session" not in g:
        g.session = current_app.extensions[_KEY][0]()
    return g.session


def now() -> datetime.datetime:
    """One moment for the whole request, so that nothing happens before what it follows."""
    if "now" not in g:
        g.now = current_app.extensions[_KEY][1]()
    return g.now


def _close(_error: BaseException | None) -> None:
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()
