"""Nothing is shown before a signed checkpoint covers it, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.factories import NOW, a_query
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, leave, work
from tests.sealing import SIGNER, seal, sign
from tre import guards
from tre.errors import NotFound, NotYetInLog, Recalled
from tre.journey import bundled, fetched, looked, recalled, sealed
from tre.notices import Notice
from tre.outputs import Artefact, Format
from tre.releases import Release, ReleaseSeal
from tre.transparency import log
from tre.worker.beside import Beside
from tre.worker.sequencer import Sequencer


@pytest.fixture
def held(engine: Engine):
    """A service whose log is signed, and a question that was released after that."""
    with Session(engine) as session:
        world = factories.furnish(session)
        submission = ask(session, world)
        work(session, SteadyEngine())
        sign(session)
        leave(session, world, submission)
        release = session.scalars(select(Release)).one()
        yield session, world, submission.id, release.id


def every_way(session, world, submission_id, release_id):
    """What each way to the table gives, or the error that it raises."""
    ada = world.person(session, "ada")
    mine = {"person": ada, "release_id": release_id}
    ways = {
        "release": lambda: looked.release(session, **mine),
        "file": lambda: looked.released_artefact(session, **mine, format=Format.CSV),
        "bundle": lambda: bundled.bundle(session, **mine),
        "list": lambda: looked.my_releases(session, person=ada),
        "of the question": lambda: looked.release_of(
            session, person=ada, submission_id=submission_id
        ),
        "output": lambda: looked.output_of(session, person=ada, submission_id=submission_id),
    }
    found = {}
    for name, way in ways.items():
        try:
            found[name] = bool(way())
        except (NotYetInLog, NotFound) as error:
            found[name] = type(error)
    return found


NOT_YET = {
    "release": NotYetInLog,
    "file": NotYetInLog,
    "bundle": NotYetInLog,
    "list": False,
    "of the question": False,
    "output": False,
}


def test_a_release_waits_for_its_checkpoint_and_its_seal(held):
    session, *ids = held
    assert every_way(session, *ids) == NOT_YET
    assert sealed.seal_waiting(session, signer=SIGNER, now=NOW) == 0
    sign(session)
    assert every_way(session, *ids) == NOT_YET
    assert sealed.seal_waiting(session, signer=SIGNER, now=NOW) == 1
    assert every_way(session, *ids) == dict.fromkeys(NOT_YET, True)
    assert seal(session) == 0


def test_an_entry_that_is_in_the_log_but_not_signed_for_is_not_enough(held):
    session, *ids = held
    log.take_up(session, signer=None, now=NOW)
    assert sealed.seal_waiting(session, signer=SIGNER, now=NOW) == 0
    assert every_way(session, *ids) == NOT_YET


def test_where_nobody_signs_the_log_nothing_waits_and_nothing_is_taken_along(engine):
    with Session(engine) as session:
        world = factories.furnish(session)
        submission = ask(session, world)
        work(session, SteadyEngine())
        leave(session, world, submission)
        release = session.scalars(select(Release)).one()
        found = every_way(session, world, submission.id, release.id)
        assert found == dict.fromkeys(NOT_YET, True) | {"bundle": NotFound}


def test_strangers_learn_nothing_of_a_release_that_waits(held):
    session, world, _, release_id = held
    with pytest.raises(NotFound):
        looked.release(session, person=world.person(session, "gus"), release_id=release_id)


def refused(session: Session, statement) -> str:
    session.rollback()
    try:
        session.execute(statement)
    except DBAPIError as error:
        session.rollback()
        return str(error.orig)
    return ""


def test_the_database_refuses_a_seal_before_the_checkpoint_and_keeps_it_after(held):
    session, _, _, release_id = held
    early = text(
        "INSERT INTO release_seal (release_id, statement, log_proof, readme, crate, sealed_at)"
        " SELECT id, '', '', '', '', released_at FROM release"
    )
    assert "once a checkpoint covers it" in refused(session, early)
    seal(session)
    assert session.get(ReleaseSeal, release_id) is not None
    assert "never change" in refused(session, update(ReleaseSeal).values(readme="other"))
    assert "never removed" in refused(session, delete(ReleaseSeal))


@pytest.mark.postgres
def test_whoever_fetches_while_it_is_recalled_is_told_or_gets_nothing(postgresql: Engine):
    """A reader's transaction is open when the recall comes: the recall waits and finds it."""
    with Session(postgresql) as session:
        world = factories.furnish(session)
        submission = ask(session, world)
        work(session, SteadyEngine())
        leave(session, world, submission)
        release_id = session.scalars(select(Release.id)).one()
        session.rollback()
    reading, finish = threading.Event(), threading.Event()

    def read() -> None:
        with Session(postgresql) as session, pytest.MonkeyPatch.context() as patch:
            line = fetched._line

            def slowly(*given):
                reading.set()
                finish.wait(10)
                return line(*given)

            patch.setattr(fetched, "_line", slowly)
            fetched.fetch(
                session,
                person=world.person(session, "ben"),
                release_id=release_id,
                format=Format.CSV,
                now=NOW,
            )

    def take_back() -> None:
        with Session(postgresql) as session:
            recalled.recall(
                session,
                person=world.person(session, "eve"),
                release_id=release_id,
                reason="Wrong.",
                successor_id=None,
                now=NOW,
            )

    reader, taker = threading.Thread(target=read), threading.Thread(target=take_back)
    reader.start()
    assert reading.wait(10)
    taker.start()
    taker.join(0.5)
    assert taker.is_alive(), "the recall waits for the reader"
    finish.set()
    for thread in (reader, taker):
        thread.join(10)
        assert not thread.is_alive()
    with Session(postgresql) as session:
        told = {one.person_id for one in session.query(Notice)}
        assert told == {world.people["ada"], world.people["ben"]}
        with pytest.raises(Recalled):
            looked.release(session, person=world.person(session, "ben"), release_id=release_id)


def test_bytes_that_were_changed_are_never_signed_for_and_hold_up_no_other(held, caplog):
    session, world, submission_id, release_id = held
    other = ask(session, world, query=a_query(50))
    work(session, SteadyEngine())
    leave(session, world, other)
    guards.lift(session.connection())
    output = session.get_one(Release, release_id).output_id
    forged = update(Artefact).where(Artefact.output_id == output, Artefact.format == "csv")
    session.execute(forged.values(content=b"forged"))
    session.commit()
    guards.lay(session.connection())
    session.commit()
    assert seal(session) == 1
    assert session.get(ReleaseSeal, release_id) is None
    assert "a release is not sealed: ArtefactsChanged" in caplog.text
    found = every_way(session, world, submission_id, release_id)
    assert {found["release"], found["file"], found["bundle"]} == {NotYetInLog}


def test_a_fault_in_one_turn_of_the_thread_does_not_end_it(held, monkeypatch):
    session, *ids = held
    turns, whole = [], threading.Event()
    turn = Sequencer.turn

    def once_broken(self, *, last):
        turns.append(last)
        if len(turns) == 1:
            raise ValueError("of no kind that was foreseen")
        turn(self, last=last)
        whole.set()

    monkeypatch.setattr(Sequencer, "turn", once_broken)
    session.rollback()
    keeper = Sequencer(sessionmaker(session.get_bind()), SIGNER)
    with Beside("log keeper", keeper.turn, 0.01):
        assert whole.wait(20)
    session.expire_all()
    assert every_way(session, *ids) == dict.fromkeys(NOT_YET, True)
