"""Whoever holds the database and changes what the audit log says is found out, on both databases.

The attacker lifts the guards, changes what it likes, and where it helps makes leaves, nodes and
checkpoints again to fit, in the end with the log's own key. Each is told by somebody who kept a
checkpoint outside.
"""

from __future__ import annotations

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from tests.factories import NOW
from tre import audit, guards
from tre.audit import AuditEntry
from tre.database import writing
from tre.transparency import checked, log
from tre.transparency.checkpoint import opened
from tre.transparency.log import LogCheckpoint, LogLeaf, LogNode, Signer
from tre.transparency.tree import inclusion, leaf_hash, verify_inclusion

ORIGIN = "tre.example.org/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OWN = Signer(ORIGIN, KEY)
ENTRIES = 13


def write(session: Session, *names: object) -> None:
    with writing(session):
        for name in names:
            audit.write(session, "project_created", now=NOW, slug=f"project-{name}")


@pytest.fixture
def held(engine: Engine):
    """A log of some entries, and the checkpoint that somebody kept of it."""
    with Session(engine) as session:
        write(session, *range(5))
        log.take_up(session, signer=OWN, now=NOW)
        write(session, *range(5, ENTRIES))
        log.take_up(session, signer=OWN, now=NOW)
        kept = opened(log.newest(session).note, origin=ORIGIN, key=KEY.public_key())
        write(session, "later")
        log.take_up(session, signer=OWN, now=NOW)
        yield session, kept


def told(session: Session, *outside) -> list[str]:
    session.expire_all()
    return list(checked.faults(session, origin=ORIGIN, key=KEY.public_key(), outside=outside))


def rebuilt(session: Session, signer: Signer) -> None:
    """All of the log made again from what the entries say now."""
    for record in (LogCheckpoint, LogNode, LogLeaf):
        session.execute(delete(record))
    session.commit()
    session.expunge_all()
    log.take_up(session, signer=signer, now=NOW, whole=True)


def as_attacker(session: Session, *statements) -> None:
    guards.lift(session.connection())
    for one in statements:
        session.execute(one)
    session.commit()


def entry(place: int):
    return select(LogLeaf.audit_id).where(LogLeaf.place == place).scalar_subquery()


def test_a_log_as_it_was_signed_has_no_fault_and_proves_what_it_holds(held):
    session, kept = held
    assert kept.size == ENTRIES
    assert told(session, kept) == []
    hash_of = log.hashes(session)
    for place in range(kept.size):
        row = session.execute(
            select(*log.FIELDS, LogLeaf.salt)
            .join(LogLeaf, LogLeaf.audit_id == AuditEntry.id)
            .where(LogLeaf.place == place)
        ).one()
        assert verify_inclusion(
            leaf_hash(log.committed(row, row.salt)),
            leaf=place,
            size=kept.size,
            proof=inclusion(hash_of, leaf=place, size=kept.size),
            top=kept.root,
        )


def test_equal_entries_have_different_leaves(held):
    session, _ = held
    write(session, "same", "same")
    log.take_up(session, signer=None, now=NOW)
    hashes = session.scalars(select(LogLeaf.hash)).all()
    assert len(set(hashes)) == len(hashes) == ENTRIES + 3


