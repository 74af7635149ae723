"""Does a count, or the text of a failure, reach a log, a stream or an answer?"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disclosure_control.tables import Unprotected
from queries.errors import EngineFailed, Fault
from tests.attacks import script
from tests.attacks.worlds import KEY, Witness, sealed, tokens, witness
from tests.catalogues import dp_policy
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tests.web import service as web
from tre import database
from tre.journey import previewed, protected, waiting
from tre.lifecycle import State
from tre.projects import Project
from tre.rendering import artefacts
from tre.submissions import Submission

ROOT = Path(__file__).parents[2]
SECRET = 1_234_567_891  # rows in weights of a million: 1,234.567891
QUESTION = "SELECT test, count(*), avg(value) FROM labs GROUP BY test"
SPELLINGS = ("1234567891", "1,234,567,891", "1234.567891", "1_234_567_891", "499602D3")


class Telltale(SteadyEngine):
    def run(self, plan, *, dataset, version, deadline):
        cells = (SECRET,) * plan.shape.cells
        return Unprotected(
            plan.shape,
            {
                one.name: tuple(min(cell, one.magnitude) for cell in cells)
                for one in plan.shape.vectors
            },
        )


def says_it(*_: object, **__: object) -> None:
    raise ValueError(f"there are {SECRET}")


def nothing(_patch: pytest.MonkeyPatch) -> None:
    """All goes well."""


def in_the_door(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protected.door, "protect", says_it)


def in_the_picture(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(artefacts, "render", says_it)


WAYS: dict[str, tuple[object, Callable[[pytest.MonkeyPatch], None]]] = {
    "all goes well": (Telltale(), nothing),
    "a fault in the door": (Telltale(), in_the_door),
    "a fault in the picture": (Telltale(), in_the_picture),
    "a fault of the engine's": (BrokenEngine(ValueError(f"there are {SECRET}")), nothing),
    "a fault with a number": (BrokenEngine(KeyError(SECRET)), nothing),
    "a child that died": (BrokenEngine(EngineFailed(Fault.CHILD)), nothing),
}


@pytest.fixture
def w(tmp_path: Path) -> Witness:
    service = web.make(tmp_path)
    return Witness(service, Telltale(), tokens(service))


@pytest.mark.parametrize("way", WAYS)
def test_no_log_stream_or_answer_holds_a_count(w, monkeypatch, caplog, capfd, way):
    engine, plant = WAYS[way]
    plant(monkeypatch)
    caplog.set_level(logging.DEBUG)
    question = script.submit(w, QUESTION)

    w.work(engine=engine, at_step=lambda _step: script.look_at(w, question))
    script.look_at(w, question)
    script.look_as_others(w)

    written = capfd.readouterr()
    said = [caplog.text, written.out, written.err, *(one.body.decode() for one in w.account)]
    said += [str(vars(record)) for record in caplog.records]
    assert [one for one in SPELLINGS for text_ in said if one in text_] == []
    assert "Traceback" not in "".join(said)


def test_a_worker_that_logs_what_failed_is_caught(w, monkeypatch, caplog):
    """The search above finds a count where there is one."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tre.worker").error("question: %s", ValueError(SECRET))
    assert any(spelling in caplog.text for spelling in SPELLINGS)


def test_no_text_of_a_fault_reaches_an_answer(w, monkeypatch):
    monkeypatch.setattr(previewed, "preview", says_it)
    monkeypatch.setattr(waiting, "for_checker", says_it)
    body = script.asked(script.BY_SEX)
    answers = [
        w.call("POST", "/projects/frailty/previews", json=body),
        w.get("/checks", by="cleo"),
    ]
    for answer in answers:
        assert answer.status_code == 500
        for word in ("ValueError", "Traceback", "there are", ".py", *SPELLINGS):
            assert word not in answer.text


def test_errors_of_the_database_do_not_repeat_what_is_stored(w):
    """A row that cannot be written may hold a table that is not released."""
    script.submit(w, QUESTION)
    with w.service.sessions() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(IntegrityError) as refused, database.writing(session):
            session.execute(
                text("UPDATE submission SET words = :stored"), {"stored": "a table before release"}
            )
    assert "a table before release" not in str(refused.value)


# The real process, with the real sandbox.


LINES = re.compile(
    r"worker: (?:ready; (?:no )?bubblewrap: [a-z ,.;-]+"
    r"|question [0-9a-f]{24}: [A-Za-z]+"
    r"|job [0-9a-f]{24} is no longer held"
    r"|the log is not signed: TRE_LOG_KEY_FILE is not set"
    r"|stopped)"
)


def test_all_that_a_worker_writes_is_a_few_fixed_lines(tmp_path):
    data = sealed(tmp_path / "data", policy=dp_policy())
    w = witness(tmp_path / "service", data=data, policy=dp_policy())
    long_lasting(w)
    questions = [script.submit(w, asked) for asked in (QUESTION, script.BY_SEX)]
    with w.service.sessions() as session:
        url = session.get_bind().url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-m", "tre.worker"],
        cwd=ROOT,
        env=environment(tmp_path, url=url, store=data.store.root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        until(lambda: all(state(w, one) != State.SUBMITTED for one in questions), worker)
        until(lambda: all(state(w, one) != State.VALIDATED for one in questions), worker)
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=30)

    assert [state(w, one) for one in questions] == [State.PROTECTED] * 2
    assert out == ""
    assert [line for line in err.splitlines() if not LINES.fullmatch(line)] == []


def long_lasting(w: Witness) -> None:
    """The process has the real clock."""
    with w.service.sessions() as session, database.writing(session):
        for project in session.query(Project):
            project.starts_on = project.starts_on.replace(year=2000)
            project.ends_on = project.ends_on.replace(year=9999)


def environment(folder: Path, *, url: str, store: Path) -> dict[str, str]:
    key = folder / "key"
    key.touch(mode=0o600)
    key.write_text(KEY.hex(), "ascii")
    return {
        **os.environ,
        "TRE_ENVIRONMENT": "test",
        "TRE_DATABASE_URL": url,
        "TRE_STORE_ROOT": str(store),
        "TRE_KEY_FILE": str(key),
        "TRE_POLL_SECONDS": "0.05",
    }


def state(w: Witness, question: str) -> str:
    with w.service.sessions() as session:
        return session.get_one(Submission, question).state


def until(done: Callable[[], bool], worker: subprocess.Popen) -> None:
    ends = time.monotonic() + 60
    while not done():
        assert worker.poll() is None, worker.stderr.read()
        assert time.monotonic() < ends
        time.sleep(0.1)
