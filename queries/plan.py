"""How is a question answered? Query -> per-unit stage -> bounded aggregate, for any engine.

A plan holds whole numbers and declared names only; nothing that a researcher wrote is in it.
Everything before the final aggregate is a function of one unit's rows: a *term* is a column of
the row, of the same unit's row elsewhere, of a public look-up, or a feature of the unit.
``plan_vectors`` says how one unit's contribution is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import prod

from disclosure_control.dp.contrasts import largest_coefficient
from disclosure_control.policy import Policy, Track
from disclosure_control.shapes import BINNED
from disclosure_control.tables import Counting, Kind, Shape, Vector
from queries.catalogue import Catalogue, Column, ColumnType, LinkKind, Role, Table
from queries.errors import QueryRefused, problem
from queries.language import Aggregate, Feature, JoinKind, Query
from queries.plan_axes import AxisKey, axes_of
from queries.plan_margins import grids, margins_of
from queries.plan_measured import Measured, added_up, measured_in
from queries.plan_published import published_by
from queries.plan_slots import (
    Timing,
    fitting_seconds,
    selection_seconds,
    suppression_seconds,
    timing,
    together_seconds,
)
from queries.plan_terms import (
    Condition,
    Level,
    Reader,
    Stored,
    Term,
    levels_of,
    stored_bounds,
    terms_in,
)
from queries.plan_vectors import (
    BITS,
    LIMIT,
    Contribution,
    Limits,
    Recipe,
    exact_vector,
    noisy_vector,
)
from queries.plan_words import bounds_in_words
from queries.resolve import column_meaning

MOST_SETS = 100
"""Cells of units in several, that a register compares one by one with whatever left."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A table joined to the source, or to one linked before it: at most one row each."""

    table: str
    left: Stored
    right_column: str
    level: Level
    by_unit: bool
    inner: bool  # keeps only rows that have a match


@dataclass(frozen=True, slots=True)
class Derived:
    """A feature: one value per unit of the rows of ``table`` where ``where`` is true.

    ``order`` is the column of FIRST and LAST. Bounds are of ``column`` and ``order`` as stored;
    ``most_rows`` is the largest COUNT, and clamps a SUM to that many rows.
    """

    name: str
    table: str
    unit_column: str
    aggregate: Aggregate
    column: str | None
    order: str | None
    where: tuple[Condition, ...]
    bounds: tuple[int, int]
    order_bounds: tuple[int, int]
    most_rows: int


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Condition
    level: Level


@dataclass(frozen=True, slots=True)
class Plan:
    """``recipes`` say what each vector of ``shape`` counts, in the same order."""

    dataset: str
    source: str
    unit_column: str
    declared_units: int
    track: Track
    how: Contribution
    limits: Limits
    linked: tuple[Linked, ...]
    features: tuple[Derived, ...]
    filters: tuple[Filter, ...]
    keys: tuple[AxisKey, ...]
    measured: tuple[Measured, ...]
    recipes: tuple[Recipe, ...]
    shape: Shape
    texts: Stored | None  # the column whose values are told where units are enough
    time: Timing
    margins: tuple[Plan, ...] = ()  # one for each set of totals and subtotals
    offset: int = 0  # where the cells of such a margin begin on the grid of the whole table

    @property
    def keeps_all_rows(self) -> bool:
        """Are units kept with all their rows of the source, or dropped with all of them?"""
        by_row = any(one.level is not Level.UNIT for one in self.filters)
        return not by_row and not any(one.inner and one.level is Level.ROW for one in self.linked)

    @property
    def parts_units(self) -> bool:
        """Is each unit in one cell, with all of its rows or with none?

        Then whatever the table adds up is a sum over units, in every table of this source with the
        same amounts: what can be told of a group depends on who is in which cell alone.
        """
        if self.how is Contribution.UNIT_ROWS:
            return True
        return self.how is Contribution.UNIT_TOTALS and self.keeps_all_rows

    @property
    def counts_units_alone(self) -> bool:
        """Is everything that is published a number of different units?"""
        counts = {one.name: one for one in self.recipes}
        return all(
            column.kind is Kind.UNITS and counts[column.count].counts is Counting.UNITS
            for column in self.shape.published
        )

    @property
    def tells_of_whole_units(self) -> bool:
        """Is what is told of a group decided by who is in it?

        How many units are in a cell always is, even where one can be in several.
        """
        sets = prod(len(axis.labels) for axis in self.shape.axes if axis.shared)
        return self.parts_units or (self.counts_units_alone and sets <= MOST_SETS)

    def level_of(self, term: Term) -> Level:
        """Of a term: ROW or UNIT."""
        if not isinstance(term, Stored):
            return Level.UNIT
        if term.table == self.source:
            return _own_level(self.how)
        return next(one.level for one in self.linked if one.table == term.table)


