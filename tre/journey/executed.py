"""Where is the answer counted? In an engine behind a wall, within the time of its slot.

No transaction: the budget was reserved before, and what is counted here is seen by nobody.
"""

from __future__ import annotations

from typing import Protocol

from disclosure_control.tables import Unprotected
from queries.plan import Plan
from tre.journey.validated import Work


class Engine(Protocol):
    """What answers plans: ``queries.run.Sandboxes``, or a slow oracle in tests."""

    def await_ready(self, *, dataset: str, version: str) -> None:
        """Raises EngineFailed if no engine can be made ready for this file."""

    def prepare(self, *, dataset: str, version: str) -> None:
        """Begins to make an engine ready for the next question, without waiting for it."""

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        """Raises EngineFailed at the deadline (of ``time.monotonic``) or for any fault."""

    def cancel(self) -> None:
        """Ends whatever runs now, from another thread."""


def execute(work: Work, *, engine: Engine, deadline: float) -> Unprotected:
    """Raises queries.errors.EngineFailed, whatever the reason was."""
    return engine.run(
        work.quote.plan, dataset=work.dataset, version=work.version, deadline=deadline
    )
