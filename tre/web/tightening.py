"""How does an owner see what a project inherits, and make it stricter?"""

from __future__ import annotations

import yaml
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete
from tre.journey import tightened
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

tightening = Blueprint("tightening", __name__)

Page = Response | str | tuple[str, int]


@tightening.route("/owner/<dataset_id>/policy/<project_id>", methods=["GET", "POST"])
@login_required
def project(dataset_id: str, project_id: str) -> Page:
    form = owner_forms.Tighten()
    if request.method == "GET":
        return _page(dataset_id, project_id, form)
    tightened.inheritance(this.session(), owner=me(), dataset_id=dataset_id, project_id=project_id)
    if not form.validate_on_submit():
        return _page(dataset_id, project_id, form), 422
    try:
        tightened.tighten(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            project_id=project_id,
            text=form.rules.data or "",
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as wrong:
        forms.add_problem(form, wrong.field, wrong.sentence)
        return _page(dataset_id, project_id, form), 422
    flash("The stricter rules hold for every new question of this project.", "success")
    return redirect(
        url_for("tightening.project", dataset_id=dataset_id, project_id=project_id), 303
    )


@again.shows("tightening.project")
def filled(dataset_id: str, project_id: str) -> str:
    return _page(dataset_id, project_id, owner_forms.Tighten())


def _page(dataset_id: str, project_id: str, form: owner_forms.Tighten) -> str:
    found = tightened.inheritance(
        this.session(), owner=me(), dataset_id=dataset_id, project_id=project_id
    )
    return render_template(
        "owner/stricter.html",
        found=found,
        levels=[(level, yaml.safe_dump(level.rules, sort_keys=False)) for level in found.levels],
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
