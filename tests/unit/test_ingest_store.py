from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from queries import store
from queries.errors import StoreFailed
from queries.plan_vectors import KEY_BITS
from queries.store import Store, attach_read_only, connect
from tests.data import entries
from tre.ingest.errors import StoreBusy
from tre.ingest.ingested import ingest
from tre.ingest.seal import only_writer

SECRETS = (b"Vexley", b"Quillon", b"Tarrant", b"Umber", b"70.25", b"1971-12-31")


def ingested(tmp_path, *, key=entries.KEY, store="store", **changes):
    folder = entries.write(tmp_path / "entry", **changes)
    return ingest(folder, store_root=tmp_path / store, key=key)


def opened(tmp_path, result, *, key=entries.KEY):
    con = connect()
    attach_read_only(con, Store(tmp_path / "store", key).path("clinic", result.version), key=key)
    return con


def rows(tmp_path, result, table):
    with opened(tmp_path, result) as con:
        return con.execute(f"FROM db.{table}").fetchall()


def test_the_store_holds_integers_of_every_table(tmp_path):
    result = ingested(tmp_path)
    with opened(tmp_path, result) as con:
        types = con.execute(
            "SELECT DISTINCT data_type FROM duckdb_columns() WHERE database_name = 'db'"
        ).fetchall()
    assert types == [("BIGINT",)]
    persons = rows(tmp_path, result, "persons")
    assert {row[1:4] for row in persons} == {(1, 702, -3622), (0, 614, 729), (0, None, 3818)}
    assert rows(tmp_path, result, "towns") == [(0, 1200), (1, 800)]


def test_units_are_dense_ranks_that_every_table_shares_and_rows_are_sorted_by_them(tmp_path):
    result = ingested(tmp_path)
    persons, visits = (rows(tmp_path, result, name) for name in ("persons", "visits"))
    units = [row[0] for row in persons], [row[0] for row in visits]
    assert {*units[0], *units[1]} == {0, 1, 2, 3}
    assert units[0] == sorted(units[0])
    assert units[1] == sorted(units[1])
    man = next(row[0] for row in persons if row[1] == 1)
    key = next(row[-1] for row in persons if row[0] == man)
    assert [row[1:] for row in visits if row[0] == man] == [
        (1, 0, 120, key, 2),
        (5, 0, 135, key, 2),
    ]


def test_a_record_key_is_of_the_unit_and_stays_in_every_version(tmp_path):
    first = rows(tmp_path, ingested(tmp_path), "persons")
    again = rows(
        tmp_path, ingested(tmp_path, persons=entries.PERSONS.replace("70.25", "90.25")), "persons"
    )
    keys = [{row[0]: row[-1] for row in found} for found in (first, again)]
    assert keys[0] == keys[1]
    assert len({*keys[0].values()}) == len(keys[0])
    assert all(0 <= key < 2**KEY_BITS for key in keys[0].values())


@pytest.mark.parametrize("codes", [62, 63])
def test_first_rows_of_a_unit_with_each_value_of_a_long_column_are_marked(tmp_path, codes):
    entry = entries.catalogue()
    ward = {"title": "Ward", "type": "code", "codes": [f"w{at}" for at in range(codes)]}
    entry["tables"]["visits"]["columns"]["ward"] = {**ward, "nullable": True}
    given = {"Ada": ["w5", "", "w5", "w61", ""], "Ben": ["w5", "w7"], "Cem": [""]}
    lines = [f"{who},1,bp,100,{ward}" for who, wards in given.items() for ward in wards]
    visits = "\n".join(["who,day,test,value,ward", *lines]) + "\n"
    result = ingested(tmp_path, entry=entry, visits=visits)

    with opened(tmp_path, result) as con:
        names = [one[0] for one in con.execute("DESCRIBE db.visits").fetchall()]
        assert ("_first_ward" in names) == (codes >= store.MARKED_FROM)
        assert "_first_test" not in names
        if "_first_ward" not in names:
            return
        found = con.execute("SELECT person, ward, sum(_first_ward) FROM db.visits GROUP BY 1, 2")
        sums = found.fetchall()
    assert len(sums) == 6
    assert {one for _, _, one in sums} == {1}


def test_a_file_of_another_format_does_not_open(tmp_path, monkeypatch):
    result = ingested(tmp_path)
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    with pytest.raises(StoreFailed):
        opened(tmp_path, result)


