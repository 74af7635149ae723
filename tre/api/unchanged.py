"""Has this reader these very bytes already? Answered before anything else of the service is asked.

Programs that keep a table ask often whether it was recalled. One statement says whether a live
token may fetch this file and its hash is the one that the reader has; then the answer is 304.
Whatever else is the case, the service itself answers: this can only ever say "as before".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.sansio.utils import host_is_trusted

from tre.outputs import FOR_CHECKERS, NAMES, Artefact, Format
from tre.people import ApiToken, Person, hashed
from tre.prepared import Prepared
from tre.projects import Membership
from tre.recalls import Recall
from tre.releases import Release, served
from tre.request import Clock
from tre.scopes import Scope

Environ = dict[str, Any]
Answer = Iterable[bytes]
App = Callable[[Environ, Callable[..., Any]], Answer]
Headers = list[tuple[str, str]]

FILE = re.compile(
    r"/api/v1/releases/(?P<release>[0-9a-f]{24})(?:\.(?P<suffix>json|csv)|/(?P<name>record|chart)"
    rf"|/files/(?P<file>{'|'.join(re.escape(name) for name in NAMES.values())}))"
)
ONE_TAG = re.compile(r'"([0-9a-f]{64})"')
BEARER = re.compile(r"bearer +(\S{1,200})", re.IGNORECASE)

FORMATS: dict[str, Format] = {
    "json": Format.JSON,
    "csv": Format.CSV,
    "record": Format.RECORD,
    "chart": Format.CHART,
    **{name: form for form, name in NAMES.items() if form not in FOR_CHECKERS},
}

MAY_FETCH = (
    select(ApiToken.scopes)
    .join(Person, Person.id == ApiToken.person_id)
    .join(Membership, Membership.person_id == Person.id)
    .join(Release, Release.project_id == Membership.project_id)
    .join(Artefact, Artefact.output_id == Release.output_id)
    .where(
        ApiToken.token_hash == bindparam("token"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now"),
        Person.active.is_(True),
        Release.id == bindparam("release"),
        served(),
        ~exists().where(Recall.release_id == Release.id),
        Artefact.format == bindparam("format"),
        Artefact.sha256 == bindparam("sha256"),
    )
)
"""As ``tokens`` and ``looked.release`` decide it, for one file of one release."""


@dataclass(frozen=True, slots=True)
class Asked:
    release: str
    format: Format
    sha256: str
    token: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """WSGI middleware. ``headers`` go with every answer of the service."""

    app: App
    may_fetch: Prepared
    clock: Clock
    hosts: tuple[str, ...]
    headers: Headers

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Answer:
        asked = read(environ, self.hosts)
        if asked is None or not self._may_fetch(asked):
            return self.app(environ, start_response)
        start_response("304 NOT MODIFIED", [*described(asked.sha256), *self.headers])
        return [b""]

    def _may_fetch(self, asked: Asked) -> bool:
        given = {
            "token": hashed(asked.token),
            "now": self.clock(),
            "release": asked.release,
            "format": asked.format.value,
            "sha256": asked.sha256,
        }
        try:
            scopes = self.may_fetch.first(given)
        except (SQLAlchemyError, self.may_fetch.faults):
            return False
        return scopes is not None and Scope.READ_RELEASES.value in scopes


def read(environ: Environ, hosts: tuple[str, ...]) -> Asked | None:
    """A GET of one file by its address, with one hash and one token; None for all else."""
    if environ.get("REQUEST_METHOD") != "GET":
        return None
    path = FILE.fullmatch(environ.get("PATH_INFO", ""))
    tag = ONE_TAG.fullmatch(environ.get("HTTP_IF_NONE_MATCH", ""))
    bearer = BEARER.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if path is None or tag is None or bearer is None:
        return None
    if hosts and not host_is_trusted(environ.get("HTTP_HOST", ""), hosts):
        return None
    named = path["suffix"] or path["name"] or path["file"]
    return Asked(path["release"], FORMATS[named], tag[1], bearer[1])


def described(sha256: str) -> Headers:
    """Whose bytes they are (RFC 9530), and that one has to ask each time: they may be recalled."""
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    return [
        ("Repr-Digest", f"sha-256=:{digest}:"),
        ("Vary", "Accept, Authorization, Cookie"),
        ("Cache-Control", "private, no-cache"),
        ("ETag", f'"{sha256}"'),
    ]
