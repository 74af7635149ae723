"""How does one real question travel from a researcher to a released table? Told step by step.

Everything here goes through the journey, as the pages and the API do; the worker is a process of
its own, and this process never opens the data.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from queries import sql
from queries.language import Query
from tre import budgets, verify
from tre.budgets import Level
from tre.demo import told
from tre.demo.cast import FIRST, PASSWORD, PUBLISHER, RESEARCHER, SECOND, Part
from tre.journey import (
    bundled,
    looked,
    made_public,
    previewed,
    released,
    reviewed,
    submitted,
)
from tre.lifecycle import TERMINAL, State
from tre.outputs import Format
from tre.people import Person
from tre.projects import Project
from tre.releases import Release, Search
from tre.reviews import Decision
from tre.sign_in import attempts
from tre.sign_in.stepped_up import SteppedUp, step_up
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

HERE = b"the demonstration's own terminal"
TRIES = 3
PATIENCE = 90.0  # seconds for the worker, which answers at the end of a slot
Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story plays on."""

    session: Session
    playing: dict[Part, Person]
    project: Project
    clock: Clock


class Stuck(Exception):
    """The question did not arrive; the sentence says where it is."""


def play(stage: Stage) -> Release:
    """The whole journey, printed. Raises Stuck."""
    query = _asked(stage)
    told.preview(_preview(stage, query))
    before = _budgets(stage)
    submission = _answered(stage, query)
    free = _cost(stage, submission) == 0
    told.protected(submission, free=free)
    for part in (FIRST, SECOND):
        _checked(stage, submission, part)
    _published(stage, submission)
    release = _released(stage, submission)
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
        _await(stage, submission, {State.PROTECTED, State.RELEASED, State.FAILED})
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


def _await(stage: Stage, submission: Submission, wanted: set[State]) -> None:
    """Looks again until the question is where it should be, telling every state on the way."""
    end = time.monotonic() + PATIENCE
    while State(submission.state) not in wanted:
        if State(submission.state) in TERMINAL or time.monotonic() > end:
            raise Stuck(f"The question {submission.id} is {submission.state}.")
        time.sleep(0.05)
        stage.session.rollback()
        stage.session.refresh(submission)


def _cost(stage: Stage, submission: Submission) -> int:
    """What was charged for it; nothing where an earlier draw was used again."""
    charges = budgets.charges_of(stage.session, submission.id)
    return max((charge.rho_nano for charge in charges), default=0)


def _checked(stage: Stage, submission: Submission, part: Part) -> None:
    """A checker looks at the exact bytes and approves them."""
    checker = stage.playing[part]
    stage.session.refresh(submission)
    if submission.output is None or State(submission.state) is not State.PROTECTED:
        return
    output = reviewed.opened(stage.session, checker=checker, output_id=submission.output.id)
    reviewed.review(
        stage.session,
        checker=checker,
        output_id=output.id,
        artefact_hash=output.manifest_hash,
        decision=Decision.APPROVE,
        reason="",
        now=stage.clock(),
    )
    told.checked(checker, output)


def _published(stage: Stage, submission: Submission) -> None:
    """A publisher, who neither asked nor checked it, lets it out."""
    publisher = stage.playing[PUBLISHER]
    stage.session.refresh(submission)
    if submission.output is None or State(submission.state) is not State.REVIEWED:
        return
    released.release(
        stage.session,
        publisher=publisher,
        stepped_up=_proof(stage, publisher),
        output_id=submission.output.id,
        artefact_hash=submission.output.manifest_hash,
        now=stage.clock(),
    )
    told.published(publisher)


def _released(stage: Stage, submission: Submission) -> Release:
    """Once the worker has signed for the log that holds it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        stage.session.rollback()
        stage.session.refresh(submission)
        release = looked.release_of(
            stage.session, person=stage.playing[RESEARCHER], submission_id=submission.id
        )
        if release is not None and looked.is_sealed(stage.session, release):
            return release
        time.sleep(0.05)
    raise Stuck(f"The question {submission.id} is {submission.state}.")


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
        stepped_up=_proof(stage, publisher),
        asked_id=asked.id,
        hashed=made_public.text_hash(asked),
        now=stage.clock(),
    )
    told.made_public(publisher, asked)


def _proof(stage: Stage, publisher: Person) -> SteppedUp:
    where = attempts.origin(email=publisher.email, address="demonstration", key=HERE)
    return step_up(
        stage.session, person=publisher, password=PASSWORD, where=where, now=stage.clock()
    )


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
