"""Is a catalogue entry read exactly as written, or refused with every fault at its place?"""

from __future__ import annotations

import copy
import inspect
import json
import textwrap
from decimal import Decimal

import pytest
import yaml

from queries import read_catalogue
from queries.catalogue import Code, Role
from queries.errors import CatalogueInvalid
from queries.read_catalogue import catalogue_hash, from_json, from_yaml, ingest_hints, to_json
from tests.catalogues import CLINIC, clinic

ENTRY = yaml.safe_load(CLINIC)
HEART = {"title": "Heart", "column": "events.kind"}
JOB = {"title": "Job", "type": "text", "most_values": 5000}


def manual_example() -> str:
    """The YAML in the module's docstring."""
    docstring = inspect.getdoc(read_catalogue) or ""
    return textwrap.dedent(
        docstring[docstring.index("    dataset:") : docstring.index("* ``codes``")]
    )


def changed(path: str, value: object) -> dict:
    """The clinic's entry with one value replaced, or taken out if it is None."""
    entry = copy.deepcopy(ENTRY)
    *parents, last = path.split(".")
    spot = entry
    for key in parents:
        spot = spot[key]
    if value is None:
        del spot[last]
    else:
        spot[last] = value
    return entry


def faults(entry: object) -> tuple[str, ...]:
    with pytest.raises(CatalogueInvalid) as refused:
        from_json(entry)
    return refused.value.faults


def test_the_example_of_the_manual_is_a_catalogue():
    catalogue = from_yaml(manual_example())

    assert catalogue.dataset == "nafld"
    assert catalogue.table("persons").column("smoker").codes == (Code("0", "No"), Code("1", "Yes"))


def test_a_catalogue_is_read_as_written():
    catalogue = clinic()
    persons, areas = catalogue.table("persons"), catalogue.table("areas")

    assert (persons.unit_column, persons.one_row_per_unit, persons.max_rows_per_unit) == (
        "person",
        True,
        1,
    )
    assert persons.column("person").role is Role.UNIT
    assert persons.column("bmi").lower == Decimal(10)
    assert persons.column("seen").lower == Decimal(7305)
    assert persons.column("area").codes == areas.column("area").codes
    assert areas.public
    assert not areas.one_row_per_unit


def test_json_keeps_the_catalogue_and_the_order_of_its_codes():
    text = json.dumps(to_json(clinic()), sort_keys=True)

    assert from_json(json.loads(text)) == clinic()
    assert catalogue_hash(from_json(json.loads(text))) == catalogue_hash(clinic())


@pytest.mark.parametrize(
    "path",
    ["title", "unit.declared", "tables.persons.columns.sex.codes.f", "recodes.heart.title"],
)
def test_any_change_changes_the_hash(path):
    value = 999 if path == "unit.declared" else "Another"

    assert catalogue_hash(from_json(changed(path, value))) != catalogue_hash(clinic())


