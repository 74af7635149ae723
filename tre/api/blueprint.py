"""Where does the API hang? One blueprint under /api/v1, with its own errors and no cookies."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.exceptions import HTTPException

from queries.errors import QueryRefused
from tre.api import problems
from tre.api.problems import Problem
from tre.errors import ServiceError

JSON = "application/json"

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
    """Errors of an address under /api that leads to no view, before a page could be made of them."""
    error = request.routing_exception
    if not problems.speaks_problems(request.path) or not isinstance(error, HTTPException):
        return None
    return problems.response(problems.of_http_error(error)) if error.code != 308 else None  # noqa: PLR2004


@blueprint.errorhandler(Problem)
def _problem(error: Problem) -> Response:
    return problems.response(error)


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    return problems.response(problems.of_http_error(error))


@blueprint.errorhandler(ServiceError)
def _service_error(error: ServiceError) -> Response:
    return problems.response(problems.of_service_error(error))


@blueprint.errorhandler(QueryRefused)
def _query_refused(error: QueryRefused) -> Response:
    return problems.response(problems.of_refusal(error))


@blueprint.errorhandler(RecursionError)
def _too_deep(_error: RecursionError) -> Response:
    return problems.response(Problem("bad-request"))
