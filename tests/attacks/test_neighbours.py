"""Does any answer of the service tell whether one unit is in the data, noise apart?

The same script runs over the data and over the data without one unit. With noisy numbers that
agree, every byte of every answer must agree: statuses, headers, texts, key sets, sizes, records.
So all that a researcher learns is a function of the noisy numbers, which is where epsilon holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from disclosure_control.dp import mechanisms
from disclosure_control.dp.mechanisms import Draw
from queries.errors import EngineFailed, Fault
from queries.run import Sandboxes
from tests.attacks import script
from tests.attacks.worlds import (
    UNITS,
    Sealed,
    SealedEngine,
    Seen,
    agreed,
    counted_names,
    differences,
    sealed,
    witness,
)
from tests.catalogues import dp_policy
from tre.api import spoken

WHOLE = "whole"
pytestmark = pytest.mark.xdist_group("neighbours")  # the data are made once


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> dict[str, Sealed]:
    folder = tmp_path_factory.mktemp("data")
    return {
        name: sealed(folder / str(number), policy=dp_policy(), without=unit)
        for number, (name, unit) in enumerate([(WHOLE, None), *UNITS.items()])
    }


@pytest.fixture(autouse=True)
def noise_agrees(monkeypatch):
    monkeypatch.setattr(mechanisms, "draw", agreed)


class Patient:
    """The real sandbox without its deadline: this test is about answers, on a busy machine."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self.sandboxes = sandboxes
        self.await_ready, self.prepare = sandboxes.await_ready, sandboxes.prepare

    def run(self, plan: Any, *, dataset: str, version: str, deadline: float) -> Any:
        return self.sandboxes.run(plan, dataset=dataset, version=version, deadline=deadline + 60)

    def cancel(self) -> None:
        self.sandboxes.cancel()


def told(folder: Path, data: Sealed, story=script.whole_story, engine: Any = None) -> list[Seen]:
    with counted_names():
        w = witness(folder, data=data, policy=dp_policy(), engine=engine)
    with counted_names():
        story(w)
    return w.account


@pytest.fixture(scope="module")
def in_short(data, tmp_path_factory) -> list[Seen]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mechanisms, "draw", agreed)
        return told(tmp_path_factory.mktemp("whole"), data[WHOLE], script.short_story)


@pytest.mark.parametrize("unit", UNITS)
def test_every_question_is_answered_the_same_without_one_unit(data, in_short, tmp_path, unit):
    assert data[unit].version != data[WHOLE].version

    assert differences(in_short, told(tmp_path, data[unit], script.short_story)) == []


def test_every_page_and_answer_is_the_same_without_one_unit(data, tmp_path):
    one = told(tmp_path / "one", data[WHOLE])
    other = told(tmp_path / "other", data["alone in its cell"])

    assert differences(one, other) == []
    reaches_everything(one)


def reaches_everything(account: list[Seen]) -> None:
    """Otherwise equal answers would prove little."""
    texts = b" ".join(one.body for one in account)
    states = (b"submitted", b"validated", b"protected", b"released", b"failed", b"cancelled")
    for said in (*(b'"state":"%s"' % state for state in states), b"[c]", b"query-refused"):
        assert said in texts.replace(b'": "', b'":"'), said
    assert {200, 201, 303, 404, 405, 409, 422} <= {one.status for one in account}


def test_the_sandbox_answers_the_same_without_one_unit(data, in_short, tmp_path):
    with Sandboxes(data["with most rows"].store) as sandboxes:
        account = told(tmp_path, data["with most rows"], script.short_story, Patient(sandboxes))
    assert differences(in_short, account) == []


# Planted faults: each of them lets one unit show, somewhere.


def true_zeros_stay(values: tuple[int, ...], **given: Any) -> Draw:
    """A key set that depends on the data: what is empty gets no noise."""
    drawn = agreed(values, **given)
    noisy = zip(values, drawn.values, strict=True)
    return Draw(tuple(noise if value else 0 for value, noise in noisy), drawn.rho_nano)


def no_noise(values: tuple[int, ...], **given: Any) -> Draw:
    return Draw(values, agreed(values, **given).rho_nano)


def names_the_version(view: Any, *given: Any) -> Any:
    answer = _dataset_answer(view, *given)
    answer.title = view.version.version
    return answer


def fails_on_odd_counts(self: Any, plan: Any, **given: Any) -> Any:
    counted = _run(self, plan, **given)
    if sum(map(sum, counted.reveal().values())) % 2:
        raise EngineFailed(Fault.ANSWER)
    return counted


_dataset_answer = spoken.dataset
_run = SealedEngine.run

PLANTED = {
    "empty cells without noise": (mechanisms, "draw", true_zeros_stay),
    "no noise": (mechanisms, "draw", no_noise),
    "a hash of the data on a page": (spoken, "dataset", names_the_version),
    "a failure that depends on a count": (SealedEngine, "run", fails_on_odd_counts),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_seen(data, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(*PLANTED[fault])
    one = told(tmp_path / "one", data[WHOLE], script.shortest_story)
    other = told(tmp_path / "other", data["alone in its cell"], script.shortest_story)
    assert differences(one, other)
