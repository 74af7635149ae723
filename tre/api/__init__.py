"""How do programs use the service? A versioned HTTP API over the same journey as the pages.

``mount(app)`` hangs it into an ``APIFlask`` application that was made with
``spec_path=tre.api.SPEC_PATH``, ``docs_path=None`` and ``json_errors=False``, after
``tre.request.install``. ``problems.answer`` turns an error under /api into problem+json and
returns None for all others, so that pages can ask it first.
"""

from __future__ import annotations

from apiflask import APIFlask

from tre.api import (
    catalogue,
    limited,
    log,
    openapi,
    problems,
    questions,
    register,
    releases,
    requests,
    tokens,
    webhooks,
)
from tre.api.blueprint import blueprint

SPEC_PATH = "/api/v1/openapi.json"
TITLE = "Trusted research environment"
VERSION = "1.0.0"
DESCRIPTION = (
    "Ask approved questions of linked data; read the tables that were released to your projects, "
    "and without a token those that were released to everybody. The list beside the token of each "
    "operation is the scope that it needs. Every error is application/problem+json; its type leads "
    "to what it means."
)

__all__ = ["SPEC_PATH", "TITLE", "VERSION", "blueprint", "mount", "problems"]

VIEWS = (catalogue, log, questions, register, releases, requests, webhooks)


def mount(app: APIFlask) -> None:
    """Views, problems and the description. A bearer needs no token against forgery of forms."""
    app.config["SECURITY_SCHEMES"] = {tokens.SECURITY: tokens.SCHEME}
    app.config["AUTO_SERVERS"] = False
    app.config["DESCRIPTION"] = DESCRIPTION
    app.error_callback = problems.answer
    app.spec_processor(openapi.finish)
    if "csrf" in app.extensions:
        app.extensions["csrf"].exempt(blueprint)
    limited.install(app)
    app.register_blueprint(blueprint)
