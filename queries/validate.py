"""Is a query answerable under this catalogue and policy? Every refusal named, none from data.

Limits keep planning, preview and the grid small; they are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from disclosure_control.policy import Policy
from queries.canonical_features import same_features
from queries.catalogue import Catalogue, Column, Role, Table
from queries.catalogue_faults import NAME
from queries.errors import Problem, QueryRefused, problem
from queries.language import (
    Aggregate,
    ColumnRef,
    Feature,
    FeatureRef,
    Join,
    Query,
    Ref,
)
from queries.resolve import Kind, column_meaning
from queries.scope import Scope, nearest, unknown_table
from queries.validate_conditions import (
    DEEPEST_CONDITION,
    MOST_CONDITIONS,
    condition_problems,
    nodes_and_depth,
    values_of,
)
from queries.validate_dimensions import dimension_problems, margin_problems, text_problems
from queries.validate_measures import measure_problems, track_problems

MOST_FEATURES = 8
MOST_DIMENSIONS = 6
MOST_MEASURES = 8
MOST_JOINS = 8
MOST_VALUES = 1000
LONGEST_NAME = 40

_NO_COLUMN = frozenset({Aggregate.EXISTS, Aggregate.COUNT})
_ORDERED = frozenset({Aggregate.FIRST, Aggregate.LAST})
_ADDING = frozenset({Aggregate.SUM, Aggregate.MEAN})


def validate(query: Query, catalogue: Catalogue, policy: Policy) -> tuple[Problem, ...]:
    """Every reason why the query is refused; empty if it may be planned.

    ``where`` of each problem is a path of the JSON form, such as "dimensions[0].bands".
    """
    oversize = tuple(_size_problems(query))
    if oversize:  # everything below may then take its time
        return oversize
    scope = Scope(query, catalogue)
    found = (
        *_source_problems(query, catalogue=catalogue),
        *_join_problems(query, catalogue=catalogue),
        *_all_feature_problems(scope),
        *dimension_problems(scope, most_cells=policy.max_cells),
        *margin_problems(scope, policy),
        *text_problems(scope, policy),
        *measure_problems(scope),
        *track_problems(scope, policy),
        *_filter_problems(scope),
        *_repeats(query),
    )
    return found or tuple(_hidden_repeats(query, catalogue))


def admit(query: Query, catalogue: Catalogue, policy: Policy) -> Query:
    """The query itself if it is answerable. Raises QueryRefused with every problem."""
    if problems := validate(query, catalogue, policy):
        raise QueryRefused(problems)
    return query


def _size_problems(query: Query) -> Iterator[Problem]:
    for code, where, count, most in (
        ("too_many_features", "features", len(query.features), MOST_FEATURES),
        ("too_many_dimensions", "dimensions", len(query.dimensions), MOST_DIMENSIONS),
        ("too_many_measures", "measures", len(query.measures), MOST_MEASURES),
        ("too_many_joins", "joins", len(query.joins), MOST_JOINS),
    ):
        if count > most:
            yield problem(code, where=where, count=count, most=most)
    yield from _condition_sizes(query)


def _condition_sizes(query: Query) -> Iterator[Problem]:
    conditions = {"where": query.where}
    conditions |= {f"features[{n}].where": made.where for n, made in enumerate(query.features)}
    sizes = {where: nodes_and_depth(condition) for where, condition in conditions.items()}
    deep = [where for where, (_, depth) in sizes.items() if depth > DEEPEST_CONDITION]
    yield from (problem("too_deep", where=where, most=DEEPEST_CONDITION) for where in deep)
    nodes = sum(nodes for nodes, _ in sizes.values())
    if nodes > MOST_CONDITIONS:
        yield problem("too_many_conditions", where="where", count=nodes, most=MOST_CONDITIONS)
    elif not deep:
        values = sum(map(values_of, conditions.values()))
        values += sum(len(dimension.bands) for dimension in query.dimensions)
        if values > MOST_VALUES:
            yield problem("too_many_values", where="where", count=values, most=MOST_VALUES)


def _source_problems(query: Query, *, catalogue: Catalogue) -> Iterator[Problem]:
    if query.dataset != catalogue.dataset:
        yield problem(
            "unknown_dataset", where="dataset", known=catalogue.dataset, name=query.dataset
        )
    table = catalogue.table(query.source)
    if table is None:
        yield unknown_table(query.source, known=catalogue.tables, where="source")
    elif table.public:
        yield problem("public_source", where="source", name=table.name, units=catalogue.units)


def _join_problems(query: Query, *, catalogue: Catalogue) -> Iterator[Problem]:
    present = [query.source]
    for number, join in enumerate(query.joins):
        where = f"joins[{number}].link"
        link = catalogue.link(join.link)
        if link is None:
            yield _unknown_link(join, catalogue=catalogue, where=where)
            continue
        if link.left not in present:
            yield problem("link_unreachable", where=where, name=link.name, left=link.left)
        if link.right in present:
            yield problem("table_twice", where=where, name=link.right)
        present.append(link.right)


def _unknown_link(join: Join, *, catalogue: Catalogue, where: str) -> Problem:
    names = [link.name for link in catalogue.links]
    hint, known = nearest(join.link, names), ", ".join(names) or "none"
    return problem("unknown_link", where=where, name=join.link, hint=hint, known=known)


def _all_feature_problems(scope: Scope) -> Iterator[Problem]:
    for number, feature in enumerate(scope.query.features):
        where = f"features[{number}]"
        if not NAME.fullmatch(feature.name):
            yield problem("bad_name", where=f"{where}.name", name=feature.name, most=LONGEST_NAME)
        table = scope.catalogue.table(feature.table)
        if table is None:
            yield unknown_table(feature.table, known=scope.catalogue.tables, where=f"{where}.table")
        elif table.public:
            yield problem("public_feature", where=f"{where}.table", table=table.name)
        else:
            inside = Scope(scope.query, scope.catalogue, table=table.name)
            yield from _feature_problems(feature, table=table, inside=inside, where=where)


def _feature_problems(
    feature: Feature, *, table: Table, inside: Scope, where: str
) -> Iterator[Problem]:
    yield from _aggregated_problems(feature, table=table, inside=inside, where=where)
    yield from _order_problems(feature, table=table, inside=inside, where=where)
    if feature.where is not None:
        yield from condition_problems(feature.where, scope=inside, where=f"{where}.where")


def _aggregated_problems(
    feature: Feature, *, table: Table, inside: Scope, where: str
) -> Iterator[Problem]:
    what, place = feature.aggregate.value, f"{where}.column"
    if feature.aggregate in _NO_COLUMN:
        if feature.column is not None:
            yield problem("needs_no_column", where=place, what=what)
    elif feature.column is None:
        yield problem("needs_value_column", where=place, what=what)
    else:
        yield from inside.problems(ColumnRef(table.name, feature.column), where=place)
        column = _usable(table, feature.column)
        if column:
            yield from _type_problems(feature, column, table=table, where=place)


def _type_problems(
    feature: Feature, column: Column, *, table: Table, where: str
) -> Iterator[Problem]:
    found = column_meaning(column, table=table)
    words = {"what": feature.aggregate.value, "name": column.name, "type": found.kind}
    if found.kind is Kind.TEXT:
        yield problem("text_in_feature", where=where, name=column.name)
        return
    if feature.aggregate in _ADDING and found.kind is not Kind.NUMBER:
        yield problem("needs_number", where=where, **words)
    elif feature.aggregate not in _ORDERED and found.kind is Kind.CODE:
        yield problem("min_of_code", where=where, **words)
    elif feature.aggregate in _ADDING and (found.lower is None or found.upper is None):
        yield problem("needs_bounds", where=where, name=column.name)


def _order_problems(
    feature: Feature, *, table: Table, inside: Scope, where: str
) -> Iterator[Problem]:
    what, place = feature.aggregate.value, f"{where}.order_by"
    if feature.aggregate not in _ORDERED:
        if feature.order_by is not None:
            yield problem("needs_no_order", where=place, what=what)
    elif feature.order_by is None:
        yield problem("needs_order", where=place, what=what)
    else:
        yield from inside.problems(ColumnRef(table.name, feature.order_by), where=place)
        column = _usable(table, feature.order_by)
        kind = column_meaning(column, table=table).kind if column else Kind.DATE
        whole = kind is Kind.NUMBER and column is not None and column.decimals == 0
        if kind is not Kind.DATE and not whole:  # whole numbers may count days
            yield problem("needs_date", where=place, what=what, name=feature.order_by, type=kind)


def _usable(table: Table, name: str) -> Column | None:
    column = table.column(name)
    return column if column and column.role is Role.ATTRIBUTE else None


def _filter_problems(scope: Scope) -> Iterator[Problem]:
    if scope.query.where is not None:
        yield from condition_problems(scope.query.where, scope=scope, where="where")


def _repeats(query: Query) -> Iterator[Problem]:
    yield from _repeated("duplicate_measure", "measures", query.measures)
    yield from _repeated("duplicate_dimension", "dimensions", query.dimensions)
    names = [feature.name for feature in query.features]
    for number, name in _again(names):
        yield problem("duplicate_feature", where=f"features[{number}].name", name=name)


def _hidden_repeats(query: Query, catalogue: Catalogue) -> Iterator[Problem]:
    """The same number again, under the name of another feature that computes it."""
    firsts = same_features(query, catalogue)
    names = {query.features[at].name: query.features[to].name for at, to in firsts.items()}

    def first(ref: Ref | None) -> Ref | None:
        return FeatureRef(names.get(ref.name, ref.name)) if isinstance(ref, FeatureRef) else ref

    measures = [
        (one.statistic, first(one.ref), one.level, first(one.per), *map(first, one.adjusted))
        for one in query.measures
    ]
    dimensions = [(first(one.ref), one.bands, one.recode) for one in query.dimensions]
    yield from _repeated("duplicate_measure", "measures", measures)
    yield from _repeated("duplicate_dimension", "dimensions", dimensions)


def _repeated(code: str, where: str, entries: Iterable[Hashable]) -> Iterator[Problem]:
    yield from (problem(code, where=f"{where}[{number}]") for number, _ in _again(entries))


def _again(entries: Iterable[Hashable]) -> Iterator[tuple[int, Hashable]]:
    seen: set[Hashable] = set()
    for number, entry in enumerate(entries):
        if entry in seen:
            yield number, entry
        seen.add(entry)
