"""Which cells of a table that is there already add up to those of a question? By the plans alone.

A question is *implied* by another where every row that it counts stands in known cells of the
other's table: dimensions left out or made coarser, and conditions that keep or drop whole
places of a dimension. What it tells is then the same number by the same bounds, not one like it:

* both count rows of one source in one way (``Contribution``), after the same joins;
* a condition more may only drop units with all their rows, where a unit has several: what a row
  weighs depends on which rows of its unit are kept;
* places are compared by trying every value at which a condition or a place could change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from disclosure_control.policy import Policy
from disclosure_control.tables import Axis, Shape
from queries import fingerprint
from queries.catalogue import Catalogue
from queries.language import JoinKind, Measure, Query, Statistic
from queries.plan import Plan, plan
from queries.plan_axes import AxisKey
from queries.plan_terms import Condition, Level, known, stored_bounds, terms_in
from queries.plan_vectors import BY_ROW, Contribution
from queries.possible import around, holds, own_place
from queries.resolve import Kind

ADDED = frozenset({Statistic.COUNT, Statistic.SUM})
"""What adds up over any cells; distinct units do where each is in one cell."""

COUNTED = frozenset({Statistic.COUNT, Statistic.UNITS})
BY_CELLS = frozenset({Statistic.QUANTILE, Statistic.LOG_ODDS})
"""What is read in steps that depend on how many cells there are."""


@dataclass(frozen=True, slots=True)
class RollUp:
    """``cells`` has for each cell of the question those of the table that add up to it.

    ``columns`` has for each measure of the question its place in the table or, of a mean, those of
    the sum and of the count of which it is worked out.
    """

    cells: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[int, ...], ...]
    asked: Shape  # of the question in canonical spelling
    held: Shape  # of the table


@dataclass(frozen=True, slots=True)
class _Both:
    """A question and that of the table, in canonical spelling, with one name for each feature."""

    asked: Query
    held: Query
    own: Plan
    theirs: Plan
    catalogue: Catalogue


def roll_up(asked: Query, held: Query, *, catalogue: Catalogue, policy: Policy) -> RollUp | None:
    """None where the table does not imply the answer. Both are validated, and of noisy tables."""
    held = fingerprint.canonical(held, catalogue)
    asked = fingerprint.canonical(asked, catalogue)
    named = fingerprint.named_as(asked, held)
    if named is None or not _may_follow(named, held):
        return None
    both = _Both(
        named, held, plan(named, catalogue, policy), plan(held, catalogue, policy), catalogue
    )
    more = _further_conditions(both)
    if more is None or not _counts_the_same(both):
        return None
    fixed = both.own.shape.has_totals or both.own.how is Contribution.CELL_WEIGHTS
    cells = _same_cells(both, more) if fixed else _cells(both, more)
    columns = None if cells is None else _columns(both, cells)
    if cells is None or columns is None:
        return None
    return RollUp(cells, columns, plan(asked, catalogue, policy).shape, both.theirs.shape)


def _may_follow(asked: Query, held: Query) -> bool:
    """What is seen without planning them."""
    refs = [{one.ref for one in query.dimensions} for query in (asked, held)]
    told = {*held.measures, *_means_of_sums(held)}
    measures = set(asked.measures) <= told
    return asked.source == held.source and measures and refs[0] <= refs[1]


def _means_of_sums(held: Query) -> list[Measure]:
    sums = (one for one in held.measures if one.statistic is Statistic.SUM)
    return [replace(one, statistic=Statistic.MEAN) for one in sums]


def _counts_the_same(both: _Both) -> bool:
    own, theirs = both.own, both.theirs
    inner = [
        {one for one in query.joins if one.kind is JoinKind.INNER}
        for query in (both.asked, both.held)
    ]
    texts = own.texts is not None or theirs.texts is not None
    return (
        own.source == theirs.source and own.how is theirs.how and inner[0] == inner[1] and not texts
    )


def _further_conditions(both: _Both) -> tuple[Condition, ...] | None:
    """Those of the question alone; None where it counts rows that the table does not."""
    held = {one.condition for one in both.theirs.filters}
    if not held <= {one.condition for one in both.own.filters}:
        return None
    more = [one for one in both.own.filters if one.condition not in held]
    by_unit = all(one.level is Level.UNIT for one in more)
    if both.own.how is not Contribution.UNIT_ROWS and not by_unit:
        return None
    terms = {key.term for key in both.theirs.keys}
    conditions = tuple(one.condition for one in more)
    told = all(len(terms_in(one)) == 1 and terms_in(one) <= terms for one in conditions)
    return conditions if told else None


def _same_cells(both: _Both, more: tuple[Condition, ...]) -> tuple[tuple[int, ...], ...] | None:
    """Of a question with totals, or whose rows weigh by their cell: of the same dimensions only."""
    dimensions = both.asked.dimensions == both.held.dimensions
    totals = [(one.margins, one.grouping_sets) for one in (both.asked, both.held)]
    same = dimensions and totals[0] == totals[1] and not more
    return tuple((cell,) for cell in range(both.own.shape.cells)) if same else None


def _cells(both: _Both, more: tuple[Condition, ...]) -> tuple[tuple[int, ...], ...] | None:
    own, theirs = both.own, both.theirs
    if not {key.term for key in own.keys} <= {key.term for key in theirs.keys}:
        return None
    axes = [
        _moves(both, at, [one for one in more if terms_in(one) == {key.term}])
        for at, key in enumerate(theirs.keys)
    ]
    found: list[list[int]] = [[] for _ in range(own.shape.cells)]
    moves = [one for one in axes if one is not None]
    if len(moves) < len(axes):
        return None
    strides = _strides(theirs.shape.axes)
    for places in product(*moves):
        cell = sum(one.place * stride for one, stride in zip(places, strides, strict=True))
        found[sum(one.to for one in places)].append(cell)
    mixed = theirs.shape.has_totals and any(len(cells) > 1 for cells in found)
    untold = theirs.shape.not_asked
    lacking = any(cell in untold for cells in found for cell in cells)
    return None if mixed or lacking else tuple(map(tuple, found))


@dataclass(frozen=True, slots=True)
class _Move:
    """A place of an axis of the table, and what it adds to the place on the question's grid."""

    place: int
    to: int


