"""How is the web process put together? Pages and API over one database, far from the data."""

from __future__ import annotations

from urllib.parse import urlsplit

from apiflask import APIFlask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

import config
import tre.api
from tre import database
from tre import request as this
from tre.api.unchanged import MAY_FETCH, Unchanged
from tre.journey import started
from tre.prepared import Prepared
from tre.web import as_shown, faults, mount, pages, security, visitor
from tre.web.as_shown import AsShown
from tre.web.security import Promise

LOCAL_HOSTS = ("localhost", "127.0.0.1")


def create_app(
    settings: config.WebConfig | None = None, *, clock: this.Clock = this.utc_now
) -> APIFlask:
    """The WSGI application. Raises ConfigurationError with every fault of the settings."""
    settings = settings or config.web()
    app = _bare()
    engine = _with_database(app, settings, clock)
    promise = _promise(settings)
    _with_promises(app, settings, promise)
    _with_pages(app, settings)
    _with_api(app, settings)
    _as_shown_first(app, engine, clock)
    _unchanged_first(app, engine, clock, promise)
    _behind_proxies(app, settings)
    return app


def _bare() -> APIFlask:
    app = APIFlask(
        "tre.web",
        title=tre.api.TITLE,
        version=tre.api.VERSION,
        spec_path=tre.api.SPEC_PATH,
        docs_path=None,
        json_errors=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    return app


def _behind_proxies(app: APIFlask, settings: config.WebConfig) -> None:
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )


def _with_database(app: APIFlask, settings: config.WebConfig, clock: this.Clock) -> Engine:
    engine = database.connect(settings.database_url)
    _check(engine, settings)
    this.install(app, sessions=database.sessions(engine), clock=clock)
    return engine


def _check(engine: Engine, settings: config.WebConfig) -> None:
    with Session(engine) as session:
        started.check(session, production=settings.production)
    engine.dispose()  # no connection is open where a server forks after this


def _promise(settings: config.WebConfig) -> Promise:
    return Promise(settings.secret_key, settings.production, _hosts(settings))


def _with_promises(app: APIFlask, settings: config.WebConfig, promise: Promise) -> None:
    app.debug = settings.debug
    security.install(app, promise)


def _hosts(settings: config.WebConfig) -> tuple[str, ...]:
    """Names under which the service answers; outside production also this machine's own."""
    public = urlsplit(settings.public_url).hostname
    named = (public,) if public else ()
    return named if settings.production else (*named, *LOCAL_HOSTS)


def _with_pages(app: APIFlask, settings: config.WebConfig) -> None:
    app.config["CHECK_HOURS"] = settings.check_hours
    visitor.install(app)
    pages.install(app, demo=settings.demo)
    mount(app, demo=settings.demo)
    faults.install(app, api=tre.api.problems.answer)


def _with_api(app: APIFlask, settings: config.WebConfig) -> None:
    app.config["API_PER_MINUTE"] = settings.api_per_minute
    tre.api.mount(app)


def _as_shown_first(app: APIFlask, engine: Engine, clock: this.Clock) -> None:
    statement = as_shown.still_counts(engine.dialect)
    app.wsgi_app = AsShown(  # type: ignore[method-assign]
        app.wsgi_app, Prepared(engine, statement), clock
    )


def _unchanged_first(app: APIFlask, engine: Engine, clock: this.Clock, promise: Promise) -> None:
    headers = list(security.headers_of(promise).items())
    app.wsgi_app = Unchanged(  # type: ignore[method-assign]
        app.wsgi_app, Prepared(engine, MAY_FETCH), clock, promise.hosts, headers
    )
