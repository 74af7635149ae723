"""What does the owner of a dataset see and do? Budgets, who asked what, and one button to stop."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre import twins
from tre.errors import Incomplete, NotFound
from tre.journey import accounted, balanced, excepted, headroom, restored, stopped, topped_up
from tre.people import Person, Role
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

owner = Blueprint("owner", __name__)

Page = Response | str | tuple[str, int]


@owner.get("/owner")
@login_required
def datasets() -> str:
    mine = accounted.my_datasets(this.session(), owner=_owner())
    statements = [
        accounted.statement(this.session(), owner=me(), dataset_id=one.id) for one in mine
    ]
    return render_template(
        "owner/datasets.html",
        statements=statements,
        waiting=excepted.waiting(this.session(), person=me()),
        top_ups=topped_up.waiting(this.session(), person=me()),
        section="owner.datasets",
    )


@owner.route("/owner/<dataset_id>", methods=["GET", "POST"])
@login_required
def dataset(dataset_id: str) -> Page:
    form = owner_forms.Turn()
    if request.method == "GET":
        return _page(dataset_id, form)
    statement = accounted.statement(this.session(), owner=_owner(), dataset_id=dataset_id)
    if not form.validate_on_submit():
        return _page(dataset_id, form), 422
    wants_stop = request.form.get("act") == "stop"
    if wants_stop != (statement.dataset.stopped_at is None):
        flash("Nothing was changed: the dataset is in that state already.", "important")
        return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)
    return _turn(dataset_id, form, stop=wants_stop)


@again.shows("owner.dataset")
def filled(dataset_id: str) -> str:
    return _page(dataset_id, owner_forms.Turn())


def _turn(dataset_id: str, form: owner_forms.Turn, *, stop: bool) -> Page:
    turn = stopped.stop if stop else stopped.resume
    try:
        turn(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "reason", missing.sentence)
        return _page(dataset_id, form), 422
    flash(
        "Queries and releases on this dataset are stopped."
        if stop
        else "The dataset is open again.",
        "success",
    )
    return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)


@owner.post("/owner/<dataset_id>/who-asked-what.csv")
@login_required
def export(dataset_id: str) -> Response:
    """By POST, since taking it out is itself put on record."""
    text = accounted.export(this.session(), owner=_owner(), dataset_id=dataset_id, now=this.now())
    answer = Response(text.encode(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="who-asked-what.csv"'
    return answer


def _owner() -> Person:
    """For anybody else there is nothing to own."""
    if not me().has(Role.OWNER):
        raise NotFound("owner")
    return me()


def _page(dataset_id: str, form: owner_forms.Turn) -> str:
    statement = accounted.statement(this.session(), owner=_owner(), dataset_id=dataset_id)
    return render_template(
        "owner/dataset.html",
        statement=statement,
        dataset=statement.dataset,
        unsettled=restored.waiting(this.session(), owner=me(), dataset_id=dataset_id),
        exceptions=excepted.of_own(this.session(), owner=me(), dataset_id=dataset_id),
        top_ups=topped_up.of_own(this.session(), owner=me(), dataset_id=dataset_id),
        pair=twins.pair(this.session(), statement.dataset.id),
        balance=balanced.sheet(this.session(), owner=me(), dataset_id=dataset_id, now=this.now()),
        headroom=headroom.headroom(
            this.session(), owner=me(), dataset_id=dataset_id, now=this.now()
        ),
        today=this.now().date(),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
