"""What can a query's process reach, keep or tell? Its one file and its answer, nothing else."""

from __future__ import annotations

import inspect
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from queries import child, sandbox
from queries.engines import memory
from queries.engines.locked import Resources, lock_down
from queries.errors import EngineFailed, Fault, StoreFailed
from queries.job import Job
from queries.language import ColumnRef, Dimension, Measure, Query, Statistic
from queries.plan import Plan, plan
from queries.run import Sandboxes
from queries.store import Store, attach_read_only, connect, open_for_writing
from tests.catalogues import clinic, dp_policy, worded_clinic, worded_policy
from tests.stores import KEY, VERSION, seal, tables_of, texts_of

CLINIC = clinic()
QUESTION = Query(
    "clinic",
    "labs",
    (Measure(Statistic.COUNT), Measure(Statistic.MEAN, ColumnRef("labs", "value"))),
    (Dimension(ColumnRef("labs", "test")),),
)
VALUE = ColumnRef("labs", "value")
OF_VALUES = replace(
    QUESTION,
    measures=(
        Measure(Statistic.STDDEV, VALUE),
        Measure(Statistic.QUANTILE, VALUE, Decimal("0.5")),
        Measure(Statistic.QUANTILE, VALUE, Decimal("0.9")),
    ),
)
ENDLESS = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range = b.range + 1"
ANYWHERE = tempfile.gettempdir()
WALLED = pytest.mark.skipif(sandbox.bubblewrap() is None, reason="bubblewrap is not present here")


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return seal(tmp_path_factory.mktemp("store"), CLINIC)


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(QUESTION, CLINIC, dp_policy())


@pytest.fixture
def without_bubblewrap(monkeypatch) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)


def _soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def _asked(sandboxes: Sandboxes, planned: Plan, *, deadline: float | None = None):
    until = _soon() if deadline is None else deadline
    return sandboxes.run(planned, dataset="clinic", version=VERSION, deadline=until)


# Answers.


@pytest.mark.parametrize("question", [QUESTION, OF_VALUES], ids=["means", "quantiles"])
def test_a_sandbox_answers_exactly_what_the_oracle_counts(store, question):
    with Sandboxes(store) as sandboxes:
        answer = _asked(sandboxes, plan(question, CLINIC, dp_policy()))

    expected = memory.answer(
        question, catalogue=CLINIC, policy=dp_policy(), tables=tables_of(CLINIC)
    )
    assert answer.reveal() == expected


@pytest.mark.parametrize("walled", [True, False], ids=["bubblewrap", "none"])
def test_texts_come_with_the_numbers_of_their_places(tmp_path, monkeypatch, walled):
    """Of the one axis whose values nobody declared, and no others."""
    if not walled:
        monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    worded, policy = worded_clinic(), worded_policy()
    drug = ColumnRef("events", "drug")
    kind = Dimension(ColumnRef("events", "kind"))
    question = Query("clinic", "events", (Measure(Statistic.COUNT),), (kind, Dimension(drug)))
    with Sandboxes(seal(tmp_path, worded)) as sandboxes:
        answer = _asked(sandboxes, plan(question, worded, policy))

    expected = memory.answer(question, catalogue=worded, policy=policy, tables=tables_of(worded))
    assert answer.reveal() == expected
    column = worded.table("events").column("drug")
    assert list(answer.reveal_texts()) == texts_of(column)


def test_without_bubblewrap_the_answer_is_the_same(store, planned, without_bubblewrap):
    with Sandboxes(store) as sandboxes:
        first, second = (_asked(sandboxes, planned).reveal() for _ in range(2))

    assert first == second
    assert "no bubblewrap" in sandbox.describe()


def test_a_process_is_used_for_one_query_only(store, planned):
    seen = []

    class Watching(Sandboxes):
        def _ended(self, child):
            seen.append(child.process.pid)
            return super()._ended(child)

    with Watching(store) as sandboxes:
        for _ in range(3):
            _asked(sandboxes, planned)

    assert len(set(seen)) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in seen)


# Failures: one exception, one sentence, whatever happened.


def _failure(sandboxes: Sandboxes, planned: Plan, **changed) -> EngineFailed:
    with pytest.raises(EngineFailed) as caught:
        _asked(sandboxes, planned, **changed)
    return caught.value


