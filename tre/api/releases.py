"""What was released to my projects, and how do I get its files? Byte for byte as approved."""

from __future__ import annotations

import base64
import hashlib

from flask import Response, request, url_for

from tre import recalls
from tre import request as this
from tre.api import contract as said
from tre.api import formats, pages, spoken
from tre.api.blueprint import blueprint
from tre.api.tokens import caller, needs
from tre.journey import bundled, looked
from tre.outputs import Artefact, Format
from tre.recalls import Recall
from tre.releases import Release
from tre.scopes import Scope

CSV = {"text/csv": {"schema": {"type": "string"}}}
JSON = {"application/json": {"schema": {"type": "object"}}}
ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
CHART = {"image/svg+xml": {"schema": {"type": "string"}}}


@blueprint.get("/releases")
@needs(Scope.READ_RELEASES)
@blueprint.input(said.Paging, location="query", arg_name="paging")
@blueprint.output(said.ReleasePage)
def releases(paging: said.Paging) -> said.ReleasePage:
    """What was released to your projects, newest first."""
    rows = looked.my_releases(
        this.session(),
        person=caller(),
        limit=paging.limit + 1,
        after=pages.key_of(paging.cursor),
    )
    shown, cursor = pages.page(rows, limit=paging.limit, key=_key)
    recalled = looked.recalled_among(this.session(), list(shown))
    return said.ReleasePage(
        items=[_about(row, recalled.get(row.id)) for row in shown],
        next_cursor=cursor,
    )


@blueprint.get("/releases/<string(length=24):release>/about")
@needs(Scope.READ_RELEASES)
@blueprint.output(said.ReleaseAnswer)
def release_about(release: str) -> said.ReleaseAnswer:
    """What a release is, and where its files are."""
    return _about(looked.release(this.session(), person=caller(), release_id=release))


@blueprint.get("/releases/<string(length=24):release>")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "The table", "content": {**JSON, **CSV}}})
def release(release: str) -> Response:
    """A released table, as JSON or CSV.

    In the format that Accept asks for; JSON where it does not say.
    """
    return _file(release, formats.chosen(request.accept_mimetypes))


@blueprint.get("/releases/<string(length=24):release>.json")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "The table", "content": JSON}})
def release_as_json(release: str) -> Response:
    """A released table as JSON."""
    return _file(release, Format.JSON)


@blueprint.get("/releases/<string(length=24):release>.csv")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "The table", "content": CSV}})
def release_as_csv(release: str) -> Response:
    """A released table as CSV; [c] stands for a hidden cell."""
    return _file(release, Format.CSV)


@blueprint.get("/releases/<string(length=24):release>/record")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "The disclosure record", "content": JSON}})
def release_record(release: str) -> Response:
    """What was applied to a released table, and under which policy."""
    return _file(release, Format.RECORD)


@blueprint.get("/releases/<string(length=24):release>/chart")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "The chart", "content": CHART}})
def release_chart(release: str) -> Response:
    """A chart of a released table, with its noise intervals."""
    return _file(release, Format.CHART)


@blueprint.get("/releases/<string(length=24):release>/bundle")
@needs(Scope.READ_RELEASES)
@blueprint.doc(responses={200: {"description": "A ZIP of files", "content": ZIP}})
def release_bundle(release: str) -> Response:
    """All files of a release, its signed statement and its place in the log.

    Whoever has the log's public key can check it offline, with ``python -m tre.verify``.
    """
    files = bundled.bundle(this.session(), person=caller(), release_id=release)
    content = bundled.zipped(files, folder=release)
    return _hashed(
        Response(content, content_type="application/zip"),
        sha256=hashlib.sha256(content).hexdigest(),
        name=f"{release}.zip",
    )


@blueprint.get("/corrections")
@blueprint.input(said.Paging, location="query", arg_name="paging")
@blueprint.output(said.CorrectionPage)
@blueprint.doc(security=[{}])
def corrections(paging: said.Paging) -> said.CorrectionPage:
    """Releases that were recalled, newest first, for anybody."""
    rows = recalls.corrections(
        this.session(), limit=paging.limit + 1, after=pages.key_of(paging.cursor)
    )
    shown, cursor = pages.page(rows, limit=paging.limit, key=lambda row: (row.at, row.release_id))
    return said.CorrectionPage(items=[spoken.correction(row) for row in shown], next_cursor=cursor)


def _about(row: Release, recall: Recall | None = None) -> said.ReleaseAnswer:
    return spoken.release(row, recall, address=url_for(".release", release=row.id))


def _file(release: str, format: Format) -> Response:  # noqa: A002 - the domain's word
    artefact = looked.released_artefact(
        this.session(), person=caller(), release_id=release, format=format
    )
    return _as_approved(artefact, name=f"{release}.{SUFFIXES[format]}")


SUFFIXES = {
    Format.JSON: "json",
    Format.CSV: "csv",
    Format.CHART: "svg",
    Format.RECORD: "record.json",
}


def _as_approved(artefact: Artefact, *, name: str) -> Response:
    """The stored bytes with their hash, so that a reader can check them (RFC 9530)."""
    answer = Response(artefact.content, content_type=artefact.media_type)
    return _hashed(answer, sha256=artefact.sha256, name=name)


def _hashed(answer: Response, *, sha256: str, name: str) -> Response:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Vary"] = "Accept, Authorization"
    answer.set_etag(sha256)
    return answer


def _key(row: Release) -> pages.Key:
    return row.released_at, row.id
