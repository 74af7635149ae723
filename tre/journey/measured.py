"""How well do checkers agree, how long do they take, and what was taken back? For their head.

Rounds that are still open are left out: whoever answers for the checking may check or ask as
well, and must not read from a count what somebody decided alone. Agreement is that of decisions
made alone, the only ones that are independent: Fleiss' kappa (Psychological Bulletin 76, 1971,
378-382), which is 1 where all agree and 0 where they agree as often as chance would have it.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tre import assignments, seeded
from tre.lifecycle import State
from tre.outputs import Output
from tre.people import Person
from tre.permissions import check_measure
from tre.recalls import Recall
from tre.releases import Release, SentBack
from tre.reviews import Decision, Review
from tre.submissions import Submission

YEAR = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, with what is needed of its output."""

    output_id: str
    checker_id: str
    name: str
    round: int
    turn: int
    decision: str
    at: datetime.datetime
    waiting_since: datetime.datetime


@dataclass(frozen=True, slots=True)
class OfChecker:
    """What one checker did. Shares are of the decisions named beside them; None: of none."""

    name: str
    decisions: dict[Decision, int]  # made alone
    hours: float | None  # median, from the first round's beginning to the decision
    disagreed: int  # rounds in which another decided otherwise
    changed: int  # of these: ended with another decision than they had made alone
    sent_back: int  # approved, and then sent back by a publisher
    recalled: int  # approved and released, and then recalled
    seeded: int = 0  # outputs that were known to be unsafe
    found: int = 0  # of these: not approved
    sound: int = 0  # seeded outputs that were sound
    alarms: int = 0  # of these: not approved

    @property
    def alone(self) -> int:
        return sum(self.decisions.values())


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for checkers now. ``late``: for longer than the service level allows."""

    outputs: int
    late: int
    oldest: datetime.datetime | None
    load: tuple[tuple[str, int], ...]  # by checker: outputs that wait and are theirs


@dataclass(frozen=True, slots=True)
class Measures:
    since: datetime.datetime
    waiting: Waiting
    checkers: tuple[OfChecker, ...]
    compared: int  # rounds that two checkers or more decided alone
    agreed: int  # of these, at once
    kappa: float | None


def measures(
    session: Session, *, head: Person, now: datetime.datetime, service_level: datetime.timedelta
) -> Measures:
    """Of the last 365 days, and what waits. Raises NotFound for whoever is not their head."""
    check_measure(person=head)
    since = now - YEAR
    decided = _decided(session, since, ~seeded.is_seeded())
    rounds = _rounds(decided)
    taken_back = _taken_back(session)
    alone = [
        [one.decision for one in round_ if one.turn == 1]
        for round_ in rounds.values()
        if len({one.checker_id for one in round_}) > 1
    ]
    by_checker: defaultdict[str, list[Decided]] = defaultdict(list)
    for one in decided:
        by_checker[one.checker_id].append(one)
    sound, unsafe = (
        [one for one in _decided(session, since, seeded.is_seeded(sound=sound)) if one.turn == 1]
        for sound in (True, False)
    )
    names = {one.checker_id: one.name for one in (*decided, *sound, *unsafe)}
    found = [
        _with_seeded(
            _of_checker(name, by_checker[checker], rounds, *taken_back), checker, unsafe, sound
        )
        for checker, name in names.items()
    ]
    return Measures(
        since=since,
        waiting=_waiting(session, late_before=now - service_level),
        checkers=tuple(sorted(found, key=lambda one: one.name)),
        compared=len(alone),
        agreed=sum(len(set(one)) == 1 for one in alone),
        kappa=kappa([one for one in alone if len(one) == 2]),  # noqa: PLR2004 - as many as policies ask for
    )


def _waiting(session: Session, *, late_before: datetime.datetime) -> Waiting:
    since = session.scalars(
        select(Submission.moved_at)
        .where(Submission.state == State.PROTECTED.value, ~seeded.is_seeded())
        .order_by(Submission.moved_at)
    ).all()
    names = dict(session.execute(select(Person.id, Person.name)).all())
    load = ((names[checker], number) for checker, number in assignments.load(session).items())
    return Waiting(
        outputs=len(since),
        late=sum(at < late_before for at in since),
        oldest=since[0] if since else None,
        load=tuple(sorted(load, key=lambda one: (-one[1], one[0]))),
    )


def kappa(ratings: Sequence[Sequence[str]]) -> float | None:
    """Fleiss' kappa of subjects, each rated by as many raters; None where it is not defined."""
    if not ratings:
        return None
    raters = len(ratings[0])
    agreeing = [
        (sum(n * n for n in Counter(one).values()) - raters) / (raters * (raters - 1))
        for one in ratings
    ]
    observed = sum(agreeing) / len(ratings)
    totals = Counter(rating for one in ratings for rating in one)
    by_chance = sum((n / (len(ratings) * raters)) ** 2 for n in totals.values())
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


