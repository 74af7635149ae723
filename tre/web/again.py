"""What was in a form that came too late? It is shown once more to its person, and never obeyed.

A page that takes entries registers a function that shows it filled in from the request and does
nothing else; the function that acts is not called for a late form. While its person signs in
again, a form travels in the sign-in page itself, sealed for that person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

Show = Callable[..., Any]

MARK = "show_again"  # the field of a form that only wants to be seen
KEPT = "kept"  # the field of the sign-in page that holds a sealed form
LASTS = 3600  # seconds
LARGEST = 200_000  # characters of a sealed form; more would not come back through the door
NEVER_KEPT = frozenset({"csrf_token", "password", MARK, KEPT})

_shown: dict[str, Show] = {}


def shows(*endpoints: str) -> Callable[[Show], Show]:
    """Registers what shows these pages filled in; it gets the parts of the address."""

    def register(show: Show) -> Show:
        _shown.update(dict.fromkeys(endpoints, show))
        return show

    return register


def shown_by(endpoint: str | None) -> Show | None:
    return _shown.get(endpoint or "")


@dataclass(frozen=True, slots=True)
class Late:
    """Entries by name, in their order, and the address that they were meant for."""

    path: str
    fields: tuple[tuple[str, str], ...]


def of_request() -> Late:
    fields = request.form.items(multi=True)
    return Late(request.path, tuple(one for one in fields if one[0] not in NEVER_KEPT))


def seal(late: Late, *, person_id: str) -> str | None:
    """None for a form that is too large to be kept."""
    sealed = str(_serializer(person_id).dumps([late.path, late.fields]))
    return sealed if len(sealed) <= LARGEST else None


def unseal(sealed: str, *, person_id: str) -> Late | None:
    """None if it is another person's, changed, or too old."""
    try:
        path, fields = _serializer(person_id).loads(sealed, max_age=LASTS)
    except BadData:
        return None
    return Late(path, tuple((name, value) for name, value in fields))


def _serializer(person_id: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt=f"late {person_id}")
