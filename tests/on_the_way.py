"""Steps of a question on a made-up service: asked, worked on, decided; what it cost and left."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import replace

from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.factories import NOW, a_query
from tests.made_up_engines import SteadyRegistrar
from tre import audit, budgets
from tre.journey import released, reviewed, submitted
from tre.journey.registered import Judge
from tre.releases import Release
from tre.reviews import Decision
from tre.sign_in.stepped_up import SteppedUp
from tre.submissions import Submission
from tre.worker.carry import Carrier
from tre.worker.safe import Safe

SAFE = Safe(bytes(range(32)))
TICK = itertools.count(1)
DAY = datetime.timedelta(days=1)


def ask(session, world, *, who="ada", project=None, query=None, **given) -> Submission:
    return submitted.submit(
        session,
        person=world.person(session, who),
        project_id=project or world.project,
        query=query or a_query(),
        purpose=given.pop("purpose", "To learn."),
        now=factories.later(seconds=next(TICK)),  # asked one after the other
        **given,
    )


def work(
    session: Session,
    engine,
    *,
    jobs: int = 1,
    now: datetime.datetime | None = None,
    registrar: Judge | None = None,
) -> None:
    """A worker's turns on this database, without waiting for slots; today, unless told a time.

    Every exact table is safe, unless another register is given.
    """
    carrier = Carrier(
        sessionmaker(session.get_bind()),
        engine,
        "test",
        slot_scale=0,
        registrar=registrar or SteadyRegistrar(),
        safe=SAFE,
    )
    if now is not None:
        carrier = replace(carrier, clock=lambda: now)
    session.rollback()
    for _ in range(jobs):
        assert carrier.next_job()
    session.rollback()


def decide(session, world, submission, who="cleo", decision=Decision.APPROVE, **given):
    output = submission.output
    return reviewed.review(
        session,
        checker=world.person(session, who),
        output_id=output.id,
        artefact_hash=given.pop("artefact_hash", output.manifest_hash),
        decision=decision,
        reason=given.pop("reason", "Because."),
        now=NOW,
    )


def publish(session, world, submission, who="pat", now=NOW) -> Release:
    person = world.person(session, who)
    return released.release(
        session,
        publisher=person,
        stepped_up=SteppedUp(person.id, now),
        output_id=submission.output.id,
        artefact_hash=submission.output.manifest_hash,
        now=now,
    )


def leave(session, world, submission, *checkers: str) -> Release:
    """Approved by these checkers, and released."""
    for who in checkers or ("cleo", "dan")[: submission.checkers_required]:
        decide(session, world, submission, who)
    return publish(session, world, submission)


def spent(session, world, who="ada", project=None) -> tuple[int, ...]:
    session.expire_all()
    accounts = budgets.accounts_of(
        session,
        dataset_id=world.dataset,
        project_id=project or world.project,
        person_id=world.people[who],
    )
    return tuple(account.rho_spent for account in accounts.values())


def events(session, submission) -> list[str]:
    return [entry.event for entry in audit.of_submission(session, submission.id)]
