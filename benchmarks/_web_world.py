"""What the benchmark of the pages looks at: the service beside a bare page, in one process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

import app as web_process
import config
from tests.factories import NOW
from tests.web.service import SECRET

DATABASE = "TRE_BENCHMARK_DATABASE"
BARE = "/bare"

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def bare() -> Flask:
    made = Flask("bare")

    @made.get(BARE)
    def page() -> str:
        return "<!doctype html><title>Hello</title><p>Hello, world."

    return made


def made() -> App:
    """For gunicorn: both applications, told apart by the address."""
    settings = config.WebConfig(
        environment="test",
        database_url=os.environ[DATABASE],
        secret_key=SECRET,
        api_per_minute=0,
    )
    service, plain = web_process.create_app(settings, clock=lambda: NOW), bare()

    def either(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chosen: App = plain if environ["PATH_INFO"] == BARE else service
        return chosen(environ, start_response)

    return either