def plan(query: Query, catalogue: Catalogue, policy: Policy) -> Plan:
    """The plan of a question that ``validate`` found nothing wrong with.

    Raises QueryRefused (code "magnitude") where a sum could exceed what is added exactly.
    """
    whole = _plan(query, catalogue=catalogue, policy=policy)
    if policy.track is Track.DP:  # noise is added to cells, and totals are made of them
        return whole
    margins = margins_of(whole, query, planned=partial(_plan, catalogue=catalogue, policy=policy))
    return replace(whole, margins=margins)


def _plan(query: Query, *, catalogue: Catalogue, policy: Policy) -> Plan:
    """Of the cells without totals, placed on the grid that has them."""
    source = _table(catalogue, query.source)
    levels = levels_of(query, catalogue=catalogue)
    axes = axes_of(query, catalogue=catalogue, levels=levels)
    keys = tuple(key for key, _ in axes)
    cells = prod(len(axis.labels) for _, axis in axes)
    limits = Limits.of(policy, source=source, cells=cells)
    how = _contribution(source, keys=keys, limits=limits)
    measured = measured_in(query, catalogue=catalogue, levels=levels)
    published, recipes = published_by(
        query,
        catalogue=catalogue,
        how=how,
        track=policy.track,
        measured=measured,
        keyed=policy.sdc is not None and policy.sdc.keyed,
        cells=cells,
        unknown=any(axis.unknown for _, axis in axes),
    )
    by_name = added_up(query, measured)
    times = largest_coefficient(axis for _, axis in axes)
    shape = Shape(
        unit=catalogue.unit,
        axes=tuple(axis for _, axis in axes),
        vectors=tuple(
            noisy_vector(one, of=by_name.get(one.of or ""), how=how, limits=limits, times=times)
            if policy.track is Track.DP
            else exact_vector(one, of=by_name.get(one.of or ""), limits=limits)
            for one in recipes
        ),
        published=published,
        bounds=bounds_in_words(catalogue, how=how, limits=limits, measured=by_name, of=recipes),
        grouping_sets=tuple(tuple(sorted(one)) for one in query.grouping_sets),
    )
    linked = _linked(query, catalogue=catalogue, levels=levels)
    return Plan(
        dataset=query.dataset,
        source=query.source,
        unit_column=source.unit_column or "",
        declared_units=catalogue.declared_units,
        track=policy.track,
        how=how,
        limits=limits,
        linked=linked,
        features=tuple(_derived(one, query=query, catalogue=catalogue) for one in query.features),
        filters=_filters(query, catalogue=catalogue, levels=levels),
        keys=keys,
        measured=tuple(by_name.values()),
        recipes=recipes,
        shape=shape,
        texts=_texts(keys, shape),
        time=_time(query, catalogue, policy.track, how=how, keys=keys, shape=shape, of=recipes),
    )


def _texts(keys: tuple[AxisKey, ...], shape: Shape) -> Stored | None:
    if shape.unknown is None:
        return None
    term = keys[shape.unknown].term
    if not isinstance(term, Stored):
        raise KeyError(repr(term))
    return term


def _table(catalogue: Catalogue, name: str) -> Table:
    """Raises KeyError for a table that validation would have refused."""
    found = catalogue.table(name)
    if found is None:
        raise KeyError(name)
    return found


def _column(table: Table, name: str | None) -> Column | None:
    return table.column(name) if name else None


def _own_level(how: Contribution) -> Level:
    return Level.UNIT if how is Contribution.UNIT_ROWS else Level.ROW


def _contribution(source: Table, *, keys: tuple[AxisKey, ...], limits: Limits) -> Contribution:
    if source.one_row_per_unit:
        return Contribution.UNIT_ROWS
    if all(key.level is Level.UNIT for key in keys):
        return Contribution.UNIT_TOTALS
    return Contribution.CELL_WEIGHTS if limits.by_cell else Contribution.ROW_WEIGHTS


