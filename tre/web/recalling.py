"""How is a release taken back? A list of what may be, and one form that says why."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete
from tre.journey import looked, recalled
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

recalling = Blueprint("recalling", __name__)

Page = Response | str | tuple[str, int]


@recalling.get("/recalls")
@login_required
def index() -> str:
    found = recalled.mine(this.session(), person=me())
    return render_template(
        "recalls/releases.html",
        releases=found,
        recalled=looked.recalled_among(this.session(), found),
        section="recalling.index",
    )


@recalling.route("/recalls/<release_id>", methods=["GET", "POST"])
@login_required
def recall(release_id: str) -> Page:
    form = owner_forms.Recall()
    if request.method == "GET":
        return _page(release_id, form)
    recalled.one_of_mine(this.session(), person=me(), release_id=release_id)
    if not form.validate_on_submit():
        return _page(release_id, form), 422
    try:
        found = recalled.recall(
            this.session(),
            person=me(),
            release_id=release_id,
            reason=form.reason.data or "",
            successor_id=form.successor.data or None,
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _page(release_id, form), 422
    flash("Recalled." if len(found) == 1 else f"Recalled, with {len(found) - 1} more.", "success")
    return redirect(url_for("recalling.index"), 303)


@again.shows("recalling.recall")
def filled(release_id: str) -> str:
    return _page(release_id, owner_forms.Recall())


def _page(release_id: str, form: owner_forms.Recall) -> str:
    found = recalled.one_of_mine(this.session(), person=me(), release_id=release_id)
    return render_template(
        "recalls/recall.html",
        release=found,
        recall=looked.recalled_among(this.session(), [found]).get(found.id),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="recalling.index",
    )
