"""What does a dataset offer? Tables, columns, codes, bounds, links and the unit of privacy.

A catalogue is public: a page shows it to anybody with a project on the dataset, and a query is
validated, planned and priced from it alone. Sizes in it are *declared*, never counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ColumnType(StrEnum):
    CODE = "code"  # stored as its position in ``codes``
    NUMBER = "number"  # stored as an integer: value x 10**decimals
    DATE = "date"  # stored as days since 1970-01-01
    TEXT = "text"  # stored as its place among the texts of a version: which there are is secret


class Role(StrEnum):
    UNIT = "unit"  # whose data this row is: the unit of privacy; never shown, never filtered on
    KEY = "key"  # of a public look-up table
    ATTRIBUTE = "attribute"  # may be filtered on, grouped by, measured


class LinkKind(StrEnum):
    UNIT = "unit"  # many rows of the left table to the one row of the same unit on the right
    LOOKUP = "lookup"  # to a public table with a unique key


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list: what the source file holds, and what a reader sees."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    title: str
    type: ColumnType
    role: Role = Role.ATTRIBUTE
    codes: tuple[Code, ...] = ()  # CODE
    lower: Decimal | None = None  # NUMBER, DATE (days); values outside are rejected at ingest
    upper: Decimal | None = None
    decimals: int = 0
    nullable: bool = False
    description: str = ""
    sensitive: bool = False
    most_values: int = 0  # TEXT: different ones that a version may have, a public round figure
    area: bool = False  # exact tables have a meter for whoever is in each

    @property
    def scale(self) -> int:
        """Units of the stored integer in one unit of the column."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class Recode:
    """A reusable grouping of a column's codes; codes named in no group become missing.

    Groups are disjoint, or one lies within another: then the wider one is a subtotal.
    """

    name: str
    title: str
    column: str  # the column's name in ``table``
    table: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]  # label -> code values


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    title: str
    columns: tuple[Column, ...]
    unit_column: str | None  # None: a public look-up table
    one_row_per_unit: bool
    max_rows_per_unit: int  # 1 where one_row_per_unit; bounds COUNT and SUM features and weights
    declared_rows: int  # a public round figure, for time slots and progress
    description: str = ""

    @property
    def public(self) -> bool:
        return self.unit_column is None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Link:
    """A join that the catalogue allows, always from left to at most one row on the right."""

    name: str
    kind: LinkKind
    left: str
    left_column: str
    right: str
    right_column: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    dataset: str
    title: str
    description: str
    unit: str  # singular: "person", "stop", "firm"
    units: str  # plural
    declared_units: int
    tables: tuple[Table, ...]
    links: tuple[Link, ...] = ()
    recodes: tuple[Recode, ...] = ()
    notes: tuple[str, ...] = ()  # what a reader must know, e.g. why a column is not declared

    def table(self, name: str) -> Table | None:
        return next((table for table in self.tables if table.name == name), None)

    def link(self, name: str) -> Link | None:
        return next((link for link in self.links if link.name == name), None)

    def recode(self, name: str) -> Recode | None:
        return next((recode for recode in self.recodes if recode.name == name), None)
