"""Generated clinics and generated questions, for laws about plans and engines.

Tables keep what ingest enforces (declared bounds, codes, rows per unit, unique keys) and are
otherwise hostile: extremes, missing values, duplicates, ids without a match, any order.
Questions are valid by construction.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from hypothesis import strategies as st

from queries.catalogue import Catalogue, Column, ColumnType, Role, Table
from queries.language import (
    COUNTING,
    LEAVING_OUT,
    NOISY_ONLY,
    REGRESSIONS,
    Aggregate,
    And,
    Between,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    In,
    IsNull,
    Join,
    JoinKind,
    Measure,
    Not,
    Operator,
    Or,
    Query,
    Statistic,
)
from queries.resolve import Kind, meaning
from queries.values import date_of_days, unscaled
from tests.catalogues import clinic

CLINIC = clinic()
CHAINS = {
    "persons": ("home", "in_region"),
    "labs": ("lab_person", "home", "in_region"),
    "events": ("event_person", "home", "in_region"),
}
UNITS = 5


# Tables.


def stored_values(column: Column) -> st.SearchStrategy[int | None]:
    """Stored integers within the declared bounds, with a liking for their ends."""
    if column.type is ColumnType.CODE:
        values = st.integers(0, len(column.codes) - 1)
    elif column.type is ColumnType.TEXT:
        values = st.integers(0, column.most_values - 1)
    else:
        low, high = (int(end * column.scale) for end in (column.lower, column.upper))
        values = st.one_of(st.sampled_from((low, high, (low + high) // 2)), st.integers(low, high))
    return st.one_of(st.none(), values) if column.nullable else values


@st.composite
def rows_of(draw, table: Table) -> list[dict[str, int | None]]:
    """A private table: up to its declared rows for some of the units."""
    rows = []
    for unit in range(UNITS):
        for _ in range(draw(st.integers(0, table.max_rows_per_unit))):
            row = {
                column.name: unit if column.role is Role.UNIT else draw(stored_values(column))
                for column in table.columns
            }
            rows.append(row)
    return draw(st.permutations(rows))


@st.composite
def look_up(draw, table: Table) -> list[dict[str, int | None]]:
    """A public table: some of the keys, each once."""
    key = next(column for column in table.columns if column.role is Role.KEY)
    places = draw(st.sets(st.integers(0, len(key.codes) - 1)))
    return [
        {
            column.name: place if column is key else draw(stored_values(column))
            for column in table.columns
        }
        for place in sorted(places)
    ]


@st.composite
def clinics(draw, catalogue: Catalogue = CLINIC) -> dict[str, list[dict[str, int | None]]]:
    return {
        table.name: draw(look_up(table) if table.public else rows_of(table))
        for table in catalogue.tables
    }


# Questions.


@st.composite
def questions(draw, catalogue: Catalogue = CLINIC, *, exact: bool = False) -> Query:
    source = draw(st.sampled_from(("labs", "events", "persons")))
    chain = CHAINS[source][: draw(st.integers(0, len(CHAINS[source])))]
    joins = tuple(Join(link, draw(st.sampled_from(JoinKind))) for link in chain)
    features = tuple(
        draw(made_up_feature(f"f_{at}", catalogue)) for at in range(draw(st.integers(0, 2)))
    )
    bare = Query(catalogue.dataset, source, (), joins=joins, features=features)
    refs = _refs(bare, catalogue)
    chosen = draw(st.lists(st.sampled_from(refs), max_size=3, unique=True))
    return Query(
        dataset=bare.dataset,
        source=source,
        measures=tuple(
            draw(
                st.lists(measure(bare, catalogue, exact=exact), min_size=1, max_size=3, unique=True)
            )
        ),
        dimensions=tuple(draw(dimension(ref, bare, catalogue)) for ref in chosen),
        where=draw(_filter(refs, bare, catalogue)),
        joins=joins,
        features=features,
    )


@st.composite
def with_tables(draw, query: Query) -> Query:
    """The question for cells, for every total too, or for some tables of it alone."""
    count = len(query.dimensions)
    if not count or not draw(st.booleans()):
        return query
    every = [own for size in range(count + 1) for own in combinations(range(count), size)]
    sets = draw(st.lists(st.sampled_from(every), unique=True))
    fit = {at for own in sets for at in own} == set(range(count))
    alone = set(sets) == {tuple(range(count))}
    order = draw(st.permutations(sets)) if fit and not alone else ()
    turned = tuple(tuple(draw(st.permutations(own))) for own in order)
    return replace(query, margins=True, grouping_sets=turned)


def _filter(refs, query: Query, catalogue: Catalogue) -> st.SearchStrategy:
    """None, any predicate, or two that are often true: on one reference, or on either of two."""
    one = predicate(refs, query, catalogue)
    either = st.tuples(one, one).map(Or)
    return st.one_of(st.none(), one, either, st.tuples(one, either).map(And))


def _refs(query: Query, catalogue: Catalogue, *, private: bool = False):
    names = [query.source, *(catalogue.link(join.link).right for join in query.joins)]
    tables = [catalogue.table(name) for name in names]
    columns = [
        ColumnRef(table.name, column.name)
        for table in tables
        for column in table.columns
        if column.role is Role.ATTRIBUTE and not (private and table.public)
    ]
    return [*columns, *(FeatureRef(feature.name) for feature in query.features)]


@st.composite
def made_up_feature(draw, name: str, catalogue: Catalogue) -> Feature:
    table = draw(st.sampled_from([one for one in catalogue.tables if one.unit_column]))
    aggregate = draw(st.sampled_from(Aggregate))
    numbers = [c for c in table.columns if c.type is ColumnType.NUMBER and c.role is not Role.UNIT]
    dates = [c for c in table.columns if c.type is ColumnType.DATE]
    choosing = aggregate in {Aggregate.FIRST, Aggregate.LAST}
    chosen = [c for c in table.columns if c.role is not Role.UNIT and c.type is not ColumnType.TEXT]
    usable = chosen if choosing else numbers
    column = None
    if aggregate not in {Aggregate.EXISTS, Aggregate.COUNT}:
        column = draw(st.sampled_from(usable)).name
    own = [ColumnRef(table.name, c.name) for c in table.columns if c.role is Role.ATTRIBUTE]
    bare = Query(catalogue.dataset, table.name, ())
    return Feature(
        name=name,
        table=table.name,
        aggregate=aggregate,
        column=column,
        order_by=draw(st.sampled_from(dates)).name if choosing else None,
        where=draw(st.none() | predicate(own, bare, catalogue)),
    )


@st.composite
def dimension(draw, ref, query: Query, catalogue: Catalogue) -> Dimension:
    found = meaning(ref, query=query, catalogue=catalogue)
    if found.kind in {Kind.TRUTH, Kind.TEXT}:
        return Dimension(ref)
    if found.kind is Kind.CODE:
        named = [one.name for one in catalogue.recodes if _recodes(one, ref, query)]
        return Dimension(ref, recode=draw(st.none() | st.sampled_from(named)) if named else None)
    cuts = draw(st.lists(constant(found), min_size=1, max_size=3, unique=True))
    return Dimension(ref, bands=tuple(sorted(cuts)))


def _recodes(recode, ref, query: Query) -> bool:
    if isinstance(ref, FeatureRef):
        feature = next(one for one in query.features if one.name == ref.name)
        return (recode.table, recode.column) == (feature.table, feature.column)
    return (recode.table, recode.column) == (ref.table, ref.column)


@st.composite
def measure(draw, query: Query, catalogue: Catalogue, *, exact: bool) -> Measure:
    numbers = [
        ref
        for ref in _refs(query, catalogue, private=True)
        if meaning(ref, query=query, catalogue=catalogue).kind is Kind.NUMBER
    ]
    counting = (Statistic.COUNT, Statistic.UNITS)
    bounded = not catalogue.table(query.source).one_row_per_unit and not exact
    counting += (Statistic.LEFT_OUT, Statistic.UNITS_LEFT_OUT) if bounded else ()
    truths = (
        []
        if exact
        else [FeatureRef(one.name) for one in query.features if one.aggregate is Aggregate.EXISTS]
    )
    some = [one for one in Statistic if not (exact and one in NOISY_ONLY)] if numbers else counting
    statistic = draw(st.sampled_from(some))
    if statistic in LEAVING_OUT and not bounded:
        statistic = Statistic.COUNT
    if statistic in COUNTING:
        return Measure(statistic)
    if statistic is Statistic.MEAN and truths and draw(st.booleans()):
        return Measure(statistic, draw(st.sampled_from(truths)))
    if statistic is Statistic.LOG_ODDS and not truths:
        return Measure(Statistic.COUNT)
    ref = draw(st.sampled_from(truths if statistic is Statistic.LOG_ODDS else numbers))
    others = [one for one in numbers if one != ref and _is_divisor(one, query, catalogue)]
    if statistic in REGRESSIONS:
        single = catalogue.table(query.source).one_row_per_unit
        others = [one for one in (*numbers, *truths) if one != ref and single]
    if statistic in REGRESSIONS | {Statistic.RATIO}:
        return draw(_of_several(statistic, ref, others))
    if statistic is Statistic.NONNEGATIVE_SUM and not _is_divisor(ref, query, catalogue):
        return Measure(Statistic.SUM, ref)
    levels = st.sampled_from([Decimal(text) for text in ("0.5", "0.25", "0.9", "0.01")])
    return Measure(statistic, ref, draw(levels) if statistic is Statistic.QUANTILE else None)


@st.composite
def _of_several(draw, statistic: Statistic, ref, others) -> Measure:
    """The sum where no other number is fit."""
    if not others:
        return Measure(Statistic.MEAN, ref)
    most = 1 if statistic is Statistic.RATIO else 3
    several = st.lists(st.sampled_from(others), min_size=1, max_size=most, unique=True)
    per, *more = draw(several)
    return Measure(statistic, ref, per=per, adjusted=tuple(more))


def _is_divisor(ref, query: Query, catalogue: Catalogue) -> bool:
    return meaning(ref, query=query, catalogue=catalogue).lower >= 0


def constant(found) -> st.SearchStrategy:
    """Something that a researcher may compare a value of this meaning with."""
    if found.kind is Kind.CODE:
        return st.sampled_from([code.value for code in found.codes])
    if found.kind is Kind.TRUTH:
        return st.booleans()
    low, high = (int(end * 10**found.decimals) for end in (found.lower, found.upper))
    stored = st.one_of(st.sampled_from((low, high, (low + high) // 2)), st.integers(low, high))
    if found.kind is Kind.DATE:
        return stored.map(date_of_days)
    return stored.map(lambda number: unscaled(number, decimals=found.decimals))


def predicate(refs, query: Query, catalogue: Catalogue) -> st.SearchStrategy:
    tests = st.sampled_from(refs).flatmap(lambda ref: _test(ref, query, catalogue))
    return st.recursive(
        tests,
        lambda part: st.one_of(
            part.map(Not),
            st.lists(part, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(part, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=5,
    )


@st.composite
def _test(draw, ref, query: Query, catalogue: Catalogue):
    found = meaning(ref, query=query, catalogue=catalogue)
    if found.kind is Kind.TEXT or draw(st.integers(0, 4)) == 0:
        return IsNull(ref)
    values = constant(found)
    if found.kind in {Kind.CODE, Kind.TRUTH}:
        if draw(st.booleans()):
            return Compare(ref, draw(st.sampled_from((Operator.EQ, Operator.NE))), draw(values))
        return In(ref, tuple(draw(st.lists(values, min_size=1, max_size=3))))
    if draw(st.booleans()):
        return Compare(ref, draw(st.sampled_from(Operator)), draw(values))
    low, high = sorted((draw(values), draw(values)))
    return Between(ref, low, high)
