"""What would this question cost and give, and is it to be asked? Nothing is spent by looking."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from disclosure_control.policy import Policy
from queries import sql
from queries.catalogue import Catalogue
from queries.language import Query
from tre import request as this
from tre.datasets import Dataset
from tre.errors import (
    BudgetExceeded,
    GatesClosed,
    IdempotencyConflict,
    Incomplete,
    NotFound,
)
from tre.journey import requested, submitted, twinned
from tre.journey.requested import Line, RequestView
from tre.web import (
    again,
    asking_forms,
    beside,
    desks,
    drafting,
    drafting_sql,
    forms,
    prices,
)
from tre.web.beside import Beside
from tre.web.desks import SQL, Desk
from tre.web.visitor import me

sending = Blueprint("sending", __name__)

Page = Response | str | tuple[str, int]
Aside = Callable[[Desk, Query, asking_forms.Send], Page]


@sending.route("/drafts/<draft_id>/preview", methods=["GET", "POST"])
@login_required
def preview(draft_id: str) -> Page:
    desk = desks.of_draft(draft_id)
    query = desks.question(desk)
    if query is None:
        return _to_correct(desk)
    form = _form(desk)
    if request.method == "GET":
        form.key.data = secrets.token_hex(16)
        return _page(desk, query, form)
    aside = ASIDE.get(request.form.get("act", ""))
    if aside is not None:
        return aside(desk, query, form)
    if not form.validate_on_submit():
        return _page(desk, query, form), 422
    return _send(desk, query, form)


def _for_exactness(desk: Desk, query: Query, form: asking_forms.Send) -> Page:
    """The same page with one price more, chosen; nothing that was entered is lost."""
    try:
        rho = prices.within(desk, query, form.half_width.data or "")
    except Incomplete as wrong:
        forms.add_problem(form, wrong.field, wrong.sentence)
        return _page(desk, query, form), 422
    form.rho_nano.data = str(rho)
    return _page(desk, query, form, also=rho)


def _beside(offer: Callable[[Query, Catalogue, Policy], Beside | None]) -> Aside:
    """A draft beside this one, with a question that the page offers."""

    def saved(desk: Desk, query: Query, _: asking_forms.Send) -> Page:
        offered = offer(query, desk.catalogue, desk.policy)
        if offered is None:
            raise NotFound(query.source)
        fresh = desks.fresh(desk.project.id, desk.view.dataset.name)
        text = sql.render(offered.query, desk.catalogue)
        kept = desks.save(fresh, title=offered.title[:200], sql=text, track=desk.track)
        return redirect(url_for("sending.preview", draft_id=kept.draft.id), 303)

    return saved


def _of_twin(desk: Desk, _: Query, __: asking_forms.Send) -> Page:
    """A draft beside this one: the same question, of units that do not exist."""
    twin = _twin(desk)
    if twin is None:
        raise NotFound(desk.view.dataset.name)
    written = {"sql": str(desk.kept.get("sql", ""))} if desk.way == SQL else {}
    nest = None if written else desks.nest_of(desk)
    fresh = desks.fresh(desk.project.id, twin.name)
    saved = desks.save(fresh, title=desk.title, nest=nest, **written)
    return redirect(url_for("sending.preview", draft_id=saved.draft.id), 303)


ASIDE: dict[str, Aside] = {
    "within": _for_exactness,
    "left_out": _beside(beside.left_out),
    "how_many": _beside(beside.how_many),
    "twin": _of_twin,
}
"""What a button of the page does instead of asking the question."""


def _twin(desk: Desk) -> Dataset | None:
    return twinned.twin_for(
        this.session(), person=me(), project_id=desk.project.id, dataset=desk.view.dataset
    )


@again.shows("sending.preview")
def filled(draft_id: str) -> Page:
    desk = desks.of_draft(draft_id)
    query = desks.question(desk)
    return _to_correct(desk) if query is None else _page(desk, query, _form(desk))


def _form(desk: Desk) -> asking_forms.Send:
    """With the outputs of the project's requests that may be asked."""
    form = asking_forms.Send()
    views = requested.listed(this.session(), person=me(), project_id=desk.project.id)
    form.intended.choices = [
        *form.intended.choices,
        *(
            SelectChoice(line.intended.id, _name(view, line))
            for view in views
            for line in view.lines
        ),
    ]
    return form


def _name(view: RequestView, line: Line) -> str:
    version = f" (version {len(line.versions) + 1})" if line.versions else ""
    return f"{view.request.title}, {line.intended.number}: {line.intended.title}{version}"


def _send(desk: Desk, query: Query, form: asking_forms.Send) -> Page:
    try:
        submission = submitted.submit(
            this.session(),
            person=me(),
            project_id=desk.project.id,
            query=query,
            purpose=form.purpose.data or "",
            rho_nano=prices.read(form.rho_nano.data),
            source_text=str(desk.kept.get("sql", "")) if desk.way == SQL else None,
            idempotency_key=form.key.data or None,
            track=desk.track,
            intended_id=form.intended.data or None,
            now=this.now(),
        )
    except Incomplete as missing:
        form.key.data = secrets.token_hex(16)
        forms.add_problem(form, missing.field, missing.sentence)
        return _page(desk, query, form), 422
    except (GatesClosed, BudgetExceeded, IdempotencyConflict) as refused:
        form.key.data = secrets.token_hex(16)
        for sentence in _sentences(refused):
            forms.add_problem(form, "purpose", sentence)
        return _page(desk, query, form), refused.status
    return redirect(url_for("questions.question", submission_id=submission.id), 303)


def _sentences(refused: GatesClosed | BudgetExceeded | IdempotencyConflict) -> list[str]:
    if isinstance(refused, GatesClosed):
        return [f"{gate.reason} {gate.remedy}" for gate in refused.gates]
    return [refused.public]


def _to_correct(desk: Desk) -> Page:
    """The catalogue or the policy may have changed since: shown where it can be corrected."""
    if desk.way == SQL:
        text = str(desk.kept.get("sql", ""))
        return drafting_sql.page(desk, text, desks.sql_question(desk, text)[1]), 422
    nest = desks.nest_of(desk)
    return drafting.page(desk, nest, desks.form_question(desk, nest)[1]), 422


def _page(desk: Desk, query: Query, form: asking_forms.Send, *, also: int | None = None) -> str:
    offers = prices.offers(desk, query, also=also or prices.read(form.rho_nano.data))
    chosen = prices.chosen(offers, form.rho_nano.data)
    return render_template(
        "research/preview.html",
        desk=desk,
        form=form,
        problems=forms.problems_of(form),
        offers=offers,
        chosen=chosen,
        preview=chosen.preview,
        twin=_twin(desk),
        may_ask_how_many=beside.how_many(query, desk.catalogue, desk.policy) is not None,
        sql=sql.render(query, desk.catalogue),
        catalogue=desk.catalogue,
        section="research.projects",
    )
