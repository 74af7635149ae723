"""Does the demonstration keep its promises: two environments, private files, no second bill?"""

from __future__ import annotations

import datetime
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

import config
from tests.factories import NOW
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tests.sealing import KEY, seal
from tests.twins import evenly
from tests.web.service import Clock, Service
from tre import people
from tre.audit import AuditEntry
from tre.budgets import Account, Charge
from tre.datasets import Dataset
from tre.demo import __main__ as demo
from tre.demo import cast, places, prepare, serve, steps, story, told, twin
from tre.demo.places import ENTRIES, ROOT, Places
from tre.demo.steps import Stage, Stuck
from tre.errors import BudgetExceeded
from tre.ingest.entry import read_entry
from tre.journey import published
from tre.lifecycle import State
from tre.people import Person
from tre.releases import Release
from tre.sign_in import stepped_up
from tre.synthetic import made
from tre.worker.carry import Carrier


@pytest.fixture
def here(tmp_path: Path) -> Places:
    made = Places(tmp_path / "demo", 8000)
    places.make(made)
    return made


@pytest.fixture
def stage(sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The cast and its projects over the three real catalogues, without data."""
    monkeypatch.setattr(people, "hash_password", lambda password: password)  # hashing takes long
    monkeypatch.setattr(
        stepped_up, "password_fits", lambda person, password: person.password_hash == password
    )
    session = Session(sqlite)
    playing = cast.people_of_the_demo(session, now=NOW)
    for name in prepare.NAMES:
        entry = read_entry(ENTRIES / name)
        published.publish(
            session,
            owner=playing[cast.OWNER],
            catalogue=entry.catalogue,
            policy=entry.policy,
            version="a" * 32,
            report={},
            now=NOW,
        )
    made = cast.projects_of_the_demo(session, playing=playing, now=NOW)
    yield Stage(session, playing, made[story.PROJECT], lambda: NOW)
    session.close()


@pytest.fixture
def worker(stage: Stage, sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers at once, with made-up counts and real noise."""
    service = Service(None, sessionmaker(sqlite), None, Clock())
    wait = steps.awaited

    def answered(stage: Stage, submission, wanted) -> None:
        stage.session.rollback()
        service.work()
        wait(stage, submission, wanted)

    monkeypatch.setattr(steps, "awaited", answered)
    sealing(monkeypatch)


def sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's other thread: what was released is sealed when the story looks for it."""
    find = steps.in_log

    def found(stage: Stage, submission, **given) -> Release:
        seal(stage.session)
        return find(stage, submission, **given)

    monkeypatch.setattr(steps, "in_log", found)


# Two environments


def test_the_web_process_gets_neither_the_store_nor_its_key(here):
    given = here.of_web()
    assert not {"TRE_STORE_ROOT", "TRE_KEY_FILE"} & given.keys()
    assert str(here.store) not in " ".join(given.values())
    assert str(here.key) not in " ".join(given.values())


def test_both_settings_are_settings_of_the_service(here):
    assert config.web(here.of_web()).demo
    assert config.worker(here.of_worker()).slot_scale == 1.0
    assert config.courier(here.of_courier()).smtp_host == ""
    assert not {"TRE_STORE_ROOT", "TRE_KEY_FILE", "TRE_LOG_KEY_FILE"} & here.of_courier().keys()


def test_a_program_inherits_nothing_but_what_it_needs_to_start(tmp_path, monkeypatch):
    monkeypatch.setenv("TRE_KEY_FILE", "a path")
    monkeypatch.setenv("SOME_SECRET", "x")
    told_file = tmp_path / "told"
    code = f"import os; open({str(told_file)!r}, 'w').write('\\n'.join(sorted(os.environ)))"
    program = serve.Program("test", (sys.executable, "-c", code), {"TRE_DATABASE_URL": "y"})
    with serve.running(program, root=tmp_path) as process:
        process.wait(20)
    names = set(told_file.read_text().split())
    assert "TRE_DATABASE_URL" in names
    assert not {"TRE_KEY_FILE", "SOME_SECRET"} & names


def test_secrets_are_for_their_owner_only_and_the_key_lies_outside_the_store(here):
    places.write_private(here.token, "tre_x")
    for path in (here.secret, here.token):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not here.key.is_relative_to(here.store)


def test_a_secret_is_made_once(here):
    before = here.secret.read_text()
    places.make(here)
    assert here.secret.read_text() == before
    assert len(before) >= config.SHORTEST_SECRET


def test_what_the_demonstration_keeps_is_never_committed(monkeypatch):
    monkeypatch.delenv("TRE_DEMO_FOLDER", raising=False)
    folder = places.from_environment().folder
    assert folder.is_relative_to(ROOT / "var")
    assert "var/" in (ROOT / ".gitignore").read_text().split()


# Processes


def test_a_port_in_use_is_one_clear_sentence_and_nothing_starts(capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setenv("ONCE", "")
        monkeypatch.setattr(demo, "_run", lambda *_a, **_k: pytest.fail("it started"))
        monkeypatch.setattr(serve, "stop_on_signals", lambda: None)
        assert demo.main() == 1
    said = capsys.readouterr().err
    assert f"Port {port} is in use" in said
    assert "PORT=" in said
    assert "Traceback" not in said


def test_a_refusal_of_the_service_is_one_sentence(capsys, monkeypatch):
    def spent(*_: object, **__: object) -> None:
        raise BudgetExceeded

    monkeypatch.setenv("ONCE", "1")
    monkeypatch.setattr(demo, "_run", spent)
    monkeypatch.setattr(serve, "stop_on_signals", lambda: None)
    assert demo.main() == 1
    assert BudgetExceeded.public in capsys.readouterr().err


def test_a_program_that_will_not_stop_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "PATIENCE", 0.3)
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    )
    with serve.running(serve.Program("deaf", (sys.executable, "-c", code), {}), root=tmp_path) as p:
        _until(ready.exists)
    assert p.returncode is not None


