"""What happens to a form that comes too late? Nothing is done; its page appears again, filled in.

The session of its person may have ended, or the form's token may be of an earlier session. Only
the functions of ``tre.web.again`` answer here, and they change nothing.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, flash, make_response, request, session
from werkzeug.wrappers import Response

from tre import request as this
from tre.sign_in import browser
from tre.web import again, door, forms, visitor

EXPIRED = (
    "This form had expired, so nothing was done. What you entered is still here: "
    "look it over and send it again."
)
SIGNED_OUT = (
    "You had been signed out, so nothing was done. What you entered is still here: "
    "look it over and send it again."
)


def install(app: Flask) -> None:
    """After the check of form tokens, so that it stays the first to look at every form."""
    app.login_manager.unauthorized_handler(at_the_door)  # type: ignore[attr-defined]
    app.before_request(_shown_again)


def at_the_door() -> Response:
    """For somebody who is not signed in, or is no longer: the door, with what they sent."""
    sealed = _sealed() if request.method == "POST" else None
    if sealed is None:
        return visitor.to_the_door()
    return make_response(door.page(forms.SignIn(formdata=None), kept=sealed), 403)


def expired() -> Any | None:
    """The page of a form whose token does not fit; None where nothing could be lost."""
    show = again.shown_by(request.endpoint)
    if show is None:
        return None
    if not visitor.is_signed_in() and request.endpoint not in door.OPEN:
        return at_the_door()
    flash(EXPIRED, "important")
    return make_response(show(**(request.view_args or {})), 400)


def _shown_again() -> Any | None:
    show = again.shown_by(request.endpoint) if again.MARK in request.form else None
    if show is None or not visitor.is_signed_in():
        return None
    flash(SIGNED_OUT, "important")
    return show(**(request.view_args or {}))


def _sealed() -> str | None:
    """Sealed for the person whose session it was; a stranger's form is not kept."""
    token = session.get("_user_id")
    person_id = browser.whose(this.session(), token=str(token)) if token else None
    if person_id is None or again.shown_by(request.endpoint) is None:
        return None
    return again.seal(again.of_request(), person_id=person_id)
