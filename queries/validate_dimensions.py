"""Is each axis of the table a public list of keys, and is the whole grid small enough?"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, pairwise
from math import prod

from disclosure_control.policy import DpRules, Mechanism, Policy
from queries import nested
from queries.entangled import conjuncts, foregone, related, told_by
from queries.errors import Problem, problem
from queries.language import OF_UNITS, ColumnRef, Dimension, Query, Ref, Statistic, Value
from queries.plan_terms import Level, levels_of
from queries.resolve import Kind, Meaning, key_count, origin, recode_of
from queries.scope import Scope, nearest, shown
from queries.validate_conditions import value_problem
from queries.values import date_of_days, days_of, number_text, scaled, unscaled

BINNED = frozenset({Statistic.QUANTILE, Statistic.LOG_ODDS})
_HAS_BANDS = frozenset({Kind.NUMBER, Kind.DATE})


MOST_GRIDS = 24
"""Tables that one table with its totals and subtotals may be: each is counted by itself."""


def dimension_problems(scope: Scope, *, most_cells: int) -> Iterator[Problem]:
    """Faults of every dimension; of the size of the grid only once they have none."""
    found = [
        fault
        for number, dimension in enumerate(scope.query.dimensions)
        for fault in _of_dimension(dimension, scope=scope, where=f"dimensions[{number}]")
    ]
    yield from found
    if not found:
        yield from _grid_problems(scope, most_cells=most_cells)


def _grid_problems(scope: Scope, *, most_cells: int) -> Iterator[Problem]:
    cells = prod(
        key_count(dimension, query=scope.query, catalogue=scope.catalogue) + scope.query.margins
        for dimension in scope.query.dimensions
    )
    if cells > most_cells:
        yield problem("too_many_cells", where="dimensions", count=cells, most=most_cells)


def margin_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """Whether totals and subtotals may be asked too."""
    query = scope.query
    deep = {at: depth for at in range(len(query.dimensions)) if (depth := _depth(scope, at))}
    if query.margins and not query.dimensions:
        yield problem("margins_of_nothing", where="margins")
    yield from _set_problems(scope, policy)
    if not (deep or query.margins):
        return
    if policy.dp is not None:
        where = ["margins"] if query.margins else [f"dimensions[{at}].recode" for at in deep]
        yield from _noisy_margins(scope, policy.dp, where=where[0])
        return
    count = prod(1 + deep.get(at, 0) + query.margins for at in range(len(query.dimensions)))
    if count > MOST_GRIDS:
        yield problem("margins_too_many", where="margins", count=count, most=MOST_GRIDS)
    yield from _entangled(scope)


def _set_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """Of a table of which only some tables are asked for."""
    query = scope.query
    if not query.grouping_sets:
        return
    if not query.margins:
        yield problem("sets_without_margins", where="grouping_sets")
    if policy.dp is None:
        yield problem("sets_exact", where="grouping_sets")
    yield from _sets(query.grouping_sets, query)


def _sets(sets: tuple[tuple[int, ...], ...], query: Query) -> Iterator[Problem]:
    count = len(query.dimensions)
    seen: set[frozenset[int]] = set()
    for number, own in enumerate(sets[: 2**count + 1]):  # one more is there twice, or unknown
        where = f"grouping_sets[{number}]"
        unknown = next((at for at in own if not 0 <= at < count), None)
        if unknown is not None:
            yield problem("sets_unknown", where=where, position=unknown)
        if len(set(own)) < len(own):
            yield problem("sets_twice", where=where)
        if set(own) in seen:
            yield problem("sets_again", where=where)
        seen.add(frozenset(own))
    for at in sorted(set(range(count)) - set(chain.from_iterable(sets))):
        name = shown(query.dimensions[at].ref)
        yield problem("sets_without", where=f"dimensions[{at}]", name=name)
    if all(len(own) == count for own in sets):
        yield problem("sets_alone", where="grouping_sets")


def text_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """Whether a table may have keys that nobody declared."""
    texts = {
        number: shown(one.ref)
        for number, one in enumerate(scope.query.dimensions)
        if (found := scope.meaning(one.ref)) and found.kind is Kind.TEXT
    }
    if not texts:
        return
    (first, name), *more = texts.items()
    where = f"dimensions[{first}].ref"
    if policy.dp is None or not policy.dp.key_delta_femto:
        yield problem("text_not_told", where=where, name=name)
    for number, other in more:
        yield problem("texts_twice", where=f"dimensions[{number}].ref", name=other, other=name)
    if scope.query.margins or any(_depth(scope, at) for at in range(len(scope.query.dimensions))):
        yield problem("text_margins", where=where, name=name)


def _noisy_margins(scope: Scope, rules: DpRules, *, where: str) -> Iterator[Problem]:
    """Noisy totals are sums of cells, so that whoever is in several of them is counted again."""
    query = scope.query
    if Mechanism.GAUSSIAN not in rules.mechanisms:
        yield problem("margins_noisy", where=where)
    levels = levels_of(query, catalogue=scope.catalogue)
    tables = {one.ref.table for one in query.dimensions if isinstance(one.ref, ColumnRef)}
    apart = any(levels.get(table) is Level.ROW for table in tables)
    for number, measure in enumerate(query.measures):
        if measure.statistic in BINNED:
            what = measure.statistic.value
            yield problem("margins_binned", where=f"measures[{number}]", what=what)
        elif measure.statistic is Statistic.NONNEGATIVE_SUM:
            yield problem("margins_cut", where=f"measures[{number}]")
        elif measure.statistic in OF_UNITS and apart:
            yield problem("margins_units", where=f"measures[{number}]", units=scope.catalogue.units)


def _depth(scope: Scope, at: int) -> int:
    dimension = scope.query.dimensions[at]
    recode = recode_of(dimension, query=scope.query, catalogue=scope.catalogue)
    return nested.depth(recode.groups) if recode else 0


def _entangled(scope: Scope) -> Iterator[Problem]:
    """What decides a cell follows from nothing else in the question.

    A condition on a dimension itself only says which of its labels are empty, and is read so.
    """
    query = scope.query
    for number, dimension in enumerate(query.dimensions):
        where, name = f"dimensions[{number}].ref", shown(dimension.ref)
        if table := told_by(dimension.ref, query=query, catalogue=scope.catalogue):
            yield problem("margins_told", where=where, name=name, table=table)
        if foregone(dimension.ref, query=query, catalogue=scope.catalogue):
            yield problem("margins_foregone", where=where, name=name)
        before = [one.ref for one in query.dimensions[:number]]
        if other := _relative(dimension.ref, before, scope):
            code = "margins_again" if other == dimension.ref else "margins_twice"
            yield problem(code, where=where, name=name, other=shown(other))
        filters = (refs for refs in conjuncts(query.where) if refs != {dimension.ref})
        if other := _relative(dimension.ref, chain.from_iterable(filters), scope):
            yield problem("margins_filtered", where=where, name=name, other=shown(other))


def _relative(ref: Ref, others: Iterable[Ref], scope: Scope) -> Ref | None:
    return next(
        (one for one in others if related(ref, one, query=scope.query, catalogue=scope.catalogue)),
        None,
    )


def _of_dimension(dimension: Dimension, *, scope: Scope, where: str) -> Iterator[Problem]:
    yield from scope.problems(dimension.ref, where=f"{where}.ref")
    found = scope.meaning(dimension.ref)
    if found is None:
        return
    if dimension.bands and dimension.recode is not None:
        yield problem("bands_and_recode", where=where)
    elif dimension.bands:
        yield from _of_bands(dimension, found, where=f"{where}.bands")
    elif dimension.recode is not None:
        yield from _of_recode(dimension, scope=scope, where=f"{where}.recode")
    elif found.kind in _HAS_BANDS:
        name = shown(dimension.ref)
        yield problem(
            "needs_bands", where=where, name=name, type=found.kind, example=_example(found)
        )


def _of_recode(dimension: Dimension, *, scope: Scope, where: str) -> Iterator[Problem]:
    if recode_of(dimension, query=scope.query, catalogue=scope.catalogue):
        return
    place = origin(dimension.ref, query=scope.query)
    fitting = [
        recode.name
        for recode in scope.catalogue.recodes
        if place and (recode.table, recode.column) == (place.table, place.column)
    ]
    name = dimension.recode or ""
    yield problem(
        "unknown_recode",
        where=where,
        name=name,
        column=shown(dimension.ref),
        hint=nearest(name, fitting),
        known=", ".join(fitting) or "none",
    )


def _of_bands(dimension: Dimension, found: Meaning, *, where: str) -> Iterator[Problem]:
    name = shown(dimension.ref)
    if found.kind not in _HAS_BANDS:
        yield problem("bands_not_numeric", where=where, name=name, type=found.kind)
        return
    wrong = [
        fault
        for number, edge in enumerate(dimension.bands)
        if (fault := _edge_problem(edge, found, name=name, where=f"{where}[{number}]"))
    ]
    yield from wrong
    if not wrong and not all(low < high for low, high in pairwise(_numbers(dimension.bands))):
        yield problem("bands_not_rising", where=where)


def _edge_problem(edge: Value, found: Meaning, *, name: str, where: str) -> Problem | None:
    if fault := value_problem(edge, of=found, name=name, where=where):
        return fault
    (number,) = _numbers((edge,))
    lower, upper = found.lower, found.upper
    if (lower is None or lower <= number) and (upper is None or number <= upper):
        return None
    return problem(
        "bands_outside",
        where=where,
        name=name,
        value=edge,
        lower=_bound(lower, kind=found.kind),
        upper=_bound(upper, kind=found.kind),
    )


def _numbers(edges: tuple[Value, ...]) -> list[Decimal]:
    return [
        Decimal(days_of(edge)) if isinstance(edge, datetime.date) else Decimal(edge)
        for edge in edges
    ]


def _bound(bound: Decimal | None, *, kind: Kind) -> str:
    if bound is None:
        return "any"
    return str(date_of_days(int(bound))) if kind is Kind.DATE else number_text(bound)


def _example(found: Meaning) -> str:
    """A cut point in the middle of the bounds."""
    if found.lower is None or found.upper is None:
        return "10"
    low = scaled(found.lower, decimals=found.decimals)
    high = scaled(found.upper, decimals=found.decimals)
    middle = (low + high + 1) // 2
    if found.kind is Kind.DATE:
        return f"DATE '{date_of_days(middle)}'"
    return number_text(unscaled(middle, decimals=found.decimals))
