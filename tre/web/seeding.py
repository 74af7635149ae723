"""How does the head of checking put known-unsafe outputs before checkers, and what came of them?"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre import seeded
from tre.errors import GatesClosed, Incomplete
from tre.journey import seeding as journey
from tre.web import again, checking_forms, forms
from tre.web.visitor import me

seeding = Blueprint("seeding", __name__)


@seeding.route("/checkers/seeded", methods=["GET", "POST"])
@login_required
def index() -> Response | str | tuple[str, int]:
    form = checking_forms.Seed()
    if request.method == "GET":
        return _page(form)
    found = journey.lines(this.session(), head=me())
    if not form.validate_on_submit():
        return _page(form, found), 422
    try:
        journey.seed(
            this.session(),
            head=me(),
            fault=seeded.Fault(form.fault.data),
            purpose=form.purpose.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
    except GatesClosed as closed:
        forms.add_problem(form, "fault", " ".join(gate.reason for gate in closed.gates))
    else:
        flash("It is on its way to the checkers.", "success")
        return redirect(url_for("seeding.index"), 303)
    return _page(form, found), 422


@again.shows("seeding.index")
def filled() -> str:
    return _page(checking_forms.Seed())


def _page(form: checking_forms.Seed, found: tuple[journey.Line, ...] | None = None) -> str:
    lines = journey.lines(this.session(), head=me()) if found is None else found
    return render_template(
        "checking/seeded.html",
        form=form,
        problems=forms.problems_of(form),
        lines=lines,
        meaning=seeded.MEANING,
        open=journey.ground(this.session()) is not None,
        section="measuring.checkers",
    )
