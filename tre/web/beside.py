"""Which questions does a page offer beside one? What bounds leave out, and which would fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue, Table
from queries.language import Aggregate, Feature, FeatureRef, Measure, Query, Statistic
from queries.plan import plan
from queries.plan_vectors import Contribution
from tre.web import measure_choices

MOST_UNITS = Decimal("0.9")  # of units: how many rows they have at most
ROWS = "rows_of_a_unit"


@dataclass(frozen=True, slots=True)
class Beside:
    title: str
    query: Query


def left_out(query: Query, catalogue: Catalogue, policy: Policy) -> Beside:
    """Of the same rows, what share of them bounds leave out; of each cell if bounded there.

    Where units are counted, what share of the cells that they are in.
    """
    units = all(one.statistic is Statistic.UNITS for one in query.measures)
    by_cell = units or plan(query, catalogue, policy).how is Contribution.CELL_WEIGHTS
    dimensions = query.dimensions if by_cell else ()
    measures = (Measure(Statistic.UNITS_LEFT_OUT if units else Statistic.LEFT_OUT),)
    asked = replace(query, measures=measures, dimensions=dimensions)
    asked = replace(asked, margins=False, grouping_sets=())
    title = measure_choices.units_left_out(catalogue) if units else measure_choices.LEFT_OUT
    return Beside(title, asked)


def how_many(query: Query, catalogue: Catalogue, _: Policy) -> Beside | None:
    """How many rows of its table most units have at most; None without a table of units."""
    table, units = catalogue.table(query.source), _units(query, catalogue)
    if table is None or units is None:
        return None
    asked = Query(
        dataset=query.dataset,
        source=units.name,
        measures=(Measure(Statistic.QUANTILE, FeatureRef(ROWS), level=MOST_UNITS),),
        features=(Feature(ROWS, table.name, Aggregate.COUNT),),
    )
    return Beside(f"Rows of {table.title} for a {catalogue.unit}", asked)


def _units(query: Query, catalogue: Catalogue) -> Table | None:
    """A table with one row for each unit, to which that of the question is linked."""
    linked = [link.right for link in catalogue.links if link.left == query.source]
    return next(
        (one for one in catalogue.tables if one.one_row_per_unit and one.name in linked), None
    )
