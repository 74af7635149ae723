"""What does the ingest find in the data of the demonstration?"""

from __future__ import annotations

import pytest

from tests.data import entries
from tre.ingest.ingested import ingest
from tre.ingest.report import lines

DEMO = entries.ROOT / "tre" / "demo" / "datasets"
pytestmark = pytest.mark.xdist_group("demo data")  # each dataset is ingested once


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    return {
        name: ingest(DEMO / name, store_root=store, key=entries.KEY).report
        for name in ("nafld", "stops", "firms")
    }


def table(report, name):
    return next(one for one in report.tables if one.table == name)


def test_the_cohort_is_as_large_as_its_authors_say(reports):
    report = reports["nafld"]
    assert report.units == 17_549
    assert [table(report, name).read for name in ("persons", "labs", "events")] == [
        17_549,
        400_123,
        34_340,
    ]


def test_the_copied_measurements_are_found(reports):
    findings = table(reports["nafld"], "labs").findings
    for pair in ("test chol and hdl", "test dbp and sbp"):
        assert any(finding.startswith(f"{pair} hold the same value") for finding in findings)


def test_one_of_each_copied_pair_is_left_out_and_the_catalogue_says_so(reports):
    labs = table(reports["nafld"], "labs")
    assert labs.left_out == 161_258 + 33_430
    notes = " ".join((DEMO / "nafld" / "catalogue.yaml").read_text().split())
    assert "chol (total cholesterol) holds the same values as hdl" in notes


def test_impossible_blood_pressures_are_rejected_up_to_the_largest(reports):
    labs = table(reports["nafld"], "labs")
    outside = next(one for one in labs.broken if one.rule.name == "OUTSIDE")
    assert (outside.column, outside.count, outside.values) == ("value", 7, ("0", "13682"))
    assert any("from 0 to 13682" in line for line in lines(reports["nafld"]))


def test_the_declared_rows_of_a_person_hold(reports):
    for report in reports.values():
        assert not report.faults


def test_no_column_is_left_out_in_silence(reports):
    listed = {
        (report.dataset, name): why
        for report in reports.values()
        for one in report.tables
        for name, why in one.undeclared
    }
    assert {"case.id", "lat", "long", "subsample"} <= {name for _, name in listed}
    assert not [why for why in listed.values() if "says nothing" in why]


def test_every_stop_is_kept_and_three_neighbourhoods_have_no_residents(reports):
    assert table(reports["stops"], "stops").kept == 51_920
    assert table(reports["stops"], "areas").kept == 84


def test_a_firm_is_one_unit_over_all_its_years(reports):
    assert reports["firms"].units == 803
    assert table(reports["firms"], "firms").kept == 803
    assert table(reports["firms"], "firm_years").kept == 6_208
    assert table(reports["firms"], "firm_years").most_rows_of_a_unit == 9
