"""Is a file that was made elsewhere judged and protected as the service would?"""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from disclosure_control.__main__ import main
from disclosure_control.entropy import perturbation
from disclosure_control.perturbation import to_csv

POLICY = """version: 1
track: sdc
max_cells: 500
checkers: 2
sdc: {threshold: 10, dominance_n: 2, dominance_k: 0.90, p_ratio: 0.10}
"""
RECORDS = pd.DataFrame(
    {
        "town": ["a"] * 30 + ["b"] * 4 + ["c"] * 25 + [None] * 12,
        "kind": (["x", "y"] * 36)[:71],
        "firm": [n // 2 for n in range(71)],
        "sales": [10.5 + n % 7 for n in range(70)] + [None],
        "weight": [1 + n % 2 for n in range(71)],
    }
)


@pytest.fixture
def check(tmp_path, capsys):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)

    def run(data, *arguments, status=0, name="data.csv"):
        path = tmp_path / name
        if isinstance(data, pd.DataFrame):
            (data.to_parquet if name.endswith("parquet") else data.to_csv)(path, index=False)
        else:
            path.write_text(data if isinstance(data, str) else json.dumps(data))
        assert main(["check", str(path), "--policy", str(policy), *arguments]) == status
        said = capsys.readouterr()
        return json.loads(said.err if status == 2 else said.out)

    return run


def cells(found, column=0):
    return [cell["value"] for cell in found["table"]["columns"][column]]


def test_records_are_grouped_and_small_cells_hidden(check):
    found = check(RECORDS, "--by", "town")
    axis = found["table"]["axes"][0]
    assert axis["labels"] == ["a", "b", "c", "missing"]
    assert axis["missing"] is True
    assert cells(found) == ["30", None, "25", "12"]
    few = next(one for one in found["findings"] if one["rule"] == "minimum-threshold")
    assert (few["before"], few["after"]) == ([{"cell": ["b"], "value": "4"}], 0)
    assert few["statbarn"] == "frequencies"


def test_units_are_counted_once_and_decide(check):
    found = check(RECORDS, "--by", "town", "--unit", "firm")
    assert [one["title"] for one in found["table"]["published"]] == [
        "Number of records",
        "Number of distinct firm",
    ]
    assert cells(found, 1) == ["15", None, "13", None], "12 records, of 7 firms"


def test_with_totals_a_further_cell_is_hidden_and_its_interval_told(check, tmp_path):
    text = tmp_path / "table.csv"
    found = check(RECORDS, "--by", "town", "--totals", "--csv", str(text))
    shown = cells(found)
    assert shown[1] is None
    assert shown[-1] == "71"
    assert shown.count(None) == 2
    rows = list(csv.reader(text.read_text().splitlines()))
    assert [row[1] for row in rows][1:] == [one or "[c]" for one in shown]
    interval = next(one for one in found["intervals"] if one["cell"] == ["b"])
    assert int(interval["low"]) <= 3
    assert int(interval["high"]) >= 14
    assert "No total gives a hidden cell back" in found["record"]["claim"]
    assert found["record"]["findings"] == [], "what leaves says nothing of the rules"


@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
def test_sums_and_means_keep_the_decimals_of_their_values(check, name):
    found = check(RECORDS, "--by", "kind", "--sum", "sales", "--mean", "sales", name=name)
    kind = RECORDS.dropna(subset=["sales"]).groupby("kind")["sales"]
    assert cells(found, 1) == [f"{value:.1f}" for value in kind.sum()]
    assert cells(found, 2) == [f"{value:.2f}" for value in kind.mean()]


def test_weights_count_in_sums_and_not_in_thresholds(check):
    found = check(RECORDS, "--by", "kind", "--sum", "sales", "--weight", "weight")
    weighted = (RECORDS["sales"] * RECORDS["weight"]).groupby(RECORDS["kind"]).sum()
    assert cells(found, 1) == [f"{value:.1f}" for value in weighted]
    heavy = RECORDS.assign(weight=1000)[30:34]
    assert cells(check(heavy, "--by", "town", "--sum", "sales", "--weight", "weight")) == [None]


