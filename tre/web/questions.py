"""Where is a question on its way? Coarse steps only; its answer appears when its time has come."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from tre import gates, outputs
from tre import request as this
from tre.journey import answered, cancelled, fetched, looked, requested, shelved
from tre.lifecycle import MEANING, TERMINAL, Mover, State, may_move
from tre.outputs import Format
from tre.submissions import Submission
from tre.web import again, asking_forms, discussing, forms, tables, words
from tre.web.visitor import me

questions = Blueprint("questions", __name__)

Page = Response | str | tuple[str, int]

STEPS: tuple[tuple[str, frozenset[State]], ...] = (
    ("Asked", frozenset({State.SUBMITTED})),
    ("Answered inside", frozenset({State.VALIDATED, State.EXECUTED})),
    ("Protected", frozenset({State.PROTECTED, State.RETURNED})),
    ("Reviewed", frozenset({State.REVIEWED})),
    ("Released", frozenset({State.RELEASED})),
)
"""The way that a question goes, as its author sees it, and the states that stand at each step."""

ENDED_BADLY = TERMINAL - {State.RELEASED}
MOVES_BY_ITSELF = frozenset({State.SUBMITTED, State.VALIDATED, State.EXECUTED})


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    place: str  # "done" | "now" | "ahead" | "ended"


def steps(state: State) -> tuple[Step, ...]:
    """A question that ended on the way shows where it began and that it ended: no more."""
    if state in ENDED_BADLY:
        return (Step(STEPS[0][0], "done"), Step(MEANING[state], "ended"))
    at = next(number for number, (_, states) in enumerate(STEPS) if state in states)
    last = len(STEPS) - 1
    return tuple(
        Step(title, "done" if number < at or at == last else "now" if number == at else "ahead")
        for number, (title, _) in enumerate(STEPS)
    )


@questions.get("/questions/<submission_id>")
@login_required
def question(submission_id: str) -> str:
    found = looked.submission(this.session(), person=me(), submission_id=submission_id)
    return _page(found, asking_forms.Answer())


@questions.post("/questions/<submission_id>/cancel")
@login_required
def cancel(submission_id: str) -> Response:
    cancelled.cancel(this.session(), person=me(), submission_id=submission_id, now=this.now())
    flash("The question is cancelled.", "success")
    return redirect(url_for("questions.question", submission_id=submission_id), 303)


@questions.post("/questions/<submission_id>/answer")
@login_required
def answer(submission_id: str) -> Page:
    found = looked.submission(this.session(), person=me(), submission_id=submission_id)
    form = asking_forms.Answer()
    if not form.validate_on_submit():
        return _page(found, form), 422
    answered.answer(
        this.session(),
        person=me(),
        submission_id=submission_id,
        answer=form.answer.data or "",
        now=this.now(),
    )
    flash("Your answer went to the checkers.", "success")
    return redirect(url_for("questions.question", submission_id=submission_id), 303)


@again.shows("questions.answer")
def filled(submission_id: str) -> str:
    found = looked.submission(this.session(), person=me(), submission_id=submission_id)
    return _page(found, asking_forms.Answer())


def refusals(found: Submission) -> list[str]:
    """Which gates were closed when its turn came; fixed sentences, by the ids on record."""
    rules = {rule.id: rule for rule in (*gates.RULES, shelved.LOST_ITS_SOURCE)}
    return [f"{rules[id_].reason} {rules[id_].remedy}" for id_ in found.reasons if id_ in rules]


def _page(found: Submission, form: asking_forms.Answer) -> str:
    state = State(found.state)
    release = looked.release_of(this.session(), person=me(), submission_id=found.id)
    recall = looked.recall_of(this.session(), person=me(), submission_id=found.id)
    if release is not None:
        fetched.seen(this.session(), person=me(), release_id=release.id, now=this.now())
    mine = found.author_id == me().id
    table = tables.of_output(release.output)[1] if release is not None else None
    return render_template(
        "research/question.html",
        question=found,
        source=looked.source_of(this.session(), person=me(), submission_id=found.id),
        delta=looked.delta_charged(this.session(), person=me(), submission_id=found.id),
        state=state,
        meaning=words.meaning(state),
        shown=words.tag(state)[0],
        steps=steps(state),
        waits=state in MOVES_BY_ITSELF,
        may_cancel=mine and may_move(state, State.CANCELLED, Mover.AUTHOR),
        may_answer=mine and state is State.RETURNED,
        may_not_leave=looked.may_not_leave(this.session(), person=me(), submission_id=found.id),
        reviews=looked.reviews_for_author(this.session(), person=me(), submission_id=found.id),
        refusals=refusals(found),
        waiting_for=looked.gates_to_release(this.session(), submission=found, now=this.now()),
        release=release,
        files={} if release is None else outputs.files(release.output),
        recall=recall,
        sealing=state is State.RELEASED and release is None and recall is None,
        sealed=release is not None and looked.is_sealed(this.session(), release),
        table=table,
        chart=release is not None and release.output.artefact(Format.CHART) is not None,
        form=form,
        problems=forms.problems_of(form) if request.method == "POST" else [],
        **discussing.said(found),
        place=requested.place_of(this.session(), person=me(), submission=found),
        section="research.projects",
    )
