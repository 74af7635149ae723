"""What does a checker see of an exact table beside all that left? Which tables clash, and how.

Who is in a group nobody sees; how many they are, which tables tell of them and how is for checkers.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import register
from tre.journey import reviewed
from tre.people import Person
from tre.register import ReleaseTable, TableState


@dataclass(frozen=True, slots=True)
class Earlier:
    """A table that left, or is on its way: ``left`` says which of the two."""

    question: str
    project: str
    on: datetime.date
    left: bool


@dataclass(frozen=True, slots=True)
class Clash:
    """``formula`` is of blocks of people; ``people`` is how many it would tell of."""

    layer: str
    formula: str
    people: int
    with_tables: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Shares of what all exact tables may tell: of everybody, and of the most used group."""

    clashes: tuple[Clash, ...]
    tables: int  # that it was compared with
    everybody: tuple[float, float]  # before and with it
    most: tuple[float, float]
    amber: bool
    closed: float
    state: str

    @property
    def safe(self) -> bool:
        return not self.clashes


def compared(session: Session, *, checker: Person, output_id: str) -> Compared | None:
    """None for an output that the register has no part in. Raises NotFound, NotPermitted."""
    output = reviewed.opened(session, checker=checker, output_id=output_id)
    row = register.of_submission(session, output.submission_id)
    return None if row is None else _compared(session, row)


def _compared(session: Session, row: ReleaseTable) -> Compared:
    judged = row.judged
    found = session.scalars(select(ReleaseTable).where(ReleaseTable.id.in_(row.against)))
    by_id = {one.id: one for one in found}
    clashes = {
        Clash(
            layer=one.layer,
            formula=one.formula,
            people=one.people,
            with_tables=tuple(_earlier(by_id[row.against[at]]) for at in one.entries),
        ): None
        for one in judged.clashes
    }
    return Compared(
        clashes=tuple(clashes),
        tables=len(row.against),
        everybody=(judged.before.everybody, judged.after.everybody),
        most=(judged.before.most, judged.after.most),
        amber=judged.amber,
        closed=float(rules.closed) if (rules := row.submission.policy_version.policy.sdc) else 0.0,
        state=row.state,
    )


def _earlier(row: ReleaseTable) -> Earlier:
    asked = row.submission
    left = row.state == TableState.RELEASED.value
    return Earlier(asked.words, asked.project.title, row.moved_at.date(), left)
