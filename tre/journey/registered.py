"""May an exact table leave with all that left before? Judged beside the data, admitted by one step.

The verdict is found without a lock, against the tables that count at one head of the register; it
holds if the head is still there when the table is admitted. Where there is no verdict, nothing
leaves.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from disclosure_control.policy import Policy
from tre import audit, register
from tre.journey.validated import Work
from tre.outputs import Draw
from tre.register import ReleaseTable
from tre.submissions import Submission

if TYPE_CHECKING:
    from disclosure_control.sdc.register.verdict import Limits
    from disclosure_control.tables import Protected
    from queries.register.entry import Entry
    from queries.register.judged import Judged

WIDER = 3  # times the threshold: groups whose sums may not be told by two tables
UNDECIDED = "time"


class Kept(Protocol):
    """A verdict, and what the register knows if the table is admitted."""

    @property
    def judged(self) -> Judged: ...

    def admit(self) -> None:
        """The table counts from now on."""


class Judge(Protocol):
    """A register on the store, or one in tests."""

    def judge(
        self,
        *,
        dataset: str,
        history: Sequence[Entry],
        new: Entry,
        limits: Limits,
        deadline: float,
        areas: Sequence[str] = (),
    ) -> AbstractContextManager[Kept]:
        """Raises EngineFailed."""


@dataclass(frozen=True, slots=True)
class Before:
    """What counts at one head: different entries in the order of their admission."""

    head: int
    entries: tuple[Entry, ...]
    ids: tuple[str, ...]  # of their rows


@dataclass(frozen=True, slots=True)
class VerdictOnTable:
    """``kept`` is what the register knows with the table, to be kept once it is admitted."""

    entry: Entry
    judged: Judged
    before: Before
    kept: Kept | None = field(default=None)


def before(session: Session, dataset_id: str) -> Before:
    """The head is read first: what is admitted after it makes the verdict void."""
    from queries.register.entry import from_text  # noqa: PLC0415

    head = register.head(session, dataset_id)
    rows = {row.entry: row.id for row in reversed(register.counting(session, dataset_id))}
    texts = list(reversed(rows))
    return Before(head, tuple(map(from_text, texts)), tuple(rows[text] for text in texts))


def limits(policy: Policy, *, seconds: float) -> Limits:
    from disclosure_control.sdc.register.verdict import Limits  # noqa: PLC0415

    rules = policy.sdc
    if rules is None:
        raise ValueError(policy.track)
    return Limits(
        threshold=rules.threshold,
        amber=float(rules.amber),
        closed=float(rules.closed),
        told=WIDER * rules.threshold,
        seconds=seconds,
    )


def entry(work: Work, protected: Protected) -> Entry:
    from queries.register.entered import entry_of  # noqa: PLC0415

    return entry_of(work.quote.plan, protected, version=work.version)


def areas(work: Work) -> tuple[str, ...]:
    """Of everybody in the version that was asked: for each division, who is in which area."""
    from queries.register.areas import areas_of  # noqa: PLC0415

    return areas_of(work.quote.catalogue, policy=work.quote.policy)


def undecided(kind: str = UNDECIDED) -> Judged:
    """In the place of a verdict that was not found."""
    from queries.register.judged import Found, Judged, Room  # noqa: PLC0415

    nothing = Room(0.0, 0.0)
    return Judged((Found(kind, (), "", 0),), nothing, nothing, rank=0, people=0, amber=False)


def enter(
    session: Session,
    *,
    submission: Submission,
    draw: Draw,
    verdict: VerdictOnTable,
    now: datetime.datetime,
) -> ReleaseTable:
    """In the caller's transaction. Raises RegisterMoved."""
    row = register.enter(
        session,
        submission=submission,
        draw_id=draw.id,
        entry=verdict.entry,
        judged=verdict.judged,
        against=verdict.before.ids,
        at=verdict.before.head,
        now=now,
    )
    audit.write_about(
        session, submission, "judged", now=now, safe=verdict.judged.safe, number=row.number
    )
    return row
