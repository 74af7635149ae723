"""How does a researcher try a question without spending? On a twin, which the owner has made."""

from __future__ import annotations

import json
import sys

from queries import sql
from tre import twins
from tre.datasets import Dataset
from tre.demo import steps, told
from tre.demo.cast import OWNER, RESEARCHER
from tre.demo.places import Places
from tre.demo.steps import Stage, Stuck
from tre.demo.story import DATASET, QUESTION
from tre.errors import GatesClosed, NoTwin
from tre.ingest.command import Place
from tre.journey import looked, submitted
from tre.outputs import Format
from tre.synthetic import made

BUDGET = 52_000_000  # in 1e-9 rho, of the two that the dataset has: about a fortieth
TRY = "To see whether the question is the right one."


def play(stage: Stage, here: Places) -> None:
    """The twin, made at the first run; then the story's question is asked of it.

    A machine that is too busy for the slots goes without: what was charged for it is gone.
    """
    try:
        _play(stage, here)
    except (Stuck, GatesClosed, NoTwin) as error:
        told.no_twin(str(error))


def _play(stage: Stage, here: Places) -> None:
    view = looked.dataset(
        stage.session, person=stage.playing[OWNER], name=DATASET, now=stage.clock()
    )
    twin = twins.of(stage.session, view.dataset.id)
    if twin is None:
        twin = _made(stage, here)
    _tried(stage, twin)


def _made(stage: Stage, here: Places) -> Dataset:
    owner = stage.playing[OWNER]
    asked = made.ask(stage.session, owner=owner, name=DATASET, rho_total=BUDGET, now=stage.clock())
    if asked:
        told.measuring(owner, len(asked), BUDGET)
    for submission in asked:
        steps.all_the_way(stage, submission, reader=submission.author)
    told.making()
    place = Place(here.store, here.key)
    return made.make(
        stage.session, owner=owner, name=DATASET, place=place, stream=sys.stdout, now=stage.clock()
    )


def _tried(stage: Stage, twin: Dataset) -> None:
    """The same words, another dataset: the answer leaves by itself."""
    researcher, session = stage.playing[RESEARCHER], stage.session
    view = looked.dataset(session, person=researcher, name=twin.name, now=stage.clock())
    submission = submitted.submit(
        session,
        person=researcher,
        project_id=stage.project.id,
        query=sql.parse(QUESTION, view.version.catalogue),
        purpose=TRY,
        source_text=QUESTION,
        now=stage.clock(),
    )
    release = steps.all_the_way(stage, submission, reader=researcher)
    artefact = looked.released_artefact(
        session, person=researcher, release_id=release.id, format=Format.JSON
    )
    told.tried(twin, json.loads(artefact.content))
