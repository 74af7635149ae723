"""Which labels does a filter leave empty, whatever the data? Tried on the clinic's questions."""

from __future__ import annotations

import pytest

from queries import sql
from queries.plan import plan
from tests.catalogues import nested_clinic, sdc_policy

NESTED, EXACT = nested_clinic(), sdc_policy()


def empty_of(text: str) -> list[set[str]]:
    """The empty labels of each axis."""
    shape = plan(sql.admit(text, NESTED, EXACT), NESTED, EXACT).shape
    return [{axis.labels[at] for at in axis.empty} for axis in shape.axes]


@pytest.mark.parametrize(
    ("dimension", "condition", "empty"),
    [
        ("sex", "sex = 'f'", {"Male"}),
        ("sex", "age > 40", set()),
        ("sex", "sex = 'f' OR age > 40", set()),
        ("smoker", "smoker IS NOT NULL", {"missing"}),
        ("smoker", "smoker <> '0'", {"No", "missing"}),
        ("smoker", "NOT (smoker = '1' AND smoker IS NOT NULL)", {"Yes"}),
        ("area", "area IN ('hill', 'river')", {"shore", "o'hara", "missing"}),
        ("recode(area, 'coast')", "area IN ('hill', 'river')", {"Coast", "missing"}),
        ("recode(area, 'coast')", "area = 'o''hara'", {"Coast", "Inland"}),
        (
            "recode(area, 'inland')",
            "area = 'hill'",
            {"River", "Coast", "missing"},
        ),
        ("recode(area, 'inland')", "area = 'shore'", {"Hill", "River", "Inland", "missing"}),
        ("band(age, 20, 40, 60)", "age >= 40", {"below 20", "20 to 39"}),
        ("band(age, 20, 40, 60)", "age >= 39", {"below 20"}),
        ("band(age, 20, 40, 60)", "age < 40 AND age <> 10", {"40 to 59", "60 and over"}),
        ("band(age, 20, 40, 60)", "age = 20 OR age = 60", {"below 20", "40 to 59"}),
        ("band(age, 1)", "age <> 0", {"below 1"}),
        ("band(age, 0, 40)", "sex = 'f'", {"below 0"}),
        ("band(age, 40, 110)", "sex = 'f'", set()),
        ("band(bmi, 20, 30)", "bmi > 20 AND bmi <= 29.9", {"below 20", "30 and over", "missing"}),
        (
            "band(seen, DATE '2000-01-01')",
            "seen BETWEEN DATE '2000-01-01' AND DATE '2001-01-01'",
            {"before 2000-01-01"},
        ),
    ],
)
def test_labels_that_a_filter_leaves_empty(dimension, condition, empty):
    text = f"SELECT {dimension}, count(*) FROM persons WHERE {condition} GROUP BY {dimension}"
    assert empty_of(text) == [empty]


def test_each_axis_is_narrowed_by_its_own_conditions():
    text = (
        "SELECT sex, area, count(*) FROM persons WHERE sex = 'm' AND area IN ('hill', 'shore') "
        "GROUP BY CUBE (sex, area)"
    )
    assert empty_of(text) == [{"Female"}, {"river", "o'hara", "missing"}]


def test_a_yes_or_no_feature():
    text = (
        "WITH f AS (SELECT person, count(*) > 0 AS ill FROM events GROUP BY person) "
        "SELECT ill, count(*) FROM persons LEFT JOIN f USING (person) WHERE ill GROUP BY ill"
    )
    assert empty_of(text) == [{"no"}]
