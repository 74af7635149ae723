"""Can an owner ingest files of their own? Real sets in Parquet and CSV, checked against pandas."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from disclosure_control import policy as policies
from queries import plan as planner
from queries import read_catalogue, sql
from queries.engines import duckdb as engine
from queries.store import Store, attach_read_only, connect
from tests.data import entries
from tests.questions.by_hand import Grid, bands, codes, exact_sum, one_total, stored
from tre.ingest.ingested import ingest

DATA = entries.real_data()
HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(
    DATA is None,
    reason="the folder of real data sets is not here: name it in TRE_TEST_DATA to run these",
)


def ingested(tmp_path, entry: Path, *, source: Path | None = None):
    return ingest(entry, source=source or DATA, store_root=tmp_path / "store", key=entries.KEY)


def counted(tmp_path, result, text: str):
    """The vectors of a question before noise, by name, and the published columns."""
    catalogue = read_catalogue.from_json(result.catalogue_json)
    policy = policies.from_json(json.dumps(result.policy_json))
    plan = planner.plan(sql.admit(text, catalogue, policy), catalogue, policy)
    with connect() as con:
        path = Store(tmp_path / "store", entries.KEY).path(result.dataset, result.version)
        attach_read_only(con, path, key=entries.KEY)
        return engine.answer(con, plan).reveal(), plan.shape.published


def same(vectors, column, by_hand) -> None:
    parts = {"count": column.count, "total": column.total}
    if column.evidence:
        evidence = {name: getattr(column.evidence, name) for name in by_hand.keys() - parts}
        parts |= evidence
    for part, numbers in by_hand.items():
        assert part in {"negative", "smallest"} or np.any(numbers)
        assert np.array_equal(vectors[parts[part]], numbers), part


def test_a_health_survey_is_ingested_and_answers_as_pandas_does(tmp_path):
    result = ingested(tmp_path, HERE / "nhanes")
    (persons,) = result.report.tables
    assert (persons.kept, persons.rejected) == (20_293, 0)
    vectors, (column,) = counted(
        tmp_path,
        result,
        "SELECT diabetes, smokes, band(age, 40, 60), avg(bmi) FROM persons "
        "GROUP BY diabetes, smokes, band(age, 40, 60)",
    )
    raw = pd.read_parquet(DATA / "nhanes_2009_2012.parquet")
    yes_no = ["No", "Yes"]
    grid = Grid(
        codes(raw.Diabetes, yes_no, missing=True),
        codes(raw.SmokeNow, yes_no, missing=True),
        bands(raw.Age, 40, 60),
    )
    bmi = stored(raw.BMI.where(raw.BMI.between(12, 60)), 1)
    same(vectors, column, one_total(grid, bmi, centre=360))


def test_values_outside_become_missing_where_the_entry_says_so_and_are_counted(tmp_path):
    (persons,) = ingested(tmp_path, HERE / "nhanes").report.tables
    raw = pd.read_parquet(DATA / "nhanes_2009_2012.parquet")
    (broken,) = persons.broken
    assert broken.became_missing
    assert broken.count == int((raw.BMI > 60).sum())
    assert len(persons.undeclared) == raw.shape[1] - 9


def test_rows_that_belong_to_no_firm_are_rejected_and_dominance_is_measured(tmp_path):
    result = ingested(tmp_path, HERE / "utilities")
    (months,) = result.report.tables
    raw = pd.read_parquet(DATA / "sdcmicro_eia_utilities.parquet")
    adjustments = raw.UTILITYID == 0
    assert months.rejected == int(adjustments.sum()) == 612
    vectors, (column,) = counted(
        tmp_path,
        result,
        "SELECT state, band(month, 4, 7, 10), sum(industrial) FROM months "
        "GROUP BY state, band(month, 4, 7, 10)",
    )
    rows = raw[~adjustments]
    grid = Grid(codes(rows.STATE, sorted(raw.STATE.unique())), bands(rows.MONTH, 4, 7, 10))
    same(vectors, column, exact_sum(rows.UTILITYID, grid, rows.INDREVENUE))


def test_the_same_file_as_csv_is_the_same_version(tmp_path):
    first = ingested(tmp_path, HERE / "utilities")
    raw = pd.read_parquet(DATA / "sdcmicro_eia_utilities.parquet")
    folder = tmp_path / "csv"
    folder.mkdir()
    raw.to_csv(folder / "utilities.csv", index=False)
    entry = (HERE / "utilities" / "catalogue.yaml").read_text()
    entry = entry.replace("sdcmicro_eia_utilities.parquet", "utilities.csv")
    (folder / "catalogue.yaml").write_text(entry)
    (folder / "policy.yaml").write_text((HERE / "utilities" / "policy.yaml").read_text())
    again = ingested(tmp_path, folder, source=folder)
    assert (again.version, again.new) == (first.version, False)


def crimes(areas: list[str], kinds: list[str]) -> dict:
    """An entry of crimes, linked by small area to the country's indices of deprivation."""
    decile = {"type": "number", "lower": 1, "upper": 10}
    left_out = {"leave_out": {"*": "an area without a crime in this file"}}
    return {
        "dataset": "crimes",
        "title": "Street crime on Merseyside",
        "unit": {"one": "crime", "many": "crimes", "declared": 25_000},
        "code_lists": {"areas": areas},
        "tables": {
            "crimes": {
                "title": "Crimes",
                "rows": 25_000,
                "unit": "crime",
                "rows_per_unit": 1,
                "ingest": {"file": "merseyside_street_crime.parquet"},
                "columns": {
                    "crime": {"title": "Crime", "role": "unit", "ingest": {"source": "#"}},
                    "month": {
                        "title": "Month",
                        "type": "date",
                        "lower": "2017-01-01",
                        "upper": "2018-12-31",
                        "ingest": {"source": "Month", "format": "%Y-%m"},
                    },
                    "area": {
                        "title": "Area",
                        "type": "code",
                        "codes": "areas",
                        "ingest": {"source": "LSOA code"},
                    },
                    "kind": {
                        "title": "Kind",
                        "type": "code",
                        "codes": kinds,
                        "ingest": {"source": "Crime type"},
                    },
                },
            },
            "areas": {
                "title": "Areas",
                "rows": len(areas),
                "ingest": {"file": "imd2019_england_lsoa11.parquet"},
                "columns": {
                    "area": {
                        "title": "Area",
                        "type": "code",
                        "role": "key",
                        "codes": "areas",
                        "ingest": {"source": "lsoa11_code", **left_out},
                    },
                    "decile": {**decile, "title": "Decile", "ingest": {"source": "IMD_decile"}},
                },
            },
        },
        "links": {"place": {"kind": "lookup", "from": "crimes.area", "to": "areas.area"}},
    }


