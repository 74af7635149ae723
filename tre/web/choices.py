"""What can be chosen in the form that builds a question? Everything from the catalogue.

A reference in the form is a text: ``table.column`` or, for a feature of this question, ``@name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from queries import nested
from queries.catalogue import Catalogue, Column, ColumnType, Link, Recode, Role, Table
from queries.language import Aggregate
from queries.values import number_text
from tre.web.schema import bounds, recodes_of

FEATURE_MARK = "@"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Options under a heading of their own in a list."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """What the form needs to know of a reference to offer the right controls."""

    ref: str
    title: str
    kind: str  # "code" | "number" | "date" | "truth" | "text" | "unknown"
    codes: tuple[Option, ...] = ()
    recodes: tuple[Option, ...] = ()
    hint: str = ""
    cuts: str = ""  # an example of cut points


TOTALS = {"all": 0, "1": 1, "2": 2}
"""What may be asked for beside cells, or in their place: tables by so many dimensions at most."""


def totals(*, exact: bool, dimensions: int) -> tuple[Option, ...]:
    """What a question with so many dimensions may choose. Exact tables have all totals or none."""
    every = (Option("", "No totals"), Option("all", "Every total"))
    if exact:
        return every
    alone = (
        Option("1", "Only by one dimension each"),
        Option("2", "Only by one or two dimensions"),
    )
    return (*every, *alone[: max(0, dimensions - 1)])


AGGREGATES: dict[Aggregate, str] = {
    Aggregate.EXISTS: "Has at least one row (yes or no)",
    Aggregate.COUNT: "Number of rows",
    Aggregate.MEAN: "Mean of a number",
    Aggregate.MAX: "Largest value",
    Aggregate.MIN: "Smallest value",
    Aggregate.SUM: "Sum of a number",
    Aggregate.LAST: "Last value by date",
    Aggregate.FIRST: "First value by date",
}
NEED_COLUMN = frozenset(Aggregate) - {Aggregate.EXISTS, Aggregate.COUNT}
NEED_ORDER = frozenset({Aggregate.FIRST, Aggregate.LAST})
OF_ANY_TYPE = NEED_ORDER  # all others take numbers, and extremes take dates as well
OF_DATES = frozenset({Aggregate.MIN, Aggregate.MAX})

COMPARISONS: dict[str, tuple[Option, ...]] = {
    "code": (
        Option("in", "is one of"),
        Option("not in", "is none of"),
        Option("missing", "is missing"),
        Option("present", "is not missing"),
    ),
    "number": (
        Option(">=", "is at least"),
        Option(">", "is more than"),
        Option("<=", "is at most"),
        Option("<", "is less than"),
        Option("between", "is from … to …"),
        Option("=", "is"),
        Option("<>", "is not"),
        Option("missing", "is missing"),
        Option("present", "is not missing"),
    ),
    "truth": (Option("yes", "is true"), Option("no", "is not true")),
    "text": (Option("missing", "is missing"), Option("present", "is not missing")),
}
COMPARISONS["date"] = COMPARISONS["number"]

SHAPES = {
    ColumnType.CODE: "code",
    ColumnType.NUMBER: "number",
    ColumnType.DATE: "date",
    ColumnType.TEXT: "text",
}


def sources(catalogue: Catalogue) -> tuple[Table, ...]:
    """Tables that can be counted. One row per unit first: that is what most questions count."""
    tables = [table for table in catalogue.tables if not table.public]
    return tuple(sorted(tables, key=lambda table: not table.one_row_per_unit))


def reachable(catalogue: Catalogue, *, source: str) -> dict[str, Link | None]:
    """Tables that declared links lead to from the source, with the last link on the way."""
    found: dict[str, Link | None] = {source: None}
    grown = True
    while grown:
        new = [link for link in catalogue.links if link.left in found and link.right not in found]
        found.update({link.right: link for link in new})
        grown = bool(new)
    return found


def feature_tables(catalogue: Catalogue) -> tuple[Table, ...]:
    """Tables from which one value per unit can be computed; those with many rows first."""
    return tuple(reversed(sources(catalogue)))


def fields(catalogue: Catalogue, nest: Mapping[str, Any]) -> dict[str, Field]:
    """Every reference of this question: columns within reach, and its own features."""
    tables = [catalogue.table(name) for name in reachable(catalogue, source=nest["source"])]
    columns = [
        field for table in tables if table is not None for field in table_fields(catalogue, table)
    ]
    own = [_feature_field(catalogue, row) for row in nest["features"]]
    return {field.ref: field for field in (*columns, *own)}


def table_fields(catalogue: Catalogue, table: Table) -> tuple[Field, ...]:
    return tuple(
        column_field(catalogue, table, column)
        for column in table.columns
        if column.role is Role.ATTRIBUTE
    )


def column_field(catalogue: Catalogue, table: Table, column: Column) -> Field:
    return Field(
        ref=f"{table.name}.{column.name}",
        title=column.title,
        kind=SHAPES[column.type],
        codes=tuple(Option(code.value, code.label) for code in column.codes),
        recodes=tuple(
            _grouping(recode)
            for recode in recodes_of(catalogue, table=table.name, column=column.name)
        ),
        hint=bounds(column),
        cuts=_cuts(column),
    )


def _grouping(recode: Recode) -> Option:
    if nested.depth(recode.groups):
        return Option(recode.name, f"{recode.title}, with subtotals")
    return Option(recode.name, recode.title)


def _cuts(column: Column) -> str:
    """Three round cut points inside the bounds of a number, as an example."""
    if column.type is not ColumnType.NUMBER or column.lower is None or column.upper is None:
        return "2000-01-01, 2010-01-01"
    quarter = (column.upper - column.lower) / 4
    step = Decimal(10) ** (quarter.adjusted() if quarter else 0)
    cuts = [((column.lower + quarter * n) / step).to_integral_value() * step for n in (1, 2, 3)]
    return ", ".join(number_text(cut) for cut in dict.fromkeys(cuts))


def _feature_field(catalogue: Catalogue, row: Mapping[str, Any]) -> Field:
    name = row["name"] or row["was"]
    ref, title = FEATURE_MARK + name, f"{name} (feature)"
    if row["aggregate"] == Aggregate.EXISTS:
        return Field(ref, title, "truth")
    if row["aggregate"] == Aggregate.COUNT:
        return Field(ref, title, "number", cuts="1, 5, 10")
    table = catalogue.table(row["table"])
    column = table.column(row["column"]) if table is not None else None
    if table is None or column is None:
        return Field(ref, title, "unknown")
    of = column_field(catalogue, table, column)
    return Field(ref, title, of.kind, of.codes, of.recodes, of.hint, of.cuts)


def field_of(catalogue: Catalogue, nest: Mapping[str, Any], ref: str) -> Field | None:
    """The field of a reference, also of a column of a table that is not linked."""
    known = fields(catalogue, nest).get(ref)
    if known is not None:
        return known
    name, _, column_name = ref.partition(".")
    table = catalogue.table(name)
    column = table.column(column_name) if table is not None else None
    if table is None or column is None:
        return None
    return column_field(catalogue, table, column)


def links(catalogue: Catalogue, nest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, title of the table that it leads to, kind chosen) of every link from the source."""
    kinds = {row["name"]: row["kind"] or "left" for row in nest["links"]}
    return [
        (link.name, getattr(catalogue.table(link.right), "title", ""), kinds.get(link.name, "left"))
        for link in reachable(catalogue, source=nest["source"]).values()
        if link is not None
    ]


