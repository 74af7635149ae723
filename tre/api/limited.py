"""How many requests may one caller send? So many a minute; each web process counts by itself.

A token counts for itself wherever it calls from; everything else counts by its address. Answers
say what is left, as draft-ietf-httpapi-ratelimit-headers names it.
"""

from __future__ import annotations

import math
import time

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from tre.api.blueprint import blueprint
from tre.api.problems import Problem
from tre.api.tokens import live_token_id

PER_MINUTE = "API_PER_MINUTE"
_KEY = "tre.api.limited"
WINDOW = 60  # seconds


def install(app: Flask) -> None:
    """``app.config["API_PER_MINUTE"]`` of 0, or none, is no limit."""
    app.extensions[_KEY] = MovingWindowRateLimiter(MemoryStorage())


@blueprint.before_request
def count() -> None:
    """Before a request is looked at. Raises Problem("too-many-requests")."""
    most = current_app.config.get(PER_MINUTE, 0)
    if not most:
        return
    limiter: MovingWindowRateLimiter = current_app.extensions[_KEY]
    item, caller = RateLimitItemPerMinute(most), _caller()
    passed = limiter.hit(item, caller)
    found = limiter.get_window_stats(item, caller)
    wait = max(1, math.ceil(found.reset_time - time.time()))
    g.rate_limit = {
        "RateLimit-Policy": f'"caller";q={most};w={WINDOW}',
        "RateLimit": f'"caller";r={found.remaining};t={wait}',
    }
    if not passed:
        problem = Problem("too-many-requests")
        problem.headers = {"Retry-After": str(wait)}
        raise problem


@blueprint.after_request
def say(answer: Response) -> Response:
    """What is left, on every answer that was counted."""
    answer.headers.update(g.get("rate_limit", {}))
    return answer


def _caller() -> str:
    token = live_token_id()
    return f"token {token}" if token else f"address {request.remote_addr}"
