"""Columns of texts that nobody declared: what the store holds of them, and what is refused."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import Status
from queries import sql, store
from queries.engines.statement import statement
from queries.plan import plan
from queries.read_catalogue import from_json
from queries.run import Sandboxes
from queries.store import Store, attach_read_only, connect
from tests.catalogues import worded_policy
from tests.data import entries
from tre.ingest import seal
from tre.ingest.errors import DataRefused
from tre.ingest.ingested import ingest

VISITS = """who,day,test,value,drug
Aldous Vexley,1,bp,120,statin
Aldous Vexley,5,bp,135,aspirin
Bertha Quillon,2,bp,118,
Dorian Umber,3,hdl,55,statin
"""
POLICY = {
    "version": 1,
    "track": "dp",
    "max_cells": 5000,
    "checkers": 1,
    "dp": {
        "threshold": 10,
        "rho_nano_default": 10**8,
        "rho_nano_min": 10**6,
        "rho_nano_max": 10**9,
        "mechanisms": ["discrete_gaussian"],
        "max_rows_per_unit": 3,
        "max_groups_per_unit": 2,
        "key_delta_femto": 10**6,
    },
}


def ingested(tmp_path, visits: str = VISITS, *, most: int = 9, **hints):
    entry = entries.catalogue()
    drug = {"title": "Drug", "type": "text", "most_values": most, "nullable": True}
    entry["tables"]["visits"]["columns"]["drug"] = {**drug, "ingest": hints}
    folder = entries.write(tmp_path / "entry", entry=entry, policy=POLICY, visits=visits)
    return ingest(folder, store_root=tmp_path / "store", key=entries.KEY)


def rows(tmp_path, result, table: str):
    path = Store(tmp_path / "store", entries.KEY).path("clinic", result.version)
    with connect() as con:
        attach_read_only(con, path, key=entries.KEY)
        return con.execute(f"FROM db.{table}").fetchall()


def test_rows_hold_places_among_sorted_texts(tmp_path):
    result = ingested(tmp_path)
    assert rows(tmp_path, result, "_texts") == [
        ("visits.drug", 0, "aspirin"),
        ("visits.drug", 1, "statin"),
    ]
    assert sorted(row[4] for row in rows(tmp_path, result, "visits") if row[4] is not None) == [
        0, 1, 1,
    ]  # fmt: skip


def test_a_text_of_rejected_rows_alone_is_forgotten(tmp_path):
    visits = VISITS + "Dorian Umber,3,hdl,9999,secret herb\n"
    result = ingested(tmp_path, visits)
    assert "secret herb" not in str(rows(tmp_path, result, "_texts"))


def test_another_word_for_the_same_rows_is_another_version(tmp_path):
    first = ingested(tmp_path)
    assert not ingested(tmp_path).new
    other = ingested(tmp_path, VISITS.replace("statin", "statins"))
    assert other.new
    assert other.version != first.version


def test_more_values_than_declared_are_refused_and_named_in_the_report(tmp_path):
    extra = "".join(f"Dorian Umber,{at},hdl,50,drug {at}\n" for at in range(2))
    with pytest.raises(DataRefused) as refused:
        ingested(tmp_path, VISITS + extra, most=3)
    told = "drug has 4 different values, but most_values declares at most 3"
    assert told in str(refused.value.report.faults)


def test_what_is_no_label_rejects_its_row_and_says_why(tmp_path):
    result = ingested(tmp_path, VISITS + "Dorian Umber,4,hdl,50,Total\n")
    report = next(one for one in result.report.tables if one.table == "visits")
    assert report.rejected == 1
    assert "label" in json.dumps([str(one.rule) for one in report.broken])


def test_a_column_without_any_text_has_none(tmp_path):
    visits = "\n".join(line.rpartition(",")[0] + "," for line in VISITS.splitlines()[1:])
    result = ingested(tmp_path, "who,day,test,value,drug\n" + visits + "\n")
    assert rows(tmp_path, result, "_texts") == []


def test_a_file_from_before_rows_were_marked_gives_the_same_and_is_the_same_version(
    tmp_path, monkeypatch
):
    """By a sandbox and a real file, each."""
    more = "".join(f"Bertha Quillon,{at},bp,100,drug {at % 3}\n" for at in range(4))
    visits = VISITS + more + "Aldous Vexley,9,bp,100,statin\n"
    new = ingested(tmp_path / "new", visits, most=99)
    with monkeypatch.context() as before:
        before.setattr(seal, "_places", lambda _: 0)
        before.setattr(store, "FORMAT", store.UNMARKED)
        old = ingested(tmp_path / "old", visits, most=99)
    assert old.version == new.version

    catalogue, policy = from_json(new.catalogue_json), worded_policy()
    text = "SELECT drug, count(DISTINCT person) FROM visits GROUP BY drug"
    planned = plan(sql.admit(text, catalogue, policy), catalogue, policy)
    assert "_first_drug" in statement(planned)
    counted = []
    for folder in ("old", "new"):
        kept = Store(tmp_path / folder / "store", entries.KEY)
        with Sandboxes(kept) as sandboxes:
            deadline = time.monotonic() + 60
            found = sandboxes.run(planned, dataset="clinic", version=new.version, deadline=deadline)
        counted.append((found.reveal(), found.reveal_texts()))
    assert counted[0] == counted[1]
    (units,) = counted[0][0].values()
    told = [one for one in counted[0][1] if one]
    assert told == ["aspirin", "drug 0", "drug 1", "drug 2", "statin"]
    assert [one > 0 for one in units[:5]] == [True] * 5
    assert units[4] == 2 * units[0]


def test_the_file_shows_no_text(tmp_path):
    result = ingested(tmp_path)
    path = Store(tmp_path / "store", entries.KEY).path("clinic", result.version)
    assert b"aspirin" not in path.read_bytes()


# Real data: what 3,486 people wrote, as 98,203 pairs of words.


@pytest.mark.slow
def test_pairs_of_words_that_many_wrote_are_told_and_those_of_few_are_not(tmp_path):
    folder = entries.real_data()
    if folder is None:
        pytest.skip("The real data sets are not here.")
    source = pq.read_table(folder / "smartnoise_reddit_user_words.parquet")
    authors, pairs = (source.column(name).to_pylist() for name in ("author", "ngram"))
    entry = {
        "dataset": "words", "title": "Pairs of words", "description": "Who wrote which.",
        "unit": {"one": "author", "many": "authors", "declared": 3500},
        "tables": {
            "pairs": {
                "title": "Pairs", "rows": 100_000, "unit": "author", "rows_per_unit": 1000,
                "ingest": {"file": "pairs.parquet"},
                "columns": {
                    "author": {"title": "Author", "role": "unit"},
                    "pair": {"title": "Pair", "type": "text", "most_values": 60_000},
                },
            }
        },
    }  # fmt: skip
    entry_dir = tmp_path / "entry"
    entry_dir.mkdir()
    rules = {**POLICY["dp"], "max_groups_per_unit": 20}
    (entry_dir / "catalogue.yaml").write_text(json.dumps(entry))
    (entry_dir / "policy.yaml").write_text(json.dumps({**POLICY, "max_cells": 60_000, "dp": rules}))
    plain = [pair.replace("'", "").strip("()") for pair in pairs]
    pq.write_table(pa.table({"author": authors, "pair": plain}), entry_dir / "pairs.parquet")
    result = ingest(entry_dir, store_root=tmp_path / "store", key=entries.KEY)
    catalogue = from_json(result.catalogue_json)
    dp = replace(worded_policy().dp, max_groups_per_unit=20)
    policy = replace(worded_policy(), dp=dp, max_cells=60_000)
    question = "SELECT pair, count(DISTINCT author) FROM pairs GROUP BY pair"
    planned = plan(sql.admit(question, catalogue, policy), catalogue, policy)
    with Sandboxes(Store(tmp_path / "store", entries.KEY)) as sandboxes:
        counted = sandboxes.run(
            planned, dataset="words", version=result.version, deadline=time.monotonic() + 60
        )
    table = protect(counted, policy=policy, grant=NoiseGrant(10**9))
    authors_of: dict[str, set[str]] = {}
    for author, pair in zip(authors, plain, strict=True):
        authors_of.setdefault(pair, set()).add(author)
    told = table.axes[0].labels
    assert len(authors_of) > 50_000
    assert 20 < len(told) < 1000
    assert min(len(authors_of[pair]) for pair in told) > 10
    assert {"of, the", "in, the"} <= set(told)
    assert all(cell.status is Status.SHOWN for cell in table.columns[0])
