"""How are SELECT and GROUP BY read? Dimensions that are grouped by, and aggregates."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlglot import exp

from queries.errors import QueryRefused
from queries.language import ColumnRef, Dimension, Measure, Predicate, Ref, Statistic
from queries.scope import shown
from queries.sql_conditions import condition, constant
from queries.sql_names import Names
from queries.sql_tree import Node
from queries.validate_measures import LEVEL_DIGITS
from queries.values import number_from

_STATISTICS: dict[type[Any], Statistic] = {
    exp.Sum: Statistic.SUM,
    exp.Avg: Statistic.MEAN,
    exp.Variance: Statistic.VARIANCE,
    exp.Stddev: Statistic.STDDEV,
    exp.StddevSamp: Statistic.STDDEV,
    exp.Median: Statistic.QUANTILE,
    exp.Quantile: Statistic.QUANTILE,
}
_MEDIAN = Decimal("0.5")
_AGGREGATES: tuple[type[Any], ...] = (
    exp.Count,
    *_STATISTICS,
    exp.Min,
    exp.Max,
    exp.ArgMin,
    exp.ArgMax,
)
_FEWEST_BAND_ARGUMENTS = 2
_RECODE_ARGUMENTS = 2
_RATIO_ARGUMENTS = 2


Sets = tuple[tuple[int, ...], ...]


def selected(
    select: exp.Select, *, names: Names
) -> tuple[tuple[Dimension, ...], tuple[Measure, ...], Sets]:
    """Dimensions and measures in the order of SELECT, and grouping sets by their positions.

    Faults are noted in the reading.
    """
    dimensions: list[Dimension] = []
    measures: list[Measure] = []
    aliases: dict[str, Dimension | None] = {}
    _from_comes_after(select, names)
    for node in select.expressions:
        try:
            alias, inner = _unaliased(node, aliases, names=names)
            if _is_aggregate(inner):
                measures.append(_measure(inner, names, path=f"measures[{len(measures)}]"))
                found = None
            else:
                found = _dimension(inner, names, path=f"dimensions[{len(dimensions)}]")
                dimensions.append(found)
            aliases |= {alias: found} if alias else {}
        except QueryRefused as refusal:
            names.reading.note(refusal)
    sets: Sets = ()
    if not names.reading.problems:
        sets = _grouped(select, dimensions, aliases, names=names)
    return tuple(dimensions), tuple(measures), sets


def filter_of(select: exp.Select, *, names: Names) -> Predicate | None:
    """The WHERE clause as a condition; faults are noted in the reading."""
    where = select.args.get("where")
    if where is None:
        return None
    try:
        return condition(where.this, names=names, path="where")
    except QueryRefused as refusal:
        names.reading.note(refusal)
        return None


def _from_comes_after(select: exp.Select, names: Names) -> None:
    """FROM t SELECT x is a spelling of some engines, and none of this language."""
    selects = [select, *select.find_all(exp.Select)]
    for node in selects:
        source = node.args.get("from_")
        if source is None or not node.expressions:
            continue
        names.reading.mark("from", source)
        names.reading.mark("first", node.expressions[0])
        if names.reading.places["from"] < names.reading.places["first"]:
            names.reading.note(names.reading.refuse(source, "from_first"))


def _unaliased(
    node: Node, aliases: dict[str, Dimension | None], *, names: Names
) -> tuple[str | None, Node]:
    if not isinstance(node, exp.Alias):
        return None, node
    alias = names.reading.alias(node)
    if alias in aliases:
        raise names.reading.refuse(node.args["alias"], "duplicate_alias", name=alias)
    return alias, node.this


def _measure(node: Node, names: Names, *, path: str) -> Measure:
    names.reading.mark(path, node)
    if isinstance(node, exp.Count):
        return _count(node, names)
    if isinstance(node, exp.Anonymous):
        return _CALLED[str(node.this).lower()](node, names, path)
    statistic = _STATISTICS.get(type(node))
    if statistic is None:
        raise names.reading.refuse(node, "function", name=node.key)
    if not isinstance(node.this, exp.Column):
        raise names.reading.refuse(node, "aggregate_argument", name=statistic.value)
    names.reading.mark(f"{path}.ref", node.this)
    return Measure(statistic, names.ref(node.this), _level(node, names))


def _is_aggregate(node: Node) -> bool:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _CALLED
    return isinstance(node, _AGGREGATES)


def _ratio(node: exp.Anonymous, names: Names, path: str) -> Measure:
    if len(node.expressions) != _RATIO_ARGUMENTS:
        raise names.reading.refuse(node, "ratio_shape")
    of, per = _numbers(node, names, path, code="ratio_shape")
    return Measure(Statistic.RATIO, of, per=per)


def _regression(node: exp.Anonymous, names: Names, path: str) -> Measure:
    if len(node.expressions) < _RATIO_ARGUMENTS:
        raise names.reading.refuse(node, "regression_shape")
    of, per, *others = _numbers(node, names, path, code="regression_shape")
    return Measure(Statistic(str(node.this).lower()), of, per=per, adjusted=tuple(others))


def _numbers(node: exp.Anonymous, names: Names, path: str, *, code: str) -> list[Ref]:
    """The second and those after it say something of the first."""
    if not all(isinstance(one, exp.Column) for one in node.expressions):
        raise names.reading.refuse(node, code)
    for number, one in enumerate(node.expressions):
        place = ("ref", "per")[number] if number < _RATIO_ARGUMENTS else f"adjusted[{number - 2}]"
        names.reading.mark(f"{path}.{place}", one)
    return [names.ref(one) for one in node.expressions]


def _left_out(node: exp.Anonymous, names: Names, _: str) -> Measure:
    (argument, *others) = node.expressions or [None]
    if not others and isinstance(argument, exp.Star):
        return Measure(Statistic.LEFT_OUT)
    if not others and isinstance(argument, exp.Distinct) and _is_unit(argument, names):
        return Measure(Statistic.UNITS_LEFT_OUT)
    raise names.reading.refuse(node, "left_out_shape", unit=names.source.unit_column or "unit")


def _nonnegative_sum(node: exp.Anonymous, names: Names, path: str) -> Measure:
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Column):
        raise names.reading.refuse(node, "aggregate_argument", name=Statistic.NONNEGATIVE_SUM)
    (of,) = _numbers(node, names, path, code="aggregate_argument")
    return Measure(Statistic.NONNEGATIVE_SUM, of)


_CALLED = {
    "nonnegative_sum": _nonnegative_sum,
    "ratio": _ratio,
    "slope": _regression,
    "log_odds": _regression,
    "left_out": _left_out,
}


def _level(node: Node, names: Names) -> Decimal | None:
    if isinstance(node, exp.Median):
        return _MEDIAN
    if not isinstance(node, exp.Quantile):
        return None
    level = node.args["quantile"]
    number = number_from(level.this) if isinstance(level, exp.Literal) else None
    if number is None or level.is_string:
        raise names.reading.refuse(level, "needs_level", most=str(LEVEL_DIGITS))
    return number


def _count(node: exp.Count, names: Names) -> Measure:
    unit = names.source.unit_column or "unit"
    if isinstance(node.this, exp.Star):
        return Measure(Statistic.COUNT)
    if not isinstance(node.this, exp.Distinct):
        raise names.reading.refuse(node, "count_column", name=node.this.sql(), unit=unit)
    if not _is_unit(node.this, names):
        raise names.reading.refuse(node, "count_distinct", unit=unit)
    return Measure(Statistic.UNITS)


def _is_unit(node: exp.Distinct, names: Names) -> bool:
    counted, unit = node.expressions, names.source.unit_column or "unit"
    return len(counted) == 1 and names.ref(counted[0]) == ColumnRef(names.source.name, unit)


def _dimension(node: Node, names: Names, *, path: str) -> Dimension:
    names.reading.mark(path, node)
    read = _DIMENSIONS.get(type(node))
    if read is None:
        code = "ordinal" if isinstance(node, exp.Literal) else "expression"
        raise names.reading.refuse(node, code)
    return read(node, names, path)


def _column(node: exp.Column, names: Names, path: str) -> Dimension:
    names.reading.mark(f"{path}.ref", node)
    return Dimension(names.ref(node))


def _paren(node: exp.Paren, names: Names, path: str) -> Dimension:
    return _dimension(node.this, names, path=path)


def _band_or_recode(node: exp.Anonymous, names: Names, path: str) -> Dimension:
    name = str(node.this).lower()
    read = {"band": _band, "recode": _recode}.get(name)
    if read is None:
        raise names.reading.refuse(node, "function", name=name)
    return read(node, names, path)


def _band(node: exp.Anonymous, names: Names, path: str) -> Dimension:
    if len(node.expressions) < _FEWEST_BAND_ARGUMENTS:
        raise names.reading.refuse(node, "band_shape")
    argument, *edges = node.expressions
    ref = _column(argument, names, path).ref
    bands = []
    for number, edge in enumerate(edges):
        value = constant(edge, names=names, ref=ref, path=f"{path}.bands[{number}]")
        if not isinstance(value, Decimal | datetime.date):
            raise names.reading.refuse(edge, "band_shape")
        bands.append(value)
    return Dimension(ref, bands=tuple(bands))


def _recode(node: exp.Anonymous, names: Names, path: str) -> Dimension:
    if len(node.expressions) != _RECODE_ARGUMENTS:
        raise names.reading.refuse(node, "recode_shape")
    argument, label = node.expressions
    if not isinstance(label, exp.Literal) or not label.is_string:
        raise names.reading.refuse(node, "recode_shape")
    names.reading.mark(f"{path}.recode", label)
    return Dimension(_column(argument, names, path).ref, recode=str(label.this))


_DIMENSIONS: dict[type[Node], Callable[[Any, Names, str], Dimension]] = {
    exp.Column: _column,
    exp.Paren: _paren,
    exp.Anonymous: _band_or_recode,
}


def _grouped(
    select: exp.Select,
    dimensions: list[Dimension],
    aliases: dict[str, Dimension | None],
    *,
    names: Names,
) -> Sets:
    """Exactly what is selected besides aggregates must be grouped by, in any order."""
    group = select.args.get("group")
    if group:
        names.reading.mark("dimensions", group)
        names.reading.mark("margins", group)
        names.reading.mark("grouping_sets", group)
    sets: list[tuple[int, ...]] = []
    for number, nodes in enumerate(_sets_of_nodes(group, names) if group else ()):
        try:
            found = [_grouping(node, aliases, names=names) for node in nodes]
        except QueryRefused as refusal:
            names.reading.note(refusal)
            return ()
        for node, one in zip(nodes, found, strict=True):
            if one not in dimensions:
                names.reading.note(names.reading.refuse(node, "not_selected", name=_name(one)))
            names.reading.mark(f"grouping_sets[{number}]", node)
        sets.append(tuple(dimensions.index(one) for one in found if one in dimensions))
    grouped = {at for own in sets for at in own}
    for at, node in enumerate(_dimension_nodes(select)):
        if at not in grouped:
            name = _name(dimensions[at])
            names.reading.note(names.reading.refuse(node, "not_grouped", name=name))
    return tuple(sets) if group and _is_of(group, exp.GroupingSets) else ()


def _sets_of_nodes(group: exp.Group, names: Names) -> list[list[Node]]:
    """What is grouped by: a list, or one CUBE (...) around all of it, or GROUPING SETS."""
    if _is_of(group, exp.Cube):
        return [list(group.expressions[0].expressions)]
    if _is_of(group, exp.GroupingSets):
        return [_members(one) for one in group.expressions[0].expressions]
    several = (exp.Cube, exp.GroupingSets)
    if other := next((one for one in group.expressions if isinstance(one, several)), None):
        raise names.reading.refuse(other, "grouping_sets")
    return [list(group.expressions)]


def _members(node: Node) -> list[Node]:
    return list(node.expressions) if isinstance(node, exp.Tuple) else [node]


def has_margins(select: exp.Select) -> bool:
    """CUBE asks for every total, GROUPING SETS for some."""
    group = select.args.get("group")
    return group is not None and (_is_of(group, exp.Cube) or _is_of(group, exp.GroupingSets))


def _is_of(group: exp.Group, kind: type[Any]) -> bool:
    return len(group.expressions) == 1 and isinstance(group.expressions[0], kind)


def _grouping(node: Node, aliases: dict[str, Dimension | None], *, names: Names) -> Dimension:
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        found = aliases.get(names.reading.name(node.this))
        if found is not None:
            return found
    if isinstance(node, exp.Alias) or _is_aggregate(node):
        raise names.reading.refuse(node, "no_aggregate_here")
    return _dimension(node, names, path="group")


def _dimension_nodes(select: exp.Select) -> list[Node]:
    inner = [node.unalias() for node in select.expressions]
    return [node for node in inner if not _is_aggregate(node)]


def _name(dimension: Dimension) -> str:
    return shown(dimension.ref)
