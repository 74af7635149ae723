"""How does an owner answer for what a restored database lost?"""

from __future__ import annotations

import re
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete
from tre.journey import restored
from tre.web import again, forms, owner_forms, words
from tre.web.visitor import me

settling = Blueprint("settling", __name__)

Page = Response | str | tuple[str, int]

AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?", re.ASCII)
NOT_AN_AMOUNT = "Enter a number such as 0.25, or nothing for all that is left"


@settling.route("/owner/<dataset_id>/settlement", methods=["GET", "POST"])
@login_required
def settle(dataset_id: str) -> Page:
    form = owner_forms.Settle()
    waiting = restored.waiting(this.session(), owner=me(), dataset_id=dataset_id)
    if request.method == "GET":
        return _page(dataset_id, form)
    lost = (form.lost.data or "").strip()
    if not form.validate_on_submit() or (lost and not AMOUNT.fullmatch(lost)):
        if lost and not AMOUNT.fullmatch(lost):
            forms.add_problem(form, "lost", NOT_AN_AMOUNT)
        return _page(dataset_id, form), 422
    try:
        restored.settle(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            rho_nano=int(Decimal(lost) * words.NANO) if lost else None,
            no_exact_table_left=bool(form.no_exact_table_left.data),
            reason=form.reason.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _page(dataset_id, form), 422
    flash("Settled." if len(waiting) == 1 else "Settled; another one waits.", "success")
    return redirect(url_for("owner.dataset", dataset_id=dataset_id), 303)


@again.shows("settling.settle")
def filled(dataset_id: str) -> str:
    return _page(dataset_id, owner_forms.Settle())


def _page(dataset_id: str, form: owner_forms.Settle) -> str:
    return render_template(
        "owner/settlement.html",
        waiting=restored.waiting(this.session(), owner=me(), dataset_id=dataset_id),
        dataset_id=dataset_id,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
