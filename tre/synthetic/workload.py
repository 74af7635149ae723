"""Which tables of noisy counts is a twin made from? A star, chosen without a look at the data.

Units are counted by one column, the first that is declared, together with each of the others; rows
by that column and their first code, and by that code together with each of their other columns. A
pair of more cells than a table may have is counted by the second alone, and what has too many by
itself is not measured: it is drawn evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from queries.catalogue import Catalogue, ColumnType
from queries.language import Join, JoinKind, Measure, Query, Statistic
from tre.synthetic.attributes import Attribute, Attributes, Rows


@dataclass(frozen=True, slots=True)
class Counted:
    """One table to ask for: its question, whose axes are these attributes in their order."""

    query: Query
    attributes: tuple[Attribute, ...]

    @property
    def of(self) -> str:
        """The table whose rows are counted."""
        return self.query.source


def workload(
    catalogue: Catalogue, attributes: Attributes, *, max_cells: int
) -> tuple[Counted, ...]:
    """In the order of the catalogue, units before rows."""
    return tuple(_all(catalogue, attributes, max_cells))


def _all(catalogue: Catalogue, attributes: Attributes, most: int) -> Iterator[Counted]:
    dataset, units = catalogue.dataset, attributes.table.name
    centre, *others = attributes.units
    beside = (*others, *(one.how_many for one in attributes.rows))
    for one in _fitting(centre, beside, most):
        yield _counted(dataset, units, one)
    for rows in attributes.rows:
        yield from _of_rows(dataset, rows, centre, most)


def _of_rows(dataset: str, rows: Rows, centre: Attribute, most: int) -> Iterator[Counted]:
    if not rows.columns:
        return
    first = _first(rows)
    others = tuple(one for one in rows.columns if one != first)
    name = rows.table.name
    pair = (centre, first)
    if rows.link is not None and _cells(pair) <= most:
        yield _counted(dataset, name, pair, Join(rows.link, JoinKind.INNER))
    elif not others and len(first.bins) <= most:
        yield _counted(dataset, name, (first,))
    if others:
        for one in _fitting(first, others, most):
            yield _counted(dataset, name, one)


def _first(rows: Rows) -> Attribute:
    """A code, since it tends to say what the other columns are about."""

    def is_code(one: Attribute) -> bool:
        column = rows.table.column(one.column or "")
        return column is not None and column.type is ColumnType.CODE

    return next((one for one in rows.columns if is_code(one)), rows.columns[0])


def _fitting(
    centre: Attribute, others: tuple[Attribute, ...], most: int
) -> Iterator[tuple[Attribute, ...]]:
    """Each of the others with the centre if they fit; the centre alone if none does."""
    pairs = [(centre, one) if _cells((centre, one)) <= most else (one,) for one in others]
    if not any(centre in pair for pair in pairs):
        pairs.append((centre,))
    yield from (one for one in pairs if _cells(one) <= most)


def _cells(attributes: tuple[Attribute, ...]) -> int:
    return prod(len(one.bins) for one in attributes)


def _counted(dataset: str, source: str, attributes: tuple[Attribute, ...], *joins: Join) -> Counted:
    query = Query(
        dataset=dataset,
        source=source,
        measures=(Measure(Statistic.COUNT),),
        dimensions=tuple(one.dimension for one in attributes),
        joins=joins,
        features=tuple(feature for one in attributes for feature in one.features),
    )
    return Counted(query, attributes)
