"""What will an answer be worth, before anything is spent? From public facts alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement, product

from disclosure_control.dp import (
    keys,
    logistic,
    parts,
    postprocess,
    quotients,
    regression,
    selection,
)
from disclosure_control.dp.accounting import NoisePlan, main_vector, noise_plan
from disclosure_control.dp.selection import End
from disclosure_control.errors import DisclosureError, Refused
from disclosure_control.exact import shown
from disclosure_control.policy import DpRules
from disclosure_control.tables import VARYING, Kind, Published, Shape, Vector

MOST_PERCENT = Decimal(100)
CHARGE_DIGITS = 3
CELL_SIZES = (20, 50, 100, 500, 1000, 5000)
"""Numbers of contributors for which the interval of a quotient is told."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a published column will look like, whatever the data say.

    ``half_width`` holds for a cell at 95 %, in the column's own numbers; None for means and
    spreads, whose interval depends on the cell: ``at_sizes`` has a half-width for some numbers of
    contributors, for values near the middle of the bounds, or evenly over them where their spread
    is asked for (None: not shown). Of a quantile they are percentage points: by
    rank, its interval lies within so many of the cell's values on either side. A cell whose true
    count is at least ``shown_from`` is shown with a probability of 97.5 % or more.
    """

    name: str
    title: str
    kind: Kind
    mechanism: str
    half_width: Decimal | None
    at_sizes: tuple[tuple[int, Decimal | None], ...]
    threshold: int
    shown_from: int
    totals: bool  # are cells and totals as precise as each other, and add up?

    @property
    def of(self) -> str:
        return "cells and totals" if self.totals else "cells"


def expect(
    shape: Shape, rules: DpRules, *, rho_nano: int, mechanism: str | None = None
) -> tuple[Expected, ...]:
    """One entry for each published column. Raises as ``accounting.noise_plan`` does."""
    plan = noise_plan(shape, rules, rho_nano=rho_nano, mechanism=mechanism)
    return tuple(_expected(shape, column, plan, rules) for column in shape.published)


def cheapest(shape: Shape, rules: DpRules, *, within: Decimal) -> int | None:
    """The least charge, in three digits, at which the first column's half-width is at most this.

    Of the first that has one for all cells. None where there is none, or not for the policy's most.
    """
    column = next((one for one in shape.published if one.kind not in VARYING), None)
    if column is None:
        return None

    def holds(rho_nano: int) -> bool:
        try:
            plan = noise_plan(shape, rules, rho_nano=rho_nano)
        except DisclosureError:  # more noise than can be drawn
            return False
        return _fixed(shape, column, plan) <= within

    least, most = rules.rho_nano_min, rules.rho_nano_max
    if not holds(most):
        return None
    low, high = least - 1, most  # holds at high, and not at low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    digit: int = 10 ** max(0, len(str(high)) - CHARGE_DIGITS)
    return min(most, -(-high // digit) * digit)


def keys_from(shape: Shape, rules: DpRules, *, rho_nano: int) -> Decimal | None:
    """Noisy units from which a key that nobody declared is told; None where all are declared."""
    found = keys.least(shape, rules, noise_plan(shape, rules, rho_nano=rho_nano))
    return None if found is None else keys.units_of(shape, found)


def one_by_one(shape: Shape, rules: DpRules, *, rho_nano: int) -> int | None:
    """What the tables of a table with totals would cost, each asked alone and as exactly.

    By the first column that has one half-width. None without totals, or without such a column, or
    where the policy's most would not buy it for a table alone.
    """
    column = next((one for one in shape.published if one.kind not in VARYING), None)
    if column is None or not shape.has_totals:
        return None
    width = _fixed(shape, column, noise_plan(shape, rules, rho_nano=rho_nano))
    alone = cheapest(_without_totals(shape), rules, within=width)
    return None if alone is None else _tables(shape) * alone


def _tables(shape: Shape) -> int:
    """In how many ways labels of the axes stand together, of those that are told."""
    depths = [sorted({len(above) for above in axis.above}) for axis in shape.axes]
    told = shape.grouping_sets
    ways = (tuple(at for at, depth in enumerate(way) if depth) for way in product(*depths))
    return sum(not told or way in told for way in ways)


def _without_totals(shape: Shape) -> Shape:
    axes = (replace(axis, total=False, subtotals=()) for axis in shape.axes)
    return replace(shape, axes=tuple(axes), grouping_sets=())


def _expected(shape: Shape, column: Published, plan: NoisePlan, rules: DpRules) -> Expected:
    varies = column.kind in VARYING
    count = shape.vector(column.count)
    off = -(-plan.of(count.name).half_width // count.scale)
    return Expected(
        name=column.name,
        title=column.title,
        kind=column.kind,
        mechanism=plan.of(main_vector(column)).mechanism,
        half_width=None if varies else _fixed(shape, column, plan),
        at_sizes=tuple(_at_sizes(shape, column, plan)) if varies else (),
        threshold=rules.threshold,
        shown_from=rules.threshold + off,
        totals=shape.has_totals,
    )


def _fixed(shape: Shape, column: Published, plan: NoisePlan) -> Decimal:
    vector = shape.vector(main_vector(column))
    vector = replace(vector, name=parts.sum_of(vector))
    integers = plan.of(vector.name).half_width
    estimated = postprocess.is_estimated(shape, vector)
    return postprocess.half_width(column, vector, integers=integers, estimated=estimated)


def _at_sizes(shape: Shape, column: Published, plan: NoisePlan) -> list[tuple[int, Decimal | None]]:
    if column.kind is Kind.QUANTILE:
        return [(size, _percent(shape, column, plan, size=size)) for size in CELL_SIZES]
    if column.patterns is not None:
        return [(size, _odds_width(shape, column, plan, size=size)) for size in CELL_SIZES]
    scale = shape.vector(column.count).scale
    widths: list[tuple[int, Decimal | None]] = []
    for size in CELL_SIZES:
        example = _example(shape, column, count=size * scale)
        interval = quotients.TOLD[column.kind].interval(shape, column, example, plan=plan)
        width = interval and shown((interval[1] - interval[0]) / 2, decimals=column.decimals)
        widths.append((size, width))
    return widths


def _percent(shape: Shape, column: Published, plan: NoisePlan, *, size: int) -> Decimal:
    """Each end aims one reach away from the quantile, and ends up at most one further."""
    quantile = selection.quantile_of(column)
    reach = plan.of(selection.name_of(column.name, End.LOWER)).mean_half_width
    everybody = quantile.parts * size * shape.vector(quantile.histogram).scale
    return min(shown(Fraction(200 * reach, everybody), decimals=1, towards=math.ceil), MOST_PERCENT)


def _odds_width(shape: Shape, column: Published, plan: NoisePlan, *, size: int) -> Decimal | None:
    """Rows evenly over all patterns, which then say nothing of each other."""
    patterns = column.patterns
    if patterns is None:
        raise Refused(f"column {column.name} names no patterns")
    vector = shape.vector(patterns.vector)
    each = Fraction(size * vector.scale, vector.bins)
    told = logistic.log_odds(
        patterns,
        (each,) * vector.bins,
        scale=vector.scale,
        variance=plan.of(vector.name).variance,
    )
    if told is None:
        return None
    return shown((told.interval[1] - told.interval[0]) / 2, decimals=column.decimals)


def _example(shape: Shape, column: Published, *, count: int) -> dict[str, int]:
    """Values in the middle of their bounds or, for a spread, evenly over them.

    Evenly over -r to r, squares have the mean r*r / 3: a third below their middle, r*r / 2.
    """
    if column.regression is not None:
        return _evenly(shape, column, count=count)
    if column.kind is Kind.LEFT_OUT:  # nothing is
        rows = count // shape.vector(column.count).scale
        every = quotients.divisor_name(column)
        return {column.count: count, every: rows * shape.vector(every).scale}
    if column.per is not None:
        names = (quotients.total_name(column), column.per)
        return {name: count * _middle(shape.vector(name)) for name in names}
    total = shape.vector(quotients.total_name(column))
    own = {column.count: count, total.name: count * _middle(total)}
    if total.beside is not None:
        own[parts.rest_of(total)] = count * parts.whole(total) - own[total.name]
    if column.squares is None:
        return own
    return {**own, column.squares: -count * shape.vector(column.squares).centre // 3}


def _evenly(shape: Shape, column: Published, *, count: int) -> dict[str, int]:
    """Numbers that have nothing to do with each other, each evenly over its bounds."""
    told = regression.regression_of(column)
    size = len(told.sums)
    found = {column.count: count, **dict.fromkeys(told.names, 0)}
    places = combinations_with_replacement(range(size), 2)
    for name, (first, second) in zip(told.products, places, strict=True):
        if first == second:
            _, largest = shape.vector(name).row_bounds or (0, 0)
            found[name] = count * largest // 3
    return found


def _middle(vector: Vector) -> int:
    """Of what one row adds."""
    return sum(vector.row_bounds or (0, 0)) // 2
