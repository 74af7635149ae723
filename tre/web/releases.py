"""What has left, and how is it read? The table, its chart, its record, and the files themselves."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import outputs, publications
from tre import request as this
from tre.journey import fetched, looked
from tre.journey.fetched import Fetched
from tre.outputs import NAMES, Artefact, Format
from tre.web import tables
from tre.web.visitor import me

releases = Blueprint("releases", __name__)

FILES: dict[str, Format] = {name: form for form, name in NAMES.items()}
"""The files of a release by the name in their address."""

ANY = ",".join(f"'{name}'" for name in FILES)

DRAWING_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture opened by itself runs nothing and loads nothing."""


@releases.get("/releases")
@login_required
def index() -> str:
    found = looked.my_releases(this.session(), person=me(), limit=200)
    return render_template(
        "research/releases.html",
        releases=found,
        recalled=looked.recalled_among(this.session(), found),
        section="releases.index",
    )


@releases.get("/releases/<release_id>")
@login_required
def release(release_id: str) -> str:
    found = looked.release(this.session(), person=me(), release_id=release_id)
    fetched.seen(this.session(), person=me(), release_id=release_id, now=this.now())
    protected, layout = tables.of_output(found.output)
    return render_template(
        "research/release.html",
        release=found,
        files=outputs.files(found.output),
        sealed=looked.is_sealed(this.session(), found),
        files_hash=outputs.files_hash(found.output),
        question=found.output.submission,
        record=protected.record,
        table=layout,
        chart=found.output.artefact(Format.CHART) is not None,
        public=publications.public_text(this.session(), release_id),
        section="releases.index",
    )


@releases.get(f"/releases/<release_id>/<any({ANY}):name>")
@login_required
def file(release_id: str, name: str) -> Response:
    found = fetched.fetch(
        this.session(), person=me(), release_id=release_id, format=FILES[name], now=this.now()
    )
    shown = FILES[name] is Format.CHART
    return sent(found, f"{release_id}-{name}", "inline" if shown else "attachment")


@releases.get("/releases/<release_id>/release.zip")
@login_required
def bundle(release_id: str) -> Response:
    """All of it, with what a reader needs to check it far from here."""
    found = fetched.bundle(this.session(), person=me(), release_id=release_id, now=this.now())
    return sent(found, f"{release_id}.zip", "attachment")


def sent(found: Fetched | Artefact, name: str, disposition: str) -> Response:
    """Exactly the bytes that were approved."""
    answer = Response(found.content, content_type=found.media_type)
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    answer.headers["Content-Security-Policy"] = DRAWING_ONLY
    answer.headers["X-Artefact-SHA256"] = found.sha256
    return answer
