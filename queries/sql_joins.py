"""How are FROM and JOIN read? Only declared links, and features on the unit, link anything."""

from __future__ import annotations

from itertools import product

from sqlglot import exp

from queries.catalogue import Link, Table
from queries.errors import QueryRefused
from queries.language import Feature, Join, JoinKind
from queries.sql_names import Names, Reading, listed
from queries.sql_tree import Node

_KINDS = {
    ("", ""): JoinKind.INNER,
    ("", "INNER"): JoinKind.INNER,
    ("LEFT", ""): JoinKind.LEFT,
    ("LEFT", "OUTER"): JoinKind.LEFT,
}
_Pair = tuple[tuple[str, str], tuple[str, str]]  # (table or feature group, column), twice


def linked(
    select: exp.Select, *, groups: dict[str, tuple[Feature, ...]], reading: Reading
) -> tuple[Names, tuple[Join, ...]]:
    """Everything that may be named in the question, and its declared links.

    Raises QueryRefused without a declared source; faults of joins are noted.
    """
    names = Names(reading, _source(select, groups, reading=reading), unlinked=dict(groups))
    joins: list[Join] = []
    for node in select.args.get("joins") or ():
        try:
            if join := _join(node, names, position=len(joins)):
                joins.append(join)
        except QueryRefused as refusal:
            reading.note(refusal)
    return names, tuple(joins)


def _source(
    select: exp.Select, groups: dict[str, tuple[Feature, ...]], *, reading: Reading
) -> dict[str, Table]:
    clause = select.args.get("from_")
    if clause is None:
        known = listed(table.name for table in reading.catalogue.tables if not table.public)
        raise reading.refuse(select, "no_source", known=known)
    node = clause.this
    if not isinstance(node, exp.Table):
        raise reading.refuse(node, "subquery", unit="the unit")
    reading.mark("source", node)
    table = reading.table(node)
    alias = reading.alias(node) or table.name
    if alias in groups or _other_table(alias, table, reading):
        raise reading.refuse(node, "duplicate_alias", name=alias)
    return {alias: table}


def _other_table(alias: str, table: Table, reading: Reading) -> bool:
    """An alias that is another table's name would read as that table."""
    found = reading.catalogue.table(alias)
    return found is not None and found.name != table.name


def _join(node: exp.Join, names: Names, *, position: int) -> Join | None:
    """The declared link; None for a feature, whose link is understood."""
    kind = _KINDS.get((node.side or "", node.kind or ""))
    if kind is None or not isinstance(node.this, exp.Table):
        raise names.reading.refuse(node, "join_kind")
    name = names.reading.name(node.this.this)
    if name in names.features:
        raise names.reading.refuse(node.this, "table_twice", name=name)
    if name in names.unlinked:
        _join_feature(name, node, kind, names)
        return None
    return _join_table(node, kind, names, position=position)


def _join_feature(name: str, node: exp.Join, kind: JoinKind, names: Names) -> None:
    if kind is not JoinKind.LEFT:
        raise names.not_linked(name, node, code="feature_join")
    features = names.unlinked[name]
    table = names.reading.catalogue.table(features[0].table) if features else None
    unit = table.unit_column if table else None
    alias = names.reading.alias(node.this) or name
    if alias in names.tables or alias in names.features or names.reading.catalogue.table(alias):
        raise names.reading.refuse(node.this, "duplicate_alias", name=alias)
    wanted = {(names.source.name, names.source.unit_column), (name, unit)}
    pairs = _pairs(node, names, right=(name, alias), columns=frozenset({unit or ""}))
    names.features[alias] = names.unlinked.pop(name)
    if features and not any(set(pair) == wanted for pair in pairs):
        raise names.not_linked(alias, node, code="feature_join")


def _join_table(node: exp.Join, kind: JoinKind, names: Names, *, position: int) -> Join:
    reading = names.reading
    table = reading.table(node.this)
    alias = reading.alias(node.this) or table.name
    present = {linked.name for linked in names.tables.values()}
    if table.name in present:
        raise reading.refuse(node.this, "table_twice", name=table.name)
    taken = alias in names.tables or alias in names.features or alias in names.unlinked
    if taken or _other_table(alias, table, reading):
        raise reading.refuse(node.this, "duplicate_alias", name=alias)
    columns = frozenset(column.name for column in table.columns)
    pairs = _pairs(node, names, right=(table.name, alias), columns=columns)
    names.tables[alias] = table
    reading.mark(f"joins[{position}]", node)
    link = _declared(pairs, right=table, names=names)
    if link is None:
        known = listed(map(_shown, reading.catalogue.links))
        left = listed(sorted(present))
        raise reading.refuse(node, "join_not_declared", left=left, right=table.name, known=known)
    return Join(link.name, kind)


def _declared(pairs: list[_Pair], *, right: Table, names: Names) -> Link | None:
    return next(
        (
            link
            for link, pair in product(names.reading.catalogue.links, pairs)
            if link.right == right.name
            and set(pair) == {(link.left, link.left_column), (link.right, link.right_column)}
        ),
        None,
    )


def _pairs(
    node: exp.Join, names: Names, *, right: tuple[str, str], columns: frozenset[str]
) -> list[_Pair]:
    """Which equalities the join may mean: one for ON, one for each table so far for USING."""
    own, alias = right
    using, on = node.args.get("using") or [], node.args.get("on")
    if len(using) == 1 and on is None:
        name = names.reading.name(using[0])
        return [((table.name, name), (own, name)) for table in names.tables.values()]
    while isinstance(on, exp.Paren):
        on = on.this
    if not isinstance(on, exp.EQ) or using:
        code = "comma_join" if on is None and not using else "join_condition"
        raise names.reading.refuse(node, code)
    ends = {alias: own} | {shown: table.name for shown, table in names.tables.items()}
    left = _end(on.this, names, ends=ends, own=own, columns=columns)
    return [(left, _end(on.expression, names, ends=ends, own=own, columns=columns))]


def _end(
    node: Node, names: Names, *, ends: dict[str, str], own: str, columns: frozenset[str]
) -> tuple[str, str]:
    """Table and column of one side; an unqualified name must be a column of one table only."""
    if not isinstance(node, exp.Column):
        raise names.reading.refuse(node, "join_condition")
    name = names.reading.name(node.this)
    prefix = node.args.get("table")
    if prefix is not None:
        shown = names.reading.name(prefix)
        if shown not in ends:
            raise names.reading.refuse(node, "join_condition")
        return ends[shown], name
    holders = [table.name for table in names.tables.values() if table.column(name)]
    holders += [own] if name in columns else []
    if len(holders) != 1:
        raise names.reading.refuse(node, "ambiguous_name", name=name, tables=listed(holders))
    return holders[0], name


def _shown(link: Link) -> str:
    return f"{link.left}.{link.left_column} = {link.right}.{link.right_column}"
