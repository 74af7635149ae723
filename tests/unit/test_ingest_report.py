from __future__ import annotations

import json

import pytest

from tests.data import entries
from tre.ingest.errors import DataRefused
from tre.ingest.ingested import ingest
from tre.ingest.report import lines


def ingested(tmp_path, *, entry=None, **files):
    folder = entries.write(tmp_path / "entry", entry=entry, **files)
    return ingest(folder, store_root=tmp_path / "store", key=entries.KEY)


def table(result, name):
    return next(one for one in result.report.tables if one.table == name)


def rules(report):
    return {(one.column, one.rule.name): (one.count, one.rows) for one in report.broken}


def test_clean_data_is_kept_whole(tmp_path):
    result = ingested(tmp_path)
    assert {(one.table, one.kept, one.rejected) for one in result.report.tables} == {
        ("persons", 3, 0),
        ("visits", 4, 0),
        ("towns", 2, 0),
    }
    assert result.report.units == 4  # one has visits only


def test_every_rejected_row_is_counted_by_column_and_rule_with_its_number(tmp_path):
    visits = entries.VISITS + (
        "Aldous Vexley,x,bp,120\n"  # 5
        ",1,bp,120\n"  # 6
        "Bertha Quillon,2,pulse,61\n"  # 7
        "Bertha Quillon,2,bp,301\n"  # 8
        "Bertha Quillon,2,bp,-1\n"  # 9
        "Bertha Quillon,,pulse,61\n"  # 10: two rules, one row
    )
    entry = entries.catalogue()
    entry["tables"]["visits"]["rows_per_unit"] = 20
    good = "".join(f"Cosima Tarrant,{day},bp,100\n" for day in range(10))
    report = table(ingested(tmp_path, entry=entry, visits=visits + good), "visits")
    assert (report.read, report.kept, report.rejected) == (20, 14, 6)
    assert rules(report) == {
        ("day", "NOT_A_NUMBER"): (1, (5,)),
        ("person", "ABSENT"): (1, (6,)),
        ("test", "NOT_A_CODE"): (2, (7, 10)),
        ("value", "OUTSIDE"): (2, (8, 9)),
        ("day", "ABSENT"): (1, (10,)),
    }
    outside = next(one for one in report.broken if one.column == "value")
    assert outside.values == ("-1", "301")


def test_rows_that_the_entry_leaves_out_are_counted_apart_and_break_no_other_rule(tmp_path):
    entry = entries.catalogue()
    hints = {"leave_out": {"weight": "told by persons"}}
    entry["tables"]["visits"]["columns"]["test"]["ingest"] = hints
    visits = entries.VISITS + "Aldous Vexley,1,weight,9999\n"
    report = table(ingested(tmp_path, entry=entry, visits=visits), "visits")
    assert (report.kept, report.rejected, report.left_out) == (4, 0, 1)
    assert rules(report) == {("test", "LEFT_OUT"): (1, (5,))}


def test_bounds_can_depend_on_a_code(tmp_path):
    entry = entries.catalogue()
    hints = {"bounds_by": "test", "bounds": {"bp": [50, 130], "hdl": [50, 60]}}
    entry["tables"]["visits"]["columns"]["value"]["ingest"] = hints
    report = table(ingested(tmp_path, entry=entry), "visits")
    assert rules(report) == {("value", "OUTSIDE"): (1, (2,))}


def test_a_value_that_becomes_missing_keeps_its_row_and_is_counted(tmp_path):
    entry = entries.catalogue()
    entry["tables"]["persons"]["columns"]["weight"] |= {
        "upper": 70,
        "ingest": {"outside": "missing"},
    }
    report = table(ingested(tmp_path, entry=entry), "persons")
    assert (report.kept, report.rejected) == (3, 0)
    assert report.broken[0].became_missing


def test_undeclared_columns_are_listed_with_the_reason(tmp_path):
    entry = entries.catalogue()
    del entry["tables"]["persons"]["columns"]["sex"]
    del entry["tables"]["persons"]["columns"]["born"]
    entry["tables"]["persons"]["ingest"]["undeclared"] = {"born": "singles out persons"}
    report = table(ingested(tmp_path, entry=entry), "persons")
    assert dict(report.undeclared) == {
        "sex": "the entry says nothing about it",
        "born": "singles out persons",
    }


def refused(tmp_path, **changes):
    with pytest.raises(DataRefused) as error:
        ingested(tmp_path, **changes)
    assert not list((tmp_path / "store").rglob("*.duckdb"))
    return error.value


def test_a_declared_column_that_the_source_lacks_refuses_the_dataset(tmp_path):
    error = refused(tmp_path, towns="town\nhill\nshore\n")
    assert error.faults == ("towns: the source has no column people, declared as people",)