def test_programs_stop_when_the_story_breaks(tmp_path):
    program = serve.Program("test", (sys.executable, "-c", "import time; time.sleep(60)"), {})
    with pytest.raises(Stuck), serve.running(program, root=tmp_path) as process:
        raise Stuck
    assert process.returncode is not None


def test_a_program_that_ends_by_itself_ends_the_demonstration(tmp_path):
    program = serve.Program("short", (sys.executable, "-c", ""), {})
    with serve.running(program, root=tmp_path) as process:
        assert serve.until_interrupted(process) == 1


def _until(true) -> None:
    end = time.monotonic() + 20
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


# The cast


def test_a_second_run_finds_people_projects_and_budgets_as_they_were(stage):
    def counted() -> list[int]:
        kinds = (Person, Account, AuditEntry)
        return [stage.session.scalar(select(func.count()).select_from(kind)) for kind in kinds]

    before = counted()
    again = cast.people_of_the_demo(stage.session, now=NOW)
    cast.projects_of_the_demo(stage.session, playing=again, now=NOW)
    assert counted() == before


def test_two_checkers_belong_to_no_project():
    members = {part for plot in cast.PLOTS for part, _ in plot.members}
    assert not {cast.FIRST, cast.SECOND} & members


def test_everybody_is_marked_as_a_demo_person(stage):
    """A production service refuses to start with any of them."""
    assert all(person.demo for person in stage.session.scalars(select(Person)))


def test_a_token_is_kept_while_it_lasts(stage):
    person = stage.playing[cast.RESEARCHER]
    first = cast.token_of(stage.session, person, kept=None, now=NOW)
    assert cast.token_of(stage.session, person, kept=first, now=NOW) == first
    late = NOW + datetime.timedelta(days=60)
    assert cast.token_of(stage.session, person, kept=first, now=late) != first


# The story


def test_the_question_travels_to_its_release(stage, worker, capsys):
    release = story.play(stage)
    assert release.output.submission.state == State.RELEASED.value
    assert release.output.submission.source_text == story.QUESTION
    said = capsys.readouterr().out
    for word in ("Previewed", "Submitted", "Checked by Cora", "Checked by Chris", "Released"):
        assert word in said
    assert "2 →         1.98" in said


def test_what_is_taken_along_is_checked_as_a_reader_would(stage, worker, capsys, tmp_path):
    release = story.play(stage)
    story.take_along(stage, release, place=tmp_path / "release.zip", key=KEY)
    said = capsys.readouterr().out
    assert f"python -m tre.verify {tmp_path / 'release.zip'} --key {KEY}" in said
    assert "each as it was released" in said


