"""How does an output that is known to be unsafe come before checkers? Asked like any other.

By whoever answers for the checking, of made-up people, through the whole way. What is wrong is
planted in the files; when all its checkers have decided it ends inside, and they are told.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from queries.language import (
    ColumnRef,
    Compare,
    Dimension,
    Measure,
    Operator,
    Query,
    Statistic,
)
from tre import audit, datasets, reviews, seeded
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import Incomplete, NotFound
from tre.journey import priced, submitted
from tre.lifecycle import TERMINAL, State
from tre.people import Person
from tre.permissions import check_measure
from tre.projects import Project
from tre.reviews import Decision
from tre.seeded import MEANING, NAME, Fault, Seeded
from tre.submissions import Submission

TRIES = 20  # to find a question that nobody was shown before
YOUNGEST, OLDEST = 18, 60

NOT_OPEN = "There are no made-up people to ask about: whoever runs the service sets them up."


@dataclass(frozen=True, slots=True)
class Ground:
    """What such questions are asked of, and by whom: nobody can sign in as them."""

    dataset: Dataset
    project: Project
    author: Person


@dataclass(frozen=True, slots=True)
class Line:
    """One of them. ``decided``: by name, once all have; empty before."""

    fault: Fault
    words: str
    at: datetime.datetime
    state: State
    decided: tuple[tuple[str, Decision], ...]

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL


def ground(session: Session) -> Ground | None:
    dataset = datasets.by_name(session, NAME)
    project = session.scalar(select(Project).where(Project.slug == NAME))
    if dataset is None or not dataset.made_up or project is None:
        return None
    return Ground(dataset, project, project.memberships[0].person)


def seed(
    session: Session, *, head: Person, fault: Fault, purpose: str, now: datetime.datetime
) -> Submission:
    """Raises NotFound for whoever is not their head, Incomplete, GatesClosed."""
    check_measure(person=head)
    found = ground(session)
    if found is None:
        raise Incomplete("fault", NOT_OPEN)
    if not purpose.strip():
        raise Incomplete("purpose", "Say what its author would say that it is for.")
    query, fingerprint = _unasked(session, found.dataset, fault)
    with writing(session):
        session.add(
            Seeded(
                fingerprint=fingerprint,
                dataset_id=found.dataset.id,
                fault=fault.value,
                by_id=head.id,
                at=now,
            )
        )
        audit.write(
            session,
            "seeded",
            now=now,
            actor_id=head.id,
            dataset_id=found.dataset.id,
            fault=fault.value,
            fingerprint=fingerprint,
        )
    return submitted.submit(
        session,
        person=found.author,
        project_id=found.project.id,
        query=query,
        purpose=purpose,
        now=now,
    )


def lines(session: Session, *, head: Person) -> tuple[Line, ...]:
    """All of them, newest first. Raises NotFound for whoever is not their head."""
    check_measure(person=head)
    found = session.execute(
        select(Seeded, Submission)
        .join(
            Submission,
            (Submission.fingerprint == Seeded.fingerprint)
            & (Submission.dataset_id == Seeded.dataset_id),
        )
        .order_by(Seeded.at.desc(), Seeded.fingerprint)
    )
    return tuple(_line(session, one, submission) for one, submission in found.all())


def _line(session: Session, one: Seeded, submission: Submission) -> Line:
    state = State(submission.state)
    decided: tuple[tuple[str, Decision], ...] = ()
    if state in TERMINAL and submission.output is not None:
        decided = tuple(
            (review.checker.name, Decision(review.decision))
            for review in reviews.of_output(session, submission.output.id)
            if review.turn == 1
        )
    return Line(Fault(one.fault), submission.words, one.at, state, decided)


def told(session: Session, *, checker: Person, submission: Submission) -> str | None:
    """What was wrong with it, for its checkers once it ended; of any other output nothing."""
    found = seeded.of_submission(session, submission)
    if found is None or State(submission.state) not in TERMINAL or submission.output is None:
        return None
    checked = reviews.of_output(session, submission.output.id)
    if all(one.checker_id != checker.id for one in checked):
        return None
    return MEANING[Fault(found.fault)]


def _unasked(session: Session, dataset: Dataset, fault: Fault) -> tuple[Query, str]:
    """A question that was never asked, and its fingerprint. Raises NotFound."""
    version = datasets.current_version(session, dataset)
    policy = datasets.current_policy(session, dataset)
    if version is None or policy is None:
        raise NotFound(dataset.id)
    for _ in range(TRIES):
        query = _question(fault)
        quote = priced.quote(query, version=version, policy_version=policy, rho_nano=None)
        asked = select(Submission.id).where(Submission.fingerprint == quote.fingerprint)
        if (
            session.get(Seeded, quote.fingerprint) is None
            and session.scalar(asked.limit(1)) is None
        ):
            return query, quote.fingerprint
    raise NotFound("every question was asked")


def _question(fault: Fault) -> Query:
    """Persons by illness, of an age drawn at random; where a total is needed, with it."""
    age = Decimal(YOUNGEST + secrets.randbelow(OLDEST - YOUNGEST))
    operator = secrets.choice((Operator.GE, Operator.LT))
    second = () if fault is Fault.GIVEN_BACK else (Dimension(_column("sex")),)
    return Query(
        dataset=NAME,
        source="persons",
        measures=(Measure(Statistic.COUNT),),
        dimensions=(Dimension(_column("illness")), *second),
        where=Compare(_column("age"), operator, age),
        margins=fault is Fault.GIVEN_BACK,
    )


def _column(name: str) -> ColumnRef:
    return ColumnRef("persons", name)
