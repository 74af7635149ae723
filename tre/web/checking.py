"""What does a checker see and decide? What was asked, what would leave, and which rules fired."""

from __future__ import annotations

import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from tre import assignments, reviews
from tre import request as this
from tre.errors import Incomplete, NotFound
from tre.journey import (
    assigned,
    compared,
    dossier,
    evidenced,
    requested,
    reviewed,
    seeding,
    waiting,
)
from tre.lifecycle import State
from tre.outputs import Format, Output
from tre.people import Person, Role
from tre.releases import sent_back
from tre.reviews import Decision, Phase
from tre.submissions import Submission
from tre.web import again, as_shown, checking_forms, discussing, forms, tables
from tre.web.layers import DRAWN, LAYERS
from tre.web.releases import sent
from tre.web.visitor import me

checking = Blueprint("checking", __name__)

Page = Response | str | tuple[str, int]

DONE: dict[str, str] = {
    State.REVIEWED: "Your decision is recorded. The output is approved and waits for a publisher.",
    State.RETURNED: "The question went back to its author.",
    State.REJECTED: "The output is rejected.",
}

ALONE = "Your decision is recorded. Another checker has to look as well, and sees it only then."
KNOWN = "Your decision is recorded. This output showed what is found, and never leaves. At fault:"
APART = "Your decision is recorded. You disagree with another checker: decide it together."


@checking.get("/checks")
@login_required
def queue() -> str:
    as_shown.only_of_the_database(current_user.token)
    found = waiting.for_checker(
        this.session(),
        checker=me(),
        limit=waiting.PAGE + 1,
        after=request.args.get("after"),
    )
    first = "after" not in request.args
    own = waiting.own_of_checker(this.session(), checker=me()) if first else []
    page = found[: waiting.PAGE]
    others = [one for one in page if one not in own]
    whose = assignments.names(this.session(), [one.id for one in (*others, *own)])
    return render_template(
        "checking/queue.html",
        outputs=others,
        last=page[-1].id if page else "",
        own=own,
        holders=whose,
        late_before=this.now() - _service_level(),
        more=len(found) > waiting.PAGE,
        section="checking.queue",
    )


def _service_level() -> datetime.timedelta:
    return datetime.timedelta(hours=current_app.config["CHECK_HOURS"])


@checking.route("/checks/<output_id>", methods=["GET", "POST"])
@login_required
def decide(output_id: str) -> Page:
    output = reviewed.opened(this.session(), checker=_checker(), output_id=output_id)
    form = checking_forms.Decide()
    if request.method == "GET":
        form.artefact_hash.data = output.manifest_hash
        return _page(output, form)
    if not form.validate_on_submit():
        return _page(output, form), 422
    return _record(output, form)


@checking.post("/checks/<output_id>/claim")
@login_required
def claim(output_id: str) -> Response:
    assigned.claim(this.session(), checker=_checker(), output_id=output_id, now=this.now())
    flash("It is yours to check.", "success")
    return redirect(url_for("checking.decide", output_id=output_id), 303)


@checking.post("/checks/<output_id>/hand-over")
@login_required
def hand_over(output_id: str) -> Response:
    other = assigned.hand_over(
        this.session(),
        checker=_checker(),
        output_id=output_id,
        to_id=request.form.get("to", ""),
        now=this.now(),
    )
    flash(f"{other.name} has it now.", "success")
    return redirect(url_for("checking.queue"), 303)


@again.shows("checking.decide", "checking.claim", "checking.hand_over", "evidence.ask")
def filled(output_id: str) -> str:
    """What is looked at now is what a decision would bind."""
    output = reviewed.opened(this.session(), checker=_checker(), output_id=output_id)
    form = checking_forms.Decide()
    form.artefact_hash.data = output.manifest_hash
    return _page(output, form)


