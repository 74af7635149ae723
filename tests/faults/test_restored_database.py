"""A backup that is put back is found by what was signed outside; nothing runs until settled."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW, POOL, a_query, later
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, publish, spent, work
from tests.sealing import SIGNER, sign
from tre import audit, guards
from tre.audit import AuditEntry
from tre.database import writing
from tre.errors import EdgeNotAllowed, GatesClosed, Incomplete, NotFound
from tre.journey import restored
from tre.lifecycle import State
from tre.restorations import Restoration, Settlement
from tre.transparency import checked, log, outside
from tre.transparency.checkpoint import Checkpoint, NotACheckpoint, opened, signed
from tre.transparency.log import LogCheckpoint, LogLeaf, LogNode, Signer

AFTER = later(days=1)


def newest(session: Session) -> Checkpoint:
    note = log.newest(session).note
    return opened(note, origin=SIGNER.origin, key=SIGNER.key.public_key())


@pytest.fixture
def held(engine: Engine):
    """A service with a signed log, and the checkpoint that lies outside."""
    with Session(engine) as session:
        world = factories.furnish(session)
        for _ in range(2):
            with writing(session):
                audit.write(session, "signed_in", now=NOW, actor_id=world.people["ada"])
            sign(session)
        yield session, world, newest(session)


def put_back(session: Session) -> None:
    """As a backup from before the last entry would leave it."""
    guards.lift(session.connection())
    last = session.scalar(select(LogLeaf.place).order_by(LogLeaf.place.desc()).limit(1))
    entry = session.scalar(select(LogLeaf.audit_id).where(LogLeaf.place == last))
    session.execute(delete(LogCheckpoint).where(LogCheckpoint.size > last))
    session.execute(delete(LogNode).where(LogNode.end > last))
    session.execute(delete(LogLeaf).where(LogLeaf.place == last))
    session.execute(delete(AuditEntry).where(AuditEntry.id == entry))
    guards.lay(session.connection())
    session.commit()
    session.expire_all()


def settle(session, world, who="eve", **given):
    given = {"rho_nano": 7, "no_exact_table_left": True, "reason": "By our mails."} | given
    return restored.settle(
        session, owner=world.person(session, who), dataset_id=world.dataset, now=AFTER, **given
    )


def test_a_log_that_grew_is_no_restoration(held):
    session, world, kept = held
    assert restored.find(session, kept, now=AFTER) is None
    with writing(session):
        audit.write(session, "signed_in", now=NOW, actor_id=world.people["ada"])
    sign(session)
    assert restored.find(session, kept, now=AFTER) is None
    assert ask(session, world).state == State.SUBMITTED


def test_a_shorter_log_and_another_beginning_are_found_once(held):
    session, _, kept = held
    put_back(session)
    found = restored.find(session, kept, now=AFTER)
    assert (found.outside_size, found.own_size) == (kept.size, kept.size - 1)
    assert restored.find(session, kept, now=AFTER).id == found.id
    other = Checkpoint(SIGNER.origin, kept.size - 1, bytes(32))
    assert restored.find(session, other, now=AFTER).id != found.id


def test_nothing_is_asked_carried_or_released_until_it_is_settled(held):
    session, world, kept = held
    reviewed, queued = (ask(session, world, query=a_query(band)) for band in (40, 50))
    work(session, SteadyEngine())
    put_back(session)
    restored.find(session, kept, now=AFTER)
    with pytest.raises(GatesClosed) as shut:
        ask(session, world)
    assert [gate.id for gate in shut.value.gates] == ["dataset_settled"]
    engine = SteadyEngine()
    work(session, engine)
    assert (queued.state, queued.reasons, engine.runs) == (State.REFUSED, ["dataset_settled"], [])
    decide(session, world, reviewed)
    with pytest.raises(GatesClosed):
        publish(session, world, reviewed)
    settle(session, world)
    assert publish(session, world, reviewed)
    assert ask(session, world).state == State.SUBMITTED


def test_the_database_itself_refuses_to_go_on(held):
    session, world, kept = held
    queued = ask(session, world)
    put_back(session)
    restored.find(session, kept, now=AFTER)
    session.rollback()
    forward = text("UPDATE submission SET state = 'validated' WHERE id = :id")
    with pytest.raises(DBAPIError, match="settled first"):
        session.execute(forward, {"id": queued.id})
    session.rollback()


@pytest.mark.parametrize(
    ("lost", "charged"), [(7, 7), (0, 0), (None, POOL), (POOL * 9, POOL), (-3, 0)]
)
def test_what_was_lost_is_charged_to_the_pool_and_never_more_than_it_holds(held, lost, charged):
    session, world, kept = held
    put_back(session)
    restored.find(session, kept, now=AFTER)
    assert settle(session, world, rho_nano=lost).rho_nano == charged
    assert spent(session, world)[0] == charged
    with pytest.raises(EdgeNotAllowed):
        settle(session, world, rho_nano=lost)
    assert spent(session, world)[0] == charged


def test_only_the_owner_settles_with_a_reason_and_a_word_on_exact_tables(held):
    session, world, kept = held
    with pytest.raises(EdgeNotAllowed):
        settle(session, world)
    put_back(session)
    restored.find(session, kept, now=AFTER)
    for who in ("ada", "cleo", "fay", "hal"):
        with pytest.raises(NotFound):
            settle(session, world, who)
    for given in ({"reason": " "}, {"reason": "x" * 501}, {"no_exact_table_left": False}):
        with pytest.raises(Incomplete):
            settle(session, world, **given)
    assert session.query(Settlement).count() == 0


def test_what_was_found_and_settled_is_never_changed(held):
    session, world, kept = held
    put_back(session)
    restored.find(session, kept, now=AFTER)
    settle(session, world)
    for kind in (Restoration, Settlement):
        for statement in (delete(kind), update(kind).values(id="other")):
            session.rollback()
            with pytest.raises(DBAPIError):
                session.execute(statement)
    session.rollback()


def test_what_lies_outside_is_of_this_log_and_its_folder_is_there(tmp_path):
    mine = {"origin": SIGNER.origin, "key": SIGNER.key.public_key()}
    assert outside.latest(tmp_path, **mine) is None
    for size in (9, 10):
        note = signed(Checkpoint(SIGNER.origin, size, bytes(32)), SIGNER.key)
        outside.put(note, size=size, folder=tmp_path)
    assert outside.latest(tmp_path, **mine).size == 10
    for place in (tmp_path / "absent", tmp_path):
        with pytest.raises(NotACheckpoint):
            outside.latest(place, origin="other.example/log", key=SIGNER.key.public_key())


def test_a_log_that_was_cut_goes_on_under_another_name_and_both_parts_are_checked(held):
    session, _, kept = held
    put_back(session)
    restored.find(session, kept, now=AFTER)
    new = Signer("tre.example.org/log/2", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    log.take_up(session, signer=new, now=AFTER, whole=True)
    outside_now = opened(log.newest(session).note, origin=new.origin, key=new.key.public_key())

    def faults(*former):
        mine = {"origin": new.origin, "key": new.key.public_key()}
        return list(checked.faults(session, **mine, outside=[outside_now], former=former))

    old = (SIGNER.origin, SIGNER.key.public_key())
    assert faults(old) == []
    assert faults() == [f"checkpoint {kept.size - 1}: not signed by this log"]
