"""Does any hostile text get through the front end, or break it?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from queries import sql
from queries.errors import QueryRefused
from queries.refusals import SENTENCES
from tests.catalogues import clinic, dp_policy

CLINIC, POLICY = clinic(), dp_policy()
CORPUS = [
    line.replace("\\n", "\n").replace("\\t", "\t")
    for line in (Path(__file__).parent / "hostile_sql.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
ASKED = "SELECT count(*) FROM persons WHERE "
BIG = 3_000
DEEP = {
    "brackets": ASKED + "(" * BIG + "age = 1" + ")" * BIG,
    "open brackets": "(" * 20_000,
    "closing brackets": ")" * 20_000,
    "nots": ASKED + "NOT " * BIG + "age = 1",
    "nots in brackets": ASKED + "NOT (" * BIG + "age = 1" + ")" * BIG,
    "minus signs": ASKED + "age = " + "- " * BIG + "1",
    "square brackets": ASKED + "age = " + "[" * BIG + "]" * BIG,
    "curly brackets": ASKED + "age = " + "{" * BIG + "}" * BIG,
    "casts": ASKED + "age" + "::int" * BIG + " = 1",
    "functions": ASKED + "abs(" * BIG + "age" + ")" * BIG + " = 1",
    "bands": "SELECT " + "band(" * BIG + "age" + ", 1)" * BIG + ", count(*) FROM persons",
    "cases": ASKED + "CASE WHEN " * BIG + "age = 1",
    "subqueries": "SELECT count(*) FROM (" * BIG + "persons" + ")" * BIG,
    "features": "WITH f AS (" * BIG + "SELECT 1" + ")" * BIG,
    "dots": ASKED + "a." * BIG + "age = 1",
    "joins": "SELECT count(*) FROM persons " + "JOIN areas " * 1_500,
    "ands": ASKED + "age = 1 AND " * 1_000 + "age = 1",
    "ors": ASKED + " OR ".join(["age = 1"] * 1_000),
    "betweens": ASKED + "age BETWEEN 1 AND 2 BETWEEN " * 500 + "1 AND 2",
    "equals": ASKED + "age = " * 1_500 + "1",
    "arrays": ASKED + "age::" + "ARRAY<" * 1_500 + "int" + ">" * 1_500,
    "intervals": ASKED + "age = " + "INTERVAL " * 1_500 + "1",
    "dates": ASKED + "seen = " + "DATE " * 1_500 + "'2000-01-01'",
    "selects": "SELECT " * 2_000,
    "withs": "WITH " * 2_000,
    "lists": ASKED + "age IN (" + ", ".join(["1"] * 1_900) + ")",
    "long text": ASKED + "sex = '" + "f" * 30_000 + "'",
    "long name": ASKED + "a" * 15_000 + " = 1",
    "long number": ASKED + "age = " + "9" * 15_000,
    "nulls": "SELECT count(*)\0 FROM persons",
    "surrogates": ASKED + "sex = '\ud800'",
    "right to left": ASKED + "sex = '\u202ef'",
}


def refusal(text: str) -> QueryRefused:
    with pytest.raises(QueryRefused) as refused:
        sql.admit(text, CLINIC, POLICY)
    return refused.value


def test_the_corpus_is_large():
    assert len(set(CORPUS)) >= 150


@pytest.mark.parametrize("text", CORPUS)
def test_a_hostile_text_is_refused_with_a_known_code_and_a_place_in_it(text):
    for problem in refusal(text).problems:
        assert problem.code in SENTENCES
        assert problem.message
        assert 0 <= problem.start <= problem.end <= len(text)
        assert problem.where.startswith("line ")


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_size_and_depth_are_refused_within_an_ordinary_stack(text):
    limit = sys.getrecursionlimit()

    assert refusal(text).problems
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("thing", [None, b"SELECT count(*) FROM persons", 3, ["SELECT"]])
def test_what_is_not_text_is_refused(thing):
    assert refusal(thing).problems[0].code == "not_text"


@pytest.mark.parametrize("text", CORPUS)
def test_a_refusal_repeats_at_most_a_line_of_the_text(text):
    for problem in refusal(text).problems:
        assert "\n" not in problem.message
        assert len(problem.message) < 600