def _says(monkeypatch, sql: str) -> None:
    """The child is given another statement than the plan's."""
    whole = Job.of
    monkeypatch.setattr(Job, "of", lambda planned: replace(whole(planned), sql=sql))


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1 / 0, CAST('12 secret' AS INTEGER), 1, 1", Fault.CHILD),
        ("SELECT * FROM db.nothing", Fault.CHILD),
        ("SELECT 0, 4611686018427387904, 0, 0", Fault.CHILD),  # beyond the magnitude
        ("SELECT 0, 1", Fault.CHILD),  # a number too few
    ],
)
def test_every_fault_of_the_engine_is_one_exception_without_its_words(
    store, planned, monkeypatch, sql, kind
):
    _says(monkeypatch, sql)
    with Sandboxes(store) as sandboxes:
        failure = _failure(sandboxes, planned)

    assert (str(failure), failure.kind) == (EngineFailed.public, kind)
    assert failure.__cause__ is None
    assert "secret" not in repr(failure.__dict__)


def test_an_overrun_is_killed_at_its_deadline_and_the_next_query_answers(
    store, planned, monkeypatch
):
    with Sandboxes(store) as sandboxes:
        _asked(sandboxes, planned)
        with monkeypatch.context() as patch:
            _says(patch, ENDLESS)
            began = time.monotonic()
            failure = _failure(sandboxes, planned, deadline=_soon(1.5))
            took = time.monotonic() - began

        assert failure.kind is Fault.DEADLINE
        assert took < 4
        assert _asked(sandboxes, planned).shape == planned.shape


def test_a_query_is_cancelled_from_another_thread(store, planned, monkeypatch):
    _says(monkeypatch, ENDLESS)
    with Sandboxes(store) as sandboxes:
        timer = threading.Timer(1.0, sandboxes.cancel)
        timer.start()
        failure = _failure(sandboxes, planned)
        timer.join()

    assert failure.kind is Fault.CANCELLED


def test_another_key_and_an_absent_version_fail_alike(store, planned):
    with Sandboxes(Store(store.root, bytes(32))) as sandboxes:
        wrong_key = _failure(sandboxes, planned)
    with Sandboxes(store) as sandboxes, pytest.raises(EngineFailed) as absent:
        sandboxes.run(planned, dataset="clinic", version="v2", deadline=_soon())

    assert str(wrong_key) == str(absent.value)
    assert wrong_key.kind is absent.value.kind is Fault.START


@pytest.mark.parametrize("name", ["../clinic", "", "a/b", "a\0b", "." * 3])
def test_a_name_never_leaves_the_store(store, planned, name):
    with pytest.raises(StoreFailed):
        store.path("clinic", name)
    with Sandboxes(store) as sandboxes, pytest.raises(EngineFailed):
        sandboxes.run(planned, dataset=name, version=VERSION, deadline=_soon())


LARGE = "SELECT 0, count(*) % 2, 0, 0 FROM (SELECT hash(range) AS h FROM range(3000000) ORDER BY h)"


def test_a_query_that_needs_more_memory_spills_within_its_limit_and_fails_beyond(
    store, planned, monkeypatch
):
    _says(monkeypatch, f"{LARGE} WHERE h > 0")
    roomy, narrow = (Resources(memory_mb=40, spill_mb=mb, threads=1) for mb in (512, 1))

    with Sandboxes(store, resources=roomy) as sandboxes:
        assert _asked(sandboxes, planned).shape == planned.shape
    with Sandboxes(store, resources=narrow) as sandboxes:
        assert _failure(sandboxes, planned).kind is Fault.CHILD


# Walls.


def _inside(store: Store, code: str) -> str:
    """What this code prints where a query's process would run, after it gave up its rights."""
    start = f"""
import os, sys
sys.path.insert(0, sys.argv.pop(1))
from queries import child, confinement
confinement.confine()
{inspect.cleandoc(code)}
"""
    command = sandbox._walled(
        sandbox.counting(store.path("clinic", VERSION)), resources=Resources()
    )
    command[command.index("-c") + 1] = start
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@WALLED
def test_only_the_engine_and_one_file_exist_inside(store):
    seen = _inside(store, "print(sorted(os.listdir('/sealed')), sorted(os.listdir('/libraries')))")

    assert seen.startswith("['data.duckdb'] ")
    assert "'tre'" not in seen
    for place in (store.root, Path(__file__).parent, Path("/etc/passwd"), Path("/var")):
        assert _inside(store, f"print(os.path.exists({str(place)!r}))") == "False"


@WALLED
def test_the_environment_and_the_command_line_hold_no_secret(store, monkeypatch):
    monkeypatch.setenv("TRE_SECRET_KEY", "do-not-pass-this-on")

    assert "do-not-pass" not in _inside(store, "print(dict(os.environ), sys.argv)")
    command = " ".join(
        sandbox._walled(sandbox.counting(store.path("clinic", VERSION)), resources=Resources())
    )
    assert KEY.hex() not in command


