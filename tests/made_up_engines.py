"""Engines for tests of the service: they answer any plan with the same made-up counts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from disclosure_control.tables import Counting, Shape, Unprotected
from queries.errors import EngineFailed, Fault
from queries.plan import Plan
from queries.register.judged import Between, Found, Judged, Room


def made_up(shape: Shape, *, units: int) -> Unprotected:
    """Every cell of every vector holds ``units``, in its own scale; nothing is negative."""
    none = {Counting.NEGATIVE, Counting.SMALLEST}
    return Unprotected(
        shape,
        {
            vector.name: (
                0 if vector.counts in none else min(units * vector.scale, vector.magnitude),
            )
            * shape.cells
            for vector in shape.vectors
        },
    )


@dataclass
class SteadyEngine:
    """Answers after ``seconds``; counts how often it was asked."""

    units: int = 500
    seconds: float = 0.0
    runs: list[str] = field(default_factory=list)
    cancelled: int = 0

    def await_ready(self, *, dataset: str, version: str) -> None:
        """Always."""

    def prepare(self, *, dataset: str, version: str) -> None:
        """Nothing to start."""

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        self.runs.append(f"{dataset}/{version}")
        if time.monotonic() + self.seconds > deadline:
            time.sleep(max(0.0, deadline - time.monotonic()))
            raise EngineFailed(Fault.DEADLINE)
        time.sleep(self.seconds)
        return made_up(plan.shape, units=self.units)

    def cancel(self) -> None:
        self.cancelled += 1


@dataclass
class SteadyRegistrar:
    """Finds the same verdict on every table; keeps what it was asked."""

    layer: str | None = None  # of the clash that it finds
    hidden: tuple[int, ...] = ()  # so that there is no clash
    would_help: tuple[int, ...] = ()
    narrowed: tuple[Between, ...] = ()
    asked: list[tuple[str, int]] = field(default_factory=list)
    admitted: int = 0

    @contextmanager
    def judge(self, *, dataset, history, **_limits) -> Iterator[SteadyRegistrar]:
        self.asked.append((dataset, len(history)))
        yield self

    @property
    def judged(self) -> Judged:
        last = self.asked[-1][1]
        found = Found(self.layer, tuple(range(last)), "new 1 - earlier 1", 3)
        clashes = () if self.layer is None or self.hidden else (found,)
        return Judged(
            clashes,
            Room(0.01, 0.02),
            Room(0.012, 0.024),
            12,
            1000,
            amber=False,
            hidden=self.hidden,
            clashed=(found,) if self.hidden and self.layer else (),
            would_help=self.would_help,
            narrowed=self.narrowed,
        )

    def admit(self) -> None:
        self.admitted += 1


@dataclass
class BrokenEngine:
    """Fails at once, with a text that nobody may see."""

    error: Exception = field(default_factory=lambda: EngineFailed(Fault.CHILD))

    def await_ready(self, *, dataset: str, version: str) -> None:
        """Always."""

    def prepare(self, *, dataset: str, version: str) -> None:
        """Nothing to start."""

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        raise self.error

    def cancel(self) -> None:
        """Nothing runs."""
