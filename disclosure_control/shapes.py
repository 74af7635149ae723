"""Can this shape be published under this policy at all? Decided from public facts alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from disclosure_control.errors import Refused
from disclosure_control.policy import Mechanism, Policy, Track
from disclosure_control.sdc.evidence import evidence_names
from disclosure_control.tables import (
    NOISY_ONLY,
    QUOTIENTS,
    SPREADS,
    Axis,
    Bands,
    Counting,
    Kind,
    Published,
    Shape,
    Vector,
)

LIMIT = 2**62
CENTRED = QUOTIENTS - {Kind.RATIO}
MOST_BINS = 2**19  # of all quantiles of a table: they are counted, and carried to the door
MOST_PATTERNS = 2**17  # of all models of a table: fitting them takes seconds
BINNED = (Counting.HISTOGRAM, Counting.PATTERNS)
COUNTED = (Counting.ROWS, Counting.UNITS, Counting.CONTRIBUTORS)

SHAPE_RULES: tuple[tuple[str, Callable[[Shape], bool]], ...] = (
    ("the table has no cells", lambda s: s.cells >= 1),
    ("an axis repeats a label", lambda s: all(_distinct(axis.labels) for axis in s.axes)),
    ("subtotals of an axis are no tree", lambda s: all(map(_is_tree, s.axes))),
    ("keys are unknown in more than one way", lambda s: not s.texts or _is_keyed(s)),
    ("an empty label is off its axis", lambda s: all(map(_has_empty, s.axes))),
    ("nothing is published", lambda s: bool(s.published)),
    ("a vector's name is repeated", lambda s: _distinct(v.name for v in s.vectors)),
    ("a column's name is repeated", lambda s: _distinct(c.name for c in s.published)),
    ("a scale is not positive", lambda s: all(min(v.scale, v.step) >= 1 for v in s.vectors)),
    ("a magnitude is out of range", lambda s: all(0 <= v.magnitude < LIMIT for v in s.vectors)),
    ("a column has negative decimals", lambda s: all(c.decimals >= 0 for c in s.published)),
    ("a histogram has no bins", lambda s: all(map(_has_bins, s.vectors))),
    ("a histogram is too fine", lambda s: _bins(s) <= MOST_BINS),
    ("there are too many patterns", lambda s: _patterns(s) <= MOST_PATTERNS),
    ("a total has no such count beside it", lambda s: all(_is_whole(s, v) for v in s.vectors)),
    (
        "a table that is asked for is none of the grid",
        lambda s: not s.grouping_sets or _has_tables(s),
    ),
    ("a column reads no such vector", lambda s: all(_reads(s, c) for c in s.published)),
)
POLICY_RULES: tuple[tuple[str, Callable[[Shape, Policy], bool]], ...] = (
    ("the table has too many cells", lambda s, p: s.cells <= p.max_cells),
    ("unknown keys are not told", lambda s, p: s.unknown is None or _tells_keys(p)),
    ("noisy totals of these are not told", lambda s, p: p.track != Track.DP or _adds_up(s, p)),
    ("a sensitivity is missing", lambda s, p: p.track != Track.DP or _has_sensitivities(s)),
    ("an exact vector claims a sensitivity", lambda s, p: p.track != Track.SDC or _has_none(s)),
    ("only counts are altered", lambda s, p: not _alters(p) or all(map(_is_count, s.published))),
    (
        "only noisy tables tell this",
        lambda s, p: p.track == Track.DP or not _is_noisy_only(s),
    ),
    ("exact tables tell all totals", lambda s, p: p.track == Track.DP or not s.grouping_sets),
    ("record keys are missing", lambda s, p: not _draws(s, p) or _has_keys(s)),
)


def require_publishable(shape: Shape, policy: Policy) -> None:
    """Raises Refused, with every fault in its detail."""
    faults = [fault for fault, holds in SHAPE_RULES if not holds(shape)]
    faults += [fault for fault, holds in POLICY_RULES if not holds(shape, policy)]
    if faults:
        raise Refused("; ".join(faults))
    if policy.track == Track.SDC:
        for column in shape.published:
            evidence_names(shape, column)


def _distinct(names: Iterable[Hashable]) -> bool:
    found = list(names)
    return len(found) == len(set(found))


def _is_tree(axis: Axis) -> bool:
    """Each label is part of one whole at most, each whole has parts, and none is its own part."""
    wholes = [whole for whole, _ in axis.subtotals]
    parts = [part for _, of in axis.subtotals for part in of]
    labels = range(len(axis.labels) - axis.total)
    return (
        all(of for _, of in axis.subtotals)
        and _distinct(wholes)
        and _distinct(parts)
        and all(at in labels for at in (*wholes, *parts))
        and not any(at in above for at, above in enumerate(axis.above))
    )


def _has_tables(shape: Shape) -> bool:
    """Each of them once, by some of the axes in their order, and all axes have totals."""
    axes = range(len(shape.axes))
    own = [set(one) <= set(axes) and list(one) == sorted(set(one)) for one in shape.grouping_sets]
    return all(own) and _distinct(shape.grouping_sets) and all(axis.total for axis in shape.axes)


def _is_keyed(shape: Shape) -> bool:
    """One axis at most has unknown keys, without totals, and there are units by which to tell."""
    axes = [axis for axis in shape.axes if axis.unknown]
    return len(axes) == 1 and deciding(shape) is not None and not shape.has_totals


def _tells_keys(policy: Policy) -> bool:
    return policy.dp is not None and policy.dp.key_delta_femto > 0


def _has_empty(axis: Axis) -> bool:
    return all(at in range(len(axis.labels) - axis.total) for at in axis.empty)


Vectors = dict[str, Vector]


def _reads(shape: Shape, column: Published) -> bool:
    """Is there everything that a column of its kind is worked out from?"""
    vectors = {vector.name: vector for vector in shape.vectors}
    count = vectors.get(column.count)
    counted = count is not None and count.counts in COUNTED
    return counted and READS.get(column.kind, _adds)(vectors, column)


def _adds(vectors: Vectors, column: Published) -> bool:
    """A total is added up; what is not divided is centred on nothing."""
    names = [column.total]
    names += [column.squares] if column.kind in SPREADS else []
    names += [column.per] if column.kind is Kind.RATIO else []
    read = [vectors.get(name or "") for name in names]
    if any(one is None or one.counts != Counting.TOTAL for one in read):
        return False
    return column.kind in CENTRED or all(
        one is not None and (one.centre == 0 or _tells_its_sum(one, column)) for one in read
    )


def _tells_its_sum(total: Vector, column: Published) -> bool:
    """With the count beside it, which says how often the centre is to be added again."""
    return column.kind is Kind.SUM and total.beside == column.count


def _adds_from_zero(vectors: Vectors, column: Published) -> bool:
    """Of what is never below zero, whatever the data."""
    total = vectors.get(column.total or "")
    least = total.row_bounds[0] if total is not None and total.row_bounds else -1
    return _adds(vectors, column) and least >= 0


def _only_counts(_: Vectors, column: Published) -> bool:
    return column.total is None


def _has_all_rows(vectors: Vectors, column: Published) -> bool:
    """Or cells of units, as the column is of rows or units."""
    some, every = vectors.get(column.count), vectors.get(column.per or "")
    if some is None or every is None:
        return False
    return column.total is None and some.counts is every.counts


def _has_patterns(vectors: Vectors, column: Published) -> bool:
    """Is there a vector of exactly these bands, and a yes or no that another number explains?"""
    patterns = column.patterns
    if patterns is None:
        return False
    found = vectors.get(patterns.vector)
    places = range(len(patterns.numbers))
    return (
        found is not None
        and found.counts is Counting.PATTERNS
        and all(min(one.width, one.scale) > 0 and one.count > 0 for one in patterns.numbers)
        and patterns.bins == found.bins
        and patterns.explained in places
        and patterns.told in places
        and patterns.told != patterns.explained
        and patterns.numbers[patterns.explained] == Bands()
    )


def _has_moments(vectors: Vectors, column: Published) -> bool:
    """Are there two numbers or more, and a total of each pair?"""
    regression = column.regression
    if regression is None:
        return False
    size = len(regression.sums)
    totals = [vectors.get(name) for name in regression.names]
    return (
        size > 1
        and len(regression.products) == size * (size + 1) // 2
        and all(one is not None and one.counts is Counting.TOTAL for one in totals)
        and all(one is not None and one.centre == 0 for one in totals)
    )


def _holds(vectors: Vectors, column: Published) -> bool:
    """Is there a histogram of exactly these bins, whose ranks times ``parts`` still fit?"""
    quantile = column.quantile
    if quantile is None:
        return False
    found = vectors.get(quantile.histogram)
    sound = 0 < quantile.part < quantile.parts and min(quantile.width, quantile.scale) > 0
    return (
        found is not None
        and found.counts is Counting.HISTOGRAM
        and sound
        and quantile.bins == found.bins
        and quantile.parts * found.magnitude < LIMIT
    )


READS: dict[Kind, Callable[[Vectors, Published], bool]] = {
    Kind.COUNT: _only_counts,
    Kind.UNITS: _only_counts,
    Kind.NONNEGATIVE_SUM: _adds_from_zero,
    Kind.QUANTILE: _holds,
    Kind.SLOPE: _has_moments,
    Kind.LOG_ODDS: _has_patterns,
    Kind.LEFT_OUT: _has_all_rows,
}


def _alters(policy: Policy) -> bool:
    return policy.sdc is not None and policy.sdc.counts is not None


def _is_noisy_only(shape: Shape) -> bool:
    return any(column.kind in NOISY_ONLY for column in shape.published)


def _adds_up(shape: Shape, policy: Policy) -> bool:
    """Are totals sums of their parts, with noise of which sums can be told?"""
    apart = any(axis.shared for axis in shape.axes)
    cut = any(column.kind is Kind.NONNEGATIVE_SUM for column in shape.published)
    units = any(vector.counts is Counting.UNITS for vector in shape.vectors)
    bins = any(vector.counts in BINNED for vector in shape.vectors)
    gaussian = policy.dp is not None and Mechanism.GAUSSIAN in policy.dp.mechanisms
    return not shape.has_totals or (gaussian and not bins and not cut and not (units and apart))


def _bins(shape: Shape) -> int:
    """From which quantiles are chosen; a histogram that two of them read counts twice."""
    read = [one.quantile.histogram for one in shape.published if one.quantile is not None]
    return sum(shape.lengths.get(name, 0) for name in read)


def _patterns(shape: Shape) -> int:
    """To which models are fitted; those that two columns read count twice."""
    read = [one.patterns.vector for one in shape.published if one.patterns is not None]
    return sum(shape.lengths.get(name, 0) for name in read)


def _has_bins(vector: Vector) -> bool:
    return vector.bins >= 1 and (vector.bins == 1 or vector.counts in BINNED)


def _is_whole(shape: Shape, vector: Vector) -> bool:
    """Does a unit move a total with a count beside it, and that count, as ``dp.parts`` needs?

    What a row adds is not below zero, and the largest times the count moves no further than the
    total: in each cell both parts are together so much, and their squares no more than its square.
    """
    if vector.beside is None:
        return True
    count = next((one for one in shape.vectors if one.name == vector.beside), None)
    if count is None or count.sensitivity is None or vector.sensitivity is None:
        return False
    own, moved = vector.sensitivity, count.sensitivity
    least, most = vector.row_bounds or (0, 0)
    return (
        vector.counts is Counting.TOTAL
        and count.counts in COUNTED
        and least >= 0
        and most > 0
        and count != (None if shape.unknown is None else deciding(shape))
        and most * moved.l1 <= own.l1
        and most**2 * moved.l2_squared <= own.l2_squared
    )


def deciding(shape: Shape) -> Vector | None:
    """Bounded units, by which unknown keys would be told; None for a table without them."""
    every = {column.per for column in shape.published if column.kind is Kind.LEFT_OUT}
    units = [one for one in shape.vectors if one.counts is Counting.UNITS]
    bounded = [one for one in units if one.name not in every]
    return bounded[0] if len(bounded) == 1 else None


def _is_count(column: Published) -> bool:
    return column.kind in (Kind.COUNT, Kind.UNITS)


def _draws(shape: Shape, policy: Policy) -> bool:
    keyed = policy.sdc is not None and policy.sdc.keyed
    return keyed and all(map(_is_count, shape.published))


def _has_keys(shape: Shape) -> bool:
    keys = {vector.name for vector in shape.vectors if vector.counts is Counting.KEYS}
    return all(column.evidence and column.evidence.keys in keys for column in shape.published)


def _has_sensitivities(shape: Shape) -> bool:
    return all(
        vector.sensitivity is not None
        and min(
            vector.sensitivity.l0,
            vector.sensitivity.l1,
            vector.sensitivity.l2_squared,
            vector.sensitivity.linf,
        )
        >= 0
        for vector in shape.vectors
    )


def _has_none(shape: Shape) -> bool:
    return all(vector.sensitivity is None for vector in shape.vectors)
