"""Who calls? A bearer token names a person and what it may be used for. Cookies count nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, request

from tre import request as this
from tre.api.blueprint import blueprint
from tre.api.problems import Problem
from tre.people import ApiToken, Person, by_token
from tre.scopes import Scope

View = TypeVar("View", bound=Callable[..., Any])
LONGEST = 200
SECURITY = "token"
SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token with scopes and an end, shown once when it is issued.",
}


def needs(scope: Scope, *, or_nothing: bool = False) -> Callable[[View], View]:
    """Only tokens with this scope reach the view; the description of the API says so.

    ``or_nothing``: also a request without any token, which ``reader`` then tells.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not (or_nothing and _is_anybody()) and scope.value not in _token().scopes:
                raise Problem("scope-missing", f"This needs a token with the scope {scope.value}.")
            return view(*args, **kwargs)

        # ``doc`` overwrites all that it can say, so what was said of answers is said again.
        answers = getattr(view, "_spec", {}).get("responses")
        ways: list[dict[str, list[str]]] = [{SECURITY: [scope.value]}, *([{}] * or_nothing)]
        return blueprint.doc(responses=answers, security=ways)(checked)

    return decorate


def caller() -> Person:
    """The person whose token this request carries."""
    return _token().person


def reader() -> Person | None:
    """The person whose token this request carries; None where it carries none at all."""
    return None if _is_anybody() else caller()


def token_id() -> str | None:
    return None if _is_anybody() else _token().id


def live_token_id() -> str | None:
    """Of whoever calls with a valid token; None for all others, whatever they send."""
    try:
        return token_id()
    except Problem:
        return None


def _is_anybody() -> bool:
    """Whoever sends something else than a valid token is told so, and not taken for anybody."""
    return "Authorization" not in request.headers


def _token() -> ApiToken:
    """Raises Problem("token-missing") alike for none, an unknown, an expired and a revoked one."""
    if "api_token" not in g:
        g.api_token = _found()
    token: ApiToken | None = g.api_token
    if token is None:
        raise Problem("token-missing")
    return token


def _found() -> ApiToken | None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not 0 < len(secret) <= LONGEST:
        return None
    return by_token(this.session(), secret.strip(), now=this.now())