def _moves(both: _Both, at: int, conditions: list[Condition]) -> list[_Move] | None:
    """None where a place is in several of the question's, or kept in part."""
    key, axis = both.theirs.keys[at], both.theirs.shape.axes[at]
    mine = [one for one in both.own.keys if one.term == key.term]
    if axis.total and not mine and not conditions:
        return [_Move(len(axis.labels) - 1, 0)]
    if axis.subtotals:
        return None
    by_place: dict[int, set[int | None]] = {}
    for value in _values(both, at, conditions):
        place = own_place(key, value)
        if place is not None:
            kept = all(holds(one, value) is True for one in conditions)
            by_place.setdefault(place, set()).add(_to(mine, value) if kept else None)
    if any(len(targets) > 1 for targets in by_place.values()):
        return None
    moves = (
        (place, target)
        for place, (target,) in sorted(by_place.items())
        if place not in axis.empty  # holds nobody but noise
    )
    return [_Move(place, target) for place, target in moves if target is not None]


def _to(mine: list[AxisKey], value: int | None) -> int:
    """Where a value stands on the axes of the question that are of this term."""
    places = [(own_place(one, value), one.stride) for one in mine]
    if any(place is None for place, _ in places):
        raise KeyError("a place for what is missing")
    return sum((place or 0) * stride for place, stride in places)


def _values(both: _Both, at: int, conditions: list[Condition]) -> Iterator[int | None]:
    """One at least on each side of everything where an answer could change."""
    key = both.theirs.keys[at]
    ref = both.held.dimensions[at].ref
    found = known(ref, query=both.held, catalogue=both.catalogue)
    low, high = stored_bounds(found)
    if found.kind in {Kind.CODE, Kind.TRUTH}:
        yield from range(low, high + 1)
    else:
        mine = (cut for one in both.own.keys if one.term == key.term for cut in one.cuts)
        yield from around((*key.cuts, *mine), conditions, (low, high))
    if found.nullable:
        yield None


def _strides(axes: Iterable[Axis]) -> list[int]:
    sizes = [len(axis.labels) for axis in axes]
    return [prod(sizes[at + 1 :]) for at in range(len(sizes))]


def _columns(both: _Both, cells: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...] | None:
    one_each = all(len(own) <= 1 for own in cells)
    found = [_column(both, place, one_each=one_each) for place in range(len(both.asked.measures))]
    columns = tuple(one for one in found if one is not None)
    return columns if len(columns) == len(found) else None


def _column(both: _Both, place: int, *, one_each: bool) -> tuple[int, ...] | None:
    measure = both.asked.measures[place]
    if measure in both.held.measures and (one_each or _adds_up(both, measure)):
        at = both.held.measures.index(measure)
        own, theirs = both.own.shape.published[place], both.theirs.shape.published[at]
        differs = measure.statistic in BY_CELLS and own != theirs
        return None if own.decimals != theirs.decimals or differs else (at,)
    return _of_sum_and_count(both, place) if measure.statistic is Statistic.MEAN else None


def _of_sum_and_count(both: _Both, place: int) -> tuple[int, ...] | None:
    """Of a mean: its sum, and a column that tells how many values there are."""
    total = replace(both.asked.measures[place], statistic=Statistic.SUM)
    counted = both.own.shape.published[place].count
    counts = (
        at
        for at, (measure, column) in enumerate(
            zip(both.held.measures, both.theirs.shape.published, strict=True)
        )
        if measure.statistic in COUNTED and column.count == counted
    )
    count = next(counts, None)
    cut = both.own.how is Contribution.UNIT_TOTALS  # means are scaled there, and sums clamped
    if cut or count is None or total not in both.held.measures:
        return None
    return (both.held.measures.index(total), count)


def _adds_up(both: _Both, measure: Measure) -> bool:
    apart = both.theirs.how not in BY_ROW
    return measure.statistic in ADDED or (measure.statistic is Statistic.UNITS and apart)
