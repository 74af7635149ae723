from __future__ import annotations

import pytest

from tests.data import entries
from tre.ingest.entry import read_entry
from tre.ingest.errors import EntryInvalid

DEMO = entries.ROOT / "tre" / "demo" / "datasets"


@pytest.mark.parametrize("name", ["nafld", "stops", "firms"])
def test_the_entries_of_the_demonstration_are_valid(name):
    entry = read_entry(DEMO / name)
    assert entry.catalogue.dataset == name
    assert entry.tables.keys() == {table.name for table in entry.catalogue.tables}
    assert all(table.description for table in entry.catalogue.tables)


def test_the_cohort_is_noisy_and_the_others_are_exact():
    tracks = {name: read_entry(DEMO / name).policy.track for name in ("nafld", "stops", "firms")}
    assert tracks == {"nafld": "dp", "stops": "sdc", "firms": "sdc"}


def test_every_stop_has_a_community():
    recode = read_entry(DEMO / "stops").catalogue.recode("community")
    assert sum(len(codes) for _, codes in recode.groups) == 87


@pytest.mark.parametrize(
    ("table", "column", "hints", "fault"),
    [
        ("visits", None, {"file": "../visits.csv"}, "plain name"),
        ("visits", None, {}, "must name what to read"),
        ("visits", None, {"file": "visits.csv", "sheet": "1"}, "not a hint that ingest knows"),
        ("visits", None, {"file": "visits.csv", "distinct": "yes"}, "not what it should be"),
        ("visits", "test", {"leave_out": {"bp": "why"}}, "none that is declared"),
        ("visits", "value", {"leave_out": {"1": "why"}}, "only codes can be left out"),
        ("visits", "value", {"outside": "missing"}, "only a nullable number"),
        ("visits", "value", {"bounds_by": "test", "bounds": {"bp": [1, 2]}}, "each of its codes"),
        ("visits", "value", {"bounds": {"bp": [1, 2]}}, "each of its codes"),
        (
            "visits",
            "value",
            {"bounds_by": "test", "bounds": {"bp": [1, 2], "hdl": [1, 999]}},
            "within the column's bounds",
        ),
        ("visits", "value", {"bounds": {"bp": "low"}}, "pairs of numbers"),
        ("visits", "value", {"part": "minute"}, "part: must be one of"),
        ("persons", "weight", {"part": "hour"}, "part: must be one of"),
        ("persons", "sex", {"format": "%Y"}, "only for dates"),
        ("persons", "sex", {"source": "#"}, "only a unit column"),
        ("persons", "person", {"source": "who", "part": "hour"}, "no hints but source"),
    ],
)
def test_a_faulty_hint_is_named_with_its_place(tmp_path, table, column, hints, fault):
    entry = entries.catalogue()
    place = entry["tables"][table]
    (place["columns"][column] if column else place)["ingest"] = hints
    with pytest.raises(EntryInvalid) as refused:
        read_entry(entries.write(tmp_path, entry=entry))
    place = f"tables.{table}.columns.{column}" if column else f"tables.{table}"
    assert any(fault in one and one.startswith(place) for one in refused.value.faults)


def test_all_faults_are_named_at_once(tmp_path):
    entry = entries.catalogue()
    entry["ingest"] = {"from": "nowhere"}
    entry["tables"]["visits"]["ingest"] = {"oops": 1}
    with pytest.raises(EntryInvalid) as refused:
        read_entry(entries.write(tmp_path, entry=entry))
    assert len(refused.value.faults) >= 3


def test_a_faulty_catalogue_or_policy_is_refused(tmp_path):
    entry = entries.catalogue()
    del entry["tables"]["visits"]["columns"]["value"]["upper"]
    with pytest.raises(EntryInvalid, match="not valid") as refused:
        read_entry(entries.write(tmp_path / "a", entry=entry))
    assert any("bounds" in fault for fault in refused.value.faults)
    weak = entries.POLICY | {"checkers": 0}
    with pytest.raises(EntryInvalid):
        read_entry(entries.write(tmp_path / "b", policy=weak))


def test_an_entry_without_a_policy_is_refused(tmp_path):
    folder = entries.write(tmp_path)
    (folder / "policy.yaml").unlink()
    with pytest.raises(EntryInvalid, match=r"policy\.yaml"):
        read_entry(folder)
