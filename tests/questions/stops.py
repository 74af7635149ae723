"""Questions about police stops: exact tables, the unit is the stop, linked to public figures."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from tests.questions.asked import Questions
from tests.questions.by_hand import (
    Columns,
    Grid,
    bands,
    codes,
    exact_count,
    exact_mean,
    exact_units,
    groups,
)

ask = Questions("stops")
RACES = ["Asian", "Black", "East African", "Latino", "Native American", "White", "Other", "Unknown"]
PROBLEMS = ["suspicious", "traffic"]
DOWNTOWN = ["Downtown East", "Downtown West", "Elliot Park", "Loring Park", "North Loop",
            "Steven's Square - Loring Heights"]  # fmt: skip


def race(rows: pd.DataFrame):
    return codes(rows.race, RACES, missing=True)


def problem(rows: pd.DataFrame):
    return codes(rows.problem, PROBLEMS)


def precinct(rows: pd.DataFrame):
    return codes(rows.policePrecinct, [1, 2, 3, 4, 5])


def answer(rows: pd.Series):
    return codes(rows, ["NO", "YES"], missing=True)


@ask("SELECT precinct, race, count(*) FROM stops GROUP BY precinct, race")
def stops_by_precinct_and_race(d: SimpleNamespace) -> Columns:
    return {"count": exact_count(d.stops.idNum, Grid(precinct(d.stops), race(d.stops)))}


@ask("""SELECT race, problem, count(distinct stop) FROM stops
        WHERE person_search = 'YES' GROUP BY race, problem""")
def persons_searched_by_race_and_reason(d: SimpleNamespace) -> Columns:
    rows = d.stops[d.stops.personSearch == "YES"]
    return {"units": exact_units(rows.idNum, Grid(race(rows), problem(rows)))}


@ask("""SELECT problem, count(*) FROM stops
        WHERE neighbourhood IN ('Downtown East', 'Downtown West', 'Elliot Park', 'Loring Park',
                                'North Loop', 'Steven''s Square - Loring Heights')
        GROUP BY problem""")
def stops_downtown(d: SimpleNamespace) -> Columns:
    rows = d.stops[d.stops.neighborhood.isin(DOWNTOWN)]
    return {"count": exact_count(rows.idNum, Grid(problem(rows)))}


@ask("""SELECT band(month, 4, 7, 10), gender, count(*) FROM stops
        GROUP BY band(month, 4, 7, 10), gender""")
def stops_by_season_and_gender(d: SimpleNamespace) -> Columns:
    gender = codes(d.stops.gender, ["Female", "Male", "Unknown"], missing=True)
    return {"count": exact_count(d.stops.idNum, Grid(bands(d.stops.month, 4, 7, 10), gender))}


@ask("""SELECT band(hour, 6, 12, 18), problem, count(*), avg(hour) FROM stops
        GROUP BY band(hour, 6, 12, 18), problem""")
def stops_by_time_of_day(d: SimpleNamespace) -> Columns:
    grid = Grid(bands(d.stops.hour, 6, 12, 18), problem(d.stops))
    return {
        "count": exact_count(d.stops.idNum, grid),
        "mean_hour": exact_mean(d.stops.idNum, grid, d.stops.hour),
    }


@ask("""SELECT recode(race, 'race_group'), citation, count(*) FROM stops
        GROUP BY recode(race, 'race_group'), citation""")
def citations_by_race(d: SimpleNamespace) -> Columns:
    who = groups(
        d.stops.race,
        [["Black", "East African"], ["White"], ["Latino", "Native American"], ["Asian", "Other"]],
        missing=True,
    )
    return {"count": exact_count(d.stops.idNum, Grid(who, answer(d.stops.citationIssued)))}


@ask("SELECT neighbourhood, problem, count(*) FROM stops GROUP BY neighbourhood, problem")
def stops_by_neighbourhood(d: SimpleNamespace) -> Columns:
    where = codes(d.stops.neighborhood, sorted(d.stops.neighborhood.unique()))
    return {"count": exact_count(d.stops.idNum, Grid(where, problem(d.stops)))}


@ask("""SELECT precinct, count(*) FROM stops
        WHERE date BETWEEN DATE '2017-06-01' AND DATE '2017-08-31' GROUP BY precinct""")
def stops_in_summer(d: SimpleNamespace) -> Columns:
    rows = d.stops[d.stops.day.between("2017-06-01", "2017-08-31")]
    return {"count": exact_count(rows.idNum, Grid(precinct(rows)))}


@ask("""SELECT band(date, DATE '2017-04-01', DATE '2017-07-15'), race_before, count(*) FROM stops
        WHERE recorded_by = 'MDC' GROUP BY band(date, DATE '2017-04-01', DATE '2017-07-15'),
        race_before""")
def stops_before_and_after_the_middle_of_july(d: SimpleNamespace) -> Columns:
    rows = d.stops[d.stops.MDC == "MDC"]
    days = pd.to_datetime(rows.day).map(pd.Timestamp.toordinal).astype("Int64")
    cuts = [pd.Timestamp(day).toordinal() for day in ("2017-04-01", "2017-07-15")]
    grid = Grid(bands(days, *cuts), codes(rows.preRace, RACES, missing=True))
    return {"count": exact_count(rows.idNum, grid)}


@ask(
    """SELECT band(income, 30000, 50000, 70000), race, count(*) FROM stops
       LEFT JOIN areas ON areas.neighbourhood = stops.neighbourhood
       GROUP BY band(income, 30000, 50000, 70000), race""",
    tables=2,
)
def stops_by_income_of_the_neighbourhood_and_race(d: SimpleNamespace) -> Columns:
    income = bands(d.linked.hhIncome.astype("Int64"), 30000, 50000, 70000, missing=True)
    return {"count": exact_count(d.linked.idNum, Grid(income, race(d.linked)))}


@ask(
    """SELECT person_search, band(poverty, 0.05, 0.08), count(*)
       FROM stops JOIN areas ON stops.neighbourhood = areas.neighbourhood
       GROUP BY person_search, band(poverty, 0.05, 0.08)""",
    tables=2,
)
def searches_by_poverty_of_the_neighbourhood(d: SimpleNamespace) -> Columns:
    rows = d.linked[d.linked.population.notna()]
    grid = Grid(answer(rows.personSearch), bands(rows.poverty, 50, 80))
    return {"count": exact_count(rows.idNum, grid)}


@ask(
    """SELECT band(black, 0.1, 0.3), race, problem, count(*)
       FROM stops JOIN areas ON stops.neighbourhood = areas.neighbourhood
       WHERE vehicle_search = 'YES' GROUP BY band(black, 0.1, 0.3), race, problem""",
    tables=2,
)
def vehicles_searched_by_residents_and_race(d: SimpleNamespace) -> Columns:
    rows = d.linked[d.linked.population.notna() & (d.linked.vehicleSearch == "YES")]
    grid = Grid(bands(rows.black, 100, 300), race(rows), problem(rows))
    return {"count": exact_count(rows.idNum, grid)}


@ask(
    """SELECT precinct, count(*) FROM stops
       LEFT JOIN areas ON stops.neighbourhood = areas.neighbourhood
       WHERE population IS NULL GROUP BY precinct""",
    tables=2,
)
def stops_where_nobody_lives(d: SimpleNamespace) -> Columns:
    rows = d.linked[d.linked.population.isna()]
    return {"count": exact_count(rows.idNum, Grid(precinct(rows)))}
