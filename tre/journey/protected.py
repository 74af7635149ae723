"""How does an answer come to be? Draw, settlement, artefacts and states in one fenced commit.

Until this commit nothing of the draw was seen by anybody; if it does not happen, the draw is
lost unseen and the next worker makes another for the same reservation.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from sqlalchemy.orm import Session

from disclosure_control import present
from disclosure_control import protect as door
from disclosure_control.protect import NoiseGrant
from disclosure_control.record import DisclosureRecord
from disclosure_control.tables import Protected, Unprotected
from tre import audit, budgets, jobs, outputs, submissions
from tre.budgets import Cost
from tre.database import writing
from tre.errors import BudgetExceeded, EdgeNotAllowed
from tre.evidence import Evidence
from tre.journey import assigned, automatic, registered
from tre.journey.registered import VerdictOnTable
from tre.journey.validated import Work
from tre.lifecycle import Mover, State
from tre.outputs import Draw, DrawState, Output, Rendered
from tre.submissions import Submission


def protect(work: Work, unprotected: Unprotected, *, seconds: float) -> Protected:
    """A fresh draw within the reservation, by the one door. Raises DisclosureError.

    ``seconds`` is the time for hiding further cells of a table with totals.
    """
    policy = work.quote.policy
    grant = None if policy.dp is None else NoiseGrant(rho_nano=work.quote.rho_nano)
    return door.protect(unprotected, policy=policy, grant=grant, seconds=seconds)


def drawn_before(stored: str) -> Protected:
    """The table that was drawn for the same question once before."""
    return present.from_json(stored)


def settle(
    session: Session,
    *,
    work: Work,
    protected: Protected,
    rendered: tuple[Rendered, ...],
    now: datetime.datetime,
    verdict: VerdictOnTable | None = None,
    evidence: bytes | None = None,
    before_commit: Callable[[], None] = lambda: None,
) -> Submission:
    """On an exact table: the register's ``verdict``; of a fresh one the ``evidence`` set aside.

    Raises LeaseLost if this worker no longer holds the job, and RegisterMoved if another table was
    admitted since the verdict; then nothing is written.
    """
    with writing(session):
        jobs.finish(session, job_id=work.job_id, token=work.token)
        submission = session.get_one(Submission, work.submission_id, populate_existing=True)
        _check_cost(work.quote.cost, protected.record)
        draw = _keep(session, submission, protected, evidence, now)
        budgets.settle(session, submission_id=submission.id, now=now)
        output = _store(session, submission, draw, rendered, now)
        if verdict is not None:
            registered.enter(session, submission=submission, draw=draw, verdict=verdict, now=now)
        if submission.checkers_required == 0:
            automatic.approve(session, output=output, now=now)
        else:
            assigned.begin(session, output=output, now=now)
        before_commit()
    return submission


def _keep(
    session: Session,
    submission: Submission,
    protected: Protected,
    evidence: bytes | None,
    now: datetime.datetime,
) -> Draw:
    """The draw of this fingerprint: made now by its leader, or long ago by somebody else."""
    draw = outputs.live_draw(session, submission.fingerprint)
    if draw is None:
        raise EdgeNotAllowed("the draw of this question was given up")
    if draw.state == DrawState.RESERVED.value:
        if draw.leader_id != submission.id:
            raise EdgeNotAllowed("another question makes this draw")
        draw.state = DrawState.DRAWN.value
        draw.protected_json = present.to_json(protected, for_checkers=True)
        draw.drawn_at = now
        if evidence is not None:
            session.add(Evidence(draw_id=draw.id, sealed=evidence, kept_at=now))
        session.flush()
    return draw


def _check_cost(reserved: Cost, record: DisclosureRecord) -> None:
    if not Cost(record.rho_nano, record.delta_femto).within(reserved):
        raise BudgetExceeded("the noise cost more than was reserved")


def _store(
    session: Session,
    submission: Submission,
    draw: Draw,
    rendered: tuple[Rendered, ...],
    now: datetime.datetime,
) -> Output:
    submissions.move(session, submission, to=State.EXECUTED, mover=Mover.WORKER, now=now)
    audit.write_about(session, submission, "executed", now=now, cells=submission.cells)
    output = outputs.store(session, submission=submission, draw=draw, rendered=rendered, now=now)
    submissions.move(session, submission, to=State.PROTECTED, mover=Mover.WORKER, now=now)
    audit.write_about(
        session,
        submission,
        "protected",
        now=now,
        manifest_hash=output.manifest_hash,
        rho_nano=draw.rho_nano,
    )
    return output
