"""Can the noise be averaged away, or one person be told by the difference of two answers?

The same question in other words gives the same draw. What the canonical form does not see as the
same is drawn anew, and paid for: then the budget is the bound, and it holds for the best attack.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from pathlib import Path

import pytest

from disclosure_control.dp import accounting, mechanisms
from disclosure_control.tables import Counting
from tests.attacks.worlds import Witness, tokens
from tests.made_up_engines import SteadyEngine
from tests.small_tables import DP_RULES, counts_shape
from tests.web import service as web
from tre.budgets import Account
from tre.outputs import Draw, Format
from tre.submissions import Submission

USUAL = 100_000_000

SAME = {
    "in capitals, with remarks": "select SEX, COUNT(*) from PERSONS /* x */"
    " where AGE >= 40 group by SEX",
    "by other names": "SELECT p.sex AS s, count(*) AS n FROM persons AS p"
    " WHERE p.age >= 40 GROUP BY s",
    "the other way round": "SELECT sex, count(*) FROM persons WHERE 40 <= age GROUP BY sex",
    "twice denied": "SELECT sex, count(*) FROM persons WHERE NOT (age < 40) GROUP BY sex",
    "said twice": "SELECT sex, count(*) FROM persons WHERE age >= 40 AND age >= 40 GROUP BY sex",
    "with zeros": "SELECT sex, count(*) FROM persons WHERE age >= 40.0 GROUP BY sex",
    "with an unused feature": "WITH f AS (SELECT person, count(*) AS n FROM labs GROUP BY person)"
    " SELECT sex, count(*) FROM persons LEFT JOIN f ON f.person = persons.person"
    " WHERE age >= 40 GROUP BY sex",
    "with an unused link": "SELECT sex, count(*) FROM persons LEFT JOIN areas"
    " ON persons.area = areas.area WHERE age >= 40 GROUP BY sex",
}
FIRST = "SELECT sex, count(*) FROM persons WHERE age >= 40 GROUP BY sex"

ESCAPES = {
    "another condition with the same meaning": "SELECT sex, count(*) FROM persons"
    " WHERE age BETWEEN 40 AND 110 GROUP BY sex",
    "every code named": "SELECT sex, count(*) FROM persons WHERE age >= 40"
    " AND sex IN ('f', 'm') GROUP BY sex",
    "a condition that always holds": "SELECT sex, count(*) FROM persons WHERE age >= 40"
    " AND income >= -1000 GROUP BY sex",
    "units for rows": "SELECT sex, count(distinct person) FROM persons"
    " WHERE age >= 40 GROUP BY sex",
    "one sum more": "SELECT sex, count(*), sum(age) FROM persons WHERE age >= 40 GROUP BY sex",
    "with its margin's bands": "SELECT sex, band(age, 40), count(*) FROM persons WHERE age >= 40"
    " GROUP BY sex, band(age, 40)",
}
"""Questions with the same true answer that the canonical form takes for others."""


@pytest.fixture
def w(tmp_path: Path) -> Witness:
    service = web.make(tmp_path)
    return Witness(service, SteadyEngine(), tokens(service))


def ask(w: Witness, text: str, *, by: str = "ada") -> str:
    project = "smoking" if by == "gus" else "frailty"
    body = {"dataset": "clinic", "query": text, "purpose": "To average."}
    answer = w.call("POST", f"/projects/{project}/submissions", by=by, json=body)
    assert answer.status_code == 201, answer.text
    w.work()
    return str(answer.json["id"])


def table(w: Witness, question: str) -> bytes:
    """The numbers alone: titles and names are in its author's words."""
    with w.service.sessions() as session:
        output = session.get_one(Submission, question).output
        assert output is not None
        lines = output.artefact(Format.CSV).content.splitlines()
        return b"\n".join(sorted(line for line in lines if line[:1] in b"FM"))


def pool_spent(w: Witness) -> int:
    with w.service.sessions() as session:
        return session.query(Account).filter_by(level="pool").one().rho_spent


def draws(w: Witness) -> int:
    with w.service.sessions() as session:
        return session.query(Draw).count()


def test_the_same_question_in_other_words_has_the_same_noise(w):
    first = table(w, ask(w, FIRST))
    assert first

    for by in ("ada", "gus"):
        assert {
            what: table(w, ask(w, text, by=by)) for what, text in SAME.items()
        } == dict.fromkeys(SAME, first)
    assert (draws(w), pool_spent(w)) == (1, USUAL)


def test_what_escapes_the_canonical_form_is_drawn_anew_and_paid_for(w):
    ask(w, FIRST)
    for number, text in enumerate(ESCAPES.values(), start=2):
        ask(w, text)
        assert (draws(w), pool_spent(w)) == (number, number * USUAL)


def test_a_draw_without_its_charge_is_caught(w, monkeypatch):
    """The check above would see noise that is fresh and free."""
    from tre.journey import validated

    monkeypatch.setattr(validated, "_reserve", lambda *_: ())
    ask(w, FIRST)
    assert pool_spent(w) != draws(w) * USUAL


# The best attack within a budget: each of many draws with and without one person.


TRIALS, QUESTIONS, RHO = 4000, 10, 5_000_000
TOLERANCE = 4 * sqrt(0.25 / TRIALS)  # four standard deviations of each share
BOUND = sqrt(QUESTIONS * RHO * 1e-9 / 2)  # Pinsker: no test tells apart better than this


def advantage(*, mechanism: str, noise: float = 1.0) -> float:
    """How often the averages of all answers tell that somebody is in, beyond how often falsely."""
    shape = counts_shape(1)
    assert shape.vectors[0].counts is Counting.ROWS
    planned = accounting.noise_plan(shape, DP_RULES, rho_nano=RHO, mechanism=mechanism)
    drawn = planned.of("rows")
    scale = drawn.scale * noise

    def told(count: int) -> float:
        sums = [0] * TRIALS
        for _ in range(QUESTIONS):
            answers = mechanisms.draw(
                (count,) * TRIALS,
                mechanism=drawn.mechanism,
                scale=scale,
                sensitivity=shape.vectors[0].sensitivity,
            ).values
            sums = [total + answer for total, answer in zip(sums, answers, strict=True)]
        return sum(total > (count_in - 0.5) * QUESTIONS for total in sums) / TRIALS

    count_in = 100
    return told(count_in) - told(count_in - 1)


@pytest.mark.parametrize("mechanism", ["discrete_gaussian", "discrete_laplace"])
def test_the_best_difference_of_averages_stays_within_the_budget(mechanism):
    assert 0 < advantage(mechanism=mechanism) <= BOUND + 2 * TOLERANCE


@pytest.mark.parametrize("mechanism", ["discrete_gaussian", "discrete_laplace"])
def test_a_quarter_of_the_noise_is_caught(mechanism):
    assert advantage(mechanism=mechanism, noise=0.25) > BOUND + 2 * TOLERANCE


def test_the_price_grows_as_the_noise_shrinks():
    shape = counts_shape(1)
    scales = [
        accounting.noise_plan(shape, DP_RULES, rho_nano=rho).of("rows").scale
        for rho in (1_000_000, 4_000_000, 16_000_000)
    ]
    assert all(more > 1.9 * less for more, less in pairwise(scales))
