"""ACRO's own table, year by type of grant with margins: hidden cells that stay hidden.

ACRO 1.0.2 deletes the records of the six cells of 8, prints margins over all records, and so lets
any reader subtract.
"""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from itertools import product

import pandas as pd
import pytest

from disclosure_control.__main__ import main
from disclosure_control.policy import SdcRules
from disclosure_control.sdc.audit import read as audited
from disclosure_control.sdc.audit.attacker import Attacker
from disclosure_control.sdc.audit.verdict import judge
from disclosure_control.sdc.evidence import CellEvidence
from disclosure_control.sdc.rules import RULES
from disclosure_control.sdc.suppression.read import from_json
from disclosure_control.sdc.suppression.solve import suppress
from tests import suppression_instances as made
from tests.data import entries
from tests.small_tables import exact_shape

DATA = entries.real_data()
THRESHOLD = 10
pytestmark = pytest.mark.skipif(
    DATA is None,
    reason="the folder of real data sets is not here: name it in TRE_TEST_DATA to run these",
)


@pytest.fixture(scope="module")
def charities():
    return pd.read_parquet(DATA / "acro_charities_test_data.parquet")


def counted(frame: pd.DataFrame, column: str):
    """Year x type of grant with margins, of rows that have a value in the column."""
    years = tuple(str(year) for year in sorted(frame["year"].unique()))
    types = tuple(sorted(frame["grant_type"].unique()))
    found = frame.dropna(subset=[column]).groupby([frame["year"].astype(str), "grant_type"]).size()
    inner = pd.Series(0, index=pd.MultiIndex.from_tuples(product(years, types)))
    inner = inner.add(found, fill_value=0).astype(int)
    trees = [made.flat(years), made.flat(types)]
    return made.table(trees, inner.loc[list(product(years, types))].to_numpy().reshape(-1, 4))


@pytest.mark.parametrize(("column", "unsafe"), [("charity", 6), ("inc_grants", 7)])
def test_unsafe_cells_are_hidden_and_stay_hidden_after_subtraction(charities, column, unsafe):
    entry = counted(charities, column)
    assert len(entry["primary"]) == unsafe
    bare = Attacker(audited.released(entry, entry["primary"]))
    if column == "charity":
        eights = [f"{year}|R/G" for year in range(2010, 2016)]
        assert entry["primary"] == eights
        assert {bare.interval(cell) for cell in eights} == {(8.0, 8.0)}, "subtraction finds each"
    instance = from_json(entry)
    found = suppress(instance)
    hidden = [*entry["primary"], *(instance.cells[cell] for cell in found.secondary)]
    released = audited.released(entry, hidden)
    assert not judge(
        released, audited.requirements(entry), insiders=audited.insiders(entry), whole=True
    )
    attacker = Attacker(released)
    for cell in entry["primary"]:
        low, high = attacker.interval(cell)
        assert low <= entry["cells"][cell] - 1
        assert high >= entry["cells"][cell] + THRESHOLD
        assert released.shown[cell] is None


def test_the_door_hides_what_acro_lets_any_reader_subtract(tmp_path, capsys):
    """Year x type of grant, counts and means, with every total: through the command."""
    policy, text = tmp_path / "policy.yaml", tmp_path / "table.csv"
    policy.write_text(
        "version: 1\ntrack: sdc\nmax_cells: 200\ncheckers: 2\n"
        "sdc: {threshold: 10, dominance_n: 2, dominance_k: 0.90, p_ratio: 0.10}\n"
    )
    data = str(DATA / "acro_charities_test_data.parquet")
    asked = ["check", data, "--policy", str(policy), "--by", "year", "--by", "grant_type"]
    assert main([*asked, "--mean", "inc_grants", "--totals", "--csv", str(text)]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {tuple(row[:2]): row[2:] for row in list(csv.reader(text.read_text().splitlines()))[1:]}
    for year in range(2010, 2016):
        assert rows[str(year), "R/G"] == ["[c]", "[c]"], "one of the six cells of 8"
        total, *parts = (rows[str(year), kind][0] for kind in ("Total", "G", "N", "R", "R/G"))
        assert total == "[c]" or parts.count("[c]") > 1, "no subtraction brings it back"
    assert rows["2010", "N"] == ["59", "[c]"], "59 records, of which 5 have a value"
    few = [one for one in found["findings"] if one["rule"] == "minimum-threshold"]
    assert few[-1]["column"] == "mean_inc_grants"
    assert {"cell": ["2010", "N"], "value": "5"} in few[-1]["before"]
    assert all(one["after"] == 0 for one in few)
    for one in found["intervals"]:
        if one["column"] == "count" and one["cell"][1] == "R/G" and one["cell"][0] != "Total":
            assert int(one["low"]) <= 7
            assert one["high"] is None or int(one["high"]) >= 18


def test_a_mean_needs_contributors_and_not_records(charities):
    """2010 | N: 59 records, of which 5 have a value."""
    cell = charities[(charities["year"] == 2010) & (charities["grant_type"] == "N")]
    values = cell.dropna(subset=["inc_grants"]).groupby("charity")["inc_grants"].sum().abs()
    assert (len(cell), len(values)) == (59, 5)
    largest, second, *_ = sorted(values, reverse=True)
    evidence = CellEvidence(
        units=len(values), largest=int(largest), second=int(second), gross=int(values.sum())
    )
    rules = SdcRules(THRESHOLD, dominance_n=2, dominance_k=Decimal("0.9"), p_ratio=Decimal("0.1"))
    failing = {rule.name for rule in RULES if rule.failing((evidence,), rules, exact_shape(1))}
    assert "minimum-threshold" in failing
    assert len(cell) >= THRESHOLD, "counting records would have let it pass"
