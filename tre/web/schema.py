"""What does a dataset offer, in the words of a page? Columns, values, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from queries import nested
from queries.catalogue import Catalogue, Column, ColumnType, Recode, Role, Table
from queries.values import date_of_days
from tre.web import words

TYPES = {
    ColumnType.CODE: "Codes",
    ColumnType.NUMBER: "Number",
    ColumnType.DATE: "Date",
    ColumnType.TEXT: "Text, values not public",
}

MAY: dict[ColumnType, str] = {
    ColumnType.CODE: "Filter, group by",
    ColumnType.NUMBER: "Filter, group by bands, sum, mean",
    ColumnType.DATE: "Filter, group by bands",
    ColumnType.TEXT: "Group by; only values with enough {units} are told",
}


@dataclass(frozen=True, slots=True)
class ColumnOutline:
    name: str
    title: str
    description: str
    type: str
    values: str  # bounds, or nothing where there are codes
    codes: tuple[tuple[str, str], ...]  # (value, label)
    may: str
    missing: bool
    recodes: tuple[tuple[str, str], ...]  # (name, groups in words)


@dataclass(frozen=True, slots=True)
class TableOutline:
    table: Table
    rows: str  # how many rows a unit has
    columns: tuple[ColumnOutline, ...]


def outline(catalogue: Catalogue) -> tuple[TableOutline, ...]:
    return tuple(
        TableOutline(
            table,
            _rows(catalogue, table),
            tuple(_column(catalogue, table, column) for column in table.columns),
        )
        for table in catalogue.tables
    )


def _rows(catalogue: Catalogue, table: Table) -> str:
    if table.public:
        return "A public look-up table: nothing in it is protected."
    if table.one_row_per_unit:
        return "" if table.description else f"One row for each {catalogue.unit}."
    most = words.number(table.max_rows_per_unit)
    return f"Many rows for each {catalogue.unit}, at most {most}."


def _column(catalogue: Catalogue, table: Table, column: Column) -> ColumnOutline:
    shown = column.type if column.role is Role.ATTRIBUTE else None
    return ColumnOutline(
        name=column.name,
        title=column.title,
        description=column.description,
        type=TYPES[shown] if shown else "Identifier",
        values=bounds(column) if shown else "",
        codes=tuple((code.value, code.label) for code in column.codes) if shown else (),
        may=_may(catalogue, table, column),
        missing=column.nullable,
        recodes=tuple(
            (recode.name, _groups(recode))
            for recode in recodes_of(catalogue, table=table.name, column=column.name)
        ),
    )


def _groups(recode: Recode) -> str:
    """Of groups that hold others only the widest are named."""
    within = {part for parts in nested.below(recode.groups).values() for part in parts}
    widest = ", ".join(label for at, (label, _) in enumerate(recode.groups) if at not in within)
    return f"subtotals and parts of {widest}" if within else widest


def _may(catalogue: Catalogue, table: Table, column: Column) -> str:
    if column.role is Role.UNIT:
        return f"Count {catalogue.units}; nothing else"
    if column.role is Role.KEY:
        return "Link only"
    if table.public:
        return "Filter, group by"
    return MAY[column.type].format(units=catalogue.units)


def recodes_of(catalogue: Catalogue, *, table: str, column: str) -> tuple[Recode, ...]:
    return tuple(
        recode for recode in catalogue.recodes if (recode.table, recode.column) == (table, column)
    )


def bounds(column: Column) -> str:
    if column.type is ColumnType.TEXT:
        return f"at most {words.number(column.most_values)} different values"
    if column.lower is None or column.upper is None:
        return ""
    if column.type is ColumnType.DATE:
        return f"{_date(column.lower)} to {_date(column.upper)}"
    return f"{words.number(column.lower)} to {words.number(column.upper)}"


def _date(days: Decimal) -> str:
    return words.day(date_of_days(int(days)))
