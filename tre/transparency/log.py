"""The log that others can check: each audit entry is a leaf, in the order in which it was taken up.

A leaf is a hash of the entry with a random salt, since entries can be guessed: whoever is shown
hashes learns nothing of entries. Of the tree over the leaves the roots of its full subtrees are
kept. One process takes up entries at a time; who comes second finds the place taken and has done
nothing.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ForeignKey, Integer, Row, Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from tre.audit import AuditEntry
from tre.database import Base, writing
from tre.transparency.checkpoint import Checkpoint, signed
from tre.transparency.tree import Hash, leaf_hash, node_hash, root_of_peaks, subtrees

BATCH = 1000  # entries that are taken up in one transaction
LATE = 10_000  # entries before the last that are looked at again: they may have committed late
SALT = 32  # bytes

FIELDS = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.event,
    AuditEntry.actor_id,
    AuditEntry.project_id,
    AuditEntry.dataset_id,
    AuditEntry.submission_id,
    AuditEntry.detail,
)


class LogLeaf(Base):
    """``place`` counts from 0 without gaps. ``salt`` and ``hash`` are hexadecimal."""

    __tablename__ = "log_leaf"

    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), unique=True)
    salt: Mapped[str]
    hash: Mapped[str]


class LogNode(Base):
    """The root of the full subtree over the leaves from ``start`` to before ``end``."""

    __tablename__ = "log_node"

    end: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str]


class LogCheckpoint(Base):
    """What was signed of the first ``size`` leaves."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    note: Mapped[str]
    at: Mapped[datetime.datetime]


@dataclass(frozen=True, slots=True)
class Signer:
    """``origin`` is the name of the log in its checkpoints."""

    origin: str
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Subtree:
    start: int
    end: int
    hash: Hash


def committed(entry: Row[Any], salt: str) -> bytes:
    """The bytes of a leaf: canonical JSON, the same on every database."""
    told = {field.key: getattr(entry, field.key) for field in FIELDS}
    told |= {"at": entry.at.astimezone(datetime.UTC).isoformat(), "salt": salt}
    return json.dumps(
        told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def grown(peaks: list[Subtree], leaf: Hash) -> Iterator[Subtree]:
    """Adds a leaf to the peaks of a tree; gives the full subtrees that it completes, small first.

    ``peaks``: the largest first; changed in place.
    """
    place = peaks[-1].end if peaks else 0
    peaks.append(Subtree(place, place + 1, leaf))
    while len(peaks) > 1 and _alike(peaks[-2], peaks[-1]):
        right, left = peaks.pop(), peaks.pop()
        peaks.append(Subtree(left.start, right.end, node_hash(left.hash, right.hash)))
        yield peaks[-1]


def top(peaks: Sequence[Subtree]) -> Hash:
    return root_of_peaks([one.hash for one in peaks])


def size(session: Session) -> int:
    last = session.scalar(select(func.max(LogLeaf.place)))
    return 0 if last is None else last + 1


def hashes(session: Session) -> Callable[[int, int], Hash]:
    """What proofs are made of. Raises NoResultFound for what the log does not hold."""

    def hash_of(start: int, end: int) -> Hash:
        if end - start == 1:
            return bytes.fromhex(session.get_one(LogLeaf, start).hash)
        return bytes.fromhex(session.get_one(LogNode, (end, start)).hash)

    return hash_of


def newest(session: Session) -> LogCheckpoint | None:
    return session.scalar(select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1))


def covering(session: Session, place: int) -> LogCheckpoint:
    """The earliest checkpoint that holds this leaf. Raises NoResultFound."""
    found = select(LogCheckpoint).where(LogCheckpoint.size > place)
    return session.scalars(found.order_by(LogCheckpoint.size).limit(1)).one()


def behind(session: Session) -> bool:
    """Are there entries after the last that was taken up? Two looks into indexes."""
    last = session.scalar(select(func.max(AuditEntry.id))) or 0
    return last > (session.scalar(select(func.max(LogLeaf.audit_id))) or 0)


def waiting(session: Session, *, whole: bool) -> Select[Any]:
    """Entries that are no leaf yet, in their order; without ``whole`` of the latest only."""
    found = select(*FIELDS).outerjoin(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
    found = found.where(LogLeaf.place.is_(None)).order_by(AuditEntry.id)
    last = session.scalar(select(func.max(LogLeaf.audit_id)))
    return found if whole or last is None else found.where(AuditEntry.id > last - LATE)


def take_up(
    session: Session, *, signer: Signer | None, now: datetime.datetime, whole: bool = False
) -> int:
    """So many entries became leaves, a batch at most, in one transaction with their checkpoint.

    Without a signer they become leaves, and the next who has one signs for them.
    """
    try:
        with writing(session):
            return _take_up(session, signer=signer, now=now, whole=whole)
    except IntegrityError:  # another process took the place
        return 0


def _take_up(
    session: Session, *, signer: Signer | None, now: datetime.datetime, whole: bool
) -> int:
    before = size(session)
    hash_of = hashes(session)
    peaks = [Subtree(start, end, hash_of(start, end)) for start, end in subtrees(before)]
    fresh = session.execute(waiting(session, whole=whole).limit(BATCH)).all()
    for place, entry in enumerate(fresh, start=before):
        salt = secrets.token_hex(SALT)
        leaf = leaf_hash(committed(entry, salt))
        session.add(LogLeaf(place=place, audit_id=entry.id, salt=salt, hash=leaf.hex()))
        for one in grown(peaks, leaf):
            session.add(LogNode(start=one.start, end=one.end, hash=one.hash.hex()))
    after = before + len(fresh)
    if signer is not None and after and session.get(LogCheckpoint, after) is None:
        note = signed(Checkpoint(signer.origin, after, top(peaks)), signer.key)
        session.add(LogCheckpoint(size=after, note=note, at=now))
    return len(fresh)


def _alike(left: Subtree, right: Subtree) -> bool:
    return left.end - left.start == right.end - right.start
