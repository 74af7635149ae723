"""What does an owner see of a dataset's policy, and of what a changed one would have stopped?"""

from __future__ import annotations

import yaml
from flask import Blueprint, render_template, request
from flask_login import login_required
from werkzeug.wrappers import Response

from disclosure_control.policy import for_everybody
from tre import request as this
from tre.errors import Incomplete
from tre.journey import supposed, tightened
from tre.journey.supposed import Supposition
from tre.web import again, forms, owner_forms
from tre.web.visitor import me

policies = Blueprint("policies", __name__)

Page = Response | str | tuple[str, int]


@policies.route("/owner/<dataset_id>/policy", methods=["GET", "POST"])
@login_required
def show(dataset_id: str) -> Page:
    form = owner_forms.Suppose()
    if request.method == "GET":
        return _page(dataset_id, form)
    supposed.stand(this.session(), owner=me(), dataset_id=dataset_id)
    if not form.validate_on_submit():
        return _page(dataset_id, form), 422
    try:
        found = supposed.suppose(
            this.session(),
            owner=me(),
            dataset_id=dataset_id,
            policy_text=form.policy.data or "",
        )
    except Incomplete as wrong:
        forms.add_problem(form, "policy", wrong.sentence)
        return _page(dataset_id, form), 422
    return _page(dataset_id, form, found)


@again.shows("policies.show")
def filled(dataset_id: str) -> str:
    return _page(dataset_id, owner_forms.Suppose())


def _page(dataset_id: str, form: owner_forms.Suppose, found: Supposition | None = None) -> str:
    stand = supposed.stand(this.session(), owner=me(), dataset_id=dataset_id)
    everything = for_everybody(stand.version.policy_json)
    rules = {name: part for name, part in everything.items() if part is not None}
    text = yaml.safe_dump(rules, sort_keys=False, allow_unicode=True)
    if request.method == "GET":
        form.policy.data = text
    return render_template(
        "owner/policy.html",
        stand=stand,
        projects=tightened.projects_on(this.session(), owner=me(), dataset_id=dataset_id),
        rules=text,
        found=found,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        section="owner.datasets",
    )