def test_crimes_are_linked_to_the_deprivation_of_their_area(tmp_path):
    raw = pd.read_parquet(DATA / "merseyside_street_crime.parquet")
    kinds = sorted(raw["Crime type"].unique())
    folder = entries.write(
        tmp_path / "entry", entry=crimes(sorted(raw["LSOA code"].unique()), kinds)
    )
    result = ingested(tmp_path, folder)
    areas = next(table for table in result.report.tables if table.table == "areas")
    assert (areas.kept, areas.rejected, areas.left_out) == (914, 0, 32_844 - 914)
    assert result.report.units == len(raw)  # a crime without an identifier is a crime
    vectors, (column,) = counted(
        tmp_path,
        result,
        "SELECT band(month, DATE '2018-01-01'), band(decile, 2, 4, 6, 8), kind, count(*) "
        "FROM crimes JOIN areas ON areas.area = crimes.area "
        "GROUP BY band(month, DATE '2018-01-01'), band(decile, 2, 4, 6, 8), kind",
    )
    imd = pd.read_parquet(DATA / "imd2019_england_lsoa11.parquet").set_index("lsoa11_code")
    decile = raw["LSOA code"].map(imd.IMD_decile).astype("Int64")
    later = raw.Month.str[:4].astype(int).astype("Int64")
    grid = Grid(bands(later, 2018), bands(decile, 2, 4, 6, 8), codes(raw["Crime type"], kinds))
    same(vectors, column, {"count": grid.add(np.ones(len(raw)))})
