"""Which groups of a dataset have a meter of their own? Areas, as its catalogue declares them.

A small area is used up by exact tables long before the whole is. So whoever is in an area, by a
column that is declared to be one, is a group of which no more may be told than of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue, Column, LinkKind, Table
from queries.engines.placement import placement
from queries.language import ColumnRef, Dimension, Join, Measure, Query, Statistic
from queries.plan import plan


def areas_of(catalogue: Catalogue, *, policy: Policy) -> tuple[str, ...]:
    """For each column that is an area: rows (unit, area) of a version's file."""
    return tuple(
        placement(plan(query, catalogue, policy), of=None) for query in _queries(catalogue)
    )


def _queries(catalogue: Catalogue) -> Iterator[Query]:
    for table in catalogue.tables:
        for column in table.columns:
            if column.area:
                yield _query(catalogue, table, column)


def _query(catalogue: Catalogue, table: Table, column: Column) -> Query:
    joins: tuple[Join, ...] = ()
    source = table.name
    if table.public:
        link = next(
            one
            for one in catalogue.links
            if one.kind is LinkKind.LOOKUP
            and one.right == table.name
            and (left := catalogue.table(one.left)) is not None
            and left.one_row_per_unit
        )
        source, joins = link.left, (Join(link.name),)
    return Query(
        dataset=catalogue.dataset,
        source=source,
        measures=(Measure(Statistic.COUNT),),
        dimensions=(Dimension(ColumnRef(table.name, column.name)),),
        joins=joins,
    )
