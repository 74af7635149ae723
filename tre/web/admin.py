"""What does an administrator see and do? People, their roles, and their accounts."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.errors import Incomplete, NotPermitted
from tre.journey import appointed
from tre.people import Person, Role
from tre.web import again, forms
from tre.web.visitor import me

admin = Blueprint("admin", __name__)

Page = Response | str | tuple[str, int]


@admin.get("/people")
@login_required
def people() -> str:
    found = appointed.everybody(this.session(), administrator=me())
    return render_template("admin/people.html", people=found, section="admin.people")


@admin.route("/people/new", methods=["GET", "POST"])
@login_required
def new() -> Page:
    appointed.everybody(this.session(), administrator=me())
    form = forms.NewPerson()
    if request.method == "GET":
        return _new_page(form)
    if not form.validate_on_submit():
        return _new_page(form), 422
    return _add(form)


@admin.route("/people/<person_id>", methods=["GET", "POST"])
@login_required
def person(person_id: str) -> Page:
    found = appointed.person(this.session(), administrator=me(), person_id=person_id)
    if request.method == "GET":
        account = "open" if found.active else "closed"
        return _page(
            found,
            forms.ChangePerson(
                roles=list(found.roles), account=account, organisation=found.organisation
            ),
        )
    form = forms.ChangePerson()
    if not form.validate_on_submit():
        return _page(found, form), 422
    return _change(found, form)


@again.shows("admin.new")
def new_filled() -> str:
    appointed.everybody(this.session(), administrator=me())
    return _new_page(forms.NewPerson())


@again.shows("admin.person")
def person_filled(person_id: str) -> str:
    found = appointed.person(this.session(), administrator=me(), person_id=person_id)
    return _page(found, forms.ChangePerson())


def _add(form: forms.NewPerson) -> Page:
    try:
        added = appointed.add(
            this.session(),
            administrator=me(),
            email=form.email.data or "",
            name=form.name.data or "",
            roles=_roles(form.roles.data),
            password=form.password.data or "",
            organisation=form.organisation.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, missing.field, missing.sentence)
        return _new_page(form), 422
    except NotPermitted as refused:
        forms.add_problem(form, "roles", refused.reason)
        return _new_page(form), 422
    flash(f"{added.name} can sign in now.", "success")
    return redirect(url_for("admin.people"), 303)


def _change(found: Person, form: forms.ChangePerson) -> Page:
    try:
        appointed.change(
            this.session(),
            administrator=me(),
            person_id=found.id,
            roles=_roles(form.roles.data),
            active=form.account.data == "open",
            organisation=form.organisation.data or "",
            now=this.now(),
        )
    except NotPermitted as refused:
        forms.add_problem(form, "roles", refused.reason)
        return _page(found, form), 422
    flash("The change is recorded.", "success")
    return redirect(url_for("admin.people"), 303)


def _roles(chosen: list[str] | None) -> tuple[Role, ...]:
    return tuple(Role(name) for name in chosen or ())


def _new_page(form: forms.NewPerson) -> str:
    return render_template(
        "admin/new.html", form=form, problems=forms.problems_of(form), section="admin.people"
    )


def _page(found: Person, form: forms.ChangePerson) -> str:
    return render_template(
        "admin/person.html",
        person=found,
        form=form,
        problems=forms.problems_of(form),
        section="admin.people",
    )
