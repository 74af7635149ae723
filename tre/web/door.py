"""What stands at the door? The sign-in page, the demonstration's people, a form that came late."""

from __future__ import annotations

from flask import current_app, render_template, request
from sqlalchemy import select

from tre import request as this
from tre.people import Person, Role
from tre.web import again, forms, visitor

OPEN = frozenset({"public.sign_in", "demo.be_demo_person"})  # forms that need no session
ORDER = tuple(role.value for role, _ in visitor.HOME)


def page(form: forms.SignIn, *, kept: str | None = None) -> str:
    """``kept`` is a sealed form, or what this request brought of one."""
    return render_template(
        "public/sign_in.html",
        form=form,
        problems=forms.problems_of(form),
        people=_demo_people(),
        back=back(),
        kept=kept or request.form.get(again.KEPT, ""),
    )


def back() -> str | None:
    return visitor.local_path(request.args.get("next"))


def _demo_people() -> list[Person]:
    """In the order of what they do, researchers first."""
    if "demo" not in current_app.blueprints:
        return []
    people = select(Person).where(Person.demo.is_(True), Person.active.is_(True))
    return sorted(this.session().scalars(people), key=_order)


def _order(person: Person) -> tuple[int, str]:
    places = [ORDER.index(Role(role).value) for role in person.roles]
    return min(places, default=len(ORDER)), person.name
