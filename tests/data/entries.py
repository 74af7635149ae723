"""Where do tests get an entry to ingest? A small clinic in CSV files, and the real data."""

from __future__ import annotations

import json
import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))

POLICY = {
    "version": 1,
    "track": "sdc",
    "max_cells": 2000,
    "checkers": 2,
    "sdc": {"threshold": 10, "dominance_n": 2, "dominance_k": 0.9, "p_ratio": 0.1},
}
PERSONS = """who,sex,weight,born,town
Aldous Vexley,m,70.25,1960-02-01,hill
Bertha Quillon,f,61.35,1971-12-31,shore
Cosima Tarrant,f,,1980-06-15,hill
"""
VISITS = """who,day,test,value
Aldous Vexley,1,bp,120
Aldous Vexley,5,bp,135
Bertha Quillon,2,bp,118
Dorian Umber,3,hdl,55
"""
TOWNS = "town,people\nhill,1200\nshore,800\n"


def catalogue() -> dict:
    """Fresh each time: tests change it."""
    towns = ["hill", "shore"]
    unit = {"title": "Person", "role": "unit", "ingest": {"source": "who"}}
    number = {"type": "number", "lower": 0}
    return {
        "dataset": "clinic",
        "title": "A clinic",
        "unit": {"one": "person", "many": "persons", "declared": 10},
        "tables": {
            "persons": {
                "title": "Persons",
                "rows": 10,
                "unit": "person",
                "rows_per_unit": 1,
                "ingest": {"file": "persons.csv"},
                "columns": {
                    "person": unit,
                    "sex": {"title": "Sex", "type": "code", "codes": {"f": "Female", "m": "Male"}},
                    "weight": {
                        **number,
                        "title": "Weight",
                        "upper": 200,
                        "decimals": 1,
                        "nullable": True,
                    },
                    "born": {
                        "title": "Born",
                        "type": "date",
                        "lower": "1900-01-01",
                        "upper": "2020-12-31",
                    },
                    "town": {"title": "Town", "type": "code", "codes": towns},
                },
            },
            "visits": {
                "title": "Visits",
                "rows": 10,
                "unit": "person",
                "rows_per_unit": 5,
                "ingest": {"file": "visits.csv"},
                "columns": {
                    "person": unit,
                    "day": {**number, "title": "Day", "upper": 100},
                    "test": {"title": "Test", "type": "code", "codes": ["bp", "hdl"]},
                    "value": {**number, "title": "Value", "upper": 300},
                },
            },
            "towns": {
                "title": "Towns",
                "rows": 2,
                "ingest": {"file": "towns.csv"},
                "columns": {
                    "town": {"title": "Town", "type": "code", "role": "key", "codes": towns},
                    "people": {**number, "title": "Residents", "upper": 10000},
                },
            },
        },
        "links": {
            "who": {"kind": "unit", "from": "visits.person", "to": "persons.person"},
            "home": {"kind": "lookup", "from": "persons.town", "to": "towns.town"},
        },
    }


def write(folder: Path, *, entry: dict | None = None, policy: dict | None = None, **files) -> Path:
    """An entry's folder with its CSV files (JSON is YAML); ``persons=`` and so on replace one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.yaml").write_text(json.dumps(entry or catalogue()))
    (folder / "policy.yaml").write_text(json.dumps(policy or POLICY))
    for name, text in {"persons": PERSONS, "visits": VISITS, "towns": TOWNS, **files}.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def real_data() -> Path | None:
    """The folder of real data sets: TRE_TEST_DATA, or ``shared/data`` beside the repository."""
    folder = Path(os.environ.get("TRE_TEST_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None
