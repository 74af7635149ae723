"""What does an auditor look at? Every act on record, and where the log holds it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask_login import login_required

from tre import request as this
from tre.audit import EVENTS
from tre.journey import audited
from tre.journey.audited import Line
from tre.lifecycle import MEANING, State
from tre.web import tables
from tre.web.visitor import me

auditing = Blueprint("auditing", __name__)

LARGEST = 2**31 - 1


@auditing.get("/audit")
@login_required
def entries() -> str:
    event = request.args.get("event", "")
    before = request.args.get("before", "")
    lines = audited.entries(
        this.session(),
        person=me(),
        event=event if event in EVENTS else None,
        before=_number(before),
    )
    return render_template(
        "audit/entries.html",
        lines=lines,
        told=_told(lines),
        checkpoint=audited.checkpoint(this.session(), person=me()),
        events=sorted(EVENTS),
        event=event if event in EVENTS else "",
        last=lines[-1].entry.id if len(lines) == audited.PAGE else None,
        section="auditing.entries",
    )


@auditing.get("/audit/questions/<submission_id>")
@login_required
def question(submission_id: str) -> str:
    case = audited.question(this.session(), person=me(), submission_id=submission_id)
    output = case.submission.output
    return render_template(
        "audit/question.html",
        case=case,
        question=case.submission,
        lines=case.lines,
        told=_told(case.lines),
        reviews=case.reviews,
        table=None if output is None else tables.of_output(output)[1],
        record=None if output is None else tables.of_output(output)[0].record,
        meaning=MEANING[State(case.submission.state)],
        section="auditing.entries",
    )


def _told(lines: Sequence[Line]) -> list[str]:
    return [json.dumps(line.entry.detail, ensure_ascii=False) for line in lines]


def _number(text: str) -> int | None:
    """An id, or nothing for whatever else is in the address."""
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004
