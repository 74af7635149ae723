"""Which questions are the same, and which only look alike?"""

from __future__ import annotations

from itertools import combinations

import pytest

from queries import sql
from queries.fingerprint import canonical, fingerprint, order_in_canonical
from queries.language import FeatureRef
from queries.validate import validate
from tests.catalogues import clinic, dp_policy

CLINIC, POLICY = clinic(), dp_policy()
GIVEN = {"version": "v1", "policy_hash": "p1", "rho_nano": 10, "mechanism": None}
FEATURE = "WITH f AS (SELECT person, {made} AS {name} FROM labs {where} GROUP BY person) "
ASKED = "SELECT count(*) FROM persons LEFT JOIN f USING (person) WHERE {name} > 3"


def read(text: str):
    return sql.admit(text, CLINIC, POLICY)


def of(text: str, **changed: object) -> str:
    return fingerprint(read(text), catalogue=CLINIC, **{**GIVEN, **changed})


def featured(name: str, *, made: str = "max(value)", where: str = "WHERE test = 'hdl'") -> str:
    return FEATURE.format(made=made, name=name, where=where) + ASKED.format(name=name)


@pytest.mark.parametrize(
    "texts",
    [
        ("SELECT sex, smoker, count(*) FROM persons GROUP BY sex, smoker",
         "SELECT smoker, count(*), sex FROM persons GROUP BY sex, smoker"),
        ("SELECT count(*) FROM persons WHERE bmi < 25",
         "SELECT count(*) FROM persons WHERE bmi <= 24.9",
         "SELECT count(*) FROM persons WHERE NOT bmi >= 25.0"),
        ("SELECT count(*) FROM persons WHERE sex IN ('f', 'm') AND NOT (age = 3)",
         "SELECT count(*) FROM persons WHERE age <> 3 AND (sex = 'm' OR sex = 'Female')"),
        ("SELECT count(*) FROM persons WHERE NOT (age = 3 AND bmi IS NULL)",
         "SELECT count(*) FROM persons WHERE bmi IS NOT NULL OR NOT age IN (3)"),
        (featured("top"), featured("highest"), featured("top", where="WHERE NOT test <> 'hdl'")),
        ("SELECT count(*) FROM persons",
         "SELECT count(*) FROM persons LEFT JOIN areas USING (area)",
         FEATURE.format(made="count(*)", name="n", where="") + "SELECT count(*) FROM persons"),
        ("SELECT band(age, 40), count(*) FROM persons GROUP BY band(age, 40)",
         "SELECT band(age, 40.0), count(*) FROM persons GROUP BY band(age, 40)"),
    ],
)  # fmt: skip
def test_other_spellings_are_the_same_question(texts):
    assert len({of(text) for text in texts}) == 1


DIFFERENT = [
    "SELECT count(*) FROM persons",
    "SELECT count(distinct person) FROM persons",
    "SELECT sum(age) FROM persons",
    "SELECT avg(age) FROM persons",
    "SELECT avg(bmi) FROM persons",
    "SELECT count(*) FROM labs",
    "SELECT count(*) FROM persons JOIN areas USING (area)",
    "SELECT count(*) FROM persons WHERE age < 40",
    "SELECT count(*) FROM persons WHERE age <= 40",
    "SELECT count(*) FROM persons WHERE bmi IS NULL",
    "SELECT count(*) FROM persons WHERE bmi IS NOT NULL",
    "SELECT count(*) FROM persons WHERE bmi < 25",
    "SELECT count(*) FROM persons WHERE bmi < 25 OR bmi IS NULL",
    "SELECT count(*) FROM persons WHERE NOT (bmi < 25 OR bmi IS NULL)",
    "SELECT count(*) FROM persons WHERE age >= 60 AND age <= 40",
    "SELECT count(*) FROM persons WHERE smoker = '0'",
    "SELECT count(*) FROM persons WHERE smoker <> '1'",
    "SELECT count(*) FROM persons WHERE smoker IN ('0', '1')",
    "SELECT sex, count(*) FROM persons GROUP BY sex",
    "SELECT area, count(*) FROM persons GROUP BY area",
    "SELECT recode(area, 'coast'), count(*) FROM persons GROUP BY recode(area, 'coast')",
    "SELECT band(age, 40), count(*) FROM persons GROUP BY band(age, 40)",
    "SELECT band(age, 41), count(*) FROM persons GROUP BY band(age, 41)",
    "SELECT band(age, 40, 41), count(*) FROM persons GROUP BY band(age, 40, 41)",
    featured("top"),
    featured("top", made="min(value)"),
    featured("top", made="arg_max(value, day)"),
    featured("top", made="count(*)"),
    featured("top", where=""),
    featured("top", where="WHERE test = 'sbp'"),
]


def test_different_questions_differ():
    marks = {text: of(text) for text in DIFFERENT}

    assert [pair for pair in combinations(marks, 2) if marks[pair[0]] == marks[pair[1]]] == []


@pytest.mark.parametrize(
    "changed",
    [{"version": "v2"}, {"policy_hash": "p2"}, {"rho_nano": 11}, {"mechanism": "laplace"}],
)
def test_data_policy_cost_and_mechanism_are_part_of_the_fingerprint(changed):
    assert of(DIFFERENT[0]) != of(DIFFERENT[0], **changed)


def test_features_lose_their_authors_names():
    form = canonical(read(featured("my_secret_name")), CLINIC)

    assert [feature.name for feature in form.features] == ["f1"]
    assert form.where.ref == FeatureRef("f1")


def test_two_features_of_one_content_are_one():
    text = (
        "WITH f AS (SELECT person, max(value) AS a, max(value) AS b FROM labs GROUP BY person) "
        "SELECT count(*) FROM persons LEFT JOIN f USING (person) WHERE a > 3 AND b < 9"
    )

    assert len(canonical(read(text), CLINIC).features) == 1


def test_the_order_of_display_can_be_found_again():
    query = read(
        "SELECT smoker, sum(age), band(age, 40.0), count(*), sex FROM persons "
        "GROUP BY sex, smoker, band(age, 40)"
    )
    form, order = canonical(query, CLINIC), order_in_canonical(query, CLINIC)

    assert [form.dimensions[at].ref for at in order.dimensions] == [
        one.ref for one in query.dimensions
    ]
    assert tuple(form.measures[at] for at in order.measures) == query.measures


def test_a_condition_that_nothing_meets_stays_one_that_may_be_asked():
    text = featured("top", made="count(*) > 0").replace("top > 3", "NOT top IN (TRUE, FALSE)")
    once = canonical(sql.admit(text, CLINIC, POLICY), CLINIC)

    assert validate(once, CLINIC, POLICY) == ()
    assert canonical(once, CLINIC) == once
