"""Which cells of a table does everybody know to be empty, by what its words mean?

An exact table with totals hides cells in company, and counts on nobody knowing any of them. Cells
that are empty by definition break that: an area in the region that it is not in, a year that the
filter leaves out, "any disease" without one. So what decides a cell must not follow, even in part,
from something else in the question; what cannot be told apart from that is refused. A condition on
a dimension itself only leaves some of its labels empty (``possible``).
"""

from __future__ import annotations

from collections.abc import Iterator

from queries.catalogue import Catalogue
from queries.language import (
    And,
    ColumnRef,
    Compare,
    FeatureRef,
    In,
    JoinKind,
    Operator,
    Predicate,
    Query,
    Ref,
    Value,
    refs_in,
)
from queries.plan_terms import Reader, known, stored_bounds
from queries.possible import satisfiable
from queries.resolve import feature_named


def related(one: Ref, other: Ref, *, query: Query, catalogue: Catalogue) -> bool:
    """Could the value of one say something about the other, whatever the data?"""
    match one, other:
        case FeatureRef(), FeatureRef():
            return one == other or _features_related(one, other, query=query)
        case FeatureRef() as feature, ColumnRef() as column:
            return _over_table_of(feature, column, query=query, catalogue=catalogue)
        case ColumnRef() as column, FeatureRef() as feature:
            return _over_table_of(feature, column, query=query, catalogue=catalogue)
        case ColumnRef(), ColumnRef():
            own, its = (_root(ref, query=query, catalogue=catalogue) for ref in (one, other))
            return own == its
    return True


def told_by(ref: Ref, *, query: Query, catalogue: Catalogue) -> str | None:
    """A table whose rows say, to everybody or by being counted, which values can occur.

    A public look-up table holds what it holds; whoever is counted has a row in the source, and in
    what is linked so that rows without a match are dropped.
    """
    links = [(catalogue.link(join.link), join.kind) for join in query.joins]
    inner = [link for link, kind in links if link and kind is JoinKind.INNER]
    if isinstance(ref, FeatureRef):
        feature = feature_named(ref.name, query=query)
        counted = {query.source, *(link.right for link in inner)}
        return feature.table if feature and feature.table in counted else None
    table = catalogue.table(ref.table)
    if table is not None and table.public:
        return table.name
    keys = {ColumnRef(one.left, one.left_column): one.right for one in inner}
    found = keys.get(ref)
    return found if found and (right := catalogue.table(found)) and right.public else None


def foregone(ref: Ref, *, query: Query, catalogue: Catalogue) -> bool:
    """Could it be that a feature's own condition rules some of its values out?

    Only conditions on one column each, none on the column that is computed with, and each with a
    value that meets it, are known not to.
    """
    feature = feature_named(ref.name, query=query) if isinstance(ref, FeatureRef) else None
    if feature is None or feature.where is None:
        return False
    by_column: dict[Ref, list[Predicate]] = {}
    for part in _parts(feature.where):
        refs = set(refs_in(part))
        if len(refs) != 1:
            return True
        by_column.setdefault(refs.pop(), []).append(part)
    if feature.column and ColumnRef(feature.table, feature.column) in by_column:
        return True
    reader = Reader(query, catalogue)
    for column, parts in by_column.items():
        found = known(column, query=query, catalogue=catalogue)
        met = satisfiable(
            (one for part in parts for one in reader.conjuncts(part)),
            bounds=stored_bounds(found),
            nullable=found.nullable,
        )
        if not met:
            return True
    return False


def _parts(predicate: Predicate) -> Iterator[Predicate]:
    if isinstance(predicate, And):
        for part in predicate.parts:
            yield from _parts(part)
    else:
        yield predicate


def conjuncts(predicate: Predicate | None) -> Iterator[set[Ref]]:
    """The names in each of the conditions that must all hold."""
    if predicate is not None:
        yield from (set(refs_in(part)) for part in _parts(predicate))


def _over_table_of(
    ref: FeatureRef, column: ColumnRef, *, query: Query, catalogue: Catalogue
) -> bool:
    feature = feature_named(ref.name, query=query)
    return feature is None or feature.table == _root(column, query=query, catalogue=catalogue).table


def _root(ref: ColumnRef, *, query: Query, catalogue: Catalogue) -> ColumnRef:
    """The column that decides a column of a public look-up table: the key that leads there."""
    table = catalogue.table(ref.table)
    links = (catalogue.link(join.link) for join in query.joins)
    link = next((link for link in links if link and link.right == ref.table), None)
    if table is None or not table.public or link is None:
        return ref
    return _root(ColumnRef(link.left, link.left_column), query=query, catalogue=catalogue)


def _features_related(one: FeatureRef, other: FeatureRef, *, query: Query) -> bool:
    """Over the same rows, unless their conditions leave no row to both."""
    first, second = (feature_named(ref.name, query=query) for ref in (one, other))
    if first is None or second is None:
        return True
    if first.table != second.table:
        return False
    own, its = dict(_wanted(first.where)), dict(_wanted(second.where))
    return not any(own[column].isdisjoint(its[column]) for column in own.keys() & its.keys())


def _wanted(predicate: Predicate | None) -> Iterator[tuple[Ref, frozenset[Value]]]:
    """The values that a condition asks of a column, where it names them."""
    for part in predicate.parts if isinstance(predicate, And) else (predicate,):
        if isinstance(part, In):
            yield part.ref, frozenset(part.values)
        elif isinstance(part, Compare) and part.operator is Operator.EQ:
            yield part.ref, frozenset((part.value,))
