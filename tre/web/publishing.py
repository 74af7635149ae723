"""What does a publisher see and do? What would leave, who approved it, and the last step out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete, NotFound
from tre.journey import released, requested, waiting
from tre.outputs import Format, Output
from tre.web import again, checking_forms, discussing, forms, tables
from tre.web.proving import proven
from tre.web.releases import sent
from tre.web.visitor import me

publishing = Blueprint("publishing", __name__)

Page = Response | str | tuple[str, int]


@publishing.get("/publishing")
@login_required
def queue() -> str:
    found = waiting.for_publisher(
        this.session(),
        publisher=me(),
        limit=waiting.PAGE + 1,
        after=request.args.get("after"),
    )
    return render_template(
        "publishing/queue.html",
        outputs=found[: waiting.PAGE],
        more=len(found) > waiting.PAGE,
        section="publishing.queue",
    )


@publishing.route("/publishing/<output_id>", methods=["GET", "POST"])
@login_required
def decide(output_id: str) -> Page:
    output = released.opened(this.session(), publisher=me(), output_id=output_id)
    form = checking_forms.Publish()
    if request.method == "GET":
        form.artefact_hash.data = output.manifest_hash
        return _page(output, form)
    if not form.validate_on_submit():
        return _page(output, form), 422
    return (
        _send_back(output, form)
        if form.act.data == checking_forms.SEND_BACK
        else _release(output, form)
    )


@again.shows("publishing.decide")
def filled(output_id: str) -> str:
    output = released.opened(this.session(), publisher=me(), output_id=output_id)
    form = checking_forms.Publish()
    form.artefact_hash.data = output.manifest_hash
    return _page(output, form)


@publishing.get("/publishing/<output_id>/chart.svg")
@login_required
def chart(output_id: str) -> Response:
    found = released.opened(this.session(), publisher=me(), output_id=output_id).artefact(
        Format.CHART
    )
    if found is None:
        raise NotFound(output_id)
    return sent(found, f"{output_id}-chart.svg", "inline")


def _release(output: Output, form: checking_forms.Publish) -> Page:
    wrong = proven(
        form,
        lambda proof: released.release(
            this.session(),
            publisher=me(),
            stepped_up=proof,
            output_id=output.id,
            artefact_hash=form.artefact_hash.data or "",
            now=this.now(),
        ),
    )
    if wrong is not None:
        return _page(output, form), wrong
    flash("The table is released.", "success")
    return redirect(url_for("publishing.queue"), 303)


def _send_back(output: Output, form: checking_forms.Publish) -> Page:
    try:
        released.send_back(
            this.session(),
            publisher=me(),
            output_id=output.id,
            artefact_hash=form.artefact_hash.data or "",
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "reason", missing.sentence)
        return _page(output, form), 422
    flash("The output went back to its checkers.", "success")
    return redirect(url_for("publishing.queue"), 303)


def _page(output: Output, form: checking_forms.Publish) -> str:
    submission = output.submission
    protected, layout = tables.of_output(output)
    return render_template(
        "publishing/decide.html",
        output=output,
        question=submission,
        record=protected.record,
        table=layout,
        chart=output.artefact(Format.CHART) is not None,
        reviews=released.decisions(this.session(), publisher=me(), output_id=output.id),
        closed=released.closed_gates(
            this.session(), submission, dataset=submission.dataset, now=this.now()
        ),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        **discussing.said(submission),
        place=requested.place_of(this.session(), person=me(), submission=submission),
        section="publishing.queue",
    )
