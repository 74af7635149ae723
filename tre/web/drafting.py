"""How is a question put together in a form? Row by row, saved at every press of a button."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from queries.catalogue import Catalogue
from tre import request as this
from tre.journey import drafted
from tre.web import again, answers, choices, desks, measure_choices
from tre.web.answers import Nest
from tre.web.asking import Fault
from tre.web.desks import FORM, Desk
from tre.web.visitor import me

drafting = Blueprint("drafting", __name__)

Page = Response | str | tuple[str, int]


@drafting.route("/projects/<project_id>/datasets/<name>/ask", methods=["GET", "POST"])
@login_required
def new(project_id: str, name: str) -> Page:
    return _form(desks.fresh(project_id, name))


@drafting.route("/drafts/<draft_id>", methods=["GET", "POST"])
@login_required
def edit(draft_id: str) -> Page:
    return _form(desks.of_draft(draft_id))


@drafting.post("/drafts/<draft_id>/discard")
@login_required
def discard(draft_id: str) -> Response:
    draft = drafted.opened(this.session(), person=me(), draft_id=draft_id)
    project_id = draft.project_id
    drafted.discard(this.session(), person=me(), draft_id=draft_id)
    flash("The draft is deleted.", "success")
    return redirect(url_for("research.project", project_id=project_id), 303)


@again.shows("drafting.new", "drafting.edit")
def filled(**address: str) -> str:
    desk = desks.at(**address)
    return page(desk, _sent(desk))


def _sent(desk: Desk) -> Nest:
    sent = answers.renamed(answers.read(request.form), mark=choices.FEATURE_MARK)
    return sent if sent["source"] else {**sent, "source": desks.nest_of(desk)["source"]}


def _form(desk: Desk) -> Page:
    if request.method == "GET":
        return page(desk, desks.nest_of(desk))
    nest = _sent(desk)
    act, _, path = request.form.get("act", "save").partition(":")
    nest = _changed(desk.catalogue, nest, act, path)
    saved = desks.save(desk, title=nest["title"], nest=nest, track=request.form.get("track"))
    if act == "preview":
        return _to_preview(saved, nest)
    if act == "save":
        flash("The draft is saved.", "success")
    return redirect(saved.address(FORM) + _anchor(nest, act, path), 303)


def _changed(catalogue: Catalogue, nest: Nest, act: str, path: str) -> Nest:
    if act == "add":
        return answers.added(nest, path, _new_row(catalogue, nest, path))
    return answers.removed(nest, path) if act == "remove" else nest


def _to_preview(desk: Desk, nest: Nest) -> Page:
    query, faults = desks.form_question(desk, nest)
    if query is None or desk.draft is None:
        return page(desk, nest, faults), 422
    return redirect(url_for("sending.preview", draft_id=desk.draft.id), 303)


def _anchor(nest: Nest, act: str, path: str) -> str:
    """Back to the same part of the page; to the new row after adding one."""
    if act == "add":
        rows = answers.rows_at(nest, path)
        return f"#{path}-{len(rows) - 1}" if rows else ""
    part = path.partition("-")[0]
    return f"#{part}" if act == "remove" and part in answers.FORM else ""


def _new_row(catalogue: Catalogue, nest: Nest, path: str) -> dict[str, Any]:
    """A row begins with what was chosen beside its button; the rest is filled in afterwards."""
    chosen = request.form.get(f"new-{path}", "")
    if path == "measures":
        statistic, _, ref = chosen.partition(":")
        return {"statistic": statistic, "ref": ref, "per": "", "adjusted": []}
    if path == "features":
        aggregate = request.form.get("new-features-aggregate", "")
        name = _name(nest, chosen, aggregate)
        return {"table": chosen, "aggregate": aggregate, "name": name, "was": name}
    return {"ref": chosen, "operator": _usual_operator(catalogue, nest, chosen)}


def _usual_operator(catalogue: Catalogue, nest: Nest, ref: str) -> str:
    field = choices.field_of(catalogue, nest, ref)
    options = choices.COMPARISONS.get(field.kind, ()) if field is not None else ()
    return options[0].value if options else ""


def _name(nest: Nest, table: str, aggregate: str) -> str:
    """A name for a new feature, such as ``labs_max``; its author may change it."""
    known = {str(row["name"]) for row in nest["features"]}
    plain = re.sub(r"[^a-z0-9_]", "", f"{table}_{aggregate}")[:34] or "feature"
    names = [plain, *(f"{plain}_{n}" for n in range(2, answers.MOST_ROWS + 2))]
    return next(name for name in names if name not in known)


def page(desk: Desk, nest: Nest, faults: tuple[Fault, ...] = ()) -> str:
    catalogue = desk.catalogue
    fields = choices.fields(catalogue, nest)
    rules = desk.view.policy_version.policy.dp
    return render_template(
        "research/form.html",
        desk=desk,
        nest=nest,
        faults=_by_place(faults),
        problems=[{"text": fault.sentence, "href": f"#{fault.place}"} for fault in faults],
        catalogue=catalogue,
        sources=choices.sources(catalogue),
        links=choices.links(catalogue, nest),
        fields=fields,
        groups=choices.grouped(catalogue, fields.values()),
        measures=measure_choices.measures(catalogue, nest, rules=rules),
        choices=choices,
        measuring=measure_choices,
        section="research.projects",
    )


def _by_place(faults: tuple[Fault, ...]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for fault in faults:
        places.setdefault(fault.place, []).append(fault.sentence)
    return places
