"""Is the JSON form read exactly, strictly, and with the path of every fault?"""

from __future__ import annotations

import copy
import datetime
import json
from decimal import Decimal

import jsonschema
import pytest

from queries import sql
from queries.errors import QueryRefused
from queries.json_form import JSON_SCHEMA, admit, from_json, json_schema, to_json
from queries.language import Compare, In, JoinKind
from tests.catalogues import clinic, dp_policy

CLINIC, POLICY = clinic(), dp_policy()
FORM = {
    "dataset": "clinic",
    "source": "persons",
    "joins": [{"link": "home"}],
    "features": [
        {
            "name": "top",
            "table": "labs",
            "aggregate": "last",
            "column": "value",
            "order_by": "day",
            "where": {"op": "=", "ref": {"table": "labs", "column": "test"}, "value": "hdl"},
        }
    ],
    "where": {
        "op": "and",
        "parts": [
            {"op": "<", "ref": {"table": "persons", "column": "bmi"}, "value": 25.5},
            {"op": "not", "part": {"op": "is_null", "ref": {"feature": "top"}}},
            {"op": "in", "ref": {"table": "persons", "column": "sex"}, "values": ["Female"]},
            {
                "op": "between",
                "ref": {"table": "persons", "column": "seen"},
                "low": "2000-01-01",
                "high": "2010-01-01",
            },
        ],
    },
    "dimensions": [
        {"ref": {"feature": "top"}, "bands": ["40.5", 60]},
        {"ref": {"table": "persons", "column": "area"}, "recode": "coast"},
    ],
    "measures": [
        {"statistic": "count"},
        {"statistic": "mean", "ref": {"table": "persons", "column": "bmi"}},
    ],
}


def changed(*path: str | int, to: object) -> dict:
    form = copy.deepcopy(FORM)
    spot = form
    for key in path[:-1]:
        spot = spot[key]
    if to is ...:
        del spot[path[-1]]
    else:
        spot[path[-1]] = to
    return form


def faults(form: object) -> list[tuple[str, str]]:
    with pytest.raises(QueryRefused) as refused:
        from_json(form, CLINIC)
    return [(problem.code, problem.where) for problem in refused.value.problems]


def test_constants_are_read_by_the_type_of_what_they_stand_beside():
    query = admit(FORM, CLINIC, POLICY)
    below, _, among, within = query.where.parts

    assert isinstance(below, Compare)
    assert below.value == Decimal("25.5")
    assert among == In(among.ref, ("f",))
    assert within.low == datetime.date(2000, 1, 1)
    assert query.dimensions[0].bands == (Decimal("40.5"), Decimal(60))
    assert query.joins[0].kind is JoinKind.LEFT


@pytest.mark.parametrize("number", [0.1, "0.1", Decimal("0.1"), "0.10"])
def test_numbers_are_exact_however_they_are_written(number):
    form = changed("where", "parts", 0, "value", to=number)

    assert from_json(form, CLINIC).where.parts[0].value == Decimal("0.1")


def test_a_form_is_written_as_it_is_read():
    query = admit(FORM, CLINIC, POLICY)

    assert from_json(json.loads(json.dumps(to_json(query))), CLINIC) == query


def test_sql_and_form_are_the_same_question():
    query = admit(FORM, CLINIC, POLICY)

    assert sql.admit(sql.render(query, CLINIC), CLINIC, POLICY) == query


@pytest.mark.parametrize("form", [FORM, to_json(admit(FORM, CLINIC, POLICY))])
def test_the_schema_accepts_the_form(form):
    jsonschema.Draft202012Validator.check_schema(JSON_SCHEMA)
    jsonschema.validate(form, JSON_SCHEMA)


WRONG = [
    (changed("colour", to="red"), "json_unknown_key", "colour"),
    (changed("where", "parts", 0, "extra", to=1), "json_unknown_key", "where.parts[0].extra"),
    (changed("features", 0, "limit", to=1), "json_unknown_key", "features[0].limit"),
    (changed("source", to=...), "json_missing_key", "source"),
    (changed("measures", to=...), "json_missing_key", "measures"),
    (changed("where", "parts", 0, "value", to=...), "json_missing_key", "where.parts[0].value"),
    (changed("source", to=3), "json_type", "source"),
    (changed("measures", to={}), "json_type", "measures"),
    (changed("measures", 0, to=None), "json_type", "measures[0]"),
    (changed("measures", 0, to="count"), "json_type", "measures[0]"),
    (changed("measures", 0, "statistic", to="median"), "json_choice", "measures[0].statistic"),
    (changed("features", 0, "aggregate", to=3), "json_choice", "features[0].aggregate"),
    (changed("joins", 0, "kind", to="cross"), "json_choice", "joins[0].kind"),
    (changed("where", "op", to="xor"), "json_choice", "where.op"),
    (changed("where", "parts", 0, "op", to=["="]), "json_choice", "where.parts[0].op"),
    (changed("where", "parts", 0, to=3), "json_type", "where.parts[0]"),
    (changed("where", "parts", 0, "value", to=[1]), "json_type", "where.parts[0].value"),
    (changed("where", "parts", 0, "value", to=float("inf")), "json_number", "where.parts[0].value"),
    (changed("where", "parts", 2, "values", 0, to=None), "json_type", "where.parts[2].values[0]"),
    (changed("dimensions", 0, "bands", 0, to="x"), "json_number", "dimensions[0].bands[0]"),
    (changed("grouping_sets", to=3), "json_type", "grouping_sets"),
    (changed("grouping_sets", to=[0]), "json_type", "grouping_sets[0]"),
    (changed("grouping_sets", to=[[-1]]), "json_type", "grouping_sets[0][0]"),
    (changed("grouping_sets", to=[[0], [True]]), "json_type", "grouping_sets[1][0]"),
    (changed("grouping_sets", to=[["sex"]]), "json_type", "grouping_sets[0][0]"),
    (changed("dimensions", 0, "ref", to={}), "json_missing_key", "dimensions[0].ref.table"),
]


@pytest.mark.parametrize(("form", "code", "path"), WRONG)
def test_a_fault_is_refused_at_its_path(form, code, path):
    assert (code, path) in faults(form)


@pytest.mark.parametrize("form", [form for form, code, _ in WRONG if code != "json_number"])
def test_what_the_reader_refuses_the_schema_refuses(form):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(form, JSON_SCHEMA)


@pytest.mark.parametrize("form", [None, [], "SELECT", 3, {}])
def test_what_is_no_form_is_refused(form):
    assert faults(form)


def test_a_form_of_absurd_depth_is_refused():
    form: dict = {"op": "is_null", "ref": {"feature": "top"}}
    for _ in range(5_000):
        form = {"op": "not", "part": form}

    assert ("too_deep") in {code for code, _ in faults({**FORM, "where": form})}


def test_the_schema_can_stand_in_another_document():
    assert json_schema("#/components/schemas/")["properties"]["where"] == {
        "$ref": "#/components/schemas/Condition"
    }
