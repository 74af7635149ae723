"""Is every code of a refusal used, and does every sentence help?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import queries
from queries.errors import LONGEST_ECHO, at, line_and_column, problem
from queries.refusals import SENTENCES

SOURCES = [
    path.read_text("utf-8")
    for path in Path(queries.__file__).parent.rglob("*.py")
    if path.name != "refusals.py"
]


@pytest.mark.parametrize("code", SENTENCES)
def test_every_code_is_raised_somewhere(code):
    assert any(f'"{code}"' in source for source in SOURCES)


@pytest.mark.parametrize(("code", "sentence"), SENTENCES.items())
def test_every_sentence_is_one_and_ends(code, sentence):
    assert re.fullmatch(r"[a-z_]+", code)
    assert sentence.rstrip(")").endswith((".", "}"))


def test_a_long_word_of_the_author_is_shortened_and_made_printable():
    message = problem("unknown_code", name="x" * 500 + "\n\x00", column="sex", hint="").message

    assert len(message) < LONGEST_ECHO + 60
    assert message.isprintable()


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (6, (2, 3)), (7, (3, 1))]
)
def test_lines_and_columns_count_from_one(offset, expected):
    assert line_and_column("abc\nde\nf", offset=offset) == expected


def test_a_problem_in_a_text_says_where():
    placed = at(problem("empty"), "ab\ncd", start=3, end=5)

    assert (placed.start, placed.end, placed.where) == (3, 5, "line 2, column 1")
