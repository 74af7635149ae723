"""How is the second track of a dataset asked for, decided by somebody else, and ended?"""

from __future__ import annotations

import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete
from tre.journey import excepted
from tre.second_tracks import SecondTrack
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

exceptions = Blueprint("exceptions", __name__)

Page = Response | str | tuple[str, int]


@exceptions.route("/owner/<dataset_id>/second-track", methods=["GET", "POST"])
@login_required
def ask(dataset_id: str) -> Page:
    form = owner_forms.AskException()
    if request.method == "GET":
        return _asking(dataset_id, form)
    excepted.of_own(this.session(), owner=me(), dataset_id=dataset_id)
    if not form.validate_on_submit():
        return _asking(dataset_id, form), 422
    try:
        excepted.ask(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            reason=form.reason.data or "",
            ends_on=_day(form.ends_on.data),
            policy_text=form.policy.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _asking(dataset_id, form), 422
    flash("Your request is on record. Somebody else who owns data decides.", "success")
    return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)


@exceptions.post("/owner/<dataset_id>/second-track/end")
@login_required
def end(dataset_id: str) -> Response:
    excepted.end(this.session(), owner=me(), dataset_id=dataset_id, now=this.now())
    flash("The second track is closed.", "success")
    return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)


@exceptions.route("/exceptions/<exception_id>", methods=["GET", "POST"])
@login_required
def decide(exception_id: str) -> Page:
    found = excepted.opened(this.session(), person=me(), exception_id=exception_id)
    form = owner_forms.DecideException()
    if request.method == "GET":
        form.policy_hash.data = found.policy_version.policy_hash
        return _deciding(found, form)
    if not form.validate_on_submit():
        return _deciding(found, form), 422
    return _decided(found, form)


@again.shows("exceptions.ask")
def asking_filled(dataset_id: str) -> str:
    return _asking(dataset_id, owner_forms.AskException())


@again.shows("exceptions.decide")
def deciding_filled(exception_id: str) -> str:
    found = excepted.opened(this.session(), person=me(), exception_id=exception_id)
    form = owner_forms.DecideException()
    form.policy_hash.data = found.policy_version.policy_hash
    return _deciding(found, form)


def _decided(found: SecondTrack, form: owner_forms.DecideException) -> Page:
    granted = form.decision.data == owner_forms.GRANT
    try:
        excepted.decide(
            this.session(),
            person=me(),
            exception_id=found.id,
            policy_hash=form.policy_hash.data or "",
            granted=granted,
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _deciding(found, form), 422
    flash("The exception is granted." if granted else "The exception is declined.", "success")
    return redirect(url_for("owner.datasets"), 303)


def _day(text: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def _asking(dataset_id: str, form: owner_forms.AskException) -> str:
    return render_template(
        "owner/second_track.html",
        earlier=excepted.of_own(this.session(), owner=me(), dataset_id=dataset_id),
        dataset_id=dataset_id,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )


def _deciding(found: SecondTrack, form: owner_forms.DecideException) -> str:
    return render_template(
        "owner/exception.html",
        exception=found,
        policy=found.policy_version.policy,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
