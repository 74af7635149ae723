"""How is an error said to a person? One place, one page; no text depends on data."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from disclosure_control.errors import DisclosureError
from queries.errors import QueryError
from tre.errors import GatesClosed, NotPermitted, Recalled, ServiceError
from tre.web import late

log = logging.getLogger(__name__)

Answer = Response | tuple[str, int]

PAGES: dict[int, tuple[str, str]] = {
    400: ("This request could not be read", "Go back and try again."),
    403: ("You cannot do this", "If you think that you should, ask an administrator."),
    404: ("Page not found", "It does not exist, or you cannot see it; the answer is the same."),
    405: ("This address does not work that way", "Go back and use the buttons on the page."),
    409: ("Things have moved on", "Go back and look at the page again."),
    413: ("This is too large", "Send a shorter text."),
    415: ("This request could not be read", "Go back and try again."),
    422: ("There is a problem", "Go back and check what you entered."),
    429: ("Too many attempts", "Wait 15 minutes and try again."),
    503: ("Not quite ready", "Reload this page in a few seconds."),
    500: ("Something went wrong on our side", "Nothing left. Try again later."),
}
"""Status -> heading and what to do about it."""

OURS = 500  # from here on the fault is ours
EXPIRED = "This form had expired, so nothing was done. Go back, reload the page and try again."


def install(app: Flask, *, api: Callable[[Exception], Response | None]) -> None:
    """``api`` answers errors that belong to a program; it returns None for all others."""

    def first_the_api(page: Callable[[Exception], Answer]) -> Callable[[Exception], Answer]:
        return lambda error: api(error) or page(error)

    app.register_error_handler(CSRFError, first_the_api(_expired))
    app.register_error_handler(HTTPException, first_the_api(_http))
    for kind in (ServiceError, QueryError, DisclosureError):
        app.register_error_handler(kind, first_the_api(_service))
    app.register_error_handler(Exception, first_the_api(_fault))


def _expired(_error: Exception) -> Answer:
    """A form whose token is not of this session is never obeyed; what it held is shown again."""
    return late.expired() or _page(400, EXPIRED)


def _http(error: Exception) -> Answer:
    if isinstance(error, SecurityError):  # another host's name: no address of ours fits it
        return Response("This request could not be read.\n", 400, content_type="text/plain")
    code = error.code if isinstance(error, HTTPException) else None
    if isinstance(error, HTTPException) and error.response is not None:
        return error.response
    if isinstance(error, RequestRedirect):
        return error.get_response()
    return _page(code or 500)


def _service(error: Exception) -> Answer:
    status = error.status if isinstance(error, ServiceError) else 422
    if status == OURS:
        log.error("%s: %s", type(error).__name__, getattr(error, "detail", ""))
    if isinstance(error, Recalled):
        return render_template("research/recalled.html", recall=error), status
    return _page(status, *_sentences(error))


def _sentences(error: Exception) -> tuple[str, ...]:
    if isinstance(error, NotPermitted):
        return (error.reason,)
    public = (getattr(error, "public", ""),)
    if isinstance(error, GatesClosed):
        return (*public, *(f"{gate.reason} {gate.remedy}" for gate in error.gates))
    return public


def _fault(error: Exception) -> Answer:
    """A fault of ours. Its text may hold anything, so it goes to the log only."""
    log.error("unexpected %s at %s", type(error).__name__, request.endpoint, exc_info=error)
    return _page(500)


def _page(status: int, *sentences: str) -> Answer:
    heading, remedy = PAGES.get(status, PAGES[500 if status >= OURS else 400])
    said = [sentence for sentence in (*sentences, remedy) if sentence]
    return render_template("public/problem.html", heading=heading, sentences=said), status
