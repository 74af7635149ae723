"""What does a person see? Pages: permission, form, act of the journey, redirect."""

from __future__ import annotations

from flask import Flask

from tre.web import (
    admin,
    auditing,
    checking,
    discussing,
    drafting,
    drafting_sql,
    evidence,
    exceptions,
    late,
    making_public,
    measuring,
    owner,
    policies,
    public,
    published,
    publishing,
    questions,
    recalling,
    releases,
    requesting,
    research,
    seeding,
    sending,
    settling,
    tightening,
    top_ups,
)

BLUEPRINTS = (
    public.public,
    research.research,
    requesting.requesting,
    drafting.drafting,
    drafting_sql.drafting_sql,
    sending.sending,
    questions.questions,
    releases.releases,
    checking.checking,
    evidence.evidence,
    publishing.publishing,
    making_public.making_public,
    published.published,
    discussing.discussing,
    owner.owner,
    recalling.recalling,
    measuring.measuring,
    seeding.seeding,
    settling.settling,
    auditing.auditing,
    exceptions.exceptions,
    top_ups.top_ups,
    policies.policies,
    tightening.tightening,
    admin.admin,
)


def mount(app: Flask, *, demo: bool) -> None:
    """Every page; the demonstration's door only where it is asked for."""
    for pages in (*BLUEPRINTS, *((public.demo,) if demo else ())):
        app.register_blueprint(pages)
    late.install(app)
