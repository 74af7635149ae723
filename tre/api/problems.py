"""How is an error said to a program? As application/problem+json (RFC 9457), from one table.

A problem's ``type`` is stable and dereferences to its own description. Nothing in a problem
depends on data: the sentences are fixed, and refusals of a question come from public metadata.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from apiflask import HTTPError
from flask import Response, request
from werkzeug.exceptions import HTTPException

from queries.errors import Problem as QueryProblem
from queries.errors import QueryRefused
from tre.errors import GatesClosed, Incomplete, NotPermitted, NotYetInLog, Recalled, ServiceError

if TYPE_CHECKING:
    from tre.gates import Gate

log = logging.getLogger(__name__)

PREFIX = "/api"
MEDIA_TYPE = "application/problem+json"
TYPES = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table of problems: what went wrong, and what a caller can do about it."""

    code: str
    status: int
    title: str
    remedy: str

    @property
    def type(self) -> str:
        return TYPES + self.code


KINDS = {
    kind.code: kind
    for kind in (
        Kind("bad-request", 400, "The request cannot be read", "Check the syntax of the request."),
        Kind(
            "token-missing",
            401,
            "A valid token is needed",
            "Send a token that is neither expired nor revoked as Authorization: Bearer.",
        ),
        Kind(
            "scope-missing",
            403,
            "This token does not cover this action",
            "Ask for a token with the scope that the description of the API names.",
        ),
        Kind(
            "not-permitted",
            403,
            "You may not do this",
            "The detail says which rule applies.",
        ),
        Kind(
            "gates-closed",
            409,
            "A condition for this question is not met",
            "Each entry of gates names the condition, who decides it and the remedy.",
        ),
        Kind(
            "not-found",
            404,
            "There is nothing here for you",
            "It does not exist or it is not yours to see; the answer is the same.",
        ),
        Kind(
            "cursor-unknown",
            404,
            "This cursor names no page of this list",
            "Start again without a cursor.",
        ),
        Kind("method-not-allowed", 405, "This method is not allowed here", "See Allow."),
        Kind(
            "not-acceptable",
            406,
            "This is not available in the format asked for",
            "Ask for one of the formats in the description of the API.",
        ),
        Kind(
            "query-refused",
            409,
            "This dataset does not answer this question",
            "Each entry of problems has a code, a sentence that helps and a position.",
        ),
        Kind(
            "cost-outside-policy",
            409,
            "The policy of this dataset does not allow this cost",
            "Ask for a cost between the policy's least and largest.",
        ),
        Kind(
            "idempotency-conflict",
            409,
            "This Idempotency-Key was used for another submission",
            "Use a new key for a new submission.",
        ),
        Kind(
            "state-moved",
            409,
            "The submission has moved on, so that step is no longer possible",
            "Read the submission again.",
        ),
        Kind(
            "budget-exceeded",
            409,
            "The privacy budget does not allow this question",
            "Ask with a smaller rho, or ask the owner of the dataset.",
        ),
        Kind(
            "track-closed",
            409,
            "The dataset does not open this track",
            "Leave track out, or look at the dataset for what is open today.",
        ),
        Kind("limit-reached", 409, "You have as many as anybody may", "End one of them first."),
        Kind(
            "recalled",
            410,
            "This release was recalled",
            "Do not use its numbers. reason says why, successor what takes its place.",
        ),
        Kind("too-large", 413, "The request is too large", "Send a shorter question."),
        Kind(
            "media-type",
            415,
            "The body must be application/json",
            "Send Content-Type: application/json.",
        ),
        Kind(
            "invalid",
            422,
            "The request does not follow the contract",
            "Each entry of errors names a place and what is wrong there.",
        ),
        Kind("too-many-requests", 429, "Too many requests", "Wait as Retry-After says."),
        Kind(
            "fault",
            500,
            "Something went wrong on our side",
            "Nothing left; try again later.",
        ),
        Kind(
            "not-yet-in-log",
            503,
            "This release is being entered in the log",
            "Wait as Retry-After says.",
        ),
        Kind("unavailable", 503, "The service is not ready", "Wait as Retry-After says."),
    )
}