def _linked(query: Query, *, catalogue: Catalogue, levels: dict[str, Level]) -> tuple[Linked, ...]:
    links = ((catalogue.link(join.link), join.kind) for join in query.joins)
    return tuple(
        Linked(
            table=link.right,
            left=Stored(link.left, link.left_column),
            right_column=link.right_column,
            level=levels[link.right],
            by_unit=link.kind is LinkKind.UNIT,
            inner=kind is JoinKind.INNER,
        )
        for link, kind in links
        if link
    )


def _filters(query: Query, *, catalogue: Catalogue, levels: dict[str, Level]) -> tuple[Filter, ...]:
    reader = Reader(query, catalogue)
    return tuple(
        Filter(one, _level_of(one, levels=levels)) for one in reader.conjuncts(query.where)
    )


def _level_of(condition: Condition, *, levels: dict[str, Level]) -> Level:
    found = {
        levels[term.table] if isinstance(term, Stored) else Level.UNIT
        for term in terms_in(condition)
    }
    return found.pop() if len(found) == 1 else Level.BOTH


def _derived(feature: Feature, *, query: Query, catalogue: Catalogue) -> Derived:
    table = _table(catalogue, feature.table)
    found = Derived(
        name=feature.name,
        table=table.name,
        unit_column=table.unit_column or "",
        aggregate=feature.aggregate,
        column=feature.column,
        order=feature.order_by,
        where=Reader(query, catalogue).conjuncts(feature.where),
        bounds=_stored_range(table, feature.column),
        order_bounds=_stored_range(table, feature.order_by),
        most_rows=table.max_rows_per_unit,
    )
    _require_fitting(found)
    return found


def _stored_range(table: Table, name: str | None) -> tuple[int, int]:
    column = _column(table, name)
    if column is None or column.role is Role.UNIT:
        return 0, 0
    if column.type is not ColumnType.CODE and None in {column.lower, column.upper}:
        raise KeyError(column.name)
    return stored_bounds(column_meaning(column, table=table))


def _require_fitting(feature: Derived) -> None:
    """Sums of a unit, means of doubled sums, and (order, value) pairs fit in 62 bits."""
    (low, high), (first, last) = feature.bounds, feature.order_bounds
    total = feature.most_rows * max(abs(low), abs(high))
    doubled = 2 * (feature.most_rows * (high - low) + feature.most_rows)
    pairs = (last - first + 1) * (high - low + 1)
    if max(total, doubled, pairs) >= LIMIT:
        raise QueryRefused((problem("magnitude", where="features", name=feature.name),))


def _time(
    query: Query,
    catalogue: Catalogue,
    track: Track,
    *,
    how: Contribution,
    keys: tuple[AxisKey, ...],
    shape: Shape,
    of: tuple[Recipe, ...],
) -> Timing:
    rows = _table(catalogue, query.source).declared_rows
    steps = [("scan", rows)]
    steps += [("unit", _table(catalogue, one.table).declared_rows) for one in query.features]
    steps += [("link", rows)] * (len(query.joins) + len(query.features))
    if how is not Contribution.UNIT_ROWS:
        steps += [("unit", rows), ("link", rows)]
    if how is Contribution.CELL_WEIGHTS or (
        how is Contribution.ROW_WEIGHTS and _makes_pairs(of, cells=shape.cells)
    ):
        steps.append(("pair", rows))
    histograms = sum(one.counts in BINNED for one in of)
    tables = grids(keys, margins=query.margins) if track is Track.SDC else 1
    bins = sum(shape.length(one) for one in shape.vectors if _is_chosen(one))
    return timing(
        [*steps * tables * (1 + histograms), ("bin", bins)],
        numbers=sum(shape.length(one) for one in shape.vectors if not _is_chosen(one)),
        suppression=(
            suppression_seconds(shape)
            if track is Track.SDC
            else selection_seconds(shape) + fitting_seconds(shape) + together_seconds(shape)
        ),
    )


def _is_chosen(vector: Vector) -> bool:
    return vector.counts is Counting.HISTOGRAM


def _makes_pairs(recipes: tuple[Recipe, ...], *, cells: int) -> bool:
    """Is a table of unit and cell needed? For dominance, or for many distinct cells."""
    wanted = {one.counts for one in recipes}
    by_unit = {Counting.GROSS, Counting.KEYS} & wanted
    return bool(by_unit) or (Counting.UNITS in wanted and cells > BITS)