def test_ingest_hints_are_kept_apart_and_unread():
    hints = ingest_hints(manual_example())

    assert hints["tables"]["persons"]["table"] == {"file": "nafld1"}
    assert hints["tables"]["persons"]["columns"]["person"] == {"source": "id"}
    assert hints["tables"]["persons"]["columns"]["sex"] == {}


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("dataset", "Clinic", "dataset: 'Clinic' is not a name"),
        ("dataset", None, "dataset: must be text"),
        ("colour", "red", "colour: not a key of the catalogue"),
        ("unit.declared", "many", "unit.declared: must be a whole number"),
        ("unit.declared", True, "unit.declared: must be a whole number"),
        ("unit.declared", 0, "unit.declared: must be at least 1"),
        ("tables", [], "tables: no table has a unit of privacy"),
        ("tables.labs.unit", "test", "tables.labs.unit: must name the one column of role unit"),
        ("tables.labs.unit", None, "tables.labs: a public look-up table has exactly one column"),
        ("tables.labs.rows_per_unit", 0, "tables.labs.rows_per_unit: must be at least 1"),
        ("tables.labs.rows_per_unit", None, "tables.labs.rows_per_unit: must be a whole number"),
        ("tables.labs.rows", 0, "tables.labs.rows: must be at least 1"),
        ("tables.areas.columns.area.role", None, "tables.areas: a public look-up table has"),
        (
            "tables.persons.columns.sex.type",
            "words",
            "tables.persons.columns.sex.type: must be one",
        ),
        ("tables.persons.columns.sex.codes", None, "needs its list of codes"),
        ("tables.persons.columns.sex.codes", "sexes", "there is no code list sexes"),
        ("tables.persons.columns.sex.codes", {True: "Yes"}, "each code is text"),
        ("tables.persons.columns.sex.codes", ["f", "f"], "'f' stands twice"),
        ("tables.persons.columns.sex.codes", {"f": "X", "m": "X"}, "'X' stands twice"),
        ("tables.persons.columns.sex.codes", ["f", "Missing"], "taken by missing values"),
        ("tables.persons.columns.sex.codes", ["f", "a\nb"], "one line"),
        ("tables.persons.columns.sex.lower", 3, "bounds and decimals are for numbers"),
        ("tables.persons.columns.sex.nullable", "no", "must be true or false"),
        ("tables.persons.columns.person.nullable", True, "only attributes may be missing"),
        ("tables.persons.columns.age.upper", None, "needs lower and upper bounds"),
        ("tables.persons.columns.age.upper", 0, "the lower bound must be below"),
        ("tables.persons.columns.age.upper", 99.5, "has more decimals than the column"),
        ("tables.persons.columns.age.upper", 10**19, "is too large"),
        ("tables.persons.columns.age.upper", float("nan"), "must be a plain number"),
        ("tables.persons.columns.age.decimals", 10, "decimals: at most"),
        ("tables.persons.columns.age.codes", ["1"], "only code columns have codes"),
        ("tables.persons.columns.seen.lower", 1990, "lower: must be a date"),
        ("tables.persons.columns.seen.decimals", 1, "only numbers have decimals"),
        ("tables.persons.columns.sex.most_values", 9, "only of text columns"),
        ("tables.persons.columns.job", {**JOB, "most_values": 1}, "a text column has 2 to 100,000"),
        ("tables.persons.columns.job", {**JOB, "most_values": 10**6}, "2 to 100,000"),
        ("tables.persons.columns.job", {"title": "Job", "type": "text"}, "a text column has 2 to"),
        ("tables.persons.columns.job", {**JOB, "codes": ["a"]}, "only code columns have codes"),
        ("tables.persons.columns.job", {**JOB, "lower": 1}, "bounds and decimals"),
        ("tables.persons.columns.job", {**JOB, "decimals": 1}, "bounds and decimals"),
        ("tables.persons.columns.job", {**JOB, "area": True}, "only attributes with codes"),
        ("tables.areas.columns.job", JOB, "a public table declares its values"),
        ("tables.areas.columns.area", {**JOB, "role": "key"}, "only attributes are texts"),
        ("recodes.heart.column", "persons.area2", "there is no code column"),
        ("links.home.kind", "any", "links.home.kind: must be one of unit, lookup"),
        ("links.home.from", "persons", "links.home.from: must be table.column"),
        ("links.home.from", "persons.place", "there is no column persons.place"),
        ("links.home.from", "persons.sex", "must have the same code list"),
        ("links.home.to", "areas.region", "to the key of a public table"),
        ("links.home.to", "persons.area", "never linked to itself"),
        ("links.lab_person.to", "events.person", "may have several rows of a unit"),
        ("links.lab_person.from", "labs.test", "joins two columns of role unit"),
        ("recodes.heart.column", "events.day", "there is no code column events.day"),
        ("recodes.heart.groups", {"Heart": ["mi", "xx"]}, "xx is not a code"),
        ("recodes.heart.groups", {"Heart": ["mi", "mi"]}, "'mi' stands twice"),
        ("recodes.heart.groups", {"Heart": ["mi", "ht"], "Other": ["mi", "st"]}, "share codes"),
        ("recodes.heart.groups", {"Any": ["mi", "ht"], "Heart": ["mi"]}, "in none of the groups"),
        ("recodes.heart.levels", ["kind"], "exclude each other"),
        ("recodes.heart", {**HEART, "levels": ["disease", "day"]}, "neither the column nor"),
        ("recodes.heart", {**HEART, "levels": ["disease", "coast"]}, "neither the column nor"),
        ("recodes.heart", {**HEART, "levels": ["kind", "disease"]}, "'Circulation' is not within"),
        ("recodes.heart.groups", {"missing": ["mi"]}, "taken by missing values"),
        ("recodes.heart.groups", {"Heart": []}, "each group needs at least one code"),
        ("recodes.heart.groups", {}, "each group needs at least one code"),
    ],
)
def test_a_fault_is_named_with_its_place(path, value, fault):
    assert any(fault in found for found in faults(changed(path, value)))


def test_all_faults_are_named_at_once():
    entry = changed("title", 3)
    entry["links"]["home"]["kind"] = "any"
    entry["tables"]["labs"]["rows"] = "many"

    assert len(faults(entry)) == 3


@pytest.mark.parametrize("entry", [None, [], "text", 3, {}])
def test_what_is_no_entry_is_refused(entry):
    assert faults(entry)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1",
        "a: 1\na: 2",
        "a: &x [1]\nb: *x",
        "? [1, 2]\n: 3",
        "!!python/object/apply:os.getcwd []",
        "a: 2020-99-99",
        "[" * 5000,
        "\x00",
    ],
)
def test_dangerous_or_broken_yaml_is_refused(text):
    with pytest.raises(CatalogueInvalid):
        from_yaml(text)