BY_STATUS = {
    400: "bad-request",
    401: "token-missing",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    429: "too-many-requests",
    503: "unavailable",
}
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class Problem(Exception):
    """Raised by the API to answer with a row of the table; ``more`` are extension members."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        self.kind = KINDS[code]
        super().__init__(self.kind.title)
        self.detail = detail or self.kind.remedy
        self.more = more
        self.headers: Mapping[str, str] = {}


def body(problem: Problem) -> dict[str, Any]:
    kind = problem.kind
    return {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": problem.detail,
        **problem.more,
    }


def response(problem: Problem) -> Response:
    answer = Response(
        json.dumps(body(problem), ensure_ascii=False),
        status=problem.kind.status,
        mimetype=MEDIA_TYPE,
    )
    answer.headers.update(problem.headers)
    if problem.kind.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return answer


def of_http_error(error: HTTPException) -> Problem:
    """The problem of an error that the framework raised before a view was reached."""
    problem = Problem(BY_STATUS.get(error.code or 500, "fault"))
    headers = dict(error.get_headers())
    problem.headers = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    return problem


def of_contract(error: HTTPError) -> Problem:
    """The problem of a request that does not follow the contract: every place and what is wrong."""
    if error.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return Problem(BY_STATUS.get(error.status_code, "fault"))
    errors = [
        {"where": f"{location}.{place}", "message": message}
        for location, places in error.detail.items()
        for place, messages in places.items()
        for message in messages
    ]
    return Problem("invalid", errors=errors)


def of_service_error(error: ServiceError) -> Problem:
    """The row of the same code; a fault where the table has none."""
    if isinstance(error, GatesClosed):
        return Problem("gates-closed", gates=[_gate(gate) for gate in error.gates])
    if isinstance(error, NotPermitted):
        return Problem("not-permitted", error.reason)
    if isinstance(error, Incomplete):
        code = "cost-outside-policy" if error.field == "rho_nano" else "invalid"
        return Problem(code, errors=[{"where": error.field, "message": error.sentence}])
    if isinstance(error, Recalled):
        return Problem("recalled", **_recall(error))
    problem = Problem(error.code if error.code in KINDS else "fault")
    if isinstance(error, NotYetInLog):
        problem.headers = {"Retry-After": "2"}
    return problem


def _recall(error: Recalled) -> dict[str, Any]:
    successor = error.successor_id
    return {
        "reason": error.reason,
        "recalled_at": error.at.isoformat(),
        "successor": None if successor is None else f"{PREFIX}/v1/releases/{successor}",
    }


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "id": gate.id,
        "reason": gate.reason,
        "authority": gate.authority,
        "remedy": gate.remedy,
    }


def of_refusal(error: QueryRefused) -> Problem:
    return Problem("query-refused", problems=[_placed(one) for one in error.problems])


def _placed(problem: QueryProblem) -> dict[str, Any]:
    """``where`` is "line 2, column 7" in SQL and a path in the JSON form; offsets in SQL only."""
    position = None if problem.start is None else {"start": problem.start, "end": problem.end}
    return {
        "code": problem.code,
        "message": problem.message,
        "where": problem.where,
        "position": position,
    }


def of(error: Exception) -> Problem:
    """The problem of anything that was raised; what nobody foresaw is a fault without a word."""
    return next((say(error) for kind, say in SAYINGS if isinstance(error, kind)), Problem("fault"))


SAYINGS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (Problem, lambda error: error),
    (HTTPError, of_contract),
    (HTTPException, of_http_error),
    (QueryRefused, of_refusal),
    (ServiceError, of_service_error),
    (RecursionError, lambda _: Problem("bad-request")),  # a body nested too deep to be read
)


def answer(error: Exception) -> Response | None:
    """The answer to a program; None where a person asked and a page should be made."""
    if not speaks_problems(request.path):
        return None
    problem = of(error)
    if problem.kind.code == "fault":
        log.error("unexpected %s at %s", type(error).__name__, request.endpoint, exc_info=error)
    return response(problem)


def speaks_problems(path: str) -> bool:
    """Whether errors under this path are said to a program rather than to a person."""
    return path == PREFIX or path.startswith(PREFIX + "/")
