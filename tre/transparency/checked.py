"""Is the log what was signed? Made again from the audit entries themselves.

Whoever holds the database can change all of it alike: entries, leaves, nodes. Only a checkpoint
that was kept outside tells that, and only the log's own key can sign another.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tre.audit import AuditEntry
from tre.transparency.checkpoint import Checkpoint, NotACheckpoint, opened
from tre.transparency.log import (
    FIELDS,
    LogCheckpoint,
    LogLeaf,
    LogNode,
    Subtree,
    committed,
    grown,
    top,
    waiting,
)
from tre.transparency.tree import Hash, leaf_hash

AT_ONCE = 1000  # rows that are read at a time
LATEST = datetime.timedelta(hours=2)
"""What is written later than this after its own date was not written by the service."""


def faults(
    session: Session,
    *,
    origin: str,
    key: Ed25519PublicKey,
    outside: Sequence[Checkpoint],
    former: Sequence[tuple[str, Ed25519PublicKey]] = (),
) -> Iterator[str]:
    """What is not as it was signed; none for a log that extends every checkpoint.

    ``former``: names and keys under which its beginning was signed, before a restoration.
    """
    told: list[tuple[str, Checkpoint]] = [("a checkpoint from outside", one) for one in outside]
    for row in session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.size)):
        try:
            own = _own(row.note, ((origin, key), *former))
        except NotACheckpoint as wrong:
            yield f"checkpoint {row.size}: {wrong}"
            continue
        if own.size != row.size:
            yield f"checkpoint {row.size} is of {own.size} entries"
        told.append(("a checkpoint", own))
    signed = session.scalar(select(LogCheckpoint.size).limit(1)) is not None
    if not signed and session.scalar(select(LogLeaf.place).limit(1)) is not None:
        yield "nothing of the log is signed"
    tops: dict[int, Hash] = {}
    sizes = {one.size for _, one in told}
    yield from _made_again(session, sizes, tops)
    yield from _dated(session)
    for words, one in told:
        if one.size not in tops:
            yield f"{words} is of {one.size} entries, the log is shorter"
        elif tops[one.size] != one.root:
            yield f"the first {one.size} entries are not those of {words}"


def _own(note: str, keys: Sequence[tuple[str, Ed25519PublicKey]]) -> Checkpoint:
    """Signed by one of these. Raises NotACheckpoint."""
    for origin, key in keys:
        with suppress(NotACheckpoint):
            return opened(note, origin=origin, key=key)
    raise NotACheckpoint("not signed by this log")


def _made_again(session: Session, sizes: set[int], tops: dict[int, Hash]) -> Iterator[str]:
    """``tops``: the roots at these sizes, put in as the tree grows from the entries."""
    peaks: list[Subtree] = []
    tops[0] = top(peaks)
    last = session.scalar(select(func.max(LogLeaf.place)))
    end = 0 if last is None else last + 1
    for start in range(0, end, AT_ONCE):
        page = range(start, min(start + AT_ONCE, end))
        leaves = {row.place: row for row in session.execute(_leaves(page))}
        kept = {(one.start, one.end, one.hash) for one in session.execute(_nodes(page))}
        for place in page:
            row = leaves.get(place)
            if row is None or row.id is None:
                yield f"leaf {place} is missing" if row is None else f"leaf {place} has no entry"
                return
            leaf = leaf_hash(committed(row, row.salt))
            if leaf.hex() != row.hash:
                yield f"entry {row.audit_id} is not what leaf {place} says"
            made = {(one.start, one.end, one.hash.hex()) for one in grown(peaks, leaf)}
            if not made <= kept:
                yield f"a node above leaf {place} is not what the entries say"
            kept -= made
            if place + 1 in sizes:
                tops[place + 1] = top(peaks)
        if kept:
            yield "there are nodes that no entries make"
    if session.scalar(select(LogNode.end).where(LogNode.end > end).limit(1)) is not None:
        yield "there are nodes beyond the leaves"


def _dated(session: Session) -> Iterator[str]:
    """Entries of a time that the log had passed when it took them up, or has not taken up yet."""
    newest = datetime.datetime.min.replace(tzinfo=datetime.UTC) + LATEST
    dates = select(AuditEntry.id, AuditEntry.at).join(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
    for one in session.execute(dates.order_by(LogLeaf.place)):
        if one.at < newest - LATEST:
            yield f"entry {one.id} is older than what the log held before it"
        newest = max(newest, one.at)
    for one in session.execute(waiting(session, whole=True)):
        if one.at < newest - LATEST:
            yield f"entry {one.id} is not in the log"


def _leaves(page: range) -> Select[Any]:
    own = (LogLeaf.place, LogLeaf.audit_id, LogLeaf.salt, LogLeaf.hash)
    joined = select(*own, *FIELDS).outerjoin(AuditEntry, AuditEntry.id == LogLeaf.audit_id)
    return joined.where(LogLeaf.place >= page.start, LogLeaf.place < page.stop)


def _nodes(page: range) -> Select[Any]:
    found = select(LogNode.start, LogNode.end, LogNode.hash)
    return found.where(LogNode.end > page.start, LogNode.end <= page.stop)