def grouped(catalogue: Catalogue, found: Iterable[Field]) -> tuple[Group, ...]:
    """Options of a list, under the title of their table; features under a heading of their own."""
    groups: dict[str, list[Option]] = {}
    for field in found:
        groups.setdefault(_heading(catalogue, field.ref), []).append(Option(field.ref, field.title))
    return tuple(Group(title, tuple(options)) for title, options in groups.items())


def _heading(catalogue: Catalogue, ref: str) -> str:
    if ref.startswith(FEATURE_MARK):
        return "Features of this question"
    table = catalogue.table(ref.partition(".")[0])
    return table.title if table is not None else ""


def is_public(catalogue: Catalogue, ref: str) -> bool:
    table = catalogue.table(ref.partition(".")[0])
    return table is not None and table.public


def feature_columns(catalogue: Catalogue, row: Mapping[str, Any]) -> tuple[Option, ...]:
    """Columns of the feature's table that its aggregate can take."""
    table = catalogue.table(row["table"])
    if table is None or row["aggregate"] not in NEED_COLUMN:
        return ()
    kinds = _kinds(Aggregate(row["aggregate"]))
    return tuple(
        Option(field.ref.partition(".")[2], field.title)
        for field in table_fields(catalogue, table)
        if field.kind in kinds
    )


def _kinds(aggregate: Aggregate) -> frozenset[str]:
    if aggregate in OF_ANY_TYPE:
        return frozenset({"code", "number", "date"})
    return frozenset({"number", "date"}) if aggregate in OF_DATES else frozenset({"number"})


def date_columns(catalogue: Catalogue, row: Mapping[str, Any]) -> tuple[Option, ...]:
    table = catalogue.table(row["table"])
    if table is None or row["aggregate"] not in NEED_ORDER:
        return ()
    days = [field for field in table_fields(catalogue, table) if field.kind in {"date", "number"}]
    ordered = sorted(days, key=lambda field: field.kind != "date")
    return tuple(Option(field.ref.partition(".")[2], field.title) for field in ordered)


def count_words(catalogue: Catalogue, source: str) -> str:
    """What a count of rows is called: rows of a table with one row per unit are units."""
    table = catalogue.table(source)
    if table is None or table.one_row_per_unit:
        return f"Number of {catalogue.units}"
    return f"Number of rows of {table.title}"
