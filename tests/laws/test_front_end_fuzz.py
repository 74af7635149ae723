"""Whatever text or form arrives: is it a declared question, or a refusal, and nothing else?"""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from queries import json_form, sql
from queries.engines import memory
from queries.errors import QueryRefused
from queries.fingerprint import canonical, fingerprint
from queries.language import Measure, Query, Statistic
from queries.validate import validate
from queries.words import describe
from tests.catalogues import dp_policy, sdc_policy
from tests.made_up import CLINIC, clinics, questions, with_tables
from tests.sql_grammar import in_grammar

POLICY = dp_policy()
SPEC = Path(__file__).parent.parent / "spec" / "accepted.txt"
HOSTILE = Path(__file__).parent.parent / "attacks" / "hostile_sql.txt"
EXAMPLES = [
    block.split("\n> ")[0]
    for block in SPEC.read_text("utf-8").split("\n\n")
    if not block.startswith("#")
]
WORDS = sorted(
    {
        *(word for text in EXAMPLES for word in re.findall(r"\w+|'[^']*'|[^\w\s]", text)),
        *(word for word in re.findall(r"\w+|[^\w\s]", HOSTILE.read_text("utf-8"))),
    }
)
QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


def identity(query: Query) -> str:
    return fingerprint(
        query, catalogue=CLINIC, version="1", policy_hash="p", rho_nano=1, mechanism=None
    )


def answerable(query: Query) -> bool:
    return not validate(query, CLINIC, POLICY)


def check(text: str) -> bool:
    """Whether the text was accepted; a text that is accepted must be a declared question."""
    try:
        query = sql.admit(text, CLINIC, POLICY)
    except QueryRefused:
        return False
    assert in_grammar(text)
    assert answerable(query)
    assert identity(sql.parse(sql.render(query, CLINIC), CLINIC)) == identity(query)
    return True


def mutated(text: str, chance: random.Random) -> str:
    """A few words of the text dropped, doubled, swapped, replaced or added."""
    words = re.findall(r"\w+|'[^']*'|[^\w\s]|\s+", text)
    for _ in range(chance.randint(1, 4)):
        at, to = chance.randrange(len(words)), chance.randrange(len(words))
        change = chance.randrange(5)
        if change == 0 and len(words) > 1:
            del words[at]
        elif change == 1:
            words.insert(to, words[at])
        elif change == 2:
            words[at], words[to] = words[to], words[at]
        elif change == 3:
            words[at] = chance.choice(WORDS)
        else:
            words.insert(at, f" {chance.choice(WORDS)} ")
    return "".join(words)


@QUICK
@given(st.text(max_size=300))
@example("")
def test_any_text_is_read_or_refused(text):
    check(text)


@QUICK
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_row_of_words_is_read_or_refused(words):
    check("SELECT " + " ".join(words))


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_grammar_holds_the_examples_of_the_manual(text):
    assert check(text)


@pytest.mark.parametrize("seed", range(40))
def test_texts_near_a_question_are_read_as_declared_questions_or_refused(seed):
    chance = random.Random(seed)
    accepted = sum(check(mutated(chance.choice(EXAMPLES), chance)) for _ in range(50))

    assert accepted < 50


@QUICK
@given(questions().flatmap(with_tables))
def test_a_question_survives_its_own_sql(query):
    assume(answerable(query))
    text = sql.render(query, CLINIC)

    assert in_grammar(text)
    assert identity(sql.admit(text, CLINIC, POLICY)) == identity(query)


@QUICK
@given(questions().flatmap(with_tables))
def test_a_question_survives_its_own_json(query):
    form = json.loads(json.dumps(json_form.to_json(query)))

    assert json_form.from_json(form, CLINIC) == query


@QUICK
@given(questions().flatmap(with_tables))
def test_the_canonical_question_is_its_own_canonical_form_and_answerable(query):
    assume(answerable(query))
    once = canonical(query, CLINIC)

    assert canonical(once, CLINIC) == once
    assert answerable(once)
    assert describe(once, CLINIC)


@QUICK
@given(query=questions(), tables=clinics())
def test_the_canonical_question_has_the_same_answer(query, tables):
    counts = (Measure(Statistic.COUNT), Measure(Statistic.UNITS))
    query = replace(query, measures=counts, dimensions=query.dimensions[:1])
    assume(answerable(query))

    answers = [
        memory.answer(one, catalogue=CLINIC, policy=sdc_policy(), tables=tables)
        for one in (query, canonical(query, CLINIC))
    ]

    assert answers[0] == answers[1]


@QUICK
@given(query=questions(), chance=st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_change_the_fingerprint(query, chance):
    assume(answerable(query))
    parts = {
        name: tuple(chance.sample(getattr(query, name), k=len(getattr(query, name))))
        for name in ("dimensions", "measures", "features")
    }

    assert identity(replace(query, **parts)) == identity(query)


FORM_KEYS = (
    *("dataset", "source", "measures", "dimensions", "where", "joins", "features", "op"),
    *("parts", "part", "ref", "table", "column", "feature", "value", "values", "bands"),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["persons", "clinic", "count", "and", "not", "in", "=", "age", "sex"]),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(
            st.sampled_from(FORM_KEYS),
            part,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def read_form(form: object) -> None:
    try:
        query = json_form.admit(form, CLINIC, POLICY)
    except QueryRefused:
        return
    assert json_form.from_json(json_form.to_json(query), CLINIC) == query


@QUICK
@given(JSON)
def test_any_json_is_read_or_refused(form):
    read_form(form)


@QUICK
@given(query=questions(), part=JSON, data=st.data())
def test_a_form_with_one_part_exchanged_is_read_or_refused(query, part, data):
    form = json_form.to_json(query)
    spot: object = form
    while isinstance(spot, dict | list) and spot:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(spot[key], dict | list) or data.draw(st.booleans()):
            spot[key] = part
            break
        spot = spot[key]
    read_form(form)
