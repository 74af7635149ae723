"""Questions about measurements and diseases: many rows a person, bounded in each way there is."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from tests.questions.asked import Questions
from tests.questions.by_hand import (
    Columns,
    Grid,
    bands,
    bounded_count,
    bounded_mean,
    bounded_sum,
    bounded_units,
    codes,
    groups,
    truth,
    weighted_count,
    weighted_total,
    weighted_units,
)

ask = Questions("nafld")
TESTS = ["hdl", "sbp", "smoke", "fib4"]
EVENTS = ["afib", "ang/isc", "cardiac arrest", "diabetes", "dyslipidemia", "heart failure", "htn",
          "MI", "nafld", "stroke"]  # fmt: skip
DISEASES = [
    ["afib", "ang/isc", "cardiac arrest", "heart failure", "MI"],
    ["stroke"],
    ["diabetes", "dyslipidemia", "htn"],
    ["nafld"],
]


def sex(d: SimpleNamespace, rows: pd.DataFrame):
    return codes(rows.id.map(d.persons.male), [0, 1])


@ask("SELECT test, count(*) FROM labs GROUP BY test")
def measurements_by_kind(d: SimpleNamespace) -> Columns:
    return {"count": weighted_count(d.labs.id, Grid(codes(d.labs.test, TESTS)))}


@ask("SELECT count(*), avg(value) FROM labs WHERE test = 'sbp'")
def mean_blood_pressure(d: SimpleNamespace) -> Columns:
    rows = d.labs[d.labs.test == "sbp"]
    grid = Grid(rows=len(rows))
    return {
        "count": bounded_count(rows.id, grid),
        "mean_value": bounded_mean(rows.id, grid, rows.value, centre=13000),
    }


@ask(
    """SELECT sex, avg(value) FROM labs JOIN persons USING (id) WHERE test = 'hdl' GROUP BY sex""",
    tables=2,
)
def mean_cholesterol_by_sex(d: SimpleNamespace) -> Columns:
    rows = d.labs[d.labs.test == "hdl"]
    return {"mean_value": bounded_mean(rows.id, Grid(sex(d, rows)), rows.value, centre=13000)}


@ask("""SELECT recode(test, 'measurement_group'), count(*), count(distinct id) FROM labs
        WHERE days <= 0 GROUP BY recode(test, 'measurement_group')""")
def kinds_of_measurement_before_the_index_date(d: SimpleNamespace) -> Columns:
    rows = d.labs[d.labs.days <= 0]
    grid = Grid(groups(rows.test, [["hdl", "fib4"], ["sbp"], ["smoke"]]))
    return {"count": weighted_count(rows.id, grid), "units": weighted_units(rows.id, grid)}


@ask("""SELECT band(days, -365, 0, 365), avg(value), count(*) FROM labs WHERE test = 'sbp'
        GROUP BY band(days, -365, 0, 365)""")
def blood_pressure_over_time(d: SimpleNamespace) -> Columns:
    rows = d.labs[d.labs.test == "sbp"]
    grid = Grid(bands(rows.days, -365, 0, 365))
    return {
        "mean_value": weighted_total(rows.id, grid, rows.value, centre=13000),
        "count": weighted_count(rows.id, grid),
    }


@ask("SELECT test, count(distinct id) FROM labs GROUP BY test")
def persons_with_each_measurement(d: SimpleNamespace) -> Columns:
    return {"units": weighted_units(d.labs.id, Grid(codes(d.labs.test, TESTS)))}


@ask(
    """SELECT test, sex, band(age, 40, 60), count(distinct labs.id)
       FROM labs JOIN persons USING (id) GROUP BY test, sex, band(age, 40, 60)""",
    tables=2,
)
def persons_with_each_measurement_by_sex_and_age(d: SimpleNamespace) -> Columns:
    age = bands(d.labs.id.map(d.persons.age), 40, 60)
    grid = Grid(codes(d.labs.test, TESTS), sex(d, d.labs), age)
    return {"units": weighted_units(d.labs.id, grid)}


@ask("SELECT sum(value), count(distinct id) FROM labs WHERE test = 'smoke'")
def times_that_smoking_was_recorded(d: SimpleNamespace) -> Columns:
    rows = d.labs[d.labs.test == "smoke"]
    grid = Grid(rows=len(rows))
    return {
        "sum_value": bounded_sum(rows.id, grid, rows.value, reach=26000),
        "units": bounded_units(rows.id, grid),
    }


@ask(
    """WITH e AS (SELECT id, count(*) > 0 AS diabetes FROM events
                  WHERE event = 'diabetes' GROUP BY id)
       SELECT diabetes, sex, avg(value), count(*)
       FROM labs JOIN persons USING (id) LEFT JOIN e ON e.id = labs.id
       WHERE test = 'hdl' AND days BETWEEN -730 AND 730 GROUP BY diabetes, sex""",
    tables=3,
)
def cholesterol_of_diabetics_by_sex(d: SimpleNamespace) -> Columns:
    rows = d.labs[(d.labs.test == "hdl") & d.labs.days.between(-730, 730)]
    ill = rows.id.isin(d.events[d.events.event == "diabetes"].id)
    grid = Grid(truth(ill), sex(d, rows))
    return {
        "mean_value": bounded_mean(rows.id, grid, rows.value, centre=13000),
        "count": bounded_count(rows.id, grid),
    }


@ask("SELECT event, count(*) FROM events GROUP BY event")
def records_of_each_disease(d: SimpleNamespace) -> Columns:
    return {"count": weighted_count(d.events.id, Grid(codes(d.events.event, EVENTS)))}


@ask("""SELECT recode(event, 'disease_group'), count(distinct id) FROM events
        GROUP BY recode(event, 'disease_group')""")
def persons_with_each_group_of_diseases(d: SimpleNamespace) -> Columns:
    return {"units": weighted_units(d.events.id, Grid(groups(d.events.event, DISEASES)))}


@ask(
    """SELECT recode(event, 'disease_group'), sex, count(*)
       FROM events LEFT JOIN persons ON events.id = persons.id
       GROUP BY recode(event, 'disease_group'), sex""",
    tables=2,
)
def records_of_diseases_by_sex(d: SimpleNamespace) -> Columns:
    who = codes(d.events.id.map(d.persons.male), [0, 1], missing=True)
    grid = Grid(groups(d.events.event, DISEASES), who)
    return {"count": weighted_count(d.events.id, grid)}


@ask(
    """SELECT event, died, count(distinct events.id) FROM events JOIN persons USING (id)
       WHERE age >= 60 AND event <> 'nafld' GROUP BY event, died""",
    tables=2,
)
def diseases_and_deaths_of_the_old(d: SimpleNamespace) -> Columns:
    old = d.events.id.map(d.persons.age) >= 60
    rows = d.events[old & (d.events.event != "nafld")]
    died = codes(rows.id.map(d.persons.status), [0, 1])
    return {"units": weighted_units(rows.id, Grid(codes(rows.event, EVENTS), died))}


@ask("SELECT event, avg(days) FROM events WHERE days > 0 GROUP BY event")
def days_until_each_disease(d: SimpleNamespace) -> Columns:
    rows = d.events[d.events.days > 0]
    grid = Grid(codes(rows.event, EVENTS))
    centre = (7300 - 17000) // 2
    return {"mean_days": weighted_total(rows.id, grid, rows.days, centre=centre)}


@ask(
    """SELECT band(bmi, 25, 30), count(*), sum(days) FROM events JOIN persons USING (id)
       WHERE days < 0 GROUP BY band(bmi, 25, 30)""",
    tables=2,
)
def earlier_diseases_by_bmi(d: SimpleNamespace) -> Columns:
    rows = d.events[d.events.days < 0]
    grid = Grid(bands(rows.id.map(d.persons.bmi), 250, 300, missing=True))
    return {
        "count": bounded_count(rows.id, grid),
        "sum_days": bounded_sum(rows.id, grid, rows.days, reach=17000),
    }


@ask(
    """WITH s AS (SELECT id, max(value) AS smokes FROM labs WHERE test = 'smoke' GROUP BY id)
       SELECT recode(event, 'coronary'), band(smokes, 1), count(distinct events.id)
       FROM events LEFT JOIN s ON s.id = events.id JOIN persons ON persons.id = events.id
       WHERE sex = '1' GROUP BY recode(event, 'coronary'), band(smokes, 1)""",
    tables=3,
)
def coronary_disease_of_men_by_smoking(d: SimpleNamespace) -> Columns:
    rows = d.events[d.events.id.map(d.persons.male) == 1]
    smokes = d.labs[d.labs.test == "smoke"].groupby("id").value.max()
    coronary = ["ang/isc", "MI"]
    others = [event for event in EVENTS if event not in coronary]
    grid = Grid(
        groups(rows.event, [coronary, others]),
        bands(rows.id.map(smokes).astype("Int64"), 100, missing=True),
    )
    return {"units": weighted_units(rows.id, grid)}


@ask(
    """WITH l AS (SELECT id, avg(value) AS pressure FROM labs WHERE test = 'sbp' GROUP BY id)
       SELECT event, avg(pressure), count(*) FROM events LEFT JOIN l USING (id)
       WHERE pressure IS NOT NULL AND NOT event IN ('nafld', 'cardiac arrest') GROUP BY event""",
    tables=2,
)
def usual_blood_pressure_by_disease(d: SimpleNamespace) -> Columns:
    own = d.labs[d.labs.test == "sbp"].groupby("id").value.agg(["sum", "count"])
    usual = (2 * own["sum"] + own["count"]) // (2 * own["count"])
    pressure = d.events.id.map(usual)
    rows = d.events[pressure.notna() & ~d.events.event.isin(["nafld", "cardiac arrest"])]
    grid = Grid(codes(rows.event, EVENTS))
    value = rows.id.map(usual).astype("Int64")
    return {
        "mean_pressure": weighted_total(rows.id, grid, value, centre=13000),
        "count": weighted_count(rows.id, grid),
    }
