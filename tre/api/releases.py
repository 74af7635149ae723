"""What was released, to everybody or to my projects? Its files, byte for byte as approved."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from tre import publications, recalls
from tre import request as this
from tre.api import contract as said
from tre.api import formats, pages, spoken
from tre.api.blueprint import blueprint
from tre.api.tokens import needs, reader, token_id
from tre.api.unchanged import described
from tre.journey import fetched, looked
from tre.journey.fetched import Fetched
from tre.outputs import MEDIA, NAMES, Format
from tre.releases import Release, Search
from tre.scopes import Scope

CSV = {"text/csv": {"schema": {"type": "string"}}}
JSON = {"application/json": {"schema": {"type": "object"}}}
FORMATS = {name: form for form, name in NAMES.items()}
ANY = ",".join(f"'{name}'" for name in FORMATS)
FILE = {"schema": {"type": "string", "format": "binary"}}
OTHERS = {MEDIA[form]: FILE for form in (Format.CSVW, Format.PARQUET, Format.XLSX)} | {
    "application/vnd.sdmx.data+csv": FILE
}
EVERY = {MEDIA[form].partition(";")[0]: FILE for form in NAMES}
ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
CHART = {"image/svg+xml": {"schema": {"type": "string"}}}


@blueprint.get("/releases")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.input(said.ReleaseSearch, location="query", arg_name="asked")
@blueprint.output(said.ReleasePage)
def releases(asked: said.ReleaseSearch) -> said.ReleasePage:
    """What may be read, newest first: the public releases, and those of your projects."""
    rows = looked.readable_releases(
        this.session(),
        person=reader(),
        limit=asked.limit + 1,
        after=pages.key_of(asked.cursor),
        search=Search(asked.dataset, asked.project, asked.words, asked.series),
    )
    shown, cursor = pages.page(rows, limit=asked.limit, key=_key)
    return said.ReleasePage(items=_about(list(shown)), next_cursor=cursor)


@blueprint.get("/releases/<string(length=24):release>/about")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.output(said.ReleaseAnswer)
def release_about(release: str) -> said.ReleaseAnswer:
    """What a release is, and where its files are."""
    found = looked.release(this.session(), person=reader(), release_id=release)
    return _about([found])[0]


@blueprint.get("/releases/<string(length=24):release>")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The table", "content": {**OTHERS, **JSON, **CSV}}})
def release(release: str) -> Response:
    """A released table, as JSON, CSV (or what its columns are), Parquet or a spreadsheet.

    In the format that Accept asks for; JSON where it does not say.
    """
    return _file(release, formats.chosen(request.accept_mimetypes))


@blueprint.get("/releases/<string(length=24):release>.json")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The table", "content": JSON}})
def release_as_json(release: str) -> Response:
    """A released table as JSON."""
    return _file(release, Format.JSON)


@blueprint.get("/releases/<string(length=24):release>.csv")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The table", "content": CSV}})
def release_as_csv(release: str) -> Response:
    """A released table as CSV; [c] stands for a hidden cell."""
    return _file(release, Format.CSV)


@blueprint.get("/releases/<string(length=24):release>/record")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The disclosure record", "content": JSON}})
def release_record(release: str) -> Response:
    """What was applied to a released table, and under which policy."""
    return _file(release, Format.RECORD)


@blueprint.get("/releases/<string(length=24):release>/chart")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The chart", "content": CHART}})
def release_chart(release: str) -> Response:
    """A chart of a released table, with its noise intervals."""
    return _file(release, Format.CHART)


@blueprint.get(f"/releases/<string(length=24):release>/files/<any({ANY}):name>")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "The file", "content": EVERY}})
def release_file(release: str, name: str) -> Response:
    """Any file of a release, by its name."""
    return _file(release, FORMATS[name])


@blueprint.get("/releases/<string(length=24):release>/bundle")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={200: {"description": "A ZIP of files", "content": ZIP}})
def release_bundle(release: str) -> Response:
    """All files of a release, its signed statement and its place in the log.

    Whoever has the log's public key can check it offline, with ``python -m tre.verify``.
    """
    found = fetched.bundle(
        this.session(),
        person=reader(),
        release_id=release,
        token_id=token_id(),
        now=this.now(),
    )
    return _sent(found, name=f"{release}.zip")


@blueprint.get("/series/<string(length=24):series>/latest")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.doc(responses={307: {"description": "Its newest release that stands"}})
def latest(series: str) -> Response:
    """The newest release of a series: the answer leads to it, whatever format is asked for."""
    found = looked.latest(this.session(), person=reader(), series=series)
    answer = redirect(url_for(".release", release=found.id), 307)
    answer.headers.update({"Cache-Control": "no-store", "Vary": "Authorization"})
    return answer


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


def _about(rows: list[Release]) -> list[said.ReleaseAnswer]:
    recalled = looked.recalled_among(this.session(), rows)
    public = publications.among(this.session(), rows)
    return [
        spoken.release(
            row,
            recalled.get(row.id),
            public.get(row.id),
            address=url_for(".release", release=row.id),
        )
        for row in rows
    ]


def _file(release: str, format: Format) -> Response:  # noqa: A002 - the domain's word
    """304 to who has these very bytes; else the file, with a line in the ledger."""
    asked = {"person": reader(), "release_id": release, "format": format}
    digest = fetched.digest(this.session(), **asked)
    if digest in request.if_none_match:
        return _hashed(Response(status=304), sha256=digest)
    found = fetched.fetch(this.session(), **asked, token_id=token_id(), now=this.now())
    return _sent(found, name=f"{release}-{NAMES[format]}")


def _sent(found: Fetched, *, name: str) -> Response:
    answer = Response(found.content, content_type=found.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _hashed(answer, sha256=found.sha256)


def _hashed(answer: Response, *, sha256: str) -> Response:
    """With the hash of the stored bytes, so that a reader can check them."""
    answer.headers.update(described(sha256))
    if reader() is None:
        answer.headers["Cache-Control"] = "public, no-cache"
    return answer


def _key(row: Release) -> pages.Key:
    return row.released_at, row.id