Round = tuple[str, int]


def _decided(
    session: Session, since: datetime.datetime, which: ColumnElement[bool]
) -> list[Decided]:
    found = (
        select(
            Review.output_id,
            Review.checker_id,
            Person.name,
            Review.round,
            Review.turn,
            Review.decision,
            Review.created_at,
            Output.created_at,
        )
        .join(Person, Person.id == Review.checker_id)
        .join(Output, Output.id == Review.output_id)
        .join(Submission, Submission.id == Output.submission_id)
        .where(Review.created_at >= since, ~_open_still(), which)
        .order_by(Review.turn)
    )
    return [Decided(*row) for row in session.execute(found)]


def _with_seeded(
    of: OfChecker, checker_id: str, unsafe: list[Decided], sound: list[Decided]
) -> OfChecker:
    """Of outputs that were put before them to see what they find."""

    def of_theirs(planted: list[Decided]) -> tuple[int, int]:
        own = [one.decision for one in planted if one.checker_id == checker_id]
        return len(own), len(own) - own.count(Decision.APPROVE.value)

    seeded_, found = of_theirs(unsafe)
    sound_, alarms = of_theirs(sound)
    return replace(of, seeded=seeded_, found=found, sound=sound_, alarms=alarms)


def _open_still() -> ColumnElement[bool]:
    return (Submission.state == State.PROTECTED.value) & (Review.round == Submission.round)


def _rounds(decided: Iterable[Decided]) -> dict[Round, list[Decided]]:
    found: defaultdict[Round, list[Decided]] = defaultdict(list)
    for one in decided:
        found[one.output_id, one.round].append(one)
    return dict(found)


def _taken_back(session: Session) -> tuple[set[Round], set[str]]:
    """Rounds after which an output was sent back, and outputs whose release was recalled."""
    back = session.execute(select(SentBack.output_id, SentBack.round)).all()
    recalled = session.scalars(
        select(Release.output_id).join(Recall, Recall.release_id == Release.id)
    ).all()
    return {(output_id, number) for output_id, number in back}, set(recalled)


def _of_checker(
    name: str,
    own: list[Decided],
    rounds: dict[Round, list[Decided]],
    sent_back: set[Round],
    recalled: set[str],
) -> OfChecker:
    alone = [one for one in own if one.turn == 1]
    last = {(one.output_id, one.round): one.decision for one in own}
    apart = [
        one
        for one in alone
        if len({other.decision for other in rounds[one.output_id, one.round] if other.turn == 1})
        > 1
    ]
    approved = {round_ for round_, decision in last.items() if decision == Decision.APPROVE.value}
    hours = [(one.at - one.waiting_since).total_seconds() / 3600 for one in alone if one.round == 1]
    return OfChecker(
        name=name,
        decisions={one: sum(each.decision == one.value for each in alone) for one in Decision},
        hours=median(hours) if hours else None,
        disagreed=len(apart),
        changed=sum(last[one.output_id, one.round] != one.decision for one in apart),
        sent_back=len(approved & sent_back),
        recalled=len({output_id for output_id, _ in approved if output_id in recalled}),
    )
