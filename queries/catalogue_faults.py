"""Does a catalogue hold together? Every fault of names, roles, codes, bounds and links.

What is refused here would otherwise surprise a plan: a link whose two sides store different
integers for one meaning, a label that stands twice on an axis, a bound that is no bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from queries import nested
from queries.catalogue import Catalogue, Column, ColumnType, Link, LinkKind, Recode, Role, Table
from queries.values import LARGEST_STORED, decimals_of, scaled

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
"""Names of datasets, tables, columns, links, recodes and features."""

MISSING = "missing"
TOTAL = "Total"
"""The label of the key that missing values have on an axis; no code or group may have it."""

MOST_DECIMALS = 9
LONGEST_LABEL = 200
FEWEST_VALUES, MOST_VALUES = 2, 100_000
BOTH = 2  # ends of a link


def faults_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Every fault as "place: what is wrong"; empty if the catalogue may be used."""
    return tuple(
        chain(
            _top_level(catalogue),
            *(_of_table(table) for table in catalogue.tables),
            *(_of_link(link, catalogue=catalogue) for link in catalogue.links),
            _areas_of_look_ups(catalogue),
            *(_of_recode(recode, catalogue=catalogue) for recode in catalogue.recodes),
        )
    )


def _top_level(catalogue: Catalogue) -> Iterator[str]:
    yield from _names("dataset", [catalogue.dataset])
    yield from _names("tables", [table.name for table in catalogue.tables])
    yield from _names("links", [link.name for link in catalogue.links])
    yield from _names("recodes", [recode.name for recode in catalogue.recodes])
    if not any(table.unit_column for table in catalogue.tables):
        yield "tables: no table has a unit of privacy"
    if catalogue.declared_units < 1:
        yield "unit.declared: must be at least 1"


def _areas_of_look_ups(catalogue: Catalogue) -> Iterator[str]:
    tables = {table.name: table for table in catalogue.tables}
    known = {
        link.right
        for link in catalogue.links
        if link.kind is LinkKind.LOOKUP
        and link.left in tables
        and tables[link.left].one_row_per_unit
    }
    for table in catalogue.tables:
        for column in table.columns:
            if column.area and table.public and table.name not in known:
                place = f"tables.{table.name}.columns.{column.name}.area"
                yield f"{place}: no link leads here from a table with one row per unit"


def _of_table(table: Table) -> Iterator[str]:
    place = f"tables.{table.name}"
    yield from _names(f"{place}.columns", [column.name for column in table.columns])
    yield from _roles_of(table, place=place)
    if table.max_rows_per_unit < 1:
        yield f"{place}.rows_per_unit: must be at least 1"
    if table.declared_rows < 1:
        yield f"{place}.rows: must be at least 1"
    for column in table.columns:
        yield from _of_column(column, place=f"{place}.columns.{column.name}")
        if table.public and column.type is ColumnType.TEXT:
            yield f"{place}.columns.{column.name}.type: a public table declares its values"
        if column.area:
            yield from _of_area(table, column, place=f"{place}.columns.{column.name}.area")


def _of_area(table: Table, column: Column, *, place: str) -> Iterator[str]:
    """Everybody is in one area, by what is known of each unit."""
    if column.type is not ColumnType.CODE or column.role is not Role.ATTRIBUTE:
        yield f"{place}: only attributes with codes are areas"
    if not table.public and not table.one_row_per_unit:
        yield f"{place}: a unit has several rows here, so it may be in several areas"


def _roles_of(table: Table, *, place: str) -> Iterator[str]:
    units = [column.name for column in table.columns if column.role is Role.UNIT]
    keys = [column.name for column in table.columns if column.role is Role.KEY]
    if table.public and len(keys) != 1:
        yield f"{place}: a public look-up table has exactly one column of role key"
    if table.public and units:
        yield f"{place}: the column {units[0]} has role unit, but the table names no unit"
    if not table.public and units != [table.unit_column]:
        yield f"{place}.unit: must name the one column of role unit"
    if not table.public and keys:
        yield f"{place}: only public look-up tables have a column of role key"


def _of_column(column: Column, *, place: str) -> Iterator[str]:
    yield from _CHECKS[column.type](column, place)
    if column.most_values and column.type is not ColumnType.TEXT:
        yield f"{place}.most_values: only of text columns; others declare their values"
    if column.nullable and column.role is not Role.ATTRIBUTE:
        yield f"{place}.nullable: only attributes may be missing"


def _of_codes(column: Column, place: str) -> Iterator[str]:
    if not column.codes:
        yield f"{place}.codes: a code column needs its list of codes"
    yield from _unique(f"{place}.codes", [code.value for code in column.codes])
    yield from _labels(f"{place}.codes", [code.label for code in column.codes])
    if column.lower is not None or column.upper is not None or column.decimals:
        yield f"{place}: bounds and decimals are for numbers"


def _of_bounds(column: Column, place: str) -> Iterator[str]:
    if column.codes:
        yield f"{place}.codes: only code columns have codes"
    if column.role is Role.UNIT:
        return
    if column.lower is None or column.upper is None:
        yield f"{place}: needs lower and upper bounds"
    elif column.lower >= column.upper:
        yield f"{place}: the lower bound must be below the upper one"
    elif column.decimals > MOST_DECIMALS:
        yield f"{place}.decimals: at most {MOST_DECIMALS}"
    else:
        yield from _representable(column, place)


