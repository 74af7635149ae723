"""The worker as it runs: a process of its own, a sealed store, a slot for every answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from queries.errors import EngineFailed, Fault
from tests import factories, sealed
from tests.factories import a_query, checked_by
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tre import audit, people
from tre.database import writing
from tre.ingest import keys
from tre.journey import submitted
from tre.lifecycle import TERMINAL, State
from tre.outputs import Format
from tre.people import Role
from tre.restorations import Restoration
from tre.submissions import Submission
from tre.transparency import outside
from tre.transparency.checkpoint import Checkpoint, signed
from tre.transparency.log import LogCheckpoint
from tre.worker.carry import Carrier, utc_now
from tre.worker.slot import Slot

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def settings(tmp_path: Path, engine: Engine, **changed: str) -> dict[str, str]:
    key = tmp_path / "keys" / "store.key"
    key.parent.mkdir(exist_ok=True)
    key.write_text(sealed.KEY.hex())
    key.chmod(0o600)
    return {
        "PATH": os.environ["PATH"],
        "TRE_ENVIRONMENT": "test",
        "TRE_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "TRE_STORE_ROOT": str(tmp_path / "store"),
        "TRE_KEY_FILE": str(key),
        **changed,
    }


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tre.worker"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(session: Session, world, query=None) -> Submission:
    return submitted.submit(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=query or a_query(),
        purpose="To learn.",
        now=utc_now(),
    )


def wait_for_the_end(session: Session, submission: Submission) -> State:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        session.rollback()
        if (state := State(submission.state)) in TERMINAL:
            return state
        time.sleep(0.05)
    return State(submission.state)


def test_a_question_is_answered_from_a_sealed_store_by_a_process_of_its_own(
    sqlite: Engine, tmp_path: Path
):
    sealed.seal(tmp_path / "store", version=factories.VERSION)
    with Session(sqlite) as session:
        world = factories.furnish(session, policy=checked_by(0))
        submission = ask(session, world)
        worker = start(settings(tmp_path, sqlite, TRE_SLOT_SCALE="6"))
        try:
            state = wait_for_the_end(session, submission)
        finally:
            worker.send_signal(signal.SIGTERM)
            _, said = worker.communicate(timeout=PATIENCE)
        detail = [entry.detail for entry in audit.of_submission(session, submission.id)]
        assert state == State.RELEASED, f"{said}\n{detail}"
        table = json.loads(submission.output.artefact(Format.JSON).content)
        assert b"<svg" in submission.output.artefact(Format.CHART).content
    assert worker.returncode == 0
    assert sealed.KEY.hex() not in said
    shown = [float(cell["value"]) for cell in table["table"]["columns"][0]]
    assert sum(shown) == pytest.approx(sealed.PERSONS, abs=60)


def test_a_worker_in_production_refuses_demo_accounts(sqlite: Engine, tmp_path: Path):
    with Session(sqlite) as session, writing(session):
        people.add(
            session,
            email="demo@example.org",
            name="Demo",
            roles=(Role.RESEARCHER,),
            now=utc_now(),
            demo=True,
        )
    log = {"TRE_LOG_KEY_FILE": str(tmp_path / "log.key"), "TRE_LOG_NAME": "tre.example.org/log"}
    worker = start(settings(tmp_path, sqlite, TRE_ENVIRONMENT="production", **log))
    _, said = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 2
    assert "demo accounts" in said


@pytest.mark.parametrize(
    "engine",
    [
        SteadyEngine(),
        SteadyEngine(seconds=0.2),
        SteadyEngine(seconds=10),
        BrokenEngine(),
        BrokenEngine(EngineFailed(Fault.DEADLINE)),
        BrokenEngine(MemoryError()),
    ],
    ids=["fast", "slow", "overrun", "broken", "ended", "fault of ours"],
)
def test_answers_and_failures_appear_at_the_end_of_a_slot(sqlite: Engine, engine):
    with Session(sqlite) as session:
        submission = ask(session, factories.furnish(session))
        slot = submission.slot_ms / 1000
        session.rollback()
        assert Carrier(sessionmaker(sqlite), engine, "test").next_job()
        session.rollback()
        entries = audit.of_submission(session, submission.id)
        waited = (submission.moved_at - entries[1].at).total_seconds()
        assert waited >= slot


def test_a_stored_draw_appears_no_sooner_than_a_fresh_one(sqlite: Engine):
    engine = SteadyEngine()
    with Session(sqlite) as session:
        world = factories.furnish(session)
        asked = [ask(session, world), ask(session, world)]
        session.rollback()
        carrier = Carrier(sessionmaker(sqlite), engine, "test")
        assert carrier.next_job()
        assert carrier.next_job()
        session.rollback()
        for submission in asked:
            reserved = audit.of_submission(session, submission.id)[1].at
            waited = (submission.moved_at - reserved).total_seconds()
            assert waited >= submission.slot_ms / 1000
    assert len(engine.runs) == 1


def test_a_slot_gives_the_engine_its_part_and_rounds_lateness_up():
    slot = Slot(began=100.0, seconds=2.0)
    assert slot.engine_until == pytest.approx(101.52)
    assert slot.end(at=100.5) == 102.0
    assert slot.end(at=102.0) == 102.0
    assert slot.end(at=102.1) == 104.0
    assert Slot(began=0.0, seconds=60.0).engine_until == 58.0


def test_a_scaled_slot_is_longer_or_does_not_wait():
    assert Slot.begin(0.5, scale=6).seconds == 3.0
    assert Slot.begin(0.5, scale=6).haste == 1.0
    assert Slot.begin(0.5, scale=0).seconds == 0.5
    assert Slot.begin(0.5, scale=0).haste == 0.0


def test_a_slot_waits_for_what_is_left_and_no_longer():
    slept: list[float] = []
    slot = Slot(began=time.monotonic(), seconds=2.0)
    slot.wait_for_engine(slept.append)
    slot.wait_for_end(slept.append)
    Slot(began=time.monotonic() - 5, seconds=2.0).wait_for_engine(slept.append)
    assert slept == [pytest.approx(1.52, abs=0.2), pytest.approx(2.0, abs=0.2)]


def test_a_worker_on_a_restored_database_says_so_and_signs_nothing(sqlite: Engine, tmp_path: Path):
    empty, made = tmp_path / "empty", tmp_path / "outside"
    empty.mkdir()
    made.mkdir()
    key = tmp_path / "log.key"
    seed = keys.load_or_create(key, store_root=tmp_path / "store")
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    note = signed(Checkpoint("tre.example.org/log", 99, bytes(32)), signer)
    outside.put(note, size=99, folder=made)
    log = {
        "TRE_LOG_KEY_FILE": str(key),
        "TRE_LOG_NAME": "tre.example.org/log",
        "TRE_LOG_OUTSIDE": f"{empty}:{made}",
    }
    worker = start(settings(tmp_path, sqlite, **log))
    said = ""
    while "ready;" not in said and (line := worker.stderr.readline()):
        said += line
    assert "was put back to an earlier day" in said
    worker.terminate()
    worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0
    with Session(sqlite) as session:
        (found,) = session.query(Restoration)
        assert (found.outside_size, found.own_size) == (99, 0)
        assert session.query(LogCheckpoint).count() == 0
