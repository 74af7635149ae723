"""What does a person see? Pages: permission, form, act of the journey, redirect."""

from __future__ import annotations

from flask import Flask

from tre.web.admin import admin
from tre.web.checking import checking
from tre.web.drafting import drafting
from tre.web.drafting_sql import drafting_sql
from tre.web.owner import owner
from tre.web.public import demo as demo_door
from tre.web.public import public
from tre.web.questions import questions
from tre.web.releases import releases
from tre.web.research import research
from tre.web.sending import sending

BLUEPRINTS = (
    public,
    research,
    drafting,
    drafting_sql,
    sending,
    questions,
    releases,
    checking,
    owner,
    admin,
)


def mount(app: Flask, *, demo: bool) -> None:
    """Every page; the demonstration's door only where it is asked for."""
    for pages in (*BLUEPRINTS, *((demo_door,) if demo else ())):
        app.register_blueprint(pages)
