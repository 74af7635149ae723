"""What may anybody open? The door, and what the service says about itself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from tre import recalls
from tre import request as this
from tre.journey import spent
from tre.people import Person
from tre.sign_in import browser
from tre.sign_in.errors import TooManyAttempts, WrongCredentials
from tre.web import again, door, forms, visitor

public = Blueprint("public", __name__)
demo = Blueprint("demo", __name__)

NOT_KEPT = (
    "What was entered before you signed in is gone: it was another person's, "
    "or more than an hour old."
)


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
        return door.page(form)
    if not form.validate_on_submit():
        return door.page(form), 422
    return _try(form)


@again.shows("public.sign_in", "demo.be_demo_person")
def sign_in_again() -> str:
    return door.page(forms.SignIn())


def _try(form: forms.SignIn) -> Response | str | tuple[str, int]:
    email = form.email.data or ""
    try:
        token = browser.sign_in(
            this.session(),
            email=email,
            password=form.password.data or "",
            where=visitor.origin(email),
            now=this.now(),
        )
    except (WrongCredentials, TooManyAttempts) as refused:
        forms.add_problem(form, "email", refused.public)
        return door.page(form), refused.status
    return _inside(token)


@demo.post("/sign-in/demo")
def be_demo_person() -> Response | str:
    """Only registered in a demonstration, and only for people made for it."""
    person = this.session().get(Person, request.form.get("person", ""))
    if person is None or not person.demo:
        raise NotFound
    token = browser.start(this.session(), person_id=person.id, now=this.now())
    return _inside(token)


def _inside(token: str) -> Response | str:
    """Onwards; what a form held that came too late is offered to its person first."""
    sealed = request.form.get(again.KEPT)
    visitor.let_in(token)
    late = again.unseal(sealed, person_id=visitor.me().id) if sealed else None
    if late is not None:
        return render_template("public/kept.html", late=late, mark=again.MARK)
    if sealed:
        flash(NOT_KEPT, "important")
    return redirect(door.back() or visitor.home(), 303)


@public.post("/sign-out")
def sign_out() -> Response:
    visitor.let_out()
    flash("You have signed out.", "success")
    return redirect(url_for("public.sign_in"), 303)


@public.get("/privacy")
def privacy() -> str:
    found = spent.of_everybody(this.session())
    return render_template("public/privacy.html", spent=found)


@public.get("/accessibility")
def accessibility() -> str:
    return render_template("public/accessibility.html")


@public.get("/corrections")
def corrections() -> str:
    """Every release that was taken back, for anybody who has read one of them."""
    found = recalls.corrections(this.session(), limit=500)
    return render_template("public/corrections.html", corrections=found)
