"""How is more asked for a budget, and how does somebody else decide on it?"""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from queries.values import decimals_of, number_from
from tre import request as this
from tre.budgets import Cost
from tre.errors import Incomplete
from tre.journey import accounted, topped_up
from tre.top_ups import TopUp
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

top_ups = Blueprint("top_ups", __name__)

Page = Response | str | tuple[str, int]
RHO_DIGITS, DELTA_DIGITS = 9, 15


@top_ups.route("/owner/<dataset_id>/top-up", methods=["GET", "POST"])
@login_required
def ask(dataset_id: str) -> Page:
    form = _form(dataset_id)
    if request.method == "GET":
        return _asking(dataset_id, form)
    if not form.validate_on_submit():
        return _asking(dataset_id, form), 422
    try:
        topped_up.ask(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            account_id=form.account.data or "",
            more=Cost(
                _units(form.rho.data, digits=RHO_DIGITS, field="rho"),
                _units(form.delta.data, digits=DELTA_DIGITS, field="delta"),
            ),
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _asking(dataset_id, form), 422
    flash("Your request is on record. Somebody else who owns data decides.", "success")
    return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)


@top_ups.route("/top-ups/<top_up_id>", methods=["GET", "POST"])
@login_required
def decide(top_up_id: str) -> Page:
    found = topped_up.opened(this.session(), person=me(), top_up_id=top_up_id)
    form = owner_forms.DecideTopUp()
    if request.method == "GET":
        return _deciding(found, form)
    if not form.validate_on_submit():
        return _deciding(found, form), 422
    granted = form.decision.data == owner_forms.GRANT
    try:
        topped_up.decide(
            this.session(),
            person=me(),
            top_up_id=found.id,
            granted=granted,
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "reason", missing.sentence)
        return _deciding(found, form), 422
    flash("The budget holds more now." if granted else "The top-up is declined.", "success")
    return redirect(url_for("owner.datasets"), 303)


@again.shows("top_ups.ask")
def asking_filled(dataset_id: str) -> str:
    return _asking(dataset_id, _form(dataset_id))


@again.shows("top_ups.decide")
def deciding_filled(top_up_id: str) -> str:
    found = topped_up.opened(this.session(), person=me(), top_up_id=top_up_id)
    return _deciding(found, owner_forms.DecideTopUp())


def _units(text: str | None, *, digits: int, field: str) -> int:
    """Whole units of the ledger; nothing stands for none. Raises Incomplete."""
    if not (text or "").strip():
        return 0
    number = number_from((text or "").strip())
    if number is None or number < 0 or decimals_of(number) > digits:
        raise Incomplete(field, f"Enter a number from 0 on with at most {digits} decimals")
    return int(number * Decimal(10) ** digits)


def _form(dataset_id: str) -> owner_forms.AskTopUp:
    """With every account of the dataset by the words that its page has for it."""
    session, owner = this.session(), me()
    lines = accounted.statement(session, owner=owner, dataset_id=dataset_id).accounts
    form = owner_forms.AskTopUp()
    form.account.choices = [(line.account_id, line.words) for line in lines]
    return form


def _asking(dataset_id: str, form: owner_forms.AskTopUp) -> str:
    return render_template(
        "owner/top_up.html",
        accounts=topped_up.accounts_of(this.session(), owner=me(), dataset_id=dataset_id),
        dataset_id=dataset_id,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )


def _deciding(found: TopUp, form: owner_forms.DecideTopUp) -> str:
    line = accounted.line_of(this.session(), found.account)
    return render_template(
        "owner/decide_top_up.html",
        top_up=found,
        line=line,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
