"""What did the checkers decide, about which exact bytes, and do they agree?

In each round as many checkers as the policy asks for look alone: none sees what another decided
until all of them have. Where they disagree they decide together: each may decide again, and the
latest decision of each counts. Nobody is outvoted, and nobody else joins.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.outputs import Output
from tre.people import Person


class Decision(StrEnum):
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


class Review(Base):
    """One decision of one checker. The database refuses an author's own.

    ``turn``: counts this checker's decisions in this round. The first was made alone.
    """

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("output_id", "checker_id", "round", "turn"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"), index=True)
    checker_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    round: Mapped[int]
    turn: Mapped[int] = mapped_column(default=1, server_default="1")
    decision: Mapped[str]
    reason: Mapped[str]
    artefact_hash: Mapped[str]
    created_at: Mapped[datetime.datetime]

    output: Mapped[Output] = relationship()
    checker: Mapped[Person] = relationship()


class Phase(StrEnum):
    ALONE = "alone"  # fewer have decided than the policy asks for
    TOGETHER = "together"  # all have, and they disagree
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Standing:
    """The latest decision of each checker of the current round, by checker."""

    required: int
    latest: dict[str, Review]

    @property
    def phase(self) -> Phase:
        if len(self.latest) < self.required:
            return Phase.ALONE
        return Phase.TOGETHER if self.agreed is None else Phase.AGREED

    @property
    def agreed(self) -> Decision | None:
        """What all of them decide."""
        decided = {Decision(one.decision) for one in self.latest.values()}
        return decided.pop() if len(self.latest) >= self.required and len(decided) == 1 else None

    def may_decide(self, person_id: str) -> bool:
        """Whoever has not, while places are left; whoever has, where they disagree."""
        wanted = Phase.TOGETHER if person_id in self.latest else Phase.ALONE
        return self.phase is wanted

    def next_turn(self, person_id: str) -> int:
        before = self.latest.get(person_id)
        return 1 if before is None else before.turn + 1


def standing(session: Session, output: Output) -> Standing:
    submission = output.submission
    return stood(
        submission.checkers_required,
        (one for one in of_output(session, output.id) if one.round == submission.round),
    )


def stood(required: int, of_a_round: Iterable[Review]) -> Standing:
    """``of_a_round``: in the order of their turns."""
    return Standing(required, {one.checker_id: one for one in of_a_round})


def told_to_author(session: Session, output: Output) -> list[Review]:
    """Of every round in which all decided against it: the decisions that they ended with."""
    found = of_output(session, output.id)
    return [
        one
        for _, of_round in groupby(found, key=lambda one: one.round)
        for one in _objections(stood(output.submission.checkers_required, of_round))
    ]


def _objections(standing: Standing) -> tuple[Review, ...]:
    agreed = standing.agreed
    return () if agreed in {None, Decision.APPROVE} else tuple(standing.latest.values())


def of_output(session: Session, output_id: str) -> list[Review]:
    """Every decision: by rounds, and within a round by turns."""
    found = select(Review).where(Review.output_id == output_id)
    return list(
        session.scalars(found.order_by(Review.round, Review.turn, Review.created_at, Review.id))
    )


def approvals(session: Session, output: Output) -> int:
    """Checkers who approve exactly these bytes in the current round; 0 where anybody objects."""
    found = standing(session, output).latest.values()
    if any(one.decision != Decision.APPROVE.value for one in found):
        return 0
    return sum(one.artefact_hash == output.manifest_hash for one in found)