def _representable(column: Column, place: str) -> Iterator[str]:
    for bound in (column.lower, column.upper):
        if bound is None:
            continue
        if decimals_of(bound) > column.decimals:
            yield f"{place}: the bound {bound} has more decimals than the column"
        elif abs(scaled(bound, decimals=column.decimals)) > LARGEST_STORED:
            yield f"{place}: the bound {bound} is too large"


def _of_texts(column: Column, place: str) -> Iterator[str]:
    if column.codes:
        yield f"{place}.codes: only code columns have codes"
    if column.lower is not None or column.upper is not None or column.decimals:
        yield f"{place}: bounds and decimals are for numbers"
    if column.role is not Role.ATTRIBUTE:
        yield f"{place}: only attributes are texts"
    if not FEWEST_VALUES <= column.most_values <= MOST_VALUES:
        yield f"{place}.most_values: a text column has {FEWEST_VALUES} to {MOST_VALUES:,}"


def _of_dates(column: Column, place: str) -> Iterator[str]:
    if column.decimals:
        yield f"{place}.decimals: only numbers have decimals"
    yield from _of_bounds(column, place)


_CHECKS: dict[ColumnType, Callable[[Column, str], Iterator[str]]] = {
    ColumnType.CODE: _of_codes,
    ColumnType.NUMBER: _of_bounds,
    ColumnType.DATE: _of_dates,
    ColumnType.TEXT: _of_texts,
}


def _of_link(link: Link, *, catalogue: Catalogue) -> Iterator[str]:
    place = f"links.{link.name}"
    ends = []
    for key, table, column in (
        ("from", link.left, link.left_column),
        ("to", link.right, link.right_column),
    ):
        end = _column_of(catalogue, table, column)
        if end is None:
            yield f"{place}.{key}: there is no column {table}.{column}"
        else:
            ends.append(end)
    if link.left == link.right:
        yield f"{place}: a table is never linked to itself"
    elif len(ends) == BOTH:
        yield from _of_ends(link, *ends, catalogue=catalogue)


def _of_ends(link: Link, left: Column, right: Column, *, catalogue: Catalogue) -> Iterator[str]:
    place = f"links.{link.name}"
    target = catalogue.table(link.right)
    if link.kind is LinkKind.UNIT:
        if (left.role, right.role) != (Role.UNIT, Role.UNIT):
            yield f"{place}: a unit link joins two columns of role unit"
        elif target is None or not target.one_row_per_unit:
            yield f"{place}.to: {link.right} may have several rows of a unit"
    elif right.role is not Role.KEY or left.role is not Role.ATTRIBUTE:
        yield f"{place}: a look-up link goes from an attribute to the key of a public table"
    elif _meaning(left) != _meaning(right):
        yield f"{place}: both columns must have the same code list, or the same decimals"


def _meaning(column: Column) -> tuple[ColumnType, int, tuple[str, ...]]:
    """What a stored integer of the column means."""
    return column.type, column.decimals, tuple(code.value for code in column.codes)


def _of_recode(recode: Recode, *, catalogue: Catalogue) -> Iterator[str]:
    place = f"recodes.{recode.name}"
    column = _column_of(catalogue, recode.table, recode.column)
    if column is None or column.type is not ColumnType.CODE:
        yield f"{place}.column: there is no code column {recode.table}.{recode.column}"
        return
    known = {code.value for code in column.codes}
    used = [value for _, values in recode.groups for value in values]
    unknown = [value for value in used if value not in known]
    yield from (f"{place}: {value} is not a code of the column" for value in unknown)
    for label, values in recode.groups:
        yield from _unique(f"{place}.groups.{label}", values)
    yield from (f"{place}.groups: {fault}" for fault in nested.faults(recode.groups))
    yield from _labels(f"{place}.groups", [label for label, _ in recode.groups])
    if not recode.groups or not all(values for _, values in recode.groups):
        yield f"{place}.groups: each group needs at least one code"


def _column_of(catalogue: Catalogue, table: str, column: str) -> Column | None:
    found = catalogue.table(table)
    return found.column(column) if found else None


def _names(place: str, names: Iterable[str]) -> Iterator[str]:
    names = list(names)
    for name in names:
        if not NAME.fullmatch(name):
            yield f"{place}: {name!r} is not a name (small letters, digits and _, at most 40)"
    yield from _unique(place, names)


def _labels(place: str, labels: Iterable[str]) -> Iterator[str]:
    labels = list(labels)
    yield from _unique(place, labels)
    for label in labels:
        if label.casefold() == MISSING:
            yield f"{place}: the label {label!r} is taken by missing values"
        if label.casefold() == TOTAL.casefold():
            yield f"{place}: the label {label!r} is taken by totals"
        if len(label) > LONGEST_LABEL or not label.isprintable() or label != label.strip():
            yield f"{place}: a label is one line of at most {LONGEST_LABEL} printable characters"


def _unique(place: str, values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"{place}: {value!r} stands twice"
        seen.add(value)
