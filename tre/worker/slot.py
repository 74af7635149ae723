"""When does an answer, or a failure, become visible? At the end of its slot, whichever it is.

The slot comes from the plan and declared sizes. Its first part belongs to the engine, and what
follows waits for the end of that part: the time of everything after it depends on the noisy
table alone, never on how long the data took.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from queries.plan_slots import rest_of


@dataclass(frozen=True, slots=True)
class Slot:
    """``haste`` below 1 waits less than the slot promises: for tests only."""

    began: float  # of time.monotonic
    seconds: float
    suppression: float = 0.0  # of these, after the engine's part
    haste: float = 1.0

    @classmethod
    def begin(cls, seconds: float, *, scale: float, suppression: float = 0.0) -> Self:
        """Tests scale slots: below 1 they do not wait, above 1 busy machines have time."""
        longer = max(1.0, scale)
        return cls(time.monotonic(), seconds * longer, suppression * longer, min(1.0, scale))

    @property
    def engine_until(self) -> float:
        """The engine is ended here."""
        return self.began + self.seconds - rest_of(self.seconds) - self.suppression

    def end(self, *, at: float) -> float:
        """The first end of a slot that is not before ``at``: late answers wait for the next."""
        slots = max(1, math.ceil((at - self.began) / self.seconds))
        return self.began + slots * self.seconds

    def wait_for_engine(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wait(self.engine_until, sleep)

    def wait_for_end(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wait(self.end(at=time.monotonic()), sleep)

    def _wait(self, until: float, sleep: Callable[[float], None]) -> None:
        left = (until - time.monotonic()) * self.haste
        if left > 0:
            sleep(left)