EDITS = {
    "detail": {"detail": {"slug": "another"}},
    "event": {"event": "signed_in"},
    "back-dated": {"at": NOW - datetime.timedelta(minutes=1)},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("remade", [False, True])
def test_an_edited_entry_is_found(held, edit, remade):
    session, kept = held
    as_attacker(session, update(AuditEntry).where(AuditEntry.id == entry(3)).values(**edit))
    if remade:
        rebuilt(session, OWN)
        assert told(session) == []  # with the key all fits: only what was kept outside tells it
        assert told(session, kept) == [
            f"the first {ENTRIES} entries are not those of a checkpoint from outside"
        ]
    else:
        assert told(session)[0].endswith("is not what leaf 3 says")


@pytest.mark.parametrize("remade", [False, True])
def test_two_entries_that_change_places_are_found(held, remade):
    session, kept = held
    first, second = (
        session.execute(
            select(AuditEntry.id, AuditEntry.detail).where(AuditEntry.id == entry(place))
        ).one()
        for place in (2, 4)
    )
    as_attacker(
        session,
        update(AuditEntry).where(AuditEntry.id == first.id).values(detail=second.detail),
        update(AuditEntry).where(AuditEntry.id == second.id).values(detail=first.detail),
    )
    if remade:
        rebuilt(session, OWN)
    assert told(session, kept)


@pytest.mark.parametrize("places", [(3,), tuple(range(9, ENTRIES + 1))], ids=["one", "the last"])
def test_entries_that_were_removed_are_found(held, places):
    session, kept = held
    gone = session.scalars(select(LogLeaf.audit_id).where(LogLeaf.place.in_(places))).all()
    for record in (LogCheckpoint, LogNode, LogLeaf):
        as_attacker(session, delete(record))
    as_attacker(session, delete(AuditEntry).where(AuditEntry.id.in_(gone)))
    session.expunge_all()
    log.take_up(session, signer=OWN, now=NOW, whole=True)
    assert told(session) == []
    assert told(session, kept)


def test_a_log_that_was_cut_to_an_earlier_checkpoint_is_found(held):
    session, kept = held
    as_attacker(
        session,
        delete(LogCheckpoint).where(LogCheckpoint.size > 5),
        delete(LogNode).where(LogNode.end > 5),
        delete(LogLeaf).where(LogLeaf.place >= 5),
    )
    assert told(session) == []
    assert told(session, kept) == [
        f"a checkpoint from outside is of {ENTRIES} entries, the log is shorter"
    ]


def test_what_was_signed_by_another_key_is_found_without_any_checkpoint_from_outside(held):
    session, _ = held
    as_attacker(session, update(AuditEntry).where(AuditEntry.id == entry(3)).values(event="x"))
    rebuilt(session, Signer(ORIGIN, Ed25519PrivateKey.generate()))
    assert told(session) == [f"checkpoint {ENTRIES + 1}: not signed by this log"]


def test_a_node_that_was_changed_and_one_too_many_are_found(held):
    session, _ = held
    as_attacker(session, update(LogNode).where(LogNode.end == 4).values(hash="00" * 32))
    assert told(session)[0] == "a node above leaf 3 is not what the entries say"
    session.add(LogNode(start=0, end=99, hash="00" * 32))
    session.commit()
    assert "there are nodes beyond the leaves" in told(session)


@pytest.mark.parametrize("taken_up", [False, True])
def test_an_entry_that_is_dated_before_the_log_is_found(held, taken_up):
    session, kept = held
    before = NOW - datetime.timedelta(days=1)
    with writing(session):
        audit.write(session, "project_created", now=before, slug="long-ago")
    if taken_up:
        log.take_up(session, signer=OWN, now=NOW)
    (fault,) = told(session, kept)
    words = "is older than what the log held before it" if taken_up else "is not in the log"
    assert fault.endswith(words)


def test_a_log_of_which_nothing_is_signed_is_no_log(engine: Engine):
    with Session(engine) as session:
        write(session, 1)
        log.take_up(session, signer=None, now=NOW)
        assert told(session) == ["nothing of the log is signed"]


def test_an_entry_that_commits_late_is_taken_up_after_those_before_it(held):
    session, kept = held
    first = session.scalar(select(AuditEntry.id).order_by(AuditEntry.id).limit(1))
    with writing(session):
        session.add(
            AuditEntry(id=first - 1, at=NOW, event="signed_out", detail={}),
        )
    assert log.take_up(session, signer=OWN, now=NOW) == 1
    leaf = aliased(LogLeaf)
    last = session.scalar(select(leaf.audit_id).order_by(leaf.place.desc()).limit(1))
    assert last == first - 1
    assert told(session, kept) == []


def test_two_that_take_up_the_same_entries_do_it_once(engine: Engine, monkeypatch):
    with Session(engine) as one, Session(engine) as other:
        write(one, 1, 2, 3)
        size_of = log.size
        asked = []

        def meanwhile(session: Session) -> int:
            """The other takes up all between a look at the log and a change of it."""
            found = size_of(session)
            if session is one and not asked and engine.dialect.name == "postgresql":
                asked.append(log.take_up(other, signer=OWN, now=NOW))
            return found

        with monkeypatch.context() as patched:
            patched.setattr(log, "size", meanwhile)
            first = log.take_up(one, signer=OWN, now=NOW)
        second = log.take_up(other, signer=OWN, now=NOW)
        assert first + second + sum(asked) == 3
        assert told(one) == []


def test_a_leaf_follows_the_last(held):
    session, _ = held
    write(session, "more")
    last = session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1))
    session.add(LogLeaf(place=99, audit_id=last, salt="", hash=""))
    with pytest.raises(IntegrityError, match="a leaf follows the last"):
        session.commit()
    session.rollback()
