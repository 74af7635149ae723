"""Questions about persons of the cohort: one row a person, features from two other tables."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from tests.questions.asked import Questions
from tests.questions.by_hand import Columns, Grid, bands, codes, one_count, one_total, truth

ask = Questions("nafld")
BMI = (185, 250, 300, 350, 400)  # tenths


def sex(persons: pd.DataFrame):
    return codes(persons.male, [0, 1])


def age(persons: pd.DataFrame, *cuts: int):
    return bands(persons.age, *cuts)


def bmi(persons: pd.DataFrame):
    return bands(persons.bmi, *BMI, missing=True)


def has(persons: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    return persons.id.isin(rows.id)


def found(d: SimpleNamespace, *events: str) -> pd.Series:
    return has(d.persons, d.events[d.events.event.isin(events)])


def of(persons: pd.DataFrame, per_unit: pd.Series) -> pd.Series:
    return persons.id.map(per_unit).astype("Int64")


def test(d: SimpleNamespace, name: str) -> pd.DataFrame:
    return d.labs[d.labs.test == name]


@ask("SELECT sex, count(*) FROM persons GROUP BY sex")
def persons_by_sex(d: SimpleNamespace) -> Columns:
    return {"count": one_count(Grid(sex(d.persons)))}


@ask("""SELECT band(bmi, 18.5, 25, 30, 35, 40), sex, count(*) FROM persons
        GROUP BY band(bmi, 18.5, 25, 30, 35, 40), sex""")
def persons_by_bmi_band_and_sex(d: SimpleNamespace) -> Columns:
    return {"count": one_count(Grid(bmi(d.persons), sex(d.persons)))}


@ask("""SELECT sex, band(age, 40, 60, 80), avg(bmi) FROM persons
        GROUP BY sex, band(age, 40, 60, 80)""")
def mean_bmi_by_sex_and_age(d: SimpleNamespace) -> Columns:
    grid = Grid(sex(d.persons), age(d.persons, 40, 60, 80))
    return {"mean_bmi": one_total(grid, d.persons.bmi, centre=(90 + 850) // 2)}


@ask("SELECT died, avg(age), sum(follow_up) FROM persons GROUP BY died")
def age_and_days_of_follow_up_of_the_dead(d: SimpleNamespace) -> Columns:
    grid = Grid(codes(d.persons.status, [0, 1]))
    return {
        "mean_age": one_total(grid, d.persons.age, centre=59),
        "sum_follow_up": one_total(grid, d.persons.futime),
    }


@ask("""SELECT sex, count(*) FROM persons WHERE age BETWEEN 40 AND 59 AND bmi >= 30 GROUP BY sex""")
def obese_persons_in_middle_age(d: SimpleNamespace) -> Columns:
    p = d.persons[d.persons.age.between(40, 59) & (d.persons.bmi >= 300).fillna(False)]
    return {"count": one_count(Grid(sex(p)))}


@ask("""SELECT sex, count(*) FROM persons WHERE weight IS NULL OR height IS NULL GROUP BY sex""")
def persons_who_were_not_measured(d: SimpleNamespace) -> Columns:
    p = d.persons[d.persons.weight.isna() | d.persons.height.isna()]
    return {"count": one_count(Grid(sex(p)))}


@ask("""SELECT sex, avg(weight), avg(height) FROM persons
        WHERE NOT (age < 30 OR age >= 80) GROUP BY sex""")
def weight_and_height_of_adults(d: SimpleNamespace) -> Columns:
    p = d.persons[(d.persons.age >= 30) & (d.persons.age < 80)]
    grid = Grid(sex(p))
    return {
        "mean_weight": one_total(grid, p.weight, centre=1150),
        "mean_height": one_total(grid, p.height, centre=170),
    }


@ask("""SELECT band(age, 30, 40, 50, 60, 70, 80), count(*), count(distinct id) FROM persons
        GROUP BY band(age, 30, 40, 50, 60, 70, 80)""")
def persons_by_age(d: SimpleNamespace) -> Columns:
    grid = Grid(age(d.persons, 30, 40, 50, 60, 70, 80))
    return {"count": one_count(grid), "units": one_count(grid)}


@ask("SELECT count(*), avg(bmi), sum(weight) FROM persons")
def everybody(d: SimpleNamespace) -> Columns:
    grid = Grid(rows=len(d.persons))
    return {
        "count": one_count(grid),
        "mean_bmi": one_total(grid, d.persons.bmi, centre=470),
        "sum_weight": one_total(grid, d.persons.weight),
    }


@ask("""SELECT died, count(*) FROM persons WHERE age IN (50, 60, 70) AND NOT bmi < 25
        GROUP BY died""")
def deaths_at_round_ages(d: SimpleNamespace) -> Columns:
    p = d.persons[d.persons.age.isin([50, 60, 70]) & (d.persons.bmi >= 250).fillna(False)]
    return {"count": one_count(Grid(codes(p.status, [0, 1])))}


@ask(
    """WITH smoking AS (SELECT id, max(value) AS smokes FROM labs WHERE test = 'smoke' GROUP BY id),
            sugar AS (SELECT id, count(*) > 0 AS diabetes FROM events
                      WHERE event = 'diabetes' GROUP BY id)
       SELECT diabetes, band(smokes, 1), band(bmi, 18.5, 25, 30, 35, 40), band(age, 40, 60),
              count(*)
       FROM persons LEFT JOIN smoking USING (id) LEFT JOIN sugar USING (id)
       GROUP BY diabetes, band(smokes, 1), band(bmi, 18.5, 25, 30, 35, 40), band(age, 40, 60)""",
    tables=3,
)
def diabetes_by_smoking_bmi_and_age(d: SimpleNamespace) -> Columns:
    p = d.persons
    smokes = of(p, test(d, "smoke").groupby("id").value.max())
    grid = Grid(
        truth(found(d, "diabetes")), bands(smokes, 100, missing=True), bmi(p), age(p, 40, 60)
    )
    return {"count": one_count(grid)}


@ask(
    """WITH e AS (SELECT id, count(*) > 0 AS pressure FROM events WHERE event = 'htn' GROUP BY id)
       SELECT sex, band(age, 40, 50, 60, 70), pressure, count(*)
       FROM persons LEFT JOIN e ON e.id = persons.id
       GROUP BY sex, band(age, 40, 50, 60, 70), pressure""",
    tables=2,
)
def hypertension_by_sex_and_age(d: SimpleNamespace) -> Columns:
    grid = Grid(sex(d.persons), age(d.persons, 40, 50, 60, 70), truth(found(d, "htn")))
    return {"count": one_count(grid)}


@ask(
    """WITH heart AS (SELECT id, count(*) > 0 AS ill FROM events
                      WHERE event IN ('MI', 'ang/isc', 'heart failure', 'afib', 'cardiac arrest')
                      GROUP BY id)
       SELECT band(bmi, 18.5, 25, 30, 35, 40), ill, count(*), avg(age)
       FROM persons LEFT JOIN heart USING (id) GROUP BY band(bmi, 18.5, 25, 30, 35, 40), ill""",
    tables=2,
)
def heart_disease_by_bmi(d: SimpleNamespace) -> Columns:
    ill = found(d, "MI", "ang/isc", "heart failure", "afib", "cardiac arrest")
    grid = Grid(bmi(d.persons), truth(ill))
    return {"count": one_count(grid), "mean_age": one_total(grid, d.persons.age, centre=59)}


@ask(
    """WITH bp AS (SELECT id, max(value) AS highest FROM labs WHERE test = 'sbp' GROUP BY id)
       SELECT sex, band(age, 40, 60), avg(highest) FROM persons LEFT JOIN bp USING (id)
       GROUP BY sex, band(age, 40, 60)""",
    tables=2,
)
def highest_blood_pressure_by_sex_and_age(d: SimpleNamespace) -> Columns:
    highest = of(d.persons, test(d, "sbp").groupby("id").value.max())
    grid = Grid(sex(d.persons), age(d.persons, 40, 60))
    return {"mean_highest": one_total(grid, highest, centre=13000)}


@ask(
    """WITH lipid AS (SELECT id, arg_max(value, days) AS latest FROM labs
                      WHERE test = 'hdl' GROUP BY id),
            smoking AS (SELECT id, max(value) AS smokes FROM labs WHERE test = 'smoke' GROUP BY id)
       SELECT band(smokes, 1), avg(latest), count(*)
       FROM persons LEFT JOIN lipid USING (id) LEFT JOIN smoking USING (id)
       GROUP BY band(smokes, 1)""",
    tables=2,
)
def latest_cholesterol_by_smoking(d: SimpleNamespace) -> Columns:
    ordered = test(d, "hdl").sort_values(["days", "value"])
    latest = of(d.persons, ordered.groupby("id").value.last())
    smokes = of(d.persons, test(d, "smoke").groupby("id").value.max())
    grid = Grid(bands(smokes, 100, missing=True))
    return {"mean_latest": one_total(grid, latest, centre=13000), "count": one_count(grid)}


@ask(
    """WITH bp AS (SELECT id, arg_min(value, days) AS first_pressure FROM labs
                   WHERE test = 'sbp' GROUP BY id)
       SELECT band(first_pressure, 120, 130, 140, 160), band(age, 50, 65), count(*)
       FROM persons LEFT JOIN bp USING (id)
       GROUP BY band(first_pressure, 120, 130, 140, 160), band(age, 50, 65)""",
    tables=2,
)
def first_blood_pressure_by_age(d: SimpleNamespace) -> Columns:
    ordered = test(d, "sbp").sort_values(["days", "value"])
    first = of(d.persons, ordered.groupby("id").value.first())
    pressure = bands(first, 12000, 13000, 14000, 16000, missing=True)
    return {"count": one_count(Grid(pressure, age(d.persons, 50, 65)))}


@ask(
    """WITH m AS (SELECT id, count(*) AS n FROM labs WHERE test = 'hdl' GROUP BY id)
       SELECT band(n, 1, 5, 20, 50), sex, count(*), sum(n) FROM persons LEFT JOIN m USING (id)
       GROUP BY band(n, 1, 5, 20, 50), sex""",
    tables=2,
)
def how_often_cholesterol_was_measured(d: SimpleNamespace) -> Columns:
    n = of(d.persons, test(d, "hdl").groupby("id").size()).fillna(0)
    grid = Grid(bands(n, 1, 5, 20, 50), sex(d.persons))
    return {"count": one_count(grid), "sum_n": one_total(grid, n)}


@ask(
    """WITH lipid AS (SELECT id, avg(value) AS usual FROM labs WHERE test = 'hdl' GROUP BY id),
            e AS (SELECT id, count(*) > 0 AS diabetes FROM events
                  WHERE event = 'diabetes' GROUP BY id)
       SELECT diabetes, sex, avg(usual)
       FROM persons LEFT JOIN lipid USING (id) LEFT JOIN e USING (id) GROUP BY diabetes, sex""",
    tables=3,
)
def usual_cholesterol_with_and_without_diabetes(d: SimpleNamespace) -> Columns:
    own = test(d, "hdl").groupby("id").value.agg(["sum", "count"])
    usual = (2 * own["sum"] + own["count"]) // (2 * own["count"])  # half up
    grid = Grid(truth(found(d, "diabetes")), sex(d.persons))
    return {"mean_usual": one_total(grid, of(d.persons, usual), centre=13000)}


@ask(
    """WITH e AS (SELECT id, count(*) AS diseases FROM events GROUP BY id)
       SELECT sex, sum(diseases), avg(diseases) FROM persons LEFT JOIN e USING (id) GROUP BY sex""",
    tables=2,
)
def diseases_of_women_and_men(d: SimpleNamespace) -> Columns:
    diseases = of(d.persons, d.events.groupby("id").size()).fillna(0)
    grid = Grid(sex(d.persons))
    return {
        "sum_diseases": one_total(grid, diseases),
        "mean_diseases": one_total(grid, diseases),  # the sum is asked too
    }


@ask(
    """WITH e AS (SELECT id, count(*) > 0 AS soon FROM events
                  WHERE event = 'diabetes' AND days BETWEEN -365 AND 365 GROUP BY id)
       SELECT soon, band(age, 40, 60), count(*) FROM persons LEFT JOIN e USING (id)
       GROUP BY soon, band(age, 40, 60)""",
    tables=2,
)
def diabetes_within_a_year_of_the_index_date(d: SimpleNamespace) -> Columns:
    e = d.events
    near = e[(e.event == "diabetes") & e.days.between(-365, 365)]
    grid = Grid(truth(has(d.persons, near)), age(d.persons, 40, 60))
    return {"count": one_count(grid)}


@ask(
    """WITH bp AS (SELECT id, min(value) AS lowest FROM labs WHERE test = 'sbp' GROUP BY id)
       SELECT sex, count(*) FROM persons LEFT JOIN bp USING (id) WHERE lowest < 100 GROUP BY sex""",
    tables=2,
)
def persons_whose_pressure_was_once_low(d: SimpleNamespace) -> Columns:
    lowest = of(d.persons, test(d, "sbp").groupby("id").value.min())
    return {"count": one_count(Grid(sex(d.persons[(lowest < 10000).fillna(False)])))}


@ask(
    """WITH f AS (SELECT id, max(value) AS fibrosis FROM labs WHERE test = 'fib4' GROUP BY id),
            e AS (SELECT id, count(*) > 0 AS liver FROM events WHERE event = 'nafld' GROUP BY id)
       SELECT liver, died, band(fibrosis, 3.25, 5), count(*)
       FROM persons LEFT JOIN f USING (id) LEFT JOIN e USING (id)
       GROUP BY liver, died, band(fibrosis, 3.25, 5)""",
    tables=3,
)
def deaths_by_liver_disease_and_fibrosis(d: SimpleNamespace) -> Columns:
    fibrosis = of(d.persons, test(d, "fib4").groupby("id").value.max())
    grid = Grid(
        truth(found(d, "nafld")),
        codes(d.persons.status, [0, 1]),
        bands(fibrosis, 325, 500, missing=True),
    )
    return {"count": one_count(grid)}


@ask(
    """WITH l AS (SELECT id, count(*) > 0 AS seen FROM labs WHERE days > 0 GROUP BY id)
       SELECT seen, died, count(*), sum(follow_up) FROM persons LEFT JOIN l USING (id)
       GROUP BY seen, died""",
    tables=2,
)
def who_was_measured_after_the_index_date(d: SimpleNamespace) -> Columns:
    seen = has(d.persons, d.labs[d.labs.days > 0])
    grid = Grid(truth(seen), codes(d.persons.status, [0, 1]))
    return {"count": one_count(grid), "sum_follow_up": one_total(grid, d.persons.futime)}


@ask(
    """WITH s AS (SELECT id, sum(value) AS times FROM labs WHERE test = 'smoke' GROUP BY id)
       SELECT band(times, 1, 3), sex, count(*), avg(times) FROM persons LEFT JOIN s USING (id)
       GROUP BY band(times, 1, 3), sex""",
    tables=2,
)
def how_often_persons_said_that_they_smoke(d: SimpleNamespace) -> Columns:
    times = of(d.persons, test(d, "smoke").groupby("id").value.sum()).fillna(0)
    grid = Grid(bands(times, 100, 300), sex(d.persons))
    return {"count": one_count(grid), "mean_times": one_total(grid, times, centre=130 * 26000)}


@ask(
    """WITH e AS (SELECT id, count(*) > 0 AS stroke FROM events WHERE event = 'stroke' GROUP BY id),
            h AS (SELECT id, count(*) > 0 AS pressure FROM events WHERE event = 'htn' GROUP BY id),
            s AS (SELECT id, max(value) AS smokes FROM labs WHERE test = 'smoke' GROUP BY id)
       SELECT stroke, pressure, count(*) FROM persons
       LEFT JOIN e USING (id) LEFT JOIN h USING (id) LEFT JOIN s USING (id)
       WHERE smokes = 1 OR age >= 60 GROUP BY stroke, pressure""",
    tables=3,
)
def stroke_and_hypertension_of_smokers_or_the_old(d: SimpleNamespace) -> Columns:
    p = d.persons
    smokes = of(p, test(d, "smoke").groupby("id").value.max())
    asked = (smokes == 100).fillna(False) | (p.age >= 60)
    grid = Grid(truth(found(d, "stroke")[asked]), truth(found(d, "htn")[asked]))
    return {"count": one_count(grid)}


@ask(
    """WITH e AS (SELECT id, min(days) AS first_day FROM events
                  WHERE event = 'diabetes' AND days > 0 GROUP BY id)
       SELECT sex, avg(first_day) FROM persons LEFT JOIN e USING (id)
       WHERE first_day IS NOT NULL GROUP BY sex""",
    tables=2,
)
def days_until_diabetes(d: SimpleNamespace) -> Columns:
    e = d.events
    first = of(d.persons, e[(e.event == "diabetes") & (e.days > 0)].groupby("id").days.min())
    grid = Grid(sex(d.persons[first.notna()]))
    return {"mean_first_day": one_total(grid, first.dropna(), centre=(7300 - 17000) // 2)}


@ask(
    """WITH a AS (SELECT id, count(*) > 0 AS diabetes FROM events
                  WHERE event = 'diabetes' GROUP BY id),
            b AS (SELECT id, count(*) > 0 AS pressure FROM events WHERE event = 'htn' GROUP BY id),
            c AS (SELECT id, count(*) > 0 AS fat FROM events
                  WHERE event = 'dyslipidemia' GROUP BY id)
       SELECT diabetes, pressure, fat, count(distinct id) FROM persons
       LEFT JOIN a USING (id) LEFT JOIN b USING (id) LEFT JOIN c USING (id)
       GROUP BY diabetes, pressure, fat""",
    tables=2,
)
def metabolic_diseases_together(d: SimpleNamespace) -> Columns:
    ill = [found(d, event) for event in ("diabetes", "htn", "dyslipidemia")]
    return {"units": one_count(Grid(*(truth(one) for one in ill)))}


@ask(
    """WITH e AS (SELECT id, arg_max(event, days) AS latest FROM events
                  WHERE event IN ('diabetes', 'htn', 'stroke') GROUP BY id)
       SELECT latest, sex, count(*) FROM persons LEFT JOIN e USING (id) GROUP BY latest, sex""",
    tables=2,
)
def latest_of_three_diseases(d: SimpleNamespace) -> Columns:
    order = ["afib", "ang/isc", "cardiac arrest", "diabetes", "dyslipidemia", "heart failure",
             "htn", "MI", "nafld", "stroke"]  # fmt: skip
    e = d.events[d.events.event.isin(["diabetes", "htn", "stroke"])].copy()
    e["place"] = e.event.map(order.index)
    latest = e.sort_values(["days", "place"]).groupby("id").place.last()
    grid = Grid(codes(of(d.persons, latest), list(range(10)), missing=True), sex(d.persons))
    return {"count": one_count(grid)}
