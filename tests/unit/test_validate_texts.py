"""What may be asked of a text whose values nobody declared: to be a dimension, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queries import sql
from queries.errors import QueryRefused
from queries.language import Dimension
from queries.validate import validate
from tests.catalogues import dp_policy, sdc_policy, worded_clinic, worded_policy

WORDED, POLICY = worded_clinic(), worded_policy()
BY_JOB = "SELECT job, count(*) FROM persons GROUP BY job"


def codes(text: str, policy=POLICY) -> list[str]:
    with pytest.raises(QueryRefused) as refused:
        sql.admit(text, WORDED, policy)
    return [one.code for one in refused.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        BY_JOB,
        "SELECT job, sex, avg(age), median(bmi) FROM persons GROUP BY job, sex",
        "SELECT job, count(*) FROM events JOIN persons USING (person) GROUP BY job",
        "SELECT drug, kind, count(DISTINCT person) FROM events GROUP BY drug, kind",
        "SELECT job, count(*) FROM persons WHERE job IS NOT NULL GROUP BY job",
        "SELECT sex, count(*) FROM persons WHERE job IS NULL GROUP BY sex",
    ],
)
def test_it_is_a_dimension_beside_others_and_may_be_missing(text):
    assert sql.admit(text, WORDED, POLICY)


@pytest.mark.parametrize(
    "condition",
    ["job = 'nurse'", "job <> 'nurse'", "job IN ('nurse', 'clerk')", "job BETWEEN 'a' AND 'b'",
     "job < 'b'", "job = 3", "NOT (job = 'nurse')", "age > 3 OR job = 'nurse'"],
)  # fmt: skip
def test_it_is_compared_with_nothing_whether_or_not_that_occurs(condition):
    assert codes(f"SELECT count(*) FROM persons WHERE {condition}") == ["text_compared"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT avg(job) FROM persons", ["needs_number"]),
        ("SELECT median(job) FROM persons", ["needs_number"]),
        ("SELECT band(job, 3), count(*) FROM persons GROUP BY band(job, 3)", ["bands_not_numeric"]),
        (
            "SELECT recode(job, 'heart'), count(*) FROM persons GROUP BY recode(job, 'heart')",
            ["unknown_recode"],
        ),
        ("SELECT job, count(*) FROM persons GROUP BY CUBE (job)", ["text_margins"]),
        (
            "SELECT job, drug, count(*) FROM events JOIN persons USING (person) GROUP BY job, drug",
            ["texts_twice"],
        ),
        (
            (
                "WITH f AS (SELECT person, arg_min(drug, day) AS early FROM events GROUP BY person)"
                " SELECT early, count(*) FROM persons LEFT JOIN f USING (person) GROUP BY early"
            ),
            ["text_in_feature"],
        ),
        (
            (
                "WITH f AS (SELECT person, count(*) AS n FROM events WHERE drug = 'x'"
                " GROUP BY person)"
                " SELECT sum(n) FROM persons LEFT JOIN f USING (person)"
            ),
            ["text_compared"],
        ),
    ],
)
def test_it_is_nothing_else(text, expected):
    assert set(expected) <= set(codes(text))


@pytest.mark.parametrize("policy", [dp_policy(), sdc_policy()], ids=["no delta", "exact"])
def test_a_policy_that_tells_no_keys_is_not_asked_for_any(policy):
    assert codes(BY_JOB, policy) == ["text_not_told"]


def test_the_whole_grid_of_places_counts_against_the_largest_table():
    small = replace(POLICY, max_cells=11)
    assert codes("SELECT job, sex, count(*) FROM persons GROUP BY job, sex", small) == [
        "too_many_cells"
    ]
    assert sql.admit(BY_JOB, WORDED, small)


def test_a_constant_of_the_json_form_is_refused_as_well():
    query = sql.admit(BY_JOB, WORDED, POLICY)
    banded = replace(query, dimensions=(Dimension(query.dimensions[0].ref, bands=(3,)),))
    assert [one.code for one in validate(banded, WORDED, POLICY)] == ["bands_not_numeric"]
