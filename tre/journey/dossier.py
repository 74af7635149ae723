"""What helps a checker to decide, without looking for it? Written from records, for this output.

Earlier outputs that are like it and what was decided on them, what has changed since the version
before, and what the rules alone would suggest. Nothing of a round that is still open is told.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from disclosure_control import present
from disclosure_control.record import DisclosureRecord, Finding
from queries.language import Query, refs_in
from tre import recalls, register, releases
from tre.journey import requested, reviewed, routed
from tre.lifecycle import State
from tre.outputs import Format, Output
from tre.people import Person
from tre.permissions import can_review
from tre.reviews import Decision
from tre.submissions import Submission

DECIDED = (State.RELEASED.value, State.REJECTED.value)
LOOKED_AT = 200  # of the dataset's latest questions that were decided
SHOWN = 5
ALIKE = 0.5  # of what either question names, the share that both name
MOSTLY_HIDDEN = 0.5  # of the cells


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier output. ``alike``: 0 to 1, of columns, statistics and filters."""

    words: str
    project: str
    purpose: str
    decided: State
    on: datetime.date
    alike: float
    recalled: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """What is not as it was in the version before."""

    what: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the rules alone would decide, and why. A person decides."""

    decision: Decision
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    record: DisclosureRecord  # with every rule that fired
    risks: tuple[str, ...]  # of the question, from public facts
    similar: tuple[Similar, ...]
    changed: tuple[Changed, ...]
    suggestion: Suggestion


def dossier(session: Session, *, checker: Person, output_id: str) -> Dossier:
    """Raises NotFound, NotPermitted."""
    output = reviewed.opened(session, checker=checker, output_id=output_id)
    record = _record(output)
    return Dossier(
        record=record,
        risks=routed.sentences_of(output.submission.risk_factors),
        similar=_similar(session, checker, output),
        changed=_changed(session, checker, output.submission),
        suggestion=_suggestion(session, output, record),
    )


def _record(output: Output) -> DisclosureRecord:
    """On exact tables also what only checkers may know."""
    kept = output.artefact(Format.FINDINGS) or output.artefact(Format.JSON)
    return present.from_json(kept.content.decode() if kept is not None else "").record


def _similar(session: Session, checker: Person, output: Output) -> tuple[Similar, ...]:
    """Most alike first; only what this checker could have checked as well."""
    own = output.submission
    found = session.scalars(
        select(Submission)
        .where(
            Submission.dataset_id == own.dataset_id,
            Submission.id != own.id,
            Submission.state.in_(DECIDED),
        )
        .options(joinedload(Submission.project), joinedload(Submission.output))
        .order_by(Submission.created_at.desc(), Submission.id)
        .limit(LOOKED_AT)
    )
    named = _named(own.query)
    by_alike = ((_alike(named, _named(one.query)), one) for one in found)
    likest = sorted(
        ((alike, one) for alike, one in by_alike if alike >= ALIKE), key=lambda pair: -pair[0]
    )
    open_to = (
        (alike, one)
        for alike, one in likest
        if one.output is not None and can_review(session, person=checker, output=one.output)
    )
    return tuple(_told(session, alike, one) for alike, one in islice(open_to, SHOWN))


def _told(session: Session, alike: float, asked: Submission) -> Similar:
    release = None if asked.output is None else releases.of_output(session, asked.output.id)
    return Similar(
        words=asked.words,
        project=asked.project.title,
        purpose=asked.purpose,
        decided=State(asked.state),
        on=asked.moved_at.date(),
        alike=alike,
        recalled=release is not None and recalls.of_release(session, release.id) is not None,
    )


def _named(query: Query) -> frozenset[object]:
    """What a question names; bands and codes are left out."""
    return frozenset(_names(query))


def _names(query: Query) -> Iterator[object]:
    yield "source", query.source
    yield from (("by", one.ref) for one in query.dimensions)
    yield from (("measure", one.statistic, one.refs) for one in query.measures)
    yield from (("feature", one.table, one.aggregate, one.column) for one in query.features)
    if query.where is not None:
        yield from (("where", ref) for ref in refs_in(query.where))


def _alike(one: frozenset[object], other: frozenset[object]) -> float:
    """Jaccard's index."""
    return len(one & other) / len(one | other)


def _changed(session: Session, checker: Person, asked: Submission) -> tuple[Changed, ...]:
    place = requested.place_of(session, person=checker, submission=asked)
    if place is None or place.version == 1:
        return ()
    before = place.view.lines[place.number - 1].versions[place.version - 2]
    pairs = (
        ("Question", before.words, asked.words),
        ("Purpose", before.purpose, asked.purpose),
        ("Dataset", before.dataset.title, asked.dataset.title),
        ("Cells", str(before.cells), str(asked.cells)),
        ("Asked by", before.author.name, asked.author.name),
        ("Rules", before.policy_id[:8], asked.policy_id[:8]),
    )
    return tuple(Changed(*pair) for pair in pairs if pair[1] != pair[2])


def _suggestion(session: Session, output: Output, record: DisclosureRecord) -> Suggestion:
    submission = output.submission
    if not reviewed.may_be_told(session, submission):
        return Suggestion(
            Decision.REJECT,
            ("It tells of too few together with what has left, or that could not be ruled out.",),
        )
    hidden = _hidden(record.findings)
    if submission.cells and len(hidden) > MOSTLY_HIDDEN * submission.cells:
        return Suggestion(
            Decision.RETURN,
            (f"{len(hidden)} of {submission.cells} cells are hidden: broader categories help.",),
        )
    warned = [one for one in record.findings if one.severity == "warn"]
    return Suggestion(Decision.APPROVE, tuple(_reasons(session, submission, warned, hidden)))


def _reasons(
    session: Session, submission: Submission, warned: list[Finding], hidden: set[int]
) -> Iterator[str]:
    yield (
        "Every rule is met, or the cells that do not meet it are hidden."
        if hidden
        else ("Every rule is met.")
    )
    if warned:
        yield f"Look closely: {len(warned)} of the rules below cannot be decided by rule alone."
    if register.of_submission(session, submission.id) is not None:
        yield "Together with what has left it tells of nobody."
    yield "Whether it answers its purpose no rule can say."


def _hidden(findings: tuple[Finding, ...]) -> set[int]:
    return {cell for one in findings if one.mitigation == "suppressed" for cell in one.cells}
