"""How well do checkers agree, and how long do they take? For whoever answers for the checking."""

from __future__ import annotations

import datetime

from flask import Blueprint, current_app, render_template
from flask_login import login_required

from tre import request as this
from tre.journey import measured
from tre.reviews import Decision
from tre.web.visitor import me

measuring = Blueprint("measuring", __name__)


@measuring.get("/checkers")
@login_required
def checkers() -> str:
    hours = current_app.config["CHECK_HOURS"]
    found = measured.measures(
        this.session(),
        head=me(),
        now=this.now(),
        service_level=datetime.timedelta(hours=hours),
    )
    return render_template(
        "checking/measures.html",
        measures=found,
        check_hours=hours,
        decisions=tuple(Decision),
        section="measuring.checkers",
    )
