"""How does a release become public? Its project proposes a text, and a publisher decides on it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete, NotFound
from tre.journey import fetched, looked, made_public
from tre.outputs import Format
from tre.publications import PublicationAsked
from tre.web import again, forms, tables
from tre.web.proving import proven
from tre.web.publication_forms import DECLINE, MakePublic, Propose
from tre.web.releases import sent
from tre.web.visitor import me

making_public = Blueprint("making_public", __name__)

Page = Response | str | tuple[str, int]


@making_public.route("/releases/<release_id>/publication", methods=["GET", "POST"])
@login_required
def propose(release_id: str) -> Page:
    form = Propose()
    if request.method == "GET":
        return _proposal(release_id, form)
    made_public.proposed(this.session(), person=me(), release_id=release_id)
    if not form.validate_on_submit():
        return _proposal(release_id, form), 422
    try:
        made_public.ask(
            this.session(),
            person=me(),
            release_id=release_id,
            title=form.title.data or "",
            summary=form.summary.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _proposal(release_id, form), 422
    flash("A publisher decides on your text.", "success")
    return redirect(url_for("making_public.propose", release_id=release_id), 303)


@again.shows("making_public.propose")
def proposed(release_id: str) -> str:
    return _proposal(release_id, Propose())


@making_public.get("/publishing/public")
@login_required
def queue() -> str:
    return render_template(
        "publishing/public_queue.html",
        waiting=made_public.queue(this.session(), publisher=me()),
        section="publishing.queue",
    )


@making_public.route("/publishing/public/<asked_id>", methods=["GET", "POST"])
@login_required
def decide(asked_id: str) -> Page:
    asked = made_public.opened(this.session(), publisher=me(), asked_id=asked_id)
    form = MakePublic()
    if request.method == "GET":
        form.text_hash.data = made_public.text_hash(asked)
        return _decision(asked, form)
    if not form.validate_on_submit():
        return _decision(asked, form), 422
    return _decline(asked, form) if form.act.data == DECLINE else _allow(asked, form)


@again.shows("making_public.decide")
def decided(asked_id: str) -> str:
    asked = made_public.opened(this.session(), publisher=me(), asked_id=asked_id)
    form = MakePublic()
    form.text_hash.data = made_public.text_hash(asked)
    return _decision(asked, form)


@making_public.get("/publishing/public/<asked_id>/chart.svg")
@login_required
def chart(asked_id: str) -> Response:
    asked = made_public.opened(this.session(), publisher=me(), asked_id=asked_id)
    found = asked.release.output.artefact(Format.CHART)
    if found is None:
        raise NotFound(asked_id)
    return sent(found, f"{asked_id}-chart.svg", "inline")


def _allow(asked: PublicationAsked, form: MakePublic) -> Page:
    wrong = proven(
        form,
        lambda proof: made_public.allow(
            this.session(),
            publisher=me(),
            stepped_up=proof,
            asked_id=asked.id,
            hashed=form.text_hash.data or "",
            now=this.now(),
        ),
    )
    if wrong is not None:
        return _decision(asked, form), wrong
    flash("Everybody can read the table now.", "success")
    return redirect(url_for("making_public.queue"), 303)


def _decline(asked: PublicationAsked, form: MakePublic) -> Page:
    try:
        made_public.decline(
            this.session(),
            publisher=me(),
            asked_id=asked.id,
            hashed=form.text_hash.data or "",
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "reason", missing.sentence)
        return _decision(asked, form), 422
    flash("The text went back to its project.", "success")
    return redirect(url_for("making_public.queue"), 303)


def _proposal(release_id: str, form: Propose) -> str:
    texts = made_public.proposed(this.session(), person=me(), release_id=release_id)
    found = looked.release(this.session(), person=me(), release_id=release_id)
    return render_template(
        "research/publication.html",
        release=found,
        texts=texts,
        open=all(one.decision is not None and not one.decision.allowed for one in texts),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="releases.index",
    )


def _decision(asked: PublicationAsked, form: MakePublic) -> str:
    fetched.seen(this.session(), person=me(), release_id=asked.release_id, now=this.now())
    output = asked.release.output
    protected, layout = tables.of_output(output)
    return render_template(
        "publishing/make_public.html",
        asked=asked,
        release=asked.release,
        question=output.submission,
        record=protected.record,
        table=layout,
        chart=output.artefact(Format.CHART) is not None,
        closed=made_public.closed_gates(this.session(), asked, now=this.now()),
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="publishing.queue",
    )
