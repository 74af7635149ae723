"""Who looks at this page? The cookie names a session on the server; the server decides."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from tre import request as this
from tre.people import Person, Role
from tre.sign_in import attempts, browser
from tre.sign_in.attempts import Origin

LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?=&-]*")

HOME: tuple[tuple[Role, str], ...] = (
    (Role.RESEARCHER, "research.projects"),
    (Role.CHECKER, "checking.queue"),
    (Role.PUBLISHER, "publishing.queue"),
    (Role.OWNER, "owner.datasets"),
    (Role.HEAD_CHECKER, "recalling.index"),
    (Role.AUDITOR, "auditing.entries"),
    (Role.ADMINISTRATOR, "admin.people"),
)
"""Where a person begins: the first role that they hold."""


class Visitor(UserMixin):
    """A person at a browser, with the token of the session that says so."""

    def __init__(self, person: Person, token: str) -> None:
        self.person = person
        self.token = token

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # addresses change on the move; the server's row decides
    manager.user_loader(_load)
    manager.init_app(app)
    app.context_processor(lambda: {"me": current_user.person if is_signed_in() else None})


def _load(token: str) -> Visitor | None:
    person = browser.person_at(this.session(), token=token, now=this.now())
    return Visitor(person, token) if person is not None else None


def to_the_door() -> Response:
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    query = "?" + urlencode({"next": back}) if local_path(back) else ""
    return redirect(url_for("public.sign_in") + query, 303)


def local_path(text: str | None) -> str | None:
    """The text if it leads to a page of ours, else None: no redirect ever leaves the service."""
    return text if text and LOCAL_PATH.fullmatch(text) else None


def is_signed_in() -> bool:
    return bool(current_user and current_user.is_authenticated)


def me() -> Person:
    """The person of a page that asks for one; such pages are never reached without."""
    person: Person = current_user.person
    return person


def let_in(token: str) -> None:
    """Begins afresh: nothing of the time before signing in, its form token included, is kept."""
    session.clear()
    g.pop("csrf_token", None)
    person = browser.person_at(this.session(), token=token, now=this.now())
    if person is not None:
        login_user(Visitor(person, token), remember=False)


def let_out() -> None:
    if is_signed_in():
        browser.end(this.session(), token=current_user.token, now=this.now())
    logout_user()
    session.clear()


def origin(email: str) -> Origin:
    """Who tries to prove who they are, from where, for the counting of attempts."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return attempts.origin(email=email, address=request.remote_addr or "", key=key)


def home() -> str:
    roles = me().roles
    return url_for(next((page for role, page in HOME if role.value in roles), "public.privacy"))