@WALLED
@pytest.mark.parametrize(
    "attempt",
    [
        "open('/sealed/data.duckdb', 'r+b')",
        "os.chmod('/sealed/data.duckdb', 0o600)",
        "os.unlink('/sealed/data.duckdb')",
        "open('/libraries/new', 'w')",
        "open('/usr/new', 'w')",
        "open('/new', 'w')",
    ],
)
def test_nothing_but_the_spill_folder_can_be_written(store, attempt):
    told = _inside(store, f"try:\n    {attempt}\nexcept OSError: print('refused')")

    assert told == "refused"


@pytest.mark.skipif(not sandbox.filters_calls(), reason="no filter for this architecture")
@WALLED
@pytest.mark.parametrize(
    "attempt",
    [
        "__import__('socket').socket()",
        "__import__('socket').socketpair()",
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['/bin/true'])",
    ],
)
def test_no_network_and_no_other_program(store, attempt):
    told = _inside(store, f"try:\n    {attempt}\nexcept OSError: print('refused')")

    assert told == "refused"


@WALLED
def test_there_is_no_network_device_but_its_own_loopback(store):
    devices = _inside(
        store, "print([row.split(':')[0].strip() for row in open('/proc/net/dev')][2:])"
    )

    assert devices == "['lo']"


def test_the_filter_holds_without_bubblewrap_too():
    code = (
        "from queries import confinement; confinement.confine(); import os, socket\n"
        "try: socket.socket()\nexcept PermissionError: print('refused')"
    )
    found = subprocess.run(
        [os.sys.executable, "-c", code],
        capture_output=True, text=True, check=False, cwd=sandbox._project(),
    )  # fmt: skip

    assert found.stdout.strip() == ("refused" if sandbox.filters_calls() else "")


def test_a_child_that_fails_says_nothing(store):
    process = sandbox.start(store.path("clinic", VERSION), resources=Resources())
    process.send(b"too short a message" * 1)
    process.process.stdin.close()

    assert process.read(100, deadline=_soon()) == b""
    assert process.process.wait(timeout=10) == child.FAILED
    process.end()


# The engine's own lock.


@pytest.fixture
def locked(store):
    con = connect()
    attach_read_only(con, store.path("clinic", VERSION), key=KEY)
    lock_down(con, resources=Resources())
    yield con
    con.close()


@pytest.mark.parametrize(
    "sql",
    [
        f"COPY db.persons TO '{ANYWHERE}/persons.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        f"ATTACH '{ANYWHERE}/other.duckdb'",
        "INSTALL spatial",
        "LOAD spatial",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '100GB'",
        "CREATE TABLE db.copy AS SELECT 1",
        "DELETE FROM db.persons",
        "UPDATE db.persons SET age = 1",
        f"EXPORT DATABASE '{ANYWHERE}/all'",
        "SELECT * FROM 'https://example.invalid/data.parquet'",
        "CREATE SECRET (TYPE s3)",
    ],
)
def test_a_locked_connection_reads_and_does_nothing_else(locked, sql):
    import duckdb

    with pytest.raises(duckdb.Error):
        locked.execute(sql)


def test_a_python_object_is_no_table(locked):
    import duckdb

    hidden = [1, 2, 3]
    with pytest.raises(duckdb.Error):
        locked.execute("SELECT * FROM hidden")
    assert hidden


# Encryption, at rest and in spill.

MARK = 0x5A17C0DE5A17C0DE >> 2  # an integer that no other data holds


def test_the_stored_file_shows_no_value_and_opens_with_its_key_only(tmp_path):
    path = tmp_path / "marked.duckdb"
    con = open_for_writing(path, key=KEY)
    con.execute(
        "CREATE TABLE db.marked AS SELECT (range * 7919) ^ $1 AS v FROM range(50000)", [MARK]
    )
    con.close()

    written = path.read_bytes()
    assert MARK.to_bytes(8, "little") not in written
    assert b"marked" not in written
    with pytest.raises(StoreFailed):
        attach_read_only(connect(), path, key=bytes(32))


def _spilt(folder: Path, *, encrypted: bool) -> bytes:
    """What lies in the spill folder while a query needs more memory than it has."""
    con = connect(spill=folder)
    con.execute(f"SET temp_file_encryption = {str(encrypted).lower()}")
    con.execute("SET memory_limit = '60MB'; SET threads = 1")
    con.execute(
        f"CREATE TEMP TABLE big AS SELECT {MARK} AS mark, hash(range) AS h FROM range(4000000)"
    )
    found = b"".join(file.read_bytes() for file in folder.iterdir())
    con.close()
    return found


def test_spilt_pages_show_no_value(tmp_path):
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.mkdir(), sealed.mkdir()
    mark = MARK.to_bytes(8, "little")

    assert mark in _spilt(plain, encrypted=False), "the test must force a spill that shows values"
    found = _spilt(sealed, encrypted=True)
    assert len(found) > 1_000_000
    assert mark not in found
