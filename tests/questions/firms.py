"""Questions about firms: exact tables with the evidence of dominance, firms linked to years."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from tests.questions.asked import Questions
from tests.questions.by_hand import (
    Axis,
    Columns,
    Grid,
    bands,
    codes,
    exact_count,
    exact_mean,
    exact_sum,
    exact_units,
    truth,
)

ask = Questions("firms")
SECTORS = [  # by the first digits of the industry
    ["11", "21", "22", "23"],
    ["311", "312"],
    ["313", "314", "315", "316"],
    ["321", "322", "323"],
    ["324", "326", "327"],
    ["3254"],
    ["325"],
    ["331", "332"],
    ["333"],
    ["334"],
    ["335"],
    ["336"],
    ["337", "339"],
    ["42", "44", "45", "48"],
    ["51"],
    ["52", "53", "54", "56", "81"],
    ["99"],
]


def sector(rows: pd.DataFrame) -> Axis:
    starts = {start: at for at, members in enumerate(SECTORS) for start in members}
    at = [next(starts[code[:n]] for n in (4, 3, 2) if code[:n] in starts) for code in rows.industry]
    return Axis(pd.Series(at).to_numpy(), len(SECTORS))


def kind(rows: pd.DataFrame) -> Axis:
    at = rows.industry.map(lambda code: 2 if code == "9999" else 0 if code[0] == "3" else 1)
    return Axis(at.to_numpy(), 3)


@ask("""SELECT band(year, 1993, 1995, 1997), sum(research), count(*) FROM firm_years
        GROUP BY band(year, 1993, 1995, 1997)""")
def research_by_year(d: SimpleNamespace) -> Columns:
    grid = Grid(bands(d.years.year, 1993, 1995, 1997))
    return {
        "sum_research": exact_sum(d.years.company, grid, d.years.randd),
        "count": exact_count(d.years.company, grid),
    }


@ask(
    """SELECT recode(industry, 'sector'), sum(research), avg(sales)
       FROM firm_years JOIN firms ON firms.firm = firm_years.firm
       GROUP BY recode(industry, 'sector')""",
    tables=2,
)
def research_and_sales_by_sector(d: SimpleNamespace) -> Columns:
    grid = Grid(sector(d.years))
    return {
        "sum_research": exact_sum(d.years.company, grid, d.years.randd),
        "mean_sales": exact_mean(d.years.company, grid, d.years.sales),
    }


@ask("""SELECT large, band(year, 1994, 1997), count(distinct firm), count(*) FROM firm_years
        GROUP BY large, band(year, 1994, 1997)""")
def large_firms_over_the_years(d: SimpleNamespace) -> Columns:
    grid = Grid(codes(d.years.sp500, ["no", "yes"]), bands(d.years.year, 1994, 1997))
    return {
        "units": exact_units(d.years.company, grid),
        "count": exact_count(d.years.company, grid),
    }


@ask("SELECT large, avg(value), sum(value) FROM firm_years GROUP BY large")
def market_value_of_large_firms(d: SimpleNamespace) -> Columns:
    grid = Grid(codes(d.years.sp500, ["no", "yes"]))
    return {
        "mean_value": exact_mean(d.years.company, grid, d.years.value),
        "sum_value": exact_sum(d.years.company, grid, d.years.value),
    }


@ask(
    """SELECT recode(industry, 'sector'), band(year, 1994, 1997), sum(research)
       FROM firm_years JOIN firms USING (firm)
       GROUP BY recode(industry, 'sector'), band(year, 1994, 1997)""",
    tables=2,
)
def research_by_sector_and_year(d: SimpleNamespace) -> Columns:
    grid = Grid(sector(d.years), bands(d.years.year, 1994, 1997))
    return {"sum_research": exact_sum(d.years.company, grid, d.years.randd)}


@ask(
    """SELECT recode(industry, 'kind'), no_research, count(*), avg(employment)
       FROM firm_years LEFT JOIN firms USING (firm)
       GROUP BY recode(industry, 'kind'), no_research""",
    tables=2,
)
def firms_without_research_by_kind_of_industry(d: SimpleNamespace) -> Columns:
    grid = Grid(kind(d.years), codes(d.years.drandd, [0, 1]))
    return {
        "count": exact_count(d.years.company, grid),
        "mean_employment": exact_mean(d.years.company, grid, d.years.employment),
    }


@ask("""SELECT recode(industry, 'sector'), never_cited, count(*) FROM firms
        GROUP BY recode(industry, 'sector'), never_cited""")
def firms_by_sector(d: SimpleNamespace) -> Columns:
    grid = Grid(sector(d.firms), codes(d.firms.dprecites, [0, 1]))
    return {"count": exact_count(d.firms.company, grid)}


@ask(
    """WITH p AS (SELECT firm, max(patents) AS most FROM firm_years GROUP BY firm)
       SELECT recode(industry, 'sector'), band(most, 1, 10, 100), count(*)
       FROM firms LEFT JOIN p USING (firm)
       GROUP BY recode(industry, 'sector'), band(most, 1, 10, 100)""",
    tables=2,
)
def most_patents_in_a_year_by_sector(d: SimpleNamespace) -> Columns:
    most = d.firms.company.map(d.years.groupby("company").patents.max()).astype("Int64")
    grid = Grid(sector(d.firms), bands(most, 1, 10, 100, missing=True))
    return {"count": exact_count(d.firms.company, grid)}


@ask("""SELECT band(institutions, 25, 50, 75), avg(tobin), count(distinct firm) FROM firm_years
        GROUP BY band(institutions, 25, 50, 75)""")
def value_of_firms_by_institutional_ownership(d: SimpleNamespace) -> Columns:
    grid = Grid(bands(d.years.institutions, 2500, 5000, 7500))
    return {
        "mean_tobin": exact_mean(d.years.company, grid, d.years.tobinq),
        "units": exact_units(d.years.company, grid),
    }


@ask(
    """SELECT recode(industry, 'sector'), sum(patents), sum(citations)
       FROM firm_years JOIN firms USING (firm)
       WHERE year >= 1995 GROUP BY recode(industry, 'sector')""",
    tables=2,
)
def patents_since_1995_by_sector(d: SimpleNamespace) -> Columns:
    rows = d.years[d.years.year >= 1995]
    grid = Grid(sector(rows))
    return {
        "sum_patents": exact_sum(rows.company, grid, rows.patents),
        "sum_citations": exact_sum(rows.company, grid, rows.cites),
    }


@ask(
    """WITH s AS (SELECT firm, avg(sales) AS usual FROM firm_years GROUP BY firm),
            r AS (SELECT firm, count(*) > 0 AS studied FROM firm_years
                  WHERE research > 0 GROUP BY firm)
       SELECT recode(industry, 'kind'), studied, avg(usual)
       FROM firms LEFT JOIN s USING (firm) LEFT JOIN r USING (firm)
       GROUP BY recode(industry, 'kind'), studied""",
    tables=2,
)
def usual_sales_by_kind_and_research(d: SimpleNamespace) -> Columns:
    own = d.years.groupby("company").sales.agg(["sum", "count"])
    usual = d.firms.company.map((2 * own["sum"] + own["count"]) // (2 * own["count"]))
    studied = d.firms.company.isin(d.years[d.years.randd > 0].company)
    grid = Grid(kind(d.firms), truth(studied))
    return {"mean_usual": exact_mean(d.firms.company, grid, usual.astype("Int64"))}


@ask("""SELECT sum(sales), sum(capital), count(*) FROM firm_years
        WHERE NOT large = 'yes' OR research > 1000""")
def sales_of_smaller_or_inventive_firms(d: SimpleNamespace) -> Columns:
    rows = d.years[(d.years.sp500 != "yes") | (d.years.randd > 1_000_000)]
    grid = Grid(rows=len(rows))
    return {
        "sum_sales": exact_sum(rows.company, grid, rows.sales),
        "sum_capital": exact_sum(rows.company, grid, rows.capital),
        "count": exact_count(rows.company, grid),
    }