def test_the_same_question_again_costs_nothing_and_says_so(stage, worker, capsys):
    first = story.play(stage)
    capsys.readouterr()
    second = story.play(stage)
    assert first.id != second.id
    assert first.manifest_hash == second.manifest_hash
    assert first.output.draw_id == second.output.draw_id
    charged = stage.session.scalars(select(Charge.rho_nano)).all()
    assert sorted({*charged} - {0}) == [20_000_000]
    said = capsys.readouterr().out
    assert "at no cost" in said
    assert "1.98 →         1.98" in said
    assert stage.session.scalar(select(func.count()).select_from(Release)) == 2


def overrunning(stage, sqlite, monkeypatch, *, times):
    """The worker of a busy machine: so many questions overrun their slot."""
    wait, service = steps.awaited, Service(None, sessionmaker(sqlite), None, Clock())
    left = iter(range(times))

    def carried(stage: Stage, submission, wanted) -> None:
        stage.session.rollback()
        if next(left, None) is None:
            service.work()
        else:
            busy = Carrier(sessionmaker(sqlite), BrokenEngine(), "busy", slot_scale=0)
            while busy.next_job():
                pass
        wait(stage, submission, wanted)

    monkeypatch.setattr(steps, "awaited", carried)
    sealing(monkeypatch)


def test_an_overrun_is_told_and_asked_again_at_a_charge(stage, sqlite, monkeypatch, capsys):
    overrunning(stage, sqlite, monkeypatch, times=2)
    assert story.play(stage).output.submission.state == State.RELEASED.value
    said = capsys.readouterr().out
    assert said.count("Not answered") == 2
    assert "2 →         1.94" in said


def test_a_machine_that_always_overruns_is_told_what_to_change(stage, sqlite, monkeypatch):
    overrunning(stage, sqlite, monkeypatch, times=3)
    with pytest.raises(Stuck, match="TRE_SLOT_SCALE"):
        story.play(stage)


def test_a_question_that_does_not_arrive_is_told_and_not_waited_for(stage, monkeypatch):
    monkeypatch.setattr(steps, "PATIENCE", 0)
    with pytest.raises(Stuck, match="submitted"):
        story.play(stage)


def test_a_twin_is_made_once_and_the_question_tried_on_it(stage, sqlite, here, capsys, monkeypatch):
    working(sqlite, monkeypatch)
    monkeypatch.setattr(made, "modelled", evenly)
    twin.play(stage, here)
    said = capsys.readouterr().out
    assert "13 noisy tables are asked for" in said
    assert "Tried on: Synthetic twin of Rochester" in said
    once = spent_of_the_cohort(stage)
    assert 0 < once <= twin.BUDGET
    twin.play(stage, here)
    assert "noisy tables are asked" not in capsys.readouterr().out
    assert spent_of_the_cohort(stage) == once


def working(sqlite, monkeypatch):
    """The worker itself, with made-up counts: it answers in the form that was asked for."""
    wait = steps.awaited
    carrier = Carrier(sessionmaker(sqlite), SteadyEngine(), "made up", slot_scale=0, clock=Clock())

    def carried(stage: Stage, submission, wanted) -> None:
        stage.session.rollback()
        while carrier.next_job():
            pass
        wait(stage, submission, wanted)

    monkeypatch.setattr(steps, "awaited", carried)
    sealing(monkeypatch)


def test_a_machine_that_is_too_busy_for_a_twin_goes_without(
    stage, sqlite, here, capsys, monkeypatch
):
    overrunning(stage, sqlite, monkeypatch, times=100)
    twin.play(stage, here)
    assert "No twin this time" in capsys.readouterr().out


def spent_of_the_cohort(stage: Stage) -> int:
    stage.session.expire_all()
    pools = select(Account.rho_spent).join(Dataset, Dataset.id == Account.dataset_id)
    return stage.session.scalar(pools.where(Account.level == "pool", Dataset.name == "nafld"))


def test_a_hidden_cell_is_never_printed_as_a_number():
    assert told._cell({"status": "suppressed", "value": None}) == "[c]"
    assert told._cell({"status": "shown", "value": "31", "half_width": "10"}) == "31 ± 10"


def test_the_demonstration_loads_nothing_of_data_before_it_ingests():
    code = (
        "import sys, tre.demo.story, tre.demo.told, tre.demo.cast; print('duckdb' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
