"""What does every page promise to a browser? Cookies, headers, host names and form tokens."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
"""Nothing inline, nothing from elsewhere, no frame around us."""

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
IN_PRODUCTION = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}

STATIC_LASTS = datetime.timedelta(days=365)  # addresses of static files carry their hash
LARGEST_REQUEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Promise:
    """How the pages are served: over HTTPS only in production, and under which names."""

    secret_key: str
    production: bool
    hosts: tuple[str, ...]


def install(app: Flask, promise: Promise) -> None:
    app.config.update(
        SECRET_KEY=promise.secret_key,
        SESSION_COOKIE_NAME="__Host-tre" if promise.production else "tre",
        SESSION_COOKIE_SECURE=promise.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # a form lives as long as its session
        WTF_CSRF_SSL_STRICT=True,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_PARTS=1000,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_LASTS,
        TRUSTED_HOSTS=list(promise.hosts) or None,
    )
    csrf.init_app(app)
    headers = headers_of(promise)
    app.after_request(lambda answer: _with_headers(answer, headers))


def headers_of(promise: Promise) -> dict[str, str]:
    """What every answer carries."""
    return {**HEADERS, **(IN_PRODUCTION if promise.production else {})}


def _with_headers(answer: Response, headers: dict[str, str]) -> Response:
    """A view may set a stricter policy of its own; it can never end up without one."""
    for name, value in headers.items():
        answer.headers.setdefault(name, value)
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer
