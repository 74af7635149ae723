"""What does the database itself refuse, whatever the code above it does? A table of rules.

From the lifecycle and from these lists: undeclared edges, exits from terminal states, an author who
checks, a release without its approvals, an exact table that was not admitted, and every change to
what must only grow.
"""

from __future__ import annotations

from tre.guard_rules.checks import ASSIGNMENT, REVIEW
from tre.guard_rules.datasets import EXCEPTION, OTHERS, RESTORATION
from tre.guard_rules.evidence import EVIDENCE
from tre.guard_rules.ledger import LEDGER
from tre.guard_rules.log import LOG
from tre.guard_rules.outputs import OUTPUT, RECALL
from tre.guard_rules.publications import PUBLICATION
from tre.guard_rules.questions import SUBMISSION
from tre.guard_rules.register import REGISTER
from tre.guard_rules.seeded import SEEDED
from tre.guard_rules.worked_out import WORKED_OUT
from tre.guard_rules.written import Guard

__all__ = ["GUARDS", "Guard"]

GUARDS: tuple[Guard, ...] = (
    SUBMISSION
    + REVIEW
    + ASSIGNMENT
    + LEDGER
    + OUTPUT
    + OTHERS
    + EXCEPTION
    + REGISTER
    + LOG
    + EVIDENCE
    + RECALL
    + PUBLICATION
    + RESTORATION
    + SEEDED
    + WORKED_OUT
)
