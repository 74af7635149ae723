"""What does an auditor look at? Every act on record, and where the log holds it."""

from __future__ import annotations

import json

from flask import Blueprint, render_template, request
from flask_login import login_required

from tre import request as this
from tre.audit import EVENTS
from tre.journey import audited
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
        told=[json.dumps(line.entry.detail, ensure_ascii=False) for line in lines],
        checkpoint=audited.checkpoint(this.session(), person=me()),
        events=sorted(EVENTS),
        event=event if event in EVENTS else "",
        last=lines[-1].entry.id if len(lines) == audited.PAGE else None,
        section="auditing.entries",
    )


def _number(text: str) -> int | None:
    """An id, or nothing for whatever else is in the address."""
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004
