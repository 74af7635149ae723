"""How like the data is a twin, and does every example question run on it? Of the real cohort.

Measured by the engine and the door with the noise of the demonstration's budget; made as an owner
makes it, from the protected tables alone.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from disclosure_control import policy as policies
from disclosure_control.protect import NoiseGrant, protect
from queries import plan as planner
from queries import read_catalogue, sql
from queries.engines import duckdb as engine
from queries.store import Store, attach_read_only, connect
from tests.questions import nafld_persons, nafld_rows
from tests.questions.asked import Question
from tests.questions.test_questions import ENTRIES, KEY
from tre.demo import story, twin
from tre.ingest.ingested import ingest
from tre.synthetic import made
from tre.synthetic.allotted import allotted
from tre.synthetic.attributes import of_catalogue
from tre.synthetic.workload import workload

ASKED = [question for part in (nafld_persons, nafld_rows) for question in part.ask.asked]
pytestmark = pytest.mark.xdist_group("twin")  # it is made once


class Held:
    """A sealed dataset, open for questions."""

    def __init__(self, root, folder, *, source=None) -> None:
        result = ingest(folder, source=source, store_root=root, key=KEY)
        self.catalogue = read_catalogue.from_json(result.catalogue_json)
        self.con = connect()
        path = Store(root, KEY).path(result.dataset, result.version)
        attach_read_only(self.con, path, key=KEY)

    def counts(self, query, policy):
        named = replace(query, dataset=self.catalogue.dataset)
        return engine.answer(self.con, planner.plan(named, self.catalogue, policy))


@pytest.fixture(scope="module")
def policy():
    return policies.from_yaml((ENTRIES / "nafld" / "policy.yaml").read_text())


@pytest.fixture(scope="module")
def pair(tmp_path_factory, policy):
    """The cohort, its twin, and what was counted of it."""
    root = tmp_path_factory.mktemp("twin")
    data = Held(root / "store", ENTRIES / "nafld")
    counted = workload(data.catalogue, of_catalogue(data.catalogue), max_cells=policy.max_cells)
    parts = allotted(counted, data.catalogue, policy, rules=policy.dp, total=twin.BUDGET)
    assert sum(parts) <= twin.BUDGET
    tables = [
        protect(data.counts(one.query, policy), policy=policy, grant=NoiseGrant(part))
        for one, part in zip(counted, parts, strict=True)
    ]
    found = SimpleNamespace(catalogue=data.catalogue, policy=policy, rules=policy.dp)
    folder = root / "entry"
    folder.mkdir()
    made.write(folder, found, counted, tables=tables, seed=1)
    return data, Held(root / "store", folder, source=folder), counted


def shares(held: Held, query, policy) -> np.ndarray:
    (numbers,) = held.counts(query, policy).reveal().values()
    return np.array(numbers, dtype=float) / sum(numbers)


def test_what_was_measured_is_about_as_in_the_data(pair, policy):
    """The share of units or rows that are in another cell, against a guess that knows nothing."""
    data, made_up, counted = pair
    for one in counted:
        true = shares(data, one.query, policy)
        off = np.abs(true - shares(made_up, one.query, policy)).sum() / 2
        even = np.abs(true - 1 / len(true)).sum() / 2
        names = [each.name for each in one.attributes]
        assert off < 0.2, names
        assert off < even / 3, names


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.name)
def test_every_example_question_has_an_answer(question: Question, pair, policy):
    _, made_up, _ = pair
    query = sql.admit(question.sql, made_up.catalogue, policy)
    counts = made_up.counts(query, policy).reveal()
    assert all(any(numbers) for numbers in counts.values()), "a question about nobody"


def test_the_question_of_the_demonstration_has_an_answer(pair, policy):
    _, made_up, _ = pair
    counts = made_up.counts(sql.parse(story.QUESTION, made_up.catalogue), policy).reveal()
    (numbers,) = counts.values()
    assert sum(number >= policy.dp.threshold for number in numbers) > len(numbers) / 2
