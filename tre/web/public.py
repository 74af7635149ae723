"""What may anybody open? The door, and what the service says about itself."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from tre import request as this
from tre.people import Person
from tre.sign_in import attempts, browser
from tre.sign_in.errors import TooManyAttempts, WrongCredentials
from tre.web import forms, visitor

public = Blueprint("public", __name__)
demo = Blueprint("demo", __name__)


@public.get("/")
def start() -> Response:
    return redirect(visitor.home() if visitor.is_signed_in() else url_for("public.sign_in"), 303)


@public.get("/health")
def health() -> tuple[str, int, dict[str, str]]:
    return "ready\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@public.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    if visitor.is_signed_in():
        return redirect(visitor.home(), 303)
    form = forms.SignIn()
    if request.method == "GET":
        return _door(form)
    if not form.validate_on_submit():
        return _door(form), 422
    return _try(form)


def _try(form: forms.SignIn) -> Response | tuple[str, int]:
    email = form.email.data or ""
    try:
        token = browser.sign_in(
            this.session(),
            email=email,
            password=form.password.data or "",
            where=_origin(email),
            now=this.now(),
        )
    except (WrongCredentials, TooManyAttempts) as refused:
        forms.add_problem(form, "email", refused.public)
        return _door(form), refused.status
    visitor.let_in(token)
    return redirect(_back() or visitor.home(), 303)


@demo.post("/sign-in/demo")
def be_demo_person() -> Response:
    """Only registered in a demonstration, and only for people made for it."""
    person = this.session().get(Person, request.form.get("person", ""))
    if person is None or not person.demo:
        raise NotFound
    token = browser.start(this.session(), person_id=person.id, now=this.now())
    visitor.let_in(token)
    return redirect(_back() or visitor.home(), 303)


@public.post("/sign-out")
def sign_out() -> Response:
    visitor.let_out()
    flash("You have signed out.", "success")
    return redirect(url_for("public.sign_in"), 303)


@public.get("/privacy")
def privacy() -> str:
    return render_template("public/privacy.html")


@public.get("/accessibility")
def accessibility() -> str:
    return render_template("public/accessibility.html")


def _origin(email: str) -> attempts.Origin:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return attempts.origin(email=email, address=request.remote_addr or "", key=key)


def _back() -> str | None:
    return visitor.local_path(request.args.get("next"))


def _door(form: forms.SignIn) -> str:
    return render_template(
        "public/sign_in.html",
        form=form,
        problems=forms.problems_of(form),
        people=_demo_people(),
        back=_back(),
    )


def _demo_people() -> list[Person]:
    if "demo" not in current_app.blueprints:
        return []
    people = select(Person).where(Person.demo.is_(True), Person.active.is_(True))
    return list(this.session().scalars(people.order_by(Person.created_at, Person.name)))