def test_more_rows_of_a_unit_than_declared_refuse_the_dataset(tmp_path):
    visits = entries.VISITS + "".join(f"Dorian Umber,{day},bp,100\n" for day in range(5))
    error = refused(tmp_path, visits=visits)
    assert error.faults == ("visits: a unit has 6 rows, but rows_per_unit declares at most 5",)


def test_more_than_twice_the_declared_rows_refuse_the_dataset(tmp_path):
    visits = entries.VISITS + "".join(f"Person {one},{one},bp,100\n" for one in range(17))
    error = refused(tmp_path, visits=visits)
    assert error.faults == ("visits: 21 rows are left, more than 2 times the declared 10",)


def test_a_source_that_is_mostly_rejected_refuses_the_dataset(tmp_path):
    error = refused(tmp_path, visits=entries.VISITS.replace("bp", "b.p."))
    assert "more than half" in error.faults[0]


def test_an_empty_table_refuses_the_dataset(tmp_path):
    assert refused(tmp_path, visits="who,day,test,value\n").faults == ("visits: no row is left",)


def test_of_several_rows_of_a_person_none_is_chosen(tmp_path):
    again = entries.PERSONS + "Aldous Vexley,f,70.25,1960-02-01,hill\n"
    report = table(ingested(tmp_path, persons=again), "persons")
    assert (report.kept, report.rejected) == (2, 2)
    assert rules(report) == {("person", "SEVERAL_ROWS"): (2, (1, 4))}


def test_a_look_up_key_that_stands_twice_is_not_chosen_either(tmp_path):
    towns = "town,people\nhill,1200\nshore,800\nshore,900\n"
    entry = entries.catalogue()
    entry["tables"]["towns"]["columns"]["town"]["codes"] = towns_ = ["hill", "shore", "x", "y"]
    entry["tables"]["persons"]["columns"]["town"]["codes"] = towns_
    report = table(ingested(tmp_path, entry=entry, towns=towns + "x,1\ny,1\n"), "towns")
    assert rules(report) == {("town", "SEVERAL_ROWS"): (2, (2, 3))}


def test_equal_rows_are_merged_where_the_entry_wants_them_once(tmp_path):
    entry = entries.catalogue()
    entry["tables"]["persons"]["ingest"]["distinct"] = True
    persons = entries.PERSONS + entries.PERSONS.partition("\n")[2]
    report = table(ingested(tmp_path, entry=entry, persons=persons), "persons")
    assert (report.read, report.kept, report.merged, report.rejected) == (6, 3, 3, 0)


def test_the_stored_report_holds_no_text_of_the_source(tmp_path):
    visits = entries.VISITS + "Aldous Vexley,1,very private words,500\n"
    report = ingested(tmp_path, visits=visits).report
    assert "very private words" in "\n".join(lines(report))
    plain = json.dumps(report.to_json())
    assert "private" not in plain
    assert "Vexley" not in plain
    assert '"500"' in plain
    assert report.to_json() == json.loads(plain)


def copied(days: range) -> str:
    rows = ["who,day,test,value"]
    rows += [f"p{day % 7},{day},{test},{50 + day}" for day in days for test in ("hdl", "bp")]
    return "\n".join(rows) + "\n"


def test_two_codes_that_hold_the_same_values_are_found(tmp_path):
    entry = entries.catalogue()
    entry["tables"]["visits"] |= {"rows_per_unit": 100, "rows": 100}
    report = table(ingested(tmp_path, entry=entry, visits=copied(range(80))), "visits")
    (finding,) = report.findings
    assert finding.startswith("test bp and hdl hold the same value in 100.0% of the 80 cases")


def test_too_few_equal_values_are_no_finding(tmp_path):
    entry = entries.catalogue()
    entry["tables"]["visits"] |= {"rows_per_unit": 100, "rows": 100}
    report = table(ingested(tmp_path, entry=entry, visits=copied(range(40))), "visits")
    assert report.findings == ()


def test_equal_columns_constant_columns_and_repeated_rows_are_found(tmp_path):
    entry = entries.catalogue()
    entry["tables"]["visits"] |= {"rows_per_unit": 100, "rows": 100}
    rows = [f"p{day % 7},{day},bp,{day}" for day in range(60)]
    visits = "\n".join(["who,day,test,value", *rows, rows[0]]) + "\n"
    findings = table(ingested(tmp_path, entry=entry, visits=visits), "visits").findings
    assert [finding.split(":")[0] for finding in findings] == [
        "day and value are the same in 100.0% of the 61 rows where both have a value",
        "test has the same value in every row",
        "1 rows say the same as an earlier row; they are kept",
    ]
