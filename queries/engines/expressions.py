"""How is one term, key, condition or feature of a plan spelt in DuckDB's SQL?

Only whole numbers and declared names are written, and only total operations: comparisons,
CASE, and additions and products that the plan's magnitudes keep below 2**62.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from queries.language import Aggregate, Operator
from queries.plan import Derived
from queries.plan_axes import AxisKey
from queries.plan_terms import Absent, Among, Condition, Every, Holds, Negated, Some, Stored, Term
from queries.store import quoted

Namer = Callable[[Term], str]
"""The SQL of a term, at the place where it is read."""

_SIGNS = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.LT: "<",
    Operator.LE: "<=",
    Operator.GT: ">",
    Operator.GE: ">=",
}


def condition_sql(condition: Condition, *, name: Namer) -> str:
    """Three-valued, as the condition is."""
    match condition:
        case Holds(term, operator, constant):
            return f"{name(term)} {_SIGNS[operator]} {constant}"
        case Among(term, constants):
            return f"{name(term)} IN ({_listed(constants)})" if constants else "FALSE"
        case Absent(term):
            return f"{name(term)} IS NULL"
        case Negated(part):
            return f"NOT ({condition_sql(part, name=name)})"
        case Every(parts):
            return _joined(parts, word=" AND ", empty="TRUE", name=name)
        case Some(parts):
            return _joined(parts, word=" OR ", empty="FALSE", name=name)


def _joined(parts: tuple[Condition, ...], *, word: str, empty: str, name: Namer) -> str:
    return word.join(f"({condition_sql(part, name=name)})" for part in parts) or empty


def where_sql(conditions: Iterable[str]) -> str:
    """A WHERE clause, or nothing."""
    kept = [f"({condition})" for condition in conditions]
    return f" WHERE {' AND '.join(kept)}" if kept else ""


def cell_sql(keys: Iterable[AxisKey], *, name: Namer) -> str:
    """The part of a row-major grid position that these axes decide. NULL off the grid."""
    parts = [times(key_sql(key, name=name), key.stride) for key in keys]
    return " + ".join(parts) or "0"


def times(term: str, factor: int) -> str:
    """A product, where one is needed."""
    return term if factor == 1 else f"{term} * {factor}"


def key_sql(key: AxisKey, *, name: Namer) -> str:
    """The position on one axis: the missing one, or else NULL, for what has no other.

    Stored codes are positions already, which ingest has checked.
    """
    term = name(key.term)
    if key.bins is not None:
        kept = clamped(term, lower=key.bins.low, upper=key.bins.last)
        return f"({kept} - ({key.bins.low})) // {key.bins.width}"
    if not key.cuts and not key.groups:
        return term if key.missing is None else f"coalesce({term}, {key.missing})"
    other = "NULL" if key.missing is None else str(key.missing)
    return f"CASE {' '.join(_key_cases(key, term))} ELSE {other} END"


def _key_cases(key: AxisKey, term: str) -> list[str]:
    if key.cuts:
        below = [f"WHEN {term} < {cut} THEN {place}" for place, cut in enumerate(key.cuts)]
        return [*below, f"WHEN {term} >= {key.cuts[-1]} THEN {len(key.cuts)}"]
    return [
        f"WHEN {term} IN ({_listed(members)}) THEN {group}"
        for group in range(key.keys)
        if (members := [place for place, own in enumerate(key.groups) if own == group])
    ]


def clamped(value: str, *, lower: int, upper: int) -> str:
    """NULL stays NULL, which ``greatest`` and ``least`` would not keep."""
    return (
        f"CASE WHEN {value} > {upper} THEN {upper} "
        f"WHEN {value} < {lower} THEN {lower} ELSE {value} END"
    )


def feature_sql(feature: Derived) -> str:
    """The aggregate over one unit's rows. NULL for a unit without values, except counts."""
    column = quoted(feature.column or "")
    order = quoted(feature.order or "")
    low, high = feature.bounds
    first = feature.order_bounds[0]
    width = high - low + 1
    pair = f"({order} - ({first})) * {width} + ({column} - ({low}))"
    return _FEATURES[feature.aggregate].format(
        column=column,
        most=feature.most_rows,
        low=low,
        width=width,
        pair=pair,
        total=clamped(
            f"sum({column})",
            lower=feature.most_rows * min(low, 0),
            upper=feature.most_rows * max(high, 0),
        ),
    )


_FEATURES = {
    Aggregate.EXISTS: "1",
    Aggregate.COUNT: "least(count(*), {most})",
    Aggregate.SUM: "({total})::BIGINT",
    # Half up: doubled, plus the count, divided by the doubled count. Counted from the lower
    # bound nothing is negative, and integer division cuts as it should.
    Aggregate.MEAN: "(({low}) + (2 * sum({column} - ({low})) + count({column}))"
    " // (2 * nullif(count({column}), 0)))::BIGINT",
    Aggregate.MIN: "min({column})",
    Aggregate.MAX: "max({column})",
    # (order, value) as one number: the smallest date first, among equals the smallest value.
    Aggregate.FIRST: "min({pair}) % {width} + ({low})",
    Aggregate.LAST: "max({pair}) % {width} + ({low})",
}

TOTAL_FEATURES = frozenset({Aggregate.EXISTS, Aggregate.COUNT, Aggregate.SUM})
"""Zero for a unit without rows; the others are missing."""


def column_sql(term: Stored) -> str:
    return f"{quoted(term.table)}.{quoted(term.column)}"


def _listed(constants: Iterable[int]) -> str:
    return ", ".join(str(constant) for constant in constants)
