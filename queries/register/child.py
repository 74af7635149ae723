"""What runs inside the register's sandbox? One verdict: open, place everybody, judge, keep, end.

It says nothing but its verdict, in the form of ``queries.register.job``: whatever fails, it ends
with the same status and without a word.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from disclosure_control.sdc.register.laid import Table
from disclosure_control.sdc.register.mended import Mended, mended
from disclosure_control.sdc.register.narrowed import narrowed
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints
from disclosure_control.sdc.register.totalled import totalled
from disclosure_control.sdc.register.verdict import (
    Clash,
    Headroom,
    Layer,
    Limits,
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
from queries.register.judged import Between, Found, Judged, Room
from queries.register.placing import (
    Files,
    NotAPartition,
    Placed,
    areas_in,
    place,
    with_everybody,
)
from queries.register.revised import Incomparable, revised
from queries.register.state import State
from queries.store import connect

if TYPE_CHECKING:
    from queries.engines.locked import Resources

LENGTH = struct.Struct("<I")
LONGEST_HISTORY = 256 * 1024 * 1024
UNJUDGED = "unjudged"
Cells = tuple[int, ...]

SHARE_OF_TOTALS = 0.3
"""Of the time for a verdict: for what would be hidden beneath totals."""

MENDING = 1.4
"""Of the time for a verdict: until then it may be mended, and what cells can be is looked for."""


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
    began = time.monotonic()
    state = with_everybody(state, version=new.version, files=files)
    limits = job.limits if new.sums else replace(job.limits, told=0)
    try:
        asked = place(new, state, files=files, threshold=limits.threshold)
        placed, beneath = _as_with_totals(asked, limits)
        areas = areas_in(job.areas, state, version=new.version, files=files)
    except NotAPartition:
        return _standing((Found(UNJUDGED, (), "", 0),), state, amber=limits.amber)
    unlike: tuple[Found, ...] = ()
    changed = None
    try:
        changed = revised(new, job.history, state, files=files)
    except Incomparable as found:
        unlike = (Found(Layer.REVISED.value, found.entries, "", 0),)
    verdict = judge(
        placed.partitions,
        state.known,
        limits,
        kept=placed.kept,
        areas=areas,
        revised=changed,
        watched=placed.watched,
    )
    verdict = replace(verdict, clashes=(*verdict.clashes, *placed.clashes))
    table, told = placed.table, _told(verdict, (*_found(verdict.clashes, state), *unlike))
    partitions = len(placed.partitions)
    if table is not None and not verdict.safe and not unlike:
        helped = _mended(
            table, placed, state, limits, verdict, areas=areas, changed=changed, began=began
        )
        if helped is not None and helped.beside:
            table, verdict = table.hiding(helped.hidden), helped.verdict
            partitions = len(table.partitions)
            told = replace(_told(verdict, ()), hidden=helped.hidden, clashed=told.clashes)
        elif helped is not None:
            told = replace(told, would_help=_both(beneath, helped.hidden))
    if not told.safe:
        return told
    told = replace(told, hidden=_both(beneath, told.hidden))
    _keep(job, state, verdict, partitions, key)
    if table is None:
        return told
    return replace(told, narrowed=_narrowed(table, placed, state, limits, began=began))


def _as_with_totals(placed: Placed, limits: Limits) -> tuple[Placed, Cells]:
    """As it leaves, and which cells it hides so that totals of it may leave later."""
    table = placed.table
    if table is None:
        return placed, ()
    seconds = SHARE_OF_TOTALS * limits.seconds
    beneath = totalled(table, threshold=limits.threshold, seconds=seconds)
    if not beneath:
        return placed, ()
    less = table.hiding(beneath)
    return replace(placed, table=less, partitions=less.partitions), beneath


def _both(some: Cells, others: Cells) -> Cells:
    return tuple(sorted({*some, *others}))


def _narrowed(
    table: Table, placed: Placed, state: State, limits: Limits, *, began: float
) -> tuple[Between, ...]:
    left = began + MENDING * limits.seconds - time.monotonic()
    found = narrowed(table, state.known, placed.secret, seconds=left)
    return tuple(Between(one.cell, one.least, one.most) for one in found)


def _mended(
    table: Table,
    placed: Placed,
    state: State,
    limits: Limits,
    verdict: Verdict,
    *,
    areas: Sequence[Ints],
    changed: Bools | None,
    began: float,
) -> Mended | None:
    gone = time.monotonic() - began
    return mended(
        table,
        state.known,
        replace(limits, seconds=MENDING * limits.seconds - gone),
        verdict.clashes,
        kept=placed.kept,
        watched=placed.watched,
        areas=areas,
        revised=changed,
        judging=gone,
    )


def _keep(job: RegisterJob, state: State, verdict: Verdict, partitions: int, key: bytes) -> None:
    after = replace(state, known=verdict.known, entries=(*state.entries, partitions))
    states.write(after, Path(job.keep), key=key)


def _found(clashes: Sequence[Clash], state: State) -> tuple[Found, ...]:
    new = len(state.entries)
    return tuple(
        Found(
            layer=one.layer.value,
            entries=tuple(sorted({at for at in map(state.entry_of, one.tables) if at < new})),
            formula=one.formula,
            people=one.people,
        )
        for one in clashes
    )


def _told(verdict: Verdict, clashes: tuple[Found, ...]) -> Judged:
    span = verdict.known.span
    return Judged(
        clashes,
        _room(verdict.before),
        _room(verdict.after),
        span.rank,
        span.people,
        verdict.amber,
    )


def _standing(clashes: tuple[Found, ...], state: State, *, amber: float) -> Judged:
    """Without a table that would change it."""
    room = headroom(state.known, state.known.populations)
    span = state.known.span
    return Judged(clashes, _room(room), _room(room), span.rank, span.people, room.above(amber))


def _room(found: Headroom) -> Room:
    return Room(found.everybody, found.most, found.areas)
