"""How does a person prove who they are at the act itself? By password, whatever a session says."""

from __future__ import annotations

from collections.abc import Callable

from flask_wtf import FlaskForm

from tre import request as this
from tre.errors import GatesClosed
from tre.sign_in.errors import TooManyAttempts, WrongCredentials
from tre.sign_in.stepped_up import SteppedUp, step_up
from tre.web import forms, visitor
from tre.web.visitor import me

NOT_RIGHT = 422


def proven(form: FlaskForm, act: Callable[[SteppedUp], object]) -> int | None:
    """Does the act with a fresh proof. Else says in the form what is wrong, and gives a status.

    The form has the fields ``password`` and ``act``.
    """
    try:
        act(
            step_up(
                this.session(),
                person=me(),
                password=form["password"].data or "",
                where=visitor.origin(me().email),
                now=this.now(),
            )
        )
    except WrongCredentials:
        forms.add_problem(form, "password", "The password is not right")
        return NOT_RIGHT
    except TooManyAttempts as refused:
        forms.add_problem(form, "password", refused.public)
        return refused.status
    except GatesClosed as closed:
        forms.add_problem(form, "act", closed.gates[0].reason)
        return closed.status
    return None
