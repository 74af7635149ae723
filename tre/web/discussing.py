"""What do people say about an output, on the page where they meet it?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import request as this
from tre.comments import MAY_SAY_TO, Audience, Side
from tre.errors import Incomplete, NotFound
from tre.journey import discussed
from tre.lifecycle import TERMINAL, State
from tre.submissions import Submission
from tre.web import again, checking_forms, forms
from tre.web.visitor import me

discussing = Blueprint("discussing", __name__)

Page = Response | str | tuple[str, int]

PAGES: dict[Side, Callable[[Submission], str]] = {
    Side.PROJECT: lambda asked: url_for("questions.question", submission_id=asked.id),
    Side.CHECKERS: lambda asked: url_for("checking.decide", output_id=_output_id(asked)),
    Side.PUBLISHERS: lambda asked: url_for("publishing.decide", output_id=_output_id(asked)),
}
"""Where each side meets a question."""


@discussing.post("/comments/<submission_id>")
@login_required
def say(submission_id: str) -> Page:
    asked, side = _found(submission_id)
    form = _form(side)
    if not form.validate_on_submit():
        return _again(asked, side, form), 422
    try:
        discussed.say(
            this.session(),
            person=me(),
            submission_id=submission_id,
            audience=Audience(form.audience.data),
            words=form.words.data or "",
            now=this.now(),
        )
    except Incomplete as missing:
        forms.add_problem(form, "words", missing.sentence)
        return _again(asked, side, form), 422
    flash("Your comment is recorded.", "success")
    return redirect(PAGES[side](asked) + "#comments", 303)


@again.shows("discussing.say")
def filled(submission_id: str) -> str:
    asked, side = _found(submission_id)
    return _again(asked, side, _form(side))


def said(asked: Submission) -> dict[str, Any]:
    """What the part of a page with comments needs."""
    side = discussed.side_of(this.session(), person=me(), submission=asked)
    return {
        "comments": discussed.read(this.session(), person=me(), submission_id=asked.id),
        "comment": _form(side) if State(asked.state) not in TERMINAL else None,
        "may_choose": len(MAY_SAY_TO[side]) > 1,
    }


def _form(side: Side) -> checking_forms.Comment:
    form = checking_forms.Comment()
    form.for_audiences(MAY_SAY_TO[side])
    return form


def _found(submission_id: str) -> tuple[Submission, Side]:
    asked = this.session().get(Submission, submission_id)
    if asked is None:
        raise NotFound(submission_id)
    return asked, discussed.side_of(this.session(), person=me(), submission=asked)


def _output_id(asked: Submission) -> str:
    if asked.output is None:
        raise NotFound(asked.id)
    return asked.output.id


def _again(asked: Submission, side: Side, form: checking_forms.Comment) -> str:
    return render_template(
        "parts/comment_again.html",
        question=asked,
        back=PAGES[side](asked),
        comment=form,
        may_choose=len(MAY_SAY_TO[side]) > 1,
        problems=forms.problems_of(form) if request.method == "POST" else [],
    )