@checking.get("/checks/<output_id>/chart.svg")
@login_required
def chart(output_id: str) -> Response:
    output = reviewed.opened(this.session(), checker=_checker(), output_id=output_id)
    found = output.artefact(Format.CHART)
    if found is None:
        raise NotFound(output_id)
    return sent(found, f"{output_id}-chart.svg", "inline")


def _record(output: Output, form: checking_forms.Decide) -> Page:
    try:
        submission = reviewed.review(
            this.session(),
            checker=me(),
            output_id=output.id,
            artefact_hash=form.artefact_hash.data or "",
            decision=Decision(form.decision.data),
            reason=form.reasons,
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "reason", missing.sentence)
        return _page(output, form), 422
    flash(_done(submission), "success")
    return redirect(
        _next() if form.then.data == checking_forms.NEXT else url_for("checking.queue"), 303
    )


def _next() -> str:
    """One's own oldest output that waits for a decision, else the oldest of all."""
    session, checker = this.session(), me()
    own = waiting.own_of_checker(session, checker=checker, limit=1)
    found = own or waiting.for_checker(session, checker=checker, limit=1)
    return url_for("checking.decide", output_id=found[0].id) if found else url_for("checking.queue")


def _done(submission: Submission) -> str:
    planted = seeding.told(this.session(), checker=me(), submission=submission)
    if planted is not None:
        return f"{KNOWN} {planted}"
    if submission.state != State.PROTECTED.value or submission.output is None:
        return DONE.get(submission.state, "Your decision is recorded.")
    phase = reviews.standing(this.session(), submission.output).phase
    return APART if phase is Phase.TOGETHER else ALONE


def _checker() -> Person:
    """For anybody else there are no checks."""
    if not me().has(Role.CHECKER):
        raise NotFound("checks")
    return me()


def _page(output: Output, form: checking_forms.Decide) -> str:
    submission = output.submission
    protected, layout = tables.of_output(output)
    helps = dossier.dossier(this.session(), checker=me(), output_id=output.id)
    seen = helps.record
    marks = tables.marks_of(seen)
    open_to_all = (one for one in seen.findings if not one.for_checkers)
    standing = reviews.standing(this.session(), output)
    beside = compared.compared(this.session(), checker=me(), output_id=output.id)
    if beside is not None and not beside.safe:
        form.of_clash()
    return render_template(
        "checking/decide.html",
        output=output,
        question=submission,
        record=protected.record,
        findings=seen.findings,
        dossier=helps,
        titles={column.name: column.title for column in protected.published},
        table=tables.layout(protected, marks=marks) if marks else layout,
        marked=bool(marks),
        altered=next((one.threshold for one in open_to_all if one.mitigation == "altered"), ""),
        chart=output.artefact(Format.CHART) is not None,
        reviews=reviewed.seen_reviews(this.session(), checker=me(), output_id=output.id),
        sent_back=sent_back(this.session(), output.id),
        decided=me().id in standing.latest,
        together=standing.phase is Phase.TOGETHER,
        may_decide=submission.state == State.PROTECTED and standing.may_decide(me().id),
        compared=beside,
        layers=LAYERS,
        units=_units(submission),
        drawn=DRAWN,
        open=submission.state == State.PROTECTED,
        planted=seeding.told(this.session(), checker=me(), submission=submission),
        kept=evidenced.may_ask(this.session(), checker=me(), output_id=output.id),
        form=form,
        problems=forms.problems_of(form),
        holders=assignments.of_output(this.session(), output.id),
        nearness=assigned.nearness(this.session(), person=me(), submission=submission),
        colleagues=assigned.colleagues(this.session(), checker=me(), output_id=output.id),
        **discussing.said(submission),
        place=requested.place_of(this.session(), person=me(), submission=submission),
        section="checking.queue",
    )


def _units(submission: Submission) -> dict[str, str]:
    catalogue = submission.version.catalogue
    return {"one": catalogue.unit, "many": catalogue.units}
