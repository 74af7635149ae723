"""How is a question written in SQL? Text that is read, never executed; refusals say where."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from queries.errors import Problem
from tre.web import again, desks
from tre.web.desks import SQL, Desk

drafting_sql = Blueprint("drafting_sql", __name__)

LONGEST = 20_000
Page = Response | str | tuple[str, int]


@drafting_sql.route("/projects/<project_id>/datasets/<name>/ask/sql", methods=["GET", "POST"])
@login_required
def new(project_id: str, name: str) -> Page:
    return _text(desks.fresh(project_id, name))


@drafting_sql.route("/drafts/<draft_id>/sql", methods=["GET", "POST"])
@login_required
def edit(draft_id: str) -> Page:
    return _text(desks.of_draft(draft_id))


@again.shows("drafting_sql.new", "drafting_sql.edit")
def filled(**address: str) -> str:
    return page(desks.at(**address), _sent(), title=request.form.get("title", ""))


def _sent() -> str:
    return request.form.get("sql", "").replace("\r\n", "\n").replace("\x00", "")[:LONGEST]


def _text(desk: Desk) -> Page:
    if request.method == "GET":
        return page(desk, desks.sql_of(desk))
    text = _sent()
    title, track = request.form.get("title", ""), request.form.get("track")
    saved = desks.save(desk, title=title, sql=text, track=track)
    if request.form.get("act") != "preview":
        flash("The draft is saved.", "success")
        return redirect(saved.address(SQL), 303)
    query, faults = desks.sql_question(saved, text)
    if query is None or saved.draft is None:
        return page(saved, text, faults), 422
    return redirect(url_for("sending.preview", draft_id=saved.draft.id), 303)


def page(
    desk: Desk, text: str, faults: tuple[Problem, ...] = (), *, title: str | None = None
) -> str:
    return render_template(
        "research/sql.html",
        desk=desk,
        title=desk.title if title is None else title,
        text=text,
        faults=faults,
        problems=[{"text": sentence(fault), "href": "#sql"} for fault in faults],
        catalogue=desk.catalogue,
        section="research.projects",
    )


def sentence(fault: Problem) -> str:
    placed = fault.start is not None and fault.where
    return f"{fault.where.capitalize()}: {fault.message}" if placed else fault.message
