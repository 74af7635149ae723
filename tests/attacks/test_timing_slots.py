"""Does the moment at which anything becomes visible tell how long the data took?

Time is made: the engine takes as long as a test says, and waiting moves the clock. Whatever
happens inside, answers and failures appear at ends of slots, and so does the next question's.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from queries.errors import EngineFailed, Fault
from tests.factories import NOW
from tests.made_up_engines import made_up
from tests.web import service as web
from tests.web.service import Service
from tre import audit
from tre.journey import cancelled, looked
from tre.submissions import Submission
from tre.worker import carry, heart, slot
from tre.worker.carry import Carrier
from tre.worker.slot import Slot

SLOT = 0.5


@dataclass
class MadeTime:
    """A clock that only waiting and working move."""

    passed: float = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def __call__(self) -> datetime.datetime:
        return NOW + datetime.timedelta(seconds=self.passed)


@dataclass
class TimedEngine:
    """Takes the next of ``seconds``; beyond its deadline it is ended. None: fails at once."""

    time: MadeTime
    seconds: list[float | None]
    meanwhile: Callable[[], None] = field(default=lambda: None)
    start_takes: float = 0.0
    ready_at: float = 0.0

    def await_ready(self, *, dataset: str, version: str) -> None:
        self.time.passed = max(self.time.passed, self.ready_at)

    def prepare(self, *, dataset: str, version: str) -> None:
        self.ready_at = self.time.passed + self.start_takes

    def run(self, plan, *, dataset, version, deadline):
        takes = self.seconds.pop(0)
        self.meanwhile()
        if takes is None:
            raise EngineFailed(Fault.CHILD)
        if self.time.passed + takes > deadline:
            self.time.passed = deadline
            raise EngineFailed(Fault.DEADLINE)
        self.time.passed += takes
        return made_up(plan.shape, units=100)

    def cancel(self) -> None:
        """The test ends it."""


@pytest.fixture
def time(monkeypatch) -> MadeTime:
    made = MadeTime()
    monkeypatch.setattr(slot, "time", made)
    waits = {"wait_for_end": Slot.wait_for_end, "wait_for_engine": Slot.wait_for_engine}
    for name, wait in waits.items():
        monkeypatch.setattr(Slot, name, lambda self, wait=wait: wait(self, sleep=made.sleep))
    monkeypatch.setattr(heart, "BEAT", 3600.0)
    return made


def history(
    folder: Path,
    time: MadeTime,
    seconds: list[float | None],
    *,
    meanwhile=lambda _service: None,
    make=TimedEngine,
    **more: float,
) -> dict[str, list[datetime.datetime]]:
    """When each question, asked at once, could be seen to move, by what could be seen."""
    folder.mkdir()
    time.passed = 0.0
    service = web.make(folder)
    questions = [service.ask(20 + n, by="ada") for n in range(len(seconds))]
    engine = make(time, list(seconds), lambda: meanwhile(service), **more)
    carrier = Carrier(service.sessions, engine, "worker", clock=time)
    while carrier.next_job():
        pass
    return {question: moments(service, question) for question in questions}


def moments(service: Service, question: str) -> list[datetime.datetime]:
    with service.sessions() as session:
        person = service.person(session, "ada")
        lines = looked.history(session, person=person, submission_id=question)
        moved = session.get_one(Submission, question).moved_at
        entries = audit.of_submission(session, question)
        return sorted({line.at for line in lines} | {moved} | {entry.at for entry in entries})


def times(found: dict[str, list[datetime.datetime]]) -> list[list[float]]:
    """In seconds, in the order in which the worker took them."""
    return sorted([(at - NOW).total_seconds() for at in one] for one in found.values())


DURATIONS: dict[str, float | None] = {
    "at once": 0.0,
    "quick": 0.01,
    "slow": 0.2,
    "to the last moment": 0.2499,
    "too slow": 0.2501,
    "without end": 1e9,
    "killed": None,
}


def when_seen(questions: int) -> list[list[float]]:
    """Asked at 0, paid for when its turn comes, settled a slot later."""
    return [sorted({0.0, n * SLOT, (n + 1) * SLOT}) for n in range(questions)]


@pytest.mark.parametrize("takes", DURATIONS)
def test_answers_and_failures_appear_at_the_end_of_their_slot(tmp_path, time, takes):
    seconds = [DURATIONS[takes]] * 3

    assert times(history(tmp_path / "it", time, seconds)) == when_seen(3)


def test_the_queue_does_not_tell_how_long_others_took(tmp_path, time):
    mixed = [0.2, None, 0.001, 1e9, 0.1]

    assert times(history(tmp_path / "it", time, mixed)) == when_seen(5)


@pytest.mark.parametrize("takes", [0.0, 0.24, 1e9, None])
def test_a_question_that_is_cancelled_meanwhile_gives_way_at_the_end_of_its_slot(
    tmp_path, time, takes
):
    def cancel_the_first(service: Service) -> None:
        with service.sessions() as session:
            first = session.query(Submission).filter_by(state="validated").one()
            if time.passed < SLOT:
                person = service.person(session, "ada")
                cancelled.cancel(session, person=person, submission_id=first.id, now=time())

    found = history(tmp_path / "it", time, [takes, 0.1], meanwhile=cancel_the_first)
    assert times(found) == [[0.0], [0.0, SLOT, 2 * SLOT]]


SLOW_START = 0.4  # longer than what the slot leaves after its engine's part


class EagerlyReplaced(TimedEngine):
    """Starts the next engine as soon as this one is done."""

    def run(self, plan, **given):
        try:
            return super().run(plan, **given)
        finally:
            self.ready_at = self.time.passed + self.start_takes

    def prepare(self, *, dataset: str, version: str) -> None:
        """Done already."""


def test_the_start_of_the_next_engine_does_not_tell_how_long_the_last_one_took(tmp_path, time):
    quick, mixed = [0.0] * 4, [0.2, None, 1e9, 0.1]
    one, other, eager, eager_too = (
        times(history(tmp_path / str(n), time, seconds, make=make, start_takes=SLOW_START))
        for n, (seconds, make) in enumerate(
            [
                (quick, TimedEngine),
                (mixed, TimedEngine),
                (quick, EagerlyReplaced),
                (mixed, EagerlyReplaced),
            ]
        )
    )
    assert one == other
    assert eager != eager_too, "the comparison would see it"


def test_a_stored_draw_takes_as_long_as_a_fresh_one(tmp_path, time):
    """Else one could tell that somebody else has asked the same."""
    service = web.make(tmp_path)
    asked = [service.ask(30, by="ada"), service.ask(30, by="gus")]
    carrier = Carrier(service.sessions, TimedEngine(time, [0.1]), "worker", clock=time)
    while carrier.next_job() or time.passed < 2 * SLOT:
        pass
    with service.sessions() as session:
        moved = [session.get_one(Submission, one).moved_at for one in asked]
    assert sorted((at - NOW).total_seconds() for at in moved) == [SLOT, 2 * SLOT]


def test_what_comes_late_waits_for_the_next_end():
    begun = Slot(began=10.0, seconds=0.5)
    for at, end in ((10.0, 10.5), (10.5, 10.5), (10.51, 11.0), (11.01, 11.5)):
        assert begun.end(at=at) == end


def test_an_eager_worker_is_caught(tmp_path, time, monkeypatch):
    """The test above would see an answer that does not wait."""
    monkeypatch.setattr(Slot, "wait_for_end", lambda _self: None)
    monkeypatch.setattr(Slot, "wait_for_engine", lambda _self: None)

    assert times(history(tmp_path / "it", time, [0.01, 0.2])) != when_seen(2)


def test_failures_that_skip_the_wait_are_caught(tmp_path, time, monkeypatch):
    wait = Slot.wait_for_end
    answer = Carrier._answer

    def hurried(self, work, its_slot):
        found = answer(self, work, its_slot)
        failed = isinstance(found, carry.Failure)
        monkeypatch.setattr(Slot, "wait_for_end", (lambda _self: None) if failed else wait)
        return found

    monkeypatch.setattr(Carrier, "_answer", hurried)
    assert times(history(tmp_path / "it", time, [None, 0.1])) != when_seen(2)
