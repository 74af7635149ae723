"""What do templates know? Components, words, and the addresses of static files."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from tre.people import Role
from tre.web import words

COMPONENTS = ("govuk_frontend_jinja", "govuk_frontend_wtf")
STATIC = Path(__file__).parent / "static"

NAVIGATION: tuple[tuple[Role, str, str], ...] = (
    (Role.RESEARCHER, "Projects", "research.projects"),
    (Role.RESEARCHER, "Releases", "releases.index"),
    (Role.CHECKER, "Checks", "checking.queue"),
    (Role.PUBLISHER, "Publishing", "publishing.queue"),
    (Role.OWNER, "Datasets and budgets", "owner.datasets"),
    (Role.OWNER, "Recalls", "recalling.index"),
    (Role.HEAD_CHECKER, "Recalls", "recalling.index"),
    (Role.HEAD_CHECKER, "Checkers", "measuring.checkers"),
    (Role.AUDITOR, "Audit", "auditing.entries"),
    (Role.ADMINISTRATOR, "People", "admin.people"),
)
"""Who sees which entry on top of every page."""


def install(app: Flask, *, demo: bool) -> None:
    app.jinja_loader = ChoiceLoader(
        [
            PackageLoader("tre.web"),
            PrefixLoader({name: PackageLoader(name) for name in COMPONENTS}),
        ]
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    WTFormsHelpers(app)
    app.jinja_env.globals.update(static_file=static_file, demo=demo, navigation=NAVIGATION)
    app.jinja_env.globals.update(tag_of=words.tag, outcome_of=words.outcome)
    app.jinja_env.filters.update(
        rho=words.rho,
        delta=words.delta,
        number=words.number,
        about=words.about,
        rule=words.rule,
        done=words.done,
        plain=words.plain,
        moment=words.moment,
        day=words.day,
        month=words.month,
        seconds=words.seconds,
        sentence=words.sentence,
        share=words.share,
        many=words.many,
        percent=words.percent,
    )


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_file(name: str) -> str:
    return url_for("static", filename=name, v=_digest(name))
