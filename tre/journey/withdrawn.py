"""When does an exact table no longer count, and may it still leave? By the register alone."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from disclosure_control.policy import Track
from tre import audit, register
from tre.register import ReleaseTable, TableState
from tre.submissions import Submission

WAITS = "register"
"""What a release waits for where its table is not pending."""


def withdraw(session: Session, *, submission: Submission, now: datetime.datetime) -> None:
    """Of a question that ended inside: nobody outside checking has seen its table.

    A table that was refused is on record alike: checkpoints say how long the log is, and whoever
    cancels a question must not read from that whether its table could have left.
    """
    row = register.of_submission(session, submission.id)
    if row is None:
        return
    if row.state == TableState.PENDING.value:
        register.withdraw(session, row, now=now)
    audit.write_about(
        session,
        submission,
        "withdrawn",
        now=now,
        number=row.number,
    )


def may_leave(submission: Submission, table: ReleaseTable | None) -> bool:
    """Is an exact table still the one that was admitted? That its rules are in force is a gate."""
    if submission.track != Track.SDC.value:
        return True
    return (
        table is not None
        and table.state == TableState.PENDING.value
        and table.policy_id == submission.policy_id
    )
