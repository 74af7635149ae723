from __future__ import annotations

import io

import pytest

from tests.data import entries
from tre.ingest import command
from tre.ingest.errors import DataRefused


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(tmp_path, stream, **files):
    return command.run(
        entries.write(tmp_path / "clinic", **files),
        store_root=tmp_path / "store",
        key_file=tmp_path / "key",
        stream=stream,
    )


def test_without_a_terminal_each_step_is_a_plain_line(tmp_path):
    stream = io.StringIO()
    result = run(tmp_path, stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "clinic: reading persons.csv (1 of 8)"
    assert lines[7] == "clinic: sealing (8 of 8)"
    assert "Validation report of clinic: 4 units" in lines
    assert lines[-1].endswith(f"0 rejected; sealed as version {result.version}")
    assert "\x1b" not in stream.getvalue()


def test_a_second_run_says_that_the_version_was_there(tmp_path):
    run(tmp_path, io.StringIO())
    stream = io.StringIO()
    run(tmp_path, stream)
    assert "was there before as version" in stream.getvalue()


def test_a_terminal_shows_a_bar_and_then_the_report(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    run(tmp_path, stream)
    assert "\x1b" in stream.getvalue()
    assert "Validation report" in stream.getvalue()


def test_a_refused_dataset_shows_its_report_with_every_fault(tmp_path):
    stream = io.StringIO()
    with pytest.raises(DataRefused):
        run(tmp_path, stream, towns="town\nhill\n", visits="who,day,test,value\n")
    assert "FAULT visits: no row is left" in stream.getvalue()
    assert "FAULT towns: the source has no column people" in stream.getvalue()
