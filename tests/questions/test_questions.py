"""Do the engine and pandas count the same, before any noise? On the whole public key grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disclosure_control import policy as policies
from queries import plan as planner
from queries import read_catalogue, sql
from queries.engines import duckdb as engine
from queries.store import Store, attach_read_only, connect
from tests.questions import by_hand, firms, nafld_persons, nafld_rows, stops
from tests.questions.asked import Question
from tests.questions.raw import RAW
from tre.ingest.ingested import ingest

ENTRIES = Path(__file__).parents[2] / "tre" / "demo" / "datasets"
KEY = bytes(range(32))
ASKED = [
    question for part in (nafld_persons, nafld_rows, stops, firms) for question in part.ask.asked
]
pytestmark = pytest.mark.xdist_group("questions")  # the datasets are ingested once


class Datasets:
    """Opens each dataset when it is first asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened = {}

    def __getitem__(self, name: str):
        if name not in self.opened:
            self.opened[name] = self._open(name)
        return self.opened[name]

    def _open(self, name: str):
        result = ingest(ENTRIES / name, store_root=self.root, key=KEY)
        con = connect()
        attach_read_only(con, Store(self.root, KEY).path(name, result.version), key=KEY)
        policy = policies.from_yaml((ENTRIES / name / "policy.yaml").read_text())
        return con, read_catalogue.from_json(result.catalogue_json), policy


@pytest.fixture(scope="session")
def datasets(tmp_path_factory):
    return Datasets(tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.name)
def test_the_engine_counts_what_pandas_counts(question: Question, datasets):
    counted, columns = _answered(question, datasets)
    expected = question.by_hand(RAW[question.dataset]())
    assert [column.name for column in columns] == list(expected)
    for column in columns:
        for part, numbers in expected[column.name].items():
            nothing = part not in {"negative", "smallest"} and not np.any(numbers)
            assert not nothing, "a question about nothing shows nothing"
            found = counted[_vector_of(column, part)]
            assert np.array_equal(found, numbers), (column.name, part)


def test_there_are_60_questions_and_25_link_tables():
    assert len(ASKED) >= 60
    assert len({question.name for question in ASKED}) == len(ASKED)
    assert sum(question.tables > 1 for question in ASKED) >= 25
    assert sum(question.tables == 3 for question in ASKED) >= 5


PLANTED = (  # a constant of the bounds, one wrong value of it, and a question that must notice
    ("K", 21, "measurements_by_kind"),
    ("K", 19, "mean_blood_pressure"),
    ("K", 19, "times_that_smoking_was_recorded"),
    ("G", 4, "diseases_and_deaths_of_the_old"),
    ("S", 999_999, "days_until_each_disease"),
)


@pytest.mark.parametrize(("constant", "wrong", "name"), PLANTED)
def test_a_wrong_bound_would_be_noticed(constant, wrong, name, datasets, monkeypatch):
    question = next(question for question in ASKED if question.name == name)
    counted, columns = _answered(question, datasets)
    monkeypatch.setattr(by_hand, constant, wrong)
    expected = question.by_hand(RAW[question.dataset]())
    assert not all(
        np.array_equal(counted[_vector_of(column, part)], numbers)
        for column in columns
        for part, numbers in expected[column.name].items()
    )


def _answered(question: Question, datasets):
    """The integers before noise, by vector, and the columns that would be published."""
    con, catalogue, policy = datasets[question.dataset]
    query = sql.admit(question.sql, catalogue, policy)
    plan = planner.plan(query, catalogue, policy)
    return engine.answer(con, plan).reveal(), plan.shape.published


def _vector_of(column, part: str) -> str:
    if part in {"count", "total"}:
        return getattr(column, part)
    return getattr(column.evidence, part)
