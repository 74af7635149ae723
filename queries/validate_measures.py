"""Which measures are refused, and why? What is counted, added up, divided or chosen."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure_control.alterations import in_words
from disclosure_control.policy import Policy, Track
from queries.errors import Problem, problem
from queries.language import (
    COUNTING,
    NOISY_ONLY,
    REGRESSIONS,
    ColumnRef,
    Dimension,
    Measure,
    Query,
    Ref,
    Statistic,
)
from queries.plan_terms import Level, levels_of
from queries.resolve import Kind
from queries.scope import Scope, shown
from queries.values import number_text

LEVEL_DIGITS = 2
MOST_ADJUSTERS = {Statistic.SLOPE: 6, Statistic.LOG_ODDS: 3}
NOTHING_LEFT_OUT = {
    Statistic.LEFT_OUT: "nothing_left_out",
    Statistic.UNITS_LEFT_OUT: "no_cell_left_out",
}
_OF_TRUTH = frozenset({Statistic.MEAN, Statistic.LOG_ODDS})


def measure_problems(scope: Scope) -> Iterator[Problem]:
    if not scope.query.measures:
        table = scope.catalogue.table(scope.query.source)
        unit = table.unit_column if table and table.unit_column else "unit"
        yield problem("no_measure", where="measures", unit=unit)
    for number, measure in enumerate(scope.query.measures):
        yield from _problems(measure, scope=scope, where=f"measures[{number}]")


def _problems(measure: Measure, *, scope: Scope, where: str) -> Iterator[Problem]:
    what = measure.statistic.value
    yield from _level_problems(measure, where=f"{where}.level")
    yield from _divisor_problems(measure, scope=scope, where=f"{where}.per")
    yield from _regression_problems(measure, scope=scope, where=where)
    if measure.statistic in COUNTING:
        if measure.ref is not None:
            yield problem("measure_with_ref", where=f"{where}.ref", what=what)
        return
    if measure.ref is None:
        yield problem("measure_without_ref", where=f"{where}.ref", what=what)
        return
    if measure.statistic in _OF_TRUTH and _is_truth(measure.ref, scope=scope):
        yield from scope.problems(measure.ref, where=f"{where}.ref")
    elif measure.statistic is Statistic.LOG_ODDS:
        yield problem("needs_truth", where=f"{where}.ref", what=what, name=shown(measure.ref))
    else:
        yield from _number_problems(measure.ref, what, scope=scope, where=f"{where}.ref")
        if measure.statistic is Statistic.NONNEGATIVE_SUM:
            yield from _sign_problems(measure.ref, scope=scope, where=f"{where}.ref")


def _sign_problems(ref: Ref, *, scope: Scope, where: str) -> Iterator[Problem]:
    found = scope.meaning(ref)
    if found is not None and found.lower is not None and found.lower < 0:
        name, lower = shown(ref), number_text(found.lower)
        yield problem("sum_below_zero", where=where, name=name, lower=lower)


def _is_truth(ref: Ref, *, scope: Scope) -> bool:
    found = scope.meaning(ref)
    return found is not None and found.kind is Kind.TRUTH


def _divisor_problems(measure: Measure, *, scope: Scope, where: str) -> Iterator[Problem]:
    what, per = measure.statistic.value, measure.per
    if measure.statistic in REGRESSIONS:
        return
    if measure.statistic is not Statistic.RATIO:
        if per is not None:
            yield problem("needs_no_divisor", where=where, what=what)
    elif per is None or per == measure.ref:
        yield problem("needs_divisor", where=where)
    else:
        yield from _number_problems(per, what, scope=scope, where=where)
        found = scope.meaning(per)
        if found is not None and found.lower is not None and found.lower < 0:
            lower = number_text(found.lower)
            yield problem("divisor_below_zero", where=where, name=shown(per), lower=lower)


def _regression_problems(measure: Measure, *, scope: Scope, where: str) -> Iterator[Problem]:
    """Rows must be independent, and what explains is several different numbers."""
    what = measure.statistic.value
    if measure.statistic not in REGRESSIONS:
        if measure.adjusted:
            yield problem("needs_no_adjusters", where=f"{where}.adjusted", what=what)
        return
    table = scope.catalogue.table(scope.query.source)
    if table is not None and not table.one_row_per_unit:
        yield problem("dependent_rows", where=where, what=what, unit=scope.catalogue.unit)
    if measure.per is None or len(set(measure.refs)) < len(measure.refs):
        yield problem("needs_explanation", where=f"{where}.per", what=what)
    most = MOST_ADJUSTERS[measure.statistic]
    if len(measure.adjusted) > most:
        words = {"what": what, "most": most}
        yield problem("too_many_adjusters", where=f"{where}.adjusted", **words)
    places = [f"{where}.per", *(f"{where}.adjusted[{at}]" for at in range(len(measure.adjusted)))]
    for ref, place in zip(measure.refs[1:], places, strict=False):
        if _is_truth(ref, scope=scope):
            yield from scope.problems(ref, where=place)
        else:
            yield from _number_problems(ref, what, scope=scope, where=place)


def _number_problems(ref: Ref, what: str, *, scope: Scope, where: str) -> Iterator[Problem]:
    """Of something that is added up."""
    yield from scope.problems(ref, where=where)
    found, name = scope.meaning(ref), shown(ref)
    if found is None:
        return
    if found.public:
        yield problem("public_measure", where=where, name=name)
    elif found.kind is not Kind.NUMBER:
        yield problem("needs_number", where=where, what=what, name=name, type=found.kind)
    elif found.lower is None or found.upper is None:
        yield problem("needs_bounds", where=where, name=name)


def _level_problems(measure: Measure, *, where: str) -> Iterator[Problem]:
    level = measure.level
    if measure.statistic is not Statistic.QUANTILE:
        if level is not None:
            yield problem("needs_no_level", where=where, what=measure.statistic.value)
    elif level is None or not 0 < level < 1 or level != round(level, LEVEL_DIGITS):
        yield problem("needs_level", where=where, most=LEVEL_DIGITS)


def track_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """What neither altered counts nor exact tables can tell."""
    yield from _alteration_problems(scope.query, policy)
    yield from _exact_problems(scope, policy)
    yield from _bound_problems(scope, policy)


def _alteration_problems(query: Query, policy: Policy) -> Iterator[Problem]:
    """Where every count is altered before it is shown, nothing else can be."""
    if policy.sdc is None or policy.sdc.counts is None:
        return
    how = in_words(policy.sdc.counts)
    for number, measure in enumerate(query.measures):
        if measure.statistic not in COUNTING:
            yield problem("counts_only", where=f"measures[{number}]", how=how)


def _bound_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """Where no unit may have more rows, or be in more cells, than count, nothing is left out."""
    table, unit = scope.catalogue.table(scope.query.source), scope.catalogue.unit
    if policy.dp is None or table is None:
        return
    several = any(_varies_by_row(one, scope) for one in scope.query.dimensions)
    bounded = {
        Statistic.LEFT_OUT: table.max_rows_per_unit > policy.dp.max_rows_per_unit,
        Statistic.UNITS_LEFT_OUT: table.max_rows_per_unit > policy.dp.max_groups_per_unit
        and several,
    }
    for number, measure in enumerate(scope.query.measures):
        if not bounded.get(measure.statistic, True):
            code = NOTHING_LEFT_OUT[measure.statistic]
            yield problem(code, where=f"measures[{number}]", unit=unit)


def _varies_by_row(dimension: Dimension, scope: Scope) -> bool:
    """Can rows of one unit differ in it?"""
    ref = dimension.ref
    if not isinstance(ref, ColumnRef):
        return False
    return levels_of(scope.query, catalogue=scope.catalogue).get(ref.table) is Level.ROW


def _exact_problems(scope: Scope, policy: Policy) -> Iterator[Problem]:
    """What the exact track has no rules for."""
    if policy.track is not Track.SDC:
        return
    for number, measure in enumerate(scope.query.measures):
        if measure.statistic in NOISY_ONLY:
            yield problem("noisy_only", where=f"measures[{number}]")
        elif measure.ref is not None and _is_truth(measure.ref, scope=scope):
            yield problem("exact_proportion", where=f"measures[{number}]", name=shown(measure.ref))
