"""Does the sentence say what the query asks?"""

from __future__ import annotations

import pytest

from queries import sql
from queries.words import describe
from tests.catalogues import clinic

CLINIC = clinic()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT count(*) FROM persons", "Number of persons."),
        ("SELECT count(*) FROM labs", "Number of rows of Laboratory results."),
        ("SELECT count(distinct person) FROM labs", "Number of persons."),
        (
            (
                "SELECT sex, band(age, 40, 60), avg(bmi), sum(income) FROM persons "
                "GROUP BY sex, band(age, 40, 60)"
            ),
            (
                "Mean of Body mass index and sum of Income, by Sex; "
                "Age (below 40, 40 to 59, 60 and over)."
            ),
        ),
        (
            (
                "SELECT recode(kind, 'disease'), count(*) FROM events WHERE NOT (severity >= 3 OR "
                "day IS NULL) AND kind IN ('dm', 'st') GROUP BY recode(kind, 'disease')"
            ),
            (
                "Number of rows of Disease events, by Disease group (Metabolic, Circulation), "
                "among those with not (Severity at least 3 or Day missing) and Kind: Diabetes or "
                "Stroke."
            ),
        ),
        (
            (
                "WITH f AS (SELECT person, count(*) > 0 AS ill FROM events WHERE kind = 'dm' GROUP "
                "BY person) SELECT region, count(*) FROM persons JOIN areas USING (area) LEFT "
                "JOIN f "
                "USING (person) WHERE ill AND bmi IS NOT NULL AND seen < DATE '2000-01-01' "
                "GROUP BY region"
            ),
            (
                "Number of persons, by Region, among those with ill: yes and Body mass index not "
                "missing and First seen below 2000-01-01, linked to Areas, matching rows only. "
                "Here ill is whether there are any of each person's Disease events with Kind: "
                "Diabetes."
            ),
        ),
    ],
)
def test_a_query_is_described_in_titles_and_labels(text, sentence):
    assert describe(sql.parse(text, CLINIC), CLINIC) == sentence