def test_a_finished_table_is_protected_with_its_own_totals(check):
    table = "area,sex,n\nnorth,f,40\nnorth,m,4\nsouth,f,50\nsouth,m,60\nAll,f,90\nAll,m,64\n"
    arguments = ("--by", "area", "--by", "sex", "--counted", "n", "--total-label", "All")
    found = check(table, *arguments)
    assert cells(found)[1] is None
    assert cells(found).count(None) == 4
    assert cells(found)[-1] == "154"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("area,n\na,5\nb,7\nAll,13\n", "13; its parts add up to 12"),
        ("area,n\na,5\na,7\n", "stands twice"),
        ("area,n\na,5.5\n", "whole number"),
        ("area,n\na,-5\n", "whole number"),
        ("area,n\na,\n", "whole number"),
        ("area,n\na,five\n", "no numbers"),
        ("area,n\nTotal,5\n", "are taken"),
        ("area,n\nAll,5\n", "no cells"),
        ("region,n\na,5\n", "no column area"),
    ],
)
def test_a_table_that_is_wrong_is_named_and_not_protected(check, table, fault):
    arguments = ("--by", "area", "--counted", "n", "--total-label", "All")
    assert fault in " ".join(check(table, *arguments, status=2)["faults"])


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "1 to 4 dimensions"),
        (("--by", "town", "--by", "town"), "named twice"),
        (("--by", "nowhere"), "no column nowhere"),
        (("--by", "town", "--unit", "town"), "missing values"),
        (("--by", "town", "--sum", "kind"), "no numbers"),
        (("--by", "town", "--mean", "sales", "--weight", "weight"), "not supported"),
        (("--by", "town", "--total-label", "All"), "finished table"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_reason(check, arguments, fault):
    assert fault in " ".join(check(RECORDS, *arguments, status=2)["faults"])


def test_a_table_that_cannot_be_protected_in_its_time_does_not_leave(check, tmp_path):
    text = tmp_path / "table.csv"
    arguments = ("--by", "town", "--totals", "--seconds", "0", "--csv", str(text))
    found = check(RECORDS, *arguments, status=1)
    assert found["table"] is None
    assert not text.exists()


def test_other_statistics_are_judged_by_their_evidence(check):
    median = {"name": "median", "statbarn": "position"}
    safe = {**median, "evidence": {"units": 40, "below": 20, "above": 20}}
    few = {**median, "evidence": {"units": 40, "below": 36, "above": 4}}
    assert check({"statistics": [safe]}, name="statistics.json")["safe"] is True
    found = check({"statistics": [safe, few]}, name="statistics.json", status=1)
    assert [one["rule"] for one in found["findings"] if one["severity"] == "fail"] == [
        "quantile-sides"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[1]",
        {"statistics": [{"name": "it", "statbarn": "position"}]},
        {"statistics": [{"name": "it", "statbarn": "median", "evidence": {}}]},
        {"statistics": [{"name": "it", "statbarn": "position", "evidence": {"units": 1}}]},
        {"statistics": [{"name": "it", "statbarn": "frequencies", "evidence": {}}]},
    ],
)
def test_statistics_that_cannot_be_read_are_refused(check, content):
    assert check(content, name="statistics.json", status=2)["faults"]


def test_a_policy_of_the_noisy_track_has_no_rules_for_exact_tables(check, tmp_path):
    (tmp_path / "policy.yaml").write_text("version: 1\ntrack: dp\n")
    assert check(RECORDS, "--by", "town", status=2)["faults"]


def with_rules(tmp_path, rules):
    """Changes the policy of the fixture."""
    text = POLICY.replace("p_ratio: 0.10}", f"p_ratio: 0.10, structural_zeros: true, {rules}}}")
    (tmp_path / "policy.yaml").write_text(text)


def test_counts_are_rounded_where_the_policy_says_so(check, tmp_path):
    with_rules(tmp_path, "counts: {method: nearest, base: 5}")
    found = check(RECORDS, "--by", "town")
    assert cells(found) == ["30", None, "25", "10"]
    assert "rounded to the nearest multiple of 5" in found["record"]["claim"]
    refused = check(RECORDS, "--by", "town", "--sum", "sales", status=1)
    assert refused["detail"] == "only counts are altered"


def test_cell_keys_follow_from_a_secret_and_from_the_units(check, tmp_path):
    (tmp_path / "mine.csv").write_text(to_csv(perturbation(most=5, variance=4.0, hidden=2)))
    with_rules(tmp_path, "counts: {method: cell_key, table: mine.csv, hides_small: false}")
    assert check(RECORDS, "--by", "town", status=1)["detail"] == "record keys are missing"
    keys = tmp_path / "keys"
    by_firm = ("--by", "town", "--by", "kind", "--unit", "firm", "--keys", str(keys))
    found = []
    for secret in ("00", "00", "01"):
        keys.write_text(32 * secret + "\n")
        found.append(cells(check(RECORDS, *by_firm)))
    assert found[0] == found[1] != found[2]
    shuffled = RECORDS.sample(frac=1, random_state=1)
    assert cells(check(shuffled, *by_firm)) == found[2], "the order of records decides nothing"
