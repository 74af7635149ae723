"""Which outputs does a project need, and what became of each?"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete
from tre.journey import looked, requested
from tre.permissions import check_ask
from tre.web import again, asking_forms, forms
from tre.web.visitor import me

requesting = Blueprint("requesting", __name__)

Page = Response | str | tuple[str, int]


@requesting.route("/projects/<project_id>/requests/new", methods=["GET", "POST"])
@login_required
def new(project_id: str) -> Page:
    form = asking_forms.Request()
    if request.method == "GET":
        return _form_page(project_id, form)
    check_ask(this.session(), person=me(), project_id=project_id)
    if not form.validate_on_submit():
        return _form_page(project_id, form), 422
    try:
        made = requested.begin(
            this.session(),
            person=me(),
            project_id=project_id,
            title=form.title.data or "",
            context=form.context.data or "",
            outputs=tuple((form.outputs.data or "").splitlines()),
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _form_page(project_id, form), 422
    return redirect(url_for("requesting.view", request_id=made.id), 303)


@again.shows("requesting.new")
def filled(project_id: str) -> str:
    return _form_page(project_id, asking_forms.Request())


@requesting.get("/requests/<request_id>")
@login_required
def view(request_id: str) -> str:
    found = requested.opened(this.session(), person=me(), request_id=request_id)
    return render_template("research/request.html", view=found, section="research.projects")


def _form_page(project_id: str, form: asking_forms.Request) -> str:
    check_ask(this.session(), person=me(), project_id=project_id)
    return render_template(
        "research/request_new.html",
        project=looked.project(this.session(), person=me(), project_id=project_id),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="research.projects",
    )
