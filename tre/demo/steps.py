"""Which steps does a question take, whoever plays them? Silent; the story tells of them.

Everything goes through the journey, as the pages and the API do.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from tre.demo.cast import FIRST, PASSWORD, PUBLISHER, SECOND, Part
from tre.journey import looked, released, reviewed
from tre.lifecycle import TERMINAL, State
from tre.outputs import Output
from tre.people import Person
from tre.projects import Project
from tre.releases import Release
from tre.reviews import Decision
from tre.sign_in import attempts
from tre.sign_in.stepped_up import SteppedUp, step_up
from tre.submissions import Submission

HERE = b"the demonstration's own terminal"
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


def awaited(stage: Stage, submission: Submission, wanted: set[State]) -> None:
    """Looks again until the question is where it should be. Raises Stuck."""
    end = time.monotonic() + PATIENCE
    while State(submission.state) not in wanted:
        if State(submission.state) in TERMINAL or time.monotonic() > end:
            raise Stuck(f"The question {submission.id} is {submission.state}.")
        time.sleep(0.05)
        stage.session.rollback()
        stage.session.refresh(submission)


def checked(stage: Stage, submission: Submission, part: Part) -> Output | None:
    """A checker looks at the exact bytes and approves them; None where nobody has to."""
    checker = stage.playing[part]
    stage.session.refresh(submission)
    if submission.output is None or State(submission.state) is not State.PROTECTED:
        return None
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
    return output


def let_out(stage: Stage, submission: Submission) -> bool:
    """By a publisher, who neither asked nor checked it; False where it left by itself."""
    stage.session.refresh(submission)
    if submission.output is None or State(submission.state) is not State.REVIEWED:
        return False
    released.release(
        stage.session,
        publisher=stage.playing[PUBLISHER],
        stepped_up=proof(stage),
        output_id=submission.output.id,
        artefact_hash=submission.output.manifest_hash,
        now=stage.clock(),
    )
    return True


def in_log(stage: Stage, submission: Submission, *, reader: Person) -> Release:
    """Once the worker has signed for the log that holds it. Raises Stuck."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        stage.session.rollback()
        stage.session.refresh(submission)
        release = looked.release_of(stage.session, person=reader, submission_id=submission.id)
        if release is not None and looked.is_sealed(stage.session, release):
            return release
        time.sleep(0.05)
    raise Stuck(f"The question {submission.id} is {submission.state}.")


def all_the_way(stage: Stage, submission: Submission, *, reader: Person) -> Release:
    """From the queue to its release, whoever has to look at it. Raises Stuck."""
    awaited(stage, submission, {State.PROTECTED, State.REVIEWED, State.RELEASED})
    for part in (FIRST, SECOND):
        checked(stage, submission, part)
    let_out(stage, submission)
    return in_log(stage, submission, reader=reader)


def proof(stage: Stage) -> SteppedUp:
    """That the publisher gave their password again."""
    publisher = stage.playing[PUBLISHER]
    where = attempts.origin(email=publisher.email, address="demonstration", key=HERE)
    return step_up(
        stage.session, person=publisher, password=PASSWORD, where=where, now=stage.clock()
    )
