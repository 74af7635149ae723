"""What does a checker's page fetch of true numbers? Sealed answers, which only that page opens."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for
from flask_login import login_required

from tre import request as this
from tre.journey import evidenced
from tre.web.visitor import me

evidence = Blueprint("evidence", __name__)

WAITS = 202


@evidence.post("/checks/<output_id>/exact-values")
@login_required
def ask(output_id: str) -> tuple[Response, int]:
    """On record from here on. ``key``: the page's public one."""
    asked = evidenced.ask(
        this.session(),
        checker=me(),
        output_id=output_id,
        reader_key=request.form.get("key", ""),
        now=this.now(),
    )
    answer = url_for("evidence.answer", output_id=output_id, asked_id=asked)
    return jsonify(about=asked, answer=answer), 201


@evidence.get("/checks/<output_id>/exact-values/<asked_id>")
@login_required
def answer(output_id: str, asked_id: str) -> Response:
    """202 while it waits for a worker."""
    sealed = evidenced.answer_to(
        this.session(),
        checker=me(),
        output_id=output_id,
        asked_id=asked_id,
        now=this.now(),
    )
    if sealed is None:
        return Response(status=WAITS)
    return Response(sealed, mimetype="application/octet-stream")
