"""Where does the API hang? One blueprint under /api/v1, with its own errors and no cookies."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request

from tre.api import problems
from tre.api.problems import Problem

JSON = "application/json"
FIRST_ERROR = 400  # what is less, such as a redirect, is none

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="API v1")


@blueprint.before_request
def check_media_type() -> None:
    """A body is JSON or refused; a request without a body needs no type."""
    if request.method == "POST" and _has_body() and request.mimetype != JSON:
        raise Problem("media-type")


def _has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


@blueprint.before_app_request
def say_routing_errors() -> Response | None:
    """Errors of an address under /api that leads to no view, before a page is made of them."""
    error = request.routing_exception
    if error is None or (error.code or 0) < FIRST_ERROR:
        return None
    return problems.answer(error)


@blueprint.errorhandler(Exception)
def say_errors(error: Exception) -> Response | None:
    return problems.answer(error)
