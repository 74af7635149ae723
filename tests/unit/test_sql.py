"""Are names, quoting and positions read as SQL would, where the language follows SQL?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from queries import sql
from queries.catalogue import Catalogue
from queries.errors import QueryRefused
from queries.language import (
    Aggregate,
    ColumnRef,
    Dimension,
    Feature,
    FeatureRef,
    Measure,
    Query,
    Statistic,
)
from queries.sql_tokens import LONGEST_TEXT
from tests.catalogues import clinic, dp_policy

CLINIC, POLICY = clinic(), dp_policy()
RESERVED = (
    *("select", "from", "where", "group", "order", "by", "join", "left", "inner"),
    *("outer", "on", "using", "and", "or", "not", "in", "between", "is"),
    *("null", "true", "false", "distinct", "date", "as", "with", "count", "sum"),
    *("band", "recode", "first", "end", "case", "all", "filter", "row", "year"),
    *("time", "interval", "values", "limit", "union", "over", "having", "desc", "asc"),
    *("index", "key", "table", "default", "user"),
)


def with_reserved_names() -> Catalogue:
    """The clinic, its persons' sex once more under every name that SQL keeps for itself."""
    persons = CLINIC.table("persons")
    sex = persons.column("sex")
    columns = (*persons.columns, *(replace(sex, name=word) for word in RESERVED))
    tables = (replace(persons, columns=columns), *CLINIC.tables[1:])
    return replace(CLINIC, tables=tables)


@pytest.mark.parametrize("word", RESERVED)
def test_a_column_may_have_any_name_of_sql(word):
    catalogue = with_reserved_names()
    query = Query(
        "clinic",
        "persons",
        (Measure(Statistic.COUNT),),
        dimensions=(Dimension(ColumnRef("persons", word)),),
    )

    assert sql.parse(sql.render(query, catalogue), catalogue) == query
    assert (
        sql.parse(f'SELECT "{word}", count(*) FROM persons GROUP BY persons."{word}"', catalogue)
        == query
    )


@pytest.mark.parametrize("word", RESERVED)
def test_a_feature_may_have_any_name_of_sql(word):
    query = Query(
        "clinic",
        "persons",
        (Measure(Statistic.SUM, FeatureRef(word)),),
        features=(Feature(word, "labs", Aggregate.COUNT),),
    )

    assert sql.admit(sql.render(query, CLINIC), CLINIC, POLICY) == query


@pytest.mark.parametrize("word", ["year", "first", "date", "end", "key", "row"])
def test_a_declared_name_needs_no_quotes_where_no_clause_starts_with_it(word):
    text = f"SELECT {word}, count(*) FROM persons p WHERE p.{word} = 'f' GROUP BY {word}"

    assert sql.parse(text, with_reserved_names()).dimensions == (
        Dimension(ColumnRef("persons", word)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(distinct person) FROM labs JOIN persons USING (person)",
        "SELECT count(distinct labs.person) FROM labs JOIN persons p ON p.person = labs.person",
        "SELECT count(DISTINCT l.person) FROM labs l JOIN persons ON (l.person = persons.person)",
    ],
)
def test_the_unit_is_the_one_of_the_source(text):
    query = sql.parse(text, CLINIC)

    assert query.measures == (Measure(Statistic.UNITS),)
    assert [join.link for join in query.joins] == ["lab_person"]


def test_the_far_end_of_a_link_does_not_make_a_name_ambiguous():
    text = "SELECT area, count(*) FROM persons JOIN areas USING (area) GROUP BY area"

    assert sql.parse(text, CLINIC).dimensions == (Dimension(ColumnRef("persons", "area")),)


def test_a_name_of_two_tables_is_ambiguous():
    text = (
        "WITH f AS (SELECT person, max(value) AS age FROM labs GROUP BY person) "
        "SELECT sum(age) FROM persons LEFT JOIN f USING (person)"
    )
    with pytest.raises(QueryRefused) as refused:
        sql.parse(text, CLINIC)

    (problem,) = refused.value.problems
    assert problem.code == "ambiguous_name"
    assert text[problem.start : problem.end] == "age"


def test_a_chain_of_links_is_followed():
    text = (
        "SELECT climate, count(*) FROM labs JOIN persons USING (person) LEFT JOIN areas "
        "USING (area) LEFT JOIN regions r ON areas.region = r.region GROUP BY climate"
    )

    assert [join.link for join in sql.admit(text, CLINIC, POLICY).joins] == [
        "lab_person",
        "home",
        "in_region",
    ]


def test_problems_of_validation_have_a_place_in_the_text():
    text = "SELECT count(*)\nFROM persons\nWHERE age < 40 AND\n  sex IN ('f', 'n')"
    with pytest.raises(QueryRefused) as refused:
        sql.admit(text, CLINIC, POLICY)

    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("unknown_code", "line 4, column 16")
    assert text[problem.start : problem.end] == "'n'"


def test_a_text_of_the_longest_length_is_read_and_a_longer_one_refused():
    text = "SELECT count(*) FROM persons"
    longest = text + " " * (LONGEST_TEXT - len(text))

    assert sql.parse(longest, CLINIC) == sql.parse(text, CLINIC)
    with pytest.raises(QueryRefused) as refused:
        sql.parse(longest + " ", CLINIC)
    assert refused.value.problems[0].code == "too_long"


def test_a_remark_changes_nothing():
    plain = "SELECT count(*) FROM persons"

    assert sql.parse(f"/* a */ {plain} -- b; c", CLINIC) == sql.parse(plain, CLINIC)
