"""How is a catalogue written down? YAML or JSON <-> Catalogue, strict, every fault with its place.

The YAML that a data owner writes, and the JSON that the service keeps, have one shape::

    dataset: nafld                 # small letters, digits and _
    title: Rochester liver cohort
    description: Who was followed, when, by whom.
    unit: {one: person, many: persons, declared: 17500}     # declared: a public round figure
    notes: ["What a reader must know, for example which column is not declared and why."]
    code_lists:                    # lists that several columns share
      yes_no: {"0": "No", "1": "Yes"}
      area_names: [hill, river, shore]
    tables:
      persons:
        title: Persons
        description: One row per person.
        rows: 17500                # declared, a public round figure
        unit: person               # the unit column; leave out for a public look-up table
        rows_per_unit: 1           # at most; 1 = one row per unit; leave out for a look-up table
        ingest: {file: nafld1}     # opaque here: read by ingest
        columns:
          person: {title: Person, role: unit, ingest: {source: id}}
          sex: {title: Sex, type: code, codes: {"0": "Female", "1": "Male"}}
          age: {title: Age in years, type: number, lower: 18, upper: 110}
          bmi: {title: Body mass index, type: number, decimals: 1, lower: 9, upper: 85,
                nullable: true, description: At entry., sensitive: true}
          smoker: {title: Smoker, type: code, codes: yes_no}          # a shared list by its name
          seen: {title: First seen, type: date, lower: 1990-01-01, upper: 2019-12-31}
          area: {title: Area, type: code, codes: area_names, nullable: true, area: true}
          job: {title: Occupation, type: text, most_values: 5000, nullable: true}
      labs:
        title: Laboratory results
        rows: 400000
        unit: person
        rows_per_unit: 520
        columns:
          person: {title: Person, role: unit}
          test: {title: Test, type: code, codes: {hdl: HDL cholesterol, sbp: Blood pressure}}
          value: {title: Result, type: number, lower: 0, upper: 2000}
      areas:
        title: Areas
        rows: 80
        columns:
          area: {title: Area, type: code, role: key, codes: area_names}
          region: {title: Region, type: code, codes: [north, south]}    # label = value
    links:
      lab_person: {kind: unit, from: labs.person, to: persons.person}
      home: {kind: lookup, from: persons.area, to: areas.area}
    recodes:
      landscape: {title: Landscape, column: persons.area,
                  groups: {Wet: [river, shore], High: [hill]}}
      area_in_landscape: {title: Area by landscape, column: persons.area,
                          levels: [landscape, area]}    # the widest first

* ``codes`` is a list of values, a mapping value -> label, a list of {value, label}, or the name
  of a list in ``code_lists``. Quote values such as "no", "on" and "1".
* Tables, columns, links, recodes and groups are mappings by name, or lists with ``name`` in each
  entry. JSON made by ``to_json`` has lists, so that no database can lose the order of codes.
* Groups of a recode are disjoint, or one lies within another, which is then its subtotal.
  ``levels`` makes such groups of other recodes of the column, and of its codes, by its own name.
* NUMBER and DATE columns need bounds; bounds of dates are dates. The label "missing" is taken.
* TEXT columns hold what was written, so nobody declares it; only of how many values at most.
* A unit column needs no type. A ``lookup`` link joins on equal stored integers: both columns have
  the same code list in the same order (or are both numbers with the same decimals).
* ``ingest:`` may stand beside the dataset, a table and a column; ``ingest_hints`` returns it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from queries.catalogue import Catalogue, Code, Column, ColumnType, Link, Recode, Table
from queries.catalogue_faults import faults_of
from queries.catalogue_fields import Fields, plain_yaml, scalar_text
from queries.catalogue_recodes import read_recodes
from queries.errors import CatalogueInvalid
from queries.values import date_of_days

__all__ = ["catalogue_hash", "from_json", "from_yaml", "ingest_hints", "to_json"]


def from_yaml(text: str) -> Catalogue:
    """Raises CatalogueInvalid with every fault and its place."""
    return from_json(plain_yaml(text))


def from_json(entry: object) -> Catalogue:
    """Raises CatalogueInvalid with every fault and its place."""
    faults: list[str] = []
    catalogue = _catalogue(Fields.of(entry, place="", faults=faults))
    if faults:
        raise CatalogueInvalid(tuple(faults))
    if found := faults_of(catalogue):
        raise CatalogueInvalid(found)
    return catalogue


def ingest_hints(text: str) -> dict[str, Any]:
    """{"dataset": {...}, "tables": {table: {"table": {...}, "columns": {column: {...}}}}}."""
    entry = plain_yaml(text)
    faults: list[str] = []
    fields = Fields.of(entry, place="", faults=faults)
    hints = {
        "dataset": fields.mapping("ingest"),
        "tables": {table.name: _table_hints(table) for table in fields.named("tables")},
    }
    if faults:
        raise CatalogueInvalid(tuple(faults))
    return hints


def to_json(catalogue: Catalogue) -> dict[str, Any]:
    """A form that ``from_json`` reads back to an equal catalogue."""
    return {
        "dataset": catalogue.dataset,
        "title": catalogue.title,
        "description": catalogue.description,
        "unit": {
            "one": catalogue.unit,
            "many": catalogue.units,
            "declared": catalogue.declared_units,
        },
        "notes": list(catalogue.notes),
        "tables": [_table_json(table) for table in catalogue.tables],
        "links": [_link_json(link) for link in catalogue.links],
        "recodes": [_recode_json(recode) for recode in catalogue.recodes],
    }


def catalogue_hash(catalogue: Catalogue) -> str:
    """SHA-256 in hex of the canonical JSON."""
    text = json.dumps(to_json(catalogue), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _table_hints(table: Fields) -> dict[str, Any]:
    return {
        "table": table.mapping("ingest"),
        "columns": {column.name: column.mapping("ingest") for column in table.named("columns")},
    }


def _catalogue(fields: Fields) -> Catalogue:
    unit = fields.inner("unit")
    lists = {entry.name: entry.codes() for entry in fields.named("code_lists", values="codes")}
    tables = tuple(_table(entry, lists=lists) for entry in fields.named("tables"))
    catalogue = Catalogue(
        dataset=fields.text("dataset"),
        title=fields.text("title"),
        description=fields.text("description", default=""),
        unit=unit.text("one"),
        units=unit.text("many"),
        declared_units=unit.whole("declared"),
        tables=tables,
        links=tuple(_link(entry) for entry in fields.named("links")),
        recodes=read_recodes(fields, tables=tables),
        notes=fields.texts("notes"),
    )
    fields.mapping("ingest")
    unit.close()
    fields.close()
    return catalogue


def _table(fields: Fields, *, lists: dict[str, tuple[Code, ...]]) -> Table:
    unit_column = fields.text("unit", default="") or None
    rows = fields.whole("rows_per_unit", default=None if unit_column else 1)
    table = Table(
        name=fields.name,
        title=fields.text("title"),
        columns=tuple(_column(entry, lists=lists) for entry in fields.named("columns")),
        unit_column=unit_column,
        one_row_per_unit=unit_column is not None and rows == 1,
        max_rows_per_unit=rows,
        declared_rows=fields.whole("rows"),
        description=fields.text("description", default=""),
    )
    fields.mapping("ingest")
    fields.close()
    return table


def _column(fields: Fields, *, lists: dict[str, tuple[Code, ...]]) -> Column:
    role = fields.role()
    kind = fields.column_type(role)
    column = Column(
        name=fields.name,
        title=fields.text("title"),
        type=kind,
        role=role,
        codes=fields.codes(lists=lists),
        lower=fields.bound("lower", kind=kind),
        upper=fields.bound("upper", kind=kind),
        decimals=fields.whole("decimals", default=0),
        nullable=fields.truth("nullable"),
        description=fields.text("description", default=""),
        sensitive=fields.truth("sensitive"),
        area=fields.truth("area"),
        most_values=fields.whole("most_values", default=0),
    )
    fields.mapping("ingest")
    fields.close()
    return column


def _link(fields: Fields) -> Link:
    left, left_column = fields.dotted("from")
    right, right_column = fields.dotted("to")
    link = Link(fields.name, fields.link_kind(), left, left_column, right, right_column)
    fields.close()
    return link


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "description": table.description,
        "rows": table.declared_rows,
        **(
            {"unit": table.unit_column, "rows_per_unit": table.max_rows_per_unit}
            if table.unit_column
            else {}
        ),
        "columns": [_column_json(column) for column in table.columns],
    }


def _column_json(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "role": column.role.value,
        "type": column.type.value,
        "codes": [{"value": code.value, "label": code.label} for code in column.codes],
        "lower": _bound_json(column, bound="lower"),
        "upper": _bound_json(column, bound="upper"),
        "decimals": column.decimals,
        "nullable": column.nullable,
        "description": column.description,
        "sensitive": column.sensitive,
        **({"area": True} if column.area else {}),
        **({"most_values": column.most_values} if column.most_values else {}),
    }


def _bound_json(column: Column, *, bound: str) -> str | None:
    value = column.lower if bound == "lower" else column.upper
    if value is None:
        return None
    if column.type is ColumnType.DATE:
        return date_of_days(int(value)).isoformat()
    return scalar_text(value)


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "name": link.name,
        "kind": link.kind.value,
        "from": f"{link.left}.{link.left_column}",
        "to": f"{link.right}.{link.right_column}",
    }


def _recode_json(recode: Recode) -> dict[str, Any]:
    return {
        "name": recode.name,
        "title": recode.title,
        "column": f"{recode.table}.{recode.column}",
        "groups": [{"name": label, "codes": list(codes)} for label, codes in recode.groups],
    }
