"""How is WITH f AS (SELECT unit, aggregate AS name FROM t WHERE … GROUP BY unit) read?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from queries.catalogue import Table
from queries.errors import QueryRefused
from queries.language import Aggregate, ColumnRef, Feature, Predicate
from queries.sql_conditions import condition
from queries.sql_names import Names, Reading
from queries.sql_tree import Node

_SIMPLE: dict[type[Node], Aggregate] = {
    exp.Sum: Aggregate.SUM,
    exp.Avg: Aggregate.MEAN,
    exp.Min: Aggregate.MIN,
    exp.Max: Aggregate.MAX,
}
_BY_DATE: dict[type[Node], Aggregate] = {
    exp.ArgMin: Aggregate.FIRST,
    exp.ArgMax: Aggregate.LAST,
}


@dataclass(frozen=True, slots=True)
class _Made:
    """What one aggregate of a feature computes."""

    aggregate: Aggregate
    column: str | None = None
    order_by: str | None = None


def features_of(select: exp.Select, *, reading: Reading) -> dict[str, tuple[Feature, ...]]:
    """The features of each WITH part by its name. Faults are noted; what is sound is returned."""
    groups: dict[str, tuple[Feature, ...]] = {}
    clause = select.args.get("with_")
    for part in clause.expressions if clause else ():
        try:
            name = _new_name(part, groups, reading=reading)
            groups[name] = ()
            first = sum(map(len, groups.values()))
            groups[name] = _features(part, first=first, reading=reading)
        except QueryRefused as refusal:
            reading.note(refusal)
    return groups


def _new_name(part: exp.CTE, groups: dict[str, Any], *, reading: Reading) -> str:
    name = reading.alias(part) or ""
    if reading.catalogue.table(name):
        raise reading.refuse(part.args["alias"], "alias_is_table", name=name)
    if name in groups:
        raise reading.refuse(part.args["alias"], "duplicate_alias", name=name)
    return name


def _features(part: exp.CTE, *, first: int, reading: Reading) -> tuple[Feature, ...]:
    select = part.this
    if type(select) is not exp.Select or select.args.get("with_") or select.args.get("joins"):
        raise reading.refuse(part, "feature_shape", unit="the unit")
    if select.args.get("from_") is None:
        raise reading.refuse(part, "feature_shape", unit="the unit")
    table_node = select.args["from_"].this
    table = reading.table(table_node)
    if table.public:
        raise reading.refuse(table_node, "public_feature", table=table.name)
    alias = reading.alias(table_node) or table.name
    names = Names(reading, {alias: table})
    aggregates = _aggregates(select, table=table, names=names)
    return tuple(
        _feature(node, select, names=names, path=f"features[{first + number}]")
        for number, node in enumerate(aggregates)
    )


def _aggregates(select: exp.Select, *, table: Table, names: Names) -> list[Node]:
    """All that is selected besides the unit, by which alone the rows must be grouped."""
    group = select.args.get("group")
    grouped = group.expressions if group else []
    selected = [node for node in select.expressions if _is_unit(node, table, names)]
    others = [node for node in select.expressions if node not in selected]
    if len(grouped) != 1 or not _is_unit(grouped[0], table, names):
        raise names.reading.refuse(
            group or select, "feature_shape", unit=table.unit_column or "the unit"
        )
    if len(selected) != 1 or not others:
        raise names.reading.refuse(
            select.expressions[0], "feature_first", unit=table.unit_column or "the unit"
        )
    return others


def _is_unit(node: Node, table: Table, names: Names) -> bool:
    return isinstance(node, exp.Column) and names.ref(node) == ColumnRef(
        table.name, table.unit_column or ""
    )


def _feature(node: Node, select: exp.Select, *, names: Names, path: str) -> Feature:
    reading = names.reading
    reading.mark(path, node)
    if not isinstance(node, exp.Alias):
        raise reading.refuse(node, "feature_alias")
    reading.mark(f"{path}.name", node.args["alias"])
    for part, argument in (("column", "this"), ("order_by", "expression")):
        found = node.this.args.get(argument)
        reading.mark(f"{path}.{part}", found if isinstance(found, exp.Expr) else node)
    made = _made(node.this, names)
    return Feature(
        name=reading.alias(node) or "",
        table=names.source.name,
        aggregate=made.aggregate,
        column=made.column,
        order_by=made.order_by,
        where=_where(select, names=names, path=f"{path}.where"),
    )


def _where(select: exp.Select, *, names: Names, path: str) -> Predicate | None:
    where = select.args.get("where")
    return condition(where.this, names=names, path=path) if where else None


def _made(node: Node, names: Names) -> _Made:
    read = _READERS.get(type(node))
    if read is None:
        raise names.reading.refuse(node, "feature_shape", unit=names.source.unit_column or "unit")
    return read(node, names)


def _count(node: exp.Count, names: Names) -> _Made:
    if not isinstance(node.this, exp.Star):
        raise names.reading.refuse(node, "count_column", name="it", unit="the unit")
    return _Made(Aggregate.COUNT)


def _exists(node: exp.GT, names: Names) -> _Made:
    """Reads count(*) > 0."""
    zero = isinstance(node.expression, exp.Literal) and node.expression.this == "0"
    if not isinstance(node.this, exp.Count) or not zero:
        raise names.reading.refuse(node, "feature_shape", unit=names.source.unit_column or "unit")
    _count(node.this, names)
    return _Made(Aggregate.EXISTS)


def _simple(node: exp.AggFunc, names: Names) -> _Made:
    return _Made(_SIMPLE[type(node)], _column(node.this, names))


def _by_date(node: exp.AggFunc, names: Names) -> _Made:
    value, date = _column(node.this, names), _column(node.expression, names)
    return _Made(_BY_DATE[type(node)], value, date)


def _column(node: Node | None, names: Names) -> str:
    if not isinstance(node, exp.Column):
        raise names.reading.refuse(
            node or exp.Star(), "aggregate_argument", name="An aggregate of a feature"
        )
    ref = names.ref(node)
    if not isinstance(ref, ColumnRef):
        raise names.reading.refuse(node, "feature_in_feature")
    return ref.column


_READERS: dict[type[Node], Callable[[Any, Names], _Made]] = {
    exp.Count: _count,
    exp.GT: _exists,
    **dict.fromkeys(_SIMPLE, _simple),
    **dict.fromkeys(_BY_DATE, _by_date),
}
