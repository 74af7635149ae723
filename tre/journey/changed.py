"""What happened to releases since a reader last asked? In the order of the log, nothing twice.

A place in the log never changes and none is filled later, so a reader who keeps the last place that
it read misses nothing, whatever was written side by side.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tre.audit import OF_RELEASES, AuditEntry
from tre.journey import looked
from tre.outputs import Output
from tre.people import Person
from tre.releases import Release
from tre.transparency.log import LogCheckpoint, LogLeaf

KINDS = {"released": "released", "made_public": "published", "recalled": "recalled"}
"""Which entries of the log are told, and under which name."""


@dataclass(frozen=True, slots=True)
class Change:
    place: int  # of its entry in the log, from 0
    kind: str
    at: datetime.datetime
    release: Release


_ENTRIES = (
    select(AuditEntry.id, AuditEntry.event, AuditEntry.at, AuditEntry.submission_id)
    .where(OF_RELEASES)
    .cte("entries")
    .prefix_with("MATERIALIZED")
)
"""Read first, by their own index: of a long log they are few, and whoever begins asks for all."""


def since(
    session: Session, *, person: Person | None, after: int, limit: int
) -> tuple[tuple[Change, ...], int]:
    """Changes behind this place (-1: all), oldest first, and the place to ask behind next time.

    Of what this reader may fetch: the public releases and, of a person, those of their projects.
    """
    end = _end(session)
    found = session.execute(
        select(LogLeaf.place, _ENTRIES.c.event, _ENTRIES.c.at, Release)
        .join(_ENTRIES, _ENTRIES.c.id == LogLeaf.audit_id)
        .join(Output, Output.submission_id == _ENTRIES.c.submission_id)
        .join(Release, Release.output_id == Output.id)
        .where(
            LogLeaf.place > after,
            LogLeaf.place < end,
            looked.readable(person),
        )
        .order_by(LogLeaf.place)
        .limit(limit)
    ).all()
    changes = tuple(Change(place, KINDS[event], at, release) for place, event, at, release in found)
    whole = len(changes) < limit
    return changes, max(after, end - 1) if whole else changes[-1].place


def _end(session: Session) -> int:
    """Up to where the log is signed; of a log that nobody signs, up to where it goes."""
    signed = session.scalar(select(func.max(LogCheckpoint.size)))
    if signed:
        return signed
    last = session.scalar(select(func.max(LogLeaf.place)))
    return 0 if last is None else last + 1