def test_the_order_of_units_depends_on_the_key_and_not_on_the_source(tmp_path):
    names = [f"p{number:02}" for number in range(20)]
    lines = [f"{name},{'fm'[at % 2]},{at},1990-01-01,hill" for at, name in enumerate(names)]
    persons = "\n".join(["who,sex,weight,born,town", *lines]) + "\n"
    result = ingested(tmp_path, persons=persons)
    weights = [row[2] for row in rows(tmp_path, result, "persons")]
    assert sorted(weights) == [10 * number for number in range(20)]
    assert weights != sorted(weights)
    other = ingested(tmp_path / "other", persons=persons, key=bytes(32))
    with connect() as con:
        path = Store(tmp_path / "other" / "store", bytes(32)).path("clinic", other.version)
        attach_read_only(con, path, key=bytes(32))
        assert [row[2] for row in con.execute("FROM db.persons").fetchall()] != weights


def test_nothing_of_the_data_can_be_read_from_the_file(tmp_path):
    ingested(tmp_path)
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in SECRETS)
            assert b"persons" not in path.read_bytes()


def test_another_key_does_not_open_it(tmp_path):
    result = ingested(tmp_path)
    with pytest.raises(StoreFailed):
        opened(tmp_path, result, key=bytes(32))


def test_a_changed_byte_is_noticed(tmp_path):
    result = ingested(tmp_path)
    path = Store(tmp_path / "store", entries.KEY).path("clinic", result.version)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises((StoreFailed, duckdb.Error)):
        [rows(tmp_path, result, name) for name in ("persons", "visits", "towns")]


def test_a_published_file_cannot_be_written_and_only_its_owner_reads_it(tmp_path):
    result = ingested(tmp_path)
    path = Store(tmp_path / "store", entries.KEY).path("clinic", result.version)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_data_is_the_same_version_and_is_not_written_again(tmp_path):
    first = ingested(tmp_path)
    shuffled = entries.VISITS.splitlines()
    shuffled = "\n".join([shuffled[0], *reversed(shuffled[1:])]) + "\n"
    again = ingested(tmp_path, visits=shuffled)
    assert (first.new, again.new) == (True, False)
    assert again.version == first.version
    assert len(list((tmp_path / "store").rglob("*.duckdb"))) == 1


@pytest.mark.parametrize("change", ["data", "catalogue", "gap"])
def test_other_data_or_another_catalogue_is_another_version(tmp_path, change):
    first = ingested(tmp_path)
    entry = entries.catalogue()
    files = {}
    if change == "data":
        files["visits"] = entries.VISITS.replace("135", "136")
    if change == "gap":  # a missing value is stored as 0, and is not a 0
        files["persons"] = entries.PERSONS.replace("Tarrant,f,,", "Tarrant,f,0,")
    if change == "catalogue":
        entry["tables"]["visits"]["columns"]["value"]["upper"] = 301
    assert ingested(tmp_path, entry=entry, **files).version != first.version


def test_a_version_cannot_be_recomputed_from_a_guess_of_the_data(tmp_path):
    versions = {ingested(tmp_path / name, key=key).version
                for name, key in (("a", entries.KEY), ("b", bytes(32)))}  # fmt: skip
    assert len(versions) == 2


def test_a_second_ingest_of_the_same_dataset_at_once_is_refused(tmp_path):
    with only_writer(tmp_path / "store" / "clinic"), pytest.raises(StoreBusy):
        ingested(tmp_path)


def test_a_refused_ingest_leaves_the_earlier_version_and_nothing_else(tmp_path):
    first = ingested(tmp_path)
    with pytest.raises(Exception, match="not keep"):
        ingested(tmp_path, visits="who,day,test,value\n")
    left = {path.name for path in (tmp_path / "store" / "clinic").iterdir()}
    assert left == {f"{first.version}.duckdb", ".lock"}


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.data.entries import KEY
from tre.ingest import ingested, seal

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where, folder = sys.argv[1], Path(sys.argv[2])
if where == "written":
    seal._sync = die
if where == "writing":
    arrow, seen = seal._arrow, []
    def second(kept):
        seen.append(kept)
        return die() if len(seen) == 2 else arrow(kept)
    seal._arrow = second
ingested.ingest(
    folder / "entry",
    store_root=folder / "store",
    key=KEY,
    progress=lambda what, done, of: die() if what == where else None,
)
"""


@pytest.mark.parametrize(
    "where", ["reading visits.csv", "checking visits.csv", "sealing", "writing", "written"]
)
def test_a_kill_at_any_step_publishes_nothing_and_leaves_no_plain_data(tmp_path, where):
    entries.write(tmp_path / "entry")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, where, str(tmp_path)],
        cwd=entries.ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    left = [path for folder in ("store", "scratch") for path in (tmp_path / folder).rglob("*")]
    assert not [path for path in left if path.suffix == ".duckdb"]
    assert not any(secret in _content(path) for path in left for secret in SECRETS)
    assert ingested(tmp_path).new
    names = {path.name for path in (tmp_path / "store" / "clinic").iterdir()}
    assert not any(name.startswith(".unfinished") for name in names)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
