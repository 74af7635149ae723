"""What does the service show to everybody? Its public register, and the tables that are public."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from tre import outputs
from tre import request as this
from tre.journey import fetched, looked, shown
from tre.outputs import Format
from tre.web import tables
from tre.web.releases import ANY, FILES, sent

published = Blueprint("published", __name__)

PAGE = 50


@published.get("/published")
def register() -> str:
    session = this.session()
    found = shown.releases(session, limit=PAGE + 1, after=_after(request.args.get("after")))
    return render_template(
        "published/register.html",
        releases=found[:PAGE],
        more=len(found) > PAGE,
        first="after" not in request.args,
        projects=shown.projects(session),
        datasets=shown.datasets(session),
        head=shown.head(session),
    )


@published.get("/published/<release_id>")
def release(release_id: str) -> str:
    found = shown.release(this.session(), release_id)
    output = found.release.output
    protected, layout = tables.of_output(output)
    return render_template(
        "published/release.html",
        text=found,
        release=found.release,
        files=outputs.files(output),
        sealed=looked.is_sealed(this.session(), found.release),
        files_hash=outputs.files_hash(output),
        question=output.submission,
        record=protected.record,
        table=layout,
        chart=output.artefact(Format.CHART) is not None,
    )


@published.get(f"/published/<release_id>/<any({ANY}):name>")
def file(release_id: str, name: str) -> Response:
    """Of anybody no line is kept in the ledger."""
    found = fetched.fetch(
        this.session(), person=None, release_id=release_id, format=FILES[name], now=this.now()
    )
    is_chart = FILES[name] is Format.CHART
    return sent(found, f"{release_id}-{name}", "inline" if is_chart else "attachment")


@published.get("/published/<release_id>/release.zip")
def bundle(release_id: str) -> Response:
    found = fetched.bundle(this.session(), person=None, release_id=release_id, now=this.now())
    return sent(found, f"{release_id}.zip", "attachment")


def _after(release_id: str | None) -> shown.Key | None:
    """Behind which public release a page begins; None for what is none."""
    return None if release_id is None else shown.key_of(this.session(), release_id)
