"""How does one real question travel from a researcher to a released table? Told step by step.

Everything here goes through the journey, as the pages and the API do; the worker is a process of
its own, and this process never opens the data.
"""

from __future__ import annotations

import json
from pathlib import Path

from queries import sql
from queries.language import Query
from tre import budgets, verify
from tre.budgets import Level
from tre.demo import steps, told
from tre.demo.cast import FIRST, PUBLISHER, RESEARCHER, SECOND
from tre.demo.steps import Stage, Stuck
from tre.journey import bundled, looked, made_public, previewed, submitted
from tre.lifecycle import State
from tre.outputs import Format
from tre.releases import Release, Search
from tre.submissions import Submission

DATASET = "nafld"
PROJECT = "risk-factors"
PURPOSE = "To see how diabetes goes with smoking, body mass index and age."
QUESTION = """\
WITH d AS (SELECT id, count(*) > 0 AS diabetes
           FROM events WHERE event = 'diabetes' GROUP BY id),
     s AS (SELECT id, max(value) AS smoker
           FROM labs WHERE test = 'smoke' GROUP BY id)
SELECT band(s.smoker, 1), band(bmi, 25, 30), band(age, 45, 60), d.diabetes, count(*)
FROM persons
LEFT JOIN d ON d.id = persons.id
LEFT JOIN s ON s.id = persons.id
GROUP BY band(s.smoker, 1), band(bmi, 25, 30), band(age, 45, 60), d.diabetes"""

PUBLIC_TITLE = "Diabetes by smoking, body mass index and age"
PUBLIC_SUMMARY = (
    "How many people of a study in one county of Minnesota had diabetes, by whether they smoked, "
    "their body mass index and their age. Each number carries noise that protects them; the range "
    "beside it says how much. [c] stands for a number that is too small to be shown. The table "
    "counts people: it does not say what causes what."
)

TRIES = 3


def play(stage: Stage) -> Release:
    """The whole journey, printed. Raises Stuck."""
    query = _asked(stage)
    told.preview(_preview(stage, query))
    before = _budgets(stage)
    submission = _answered(stage, query)
    free = _cost(stage, submission) == 0
    told.protected(submission, free=free)
    for part in (FIRST, SECOND):
        output = steps.checked(stage, submission, part)
        if output is not None:
            told.checked(stage.playing[part], output)
    if steps.let_out(stage, submission):
        told.published(stage.playing[PUBLISHER])
    release = steps.in_log(stage, submission, reader=stage.playing[RESEARCHER])
    told.released(release, _table(stage, release))
    told.budgets(before, _budgets(stage), free=free)
    _made_public(stage, release)
    return release


def take_along(stage: Stage, release: Release, *, place: Path, key: str) -> None:
    """What a reader downloads, checked as a reader would who has never seen this service."""
    files = bundled.bundle(stage.session, person=stage.playing[RESEARCHER], release_id=release.id)
    place.write_bytes(bundled.zipped(files, folder=release.id))
    told.taken_along(place, key=key, lines=verify.verified(place, key))


def _asked(stage: Stage) -> Query:
    told.step("The question", "A researcher writes restricted SQL. It is read, never executed.")
    told.code(QUESTION)
    view = looked.dataset(
        stage.session, person=stage.playing[RESEARCHER], name=DATASET, now=stage.clock()
    )
    return sql.parse(QUESTION, view.version.catalogue)


def _preview(stage: Stage, query: Query) -> previewed.Preview:
    return previewed.preview(
        stage.session,
        person=stage.playing[RESEARCHER],
        project_id=stage.project.id,
        query=query,
        now=stage.clock(),
    )


def _answered(stage: Stage, query: Query) -> Submission:
    """Asks again where a busy machine overran the slot; every try that began is paid for."""
    for _ in range(TRIES):
        submission = _submitted(stage, query)
        steps.awaited(stage, submission, {State.PROTECTED, State.RELEASED, State.FAILED})
        if State(submission.state) is not State.FAILED:
            return submission
        told.overran()
    raise Stuck("This machine is too busy for the slots: try again with TRE_SLOT_SCALE=4.")


def _submitted(stage: Stage, query: Query) -> Submission:
    submission = submitted.submit(
        stage.session,
        person=stage.playing[RESEARCHER],
        project_id=stage.project.id,
        query=query,
        purpose=PURPOSE,
        source_text=QUESTION,
        now=stage.clock(),
    )
    told.submitted(submission)
    return submission


def _cost(stage: Stage, submission: Submission) -> int:
    """What was charged for it; nothing where an earlier draw was used again."""
    charges = budgets.charges_of(stage.session, submission.id)
    return max((charge.rho_nano for charge in charges), default=0)


def _made_public(stage: Stage, release: Release) -> None:
    """Its researcher says what it shows, and a publisher allows that everybody reads it."""
    if looked.readable_releases(stage.session, person=None, search=Search(series=release.series)):
        return
    asked = made_public.ask(
        stage.session,
        person=stage.playing[RESEARCHER],
        release_id=release.id,
        title=PUBLIC_TITLE,
        summary=PUBLIC_SUMMARY,
        now=stage.clock(),
    )
    publisher = stage.playing[PUBLISHER]
    made_public.allow(
        stage.session,
        publisher=publisher,
        stepped_up=steps.proof(stage),
        asked_id=asked.id,
        hashed=made_public.text_hash(asked),
        now=stage.clock(),
    )
    told.made_public(publisher, asked)


def _table(stage: Stage, release: Release) -> dict[str, object]:
    artefact = looked.released_artefact(
        stage.session,
        person=stage.playing[RESEARCHER],
        release_id=release.id,
        format=Format.JSON,
    )
    document: dict[str, object] = json.loads(artefact.content)
    return document


def _budgets(stage: Stage) -> dict[Level, int]:
    """What is left on each level, in 1e-9 rho."""
    (dataset,) = (one for one in stage.project.datasets if one.name == DATASET)
    stage.session.expire_all()
    accounts = budgets.accounts_of(
        stage.session,
        dataset_id=dataset.id,
        project_id=stage.project.id,
        person_id=stage.playing[RESEARCHER].id,
    )
    return {level: account.rho_left for level, account in accounts.items() if account is not None}
