"""What runs inside the register's sandbox? One verdict: open, place everybody, judge, keep, end.

It says nothing but its verdict, in the form of ``queries.register.job``: whatever fails, it ends
with the same status and without a word.
"""

from __future__ import annotations

import os
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from disclosure_control.sdc.register.verdict import (
    Layer,
    Verdict,
    headroom,
    judge,
    with_earlier,
)
from queries import confinement
from queries.child import FAILED, limit, own_pipe, say
from queries.job import receive_opening, received_text
from queries.register import state as states
from queries.register.entry import Entry
from queries.register.job import RegisterJob, job_from
from queries.register.judged import Found, Judged, Room
from queries.register.placing import Files, NotAPartition, place, with_everybody
from queries.register.state import State
from queries.store import connect

if TYPE_CHECKING:
    from queries.engines.locked import Resources

LENGTH = struct.Struct("<I")
LONGEST_HISTORY = 256 * 1024 * 1024
UNJUDGED = "unjudged"


def main(spill: str) -> None:
    """Never returns: the process ends here."""
    status = FAILED
    try:
        _serve(Path(spill))
        status = 0
    except BaseException:  # noqa: BLE001, S110 - nothing may be said, whatever it was
        pass
    os._exit(status)


def _serve(spill: Path) -> None:
    answers, questions = own_pipe(), sys.stdin.buffer
    confinement.confine()
    key, resources = receive_opening(questions)
    limit(resources)
    job = job_from(received_text(questions, longest=LONGEST_HISTORY))
    verdict = answer(job, key=key, resources=resources, spill=spill).text().encode()
    say(answers, LENGTH.pack(len(verdict)) + verdict)


def answer(job: RegisterJob, *, key: bytes, resources: Resources, spill: Path) -> Judged:
    """Raises whatever goes wrong."""
    files = Files(job.files, key, resources, spill)
    state = None
    if job.base is not None:
        state = states.read(connect(), Path(job.base), key=key)
    for entry in job.history[job.known :]:
        state = with_everybody(state, version=entry.version, files=files)
        placed = place(entry, state, files=files, threshold=job.limits.threshold)
        known = with_earlier(
            placed.partitions, state.known, kept=placed.kept, watched=placed.watched
        )
        state = replace(state, known=known, entries=(*state.entries, len(placed.partitions)))
    if job.new is not None:
        return _judged(job, job.new, state, files=files, key=key)
    if state is None:
        raise NotAPartition
    states.write(state, Path(job.keep), key=key)
    return replace(
        _standing((), state, amber=job.limits.amber), membership=states.membership(state, key=key)
    )


def _judged(
    job: RegisterJob, new: Entry, state: State | None, *, files: Files, key: bytes
) -> Judged:
    state = with_everybody(state, version=new.version, files=files)
    try:
        placed = place(new, state, files=files, threshold=job.limits.threshold)
    except NotAPartition:
        return _standing((Found(UNJUDGED, (), "", 0),), state, amber=job.limits.amber)
    verdict = judge(
        placed.partitions,
        state.known,
        job.limits if new.sums else replace(job.limits, told=0),
        kept=placed.kept,
        watched=placed.watched,
    )
    revised = _revised(new, job.history)
    if verdict.safe and not revised:
        after = replace(
            state, known=verdict.known, entries=(*state.entries, len(placed.partitions))
        )
        states.write(after, Path(job.keep), key=key)
    told = _told(verdict, state)
    return replace(told, clashes=(*told.clashes, *revised))


def _revised(new: Entry, history: tuple[Entry, ...]) -> tuple[Found, ...]:
    """Sums of another version may differ by the new values of a few: values are not compared."""
    earlier = tuple(at for at, one in enumerate(history) if one.version != new.version and one.sums)
    return (Found(Layer.REVISED.value, earlier, "", 0),) if new.sums and earlier else ()


def _told(verdict: Verdict, state: State) -> Judged:
    new = len(state.entries)
    clashes = tuple(
        Found(
            layer=one.layer.value,
            entries=tuple(sorted({at for at in map(state.entry_of, one.tables) if at < new})),
            formula=one.formula,
            people=one.people,
        )
        for one in verdict.clashes
    )
    span = verdict.known.span
    return Judged(
        clashes,
        Room(verdict.before.everybody, verdict.before.most),
        Room(verdict.after.everybody, verdict.after.most),
        span.rank,
        span.people,
        verdict.amber,
    )


def _standing(clashes: tuple[Found, ...], state: State, *, amber: float) -> Judged:
    """Without a table that would change it."""
    room = headroom(state.known, state.known.populations)
    own = Room(room.everybody, room.most)
    span = state.known.span
    return Judged(clashes, own, own, span.rank, span.people, room.most > amber)
