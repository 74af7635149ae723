"""May this question run now, and who pays? The last look before data is read.

One transaction: every gate again, the budget on every level, the ledger, the audit entry, the
state. From its commit on the cost is spent, whatever happens.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from disclosure_control import present
from disclosure_control.policy import Track
from queries.errors import QueryError
from tre import (
    audit,
    budgets,
    exact_cells,
    gates,
    jobs,
    outputs,
    seeded,
    submissions,
    worked_out,
)
from tre.budgets import FREE, Cost
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import BudgetExceeded, ServiceError
from tre.gates import Stage
from tre.jobs import Job
from tre.journey import drawn, failed, priced, shelved
from tre.journey.priced import Quote
from tre.lifecycle import Mover, State
from tre.outputs import Draw, DrawState
from tre.seeded import Fault
from tre.submissions import Submission

WAIT = datetime.timedelta(seconds=0.5)


class Step(StrEnum):
    """What the worker does next."""

    RUN = "run"  # the budget is reserved: compute and draw
    REUSE = "reuse"  # drawn before, or told by a release: no cost, and no data are read
    WAIT = "wait"  # the same question is being drawn right now
    STOP = "stop"  # refused, failed, cancelled or done


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that the worker needs, once the transaction is over."""

    job_id: str
    token: int
    submission_id: str
    dataset: str
    dataset_id: str
    version: str
    quote: Quote
    title: str
    slot_seconds: float
    stored: str | None  # the table, as JSON, of an earlier draw or worked out from a release
    fault: Fault | None = None  # that checkers should find, of an output that is seeded


@dataclass(frozen=True, slots=True)
class Outcome:
    step: Step
    work: Work | None = None


STOPPED = Outcome(Step.STOP)


def validate(
    session: Session,
    *,
    job_id: str,
    token: int,
    now: datetime.datetime,
    before_commit: Callable[[], None] = lambda: None,
) -> Outcome:
    """Reserves the budget once, however often a worker begins again. Raises LeaseLost."""
    with writing(session):
        jobs.extend(session, job_id=job_id, token=token, now=now)
        job = session.get_one(Job, job_id)
        submission = job.submission
        session.get_one(
            Dataset,
            submission.dataset_id,
            with_for_update={"key_share": True},
            populate_existing=True,
        )
        session.refresh(submission)
        outcome = _decide(session, job, submission, now)
        before_commit()
        return outcome


def _decide(session: Session, job: Job, submission: Submission, now: datetime.datetime) -> Outcome:
    state = State(submission.state)
    if state not in {State.SUBMITTED, State.VALIDATED}:
        jobs.finish(session, job_id=job.id, token=job.token)
        return STOPPED
    if job.attempts > jobs.MAX_ATTEMPTS:
        failed.give_up(session, job, kind="attempts", now=now)
        return STOPPED
    return (_first if state is State.SUBMITTED else _again)(session, job, submission, now)


def _first(session: Session, job: Job, submission: Submission, now: datetime.datetime) -> Outcome:
    draw = outputs.live_draw(session, submission.fingerprint)
    if draw is not None and draw.state == DrawState.RESERVED.value:
        jobs.put_back(session, job_id=job.id, token=job.token, available_at=now + WAIT)
        return Outcome(Step.WAIT)
    quote = quote_again(session, submission)
    cost = FREE if draw is not None or quote is None else quote.cost
    cells = _cells(session, submission, quote) if quote else 0
    reasons = (
        _reasons(session, submission, cost, now, cells=cells)
        if quote
        else _why_not(session, submission)
    )
    if not reasons:
        reasons = _reserve(session, submission, cost, now)
    if quote is None or reasons:
        return _refuse(session, job, submission, reasons, now)
    if draw is None:
        drawn.lead(session, submission=submission, now=now)
    _write_reservation(session, submission, draw, cost, now)
    if quote.policy.track is Track.SDC:
        exact_cells.charge(session, submission=submission, part=quote.part, cells=cells, now=now)
        audit.write_about(session, submission, "cells_charged", now=now, cells=cells)
    submissions.move(session, submission, to=State.VALIDATED, mover=Mover.WORKER, now=now)
    return _outcome(session, job, submission, quote, draw)


def _again(session: Session, job: Job, submission: Submission, now: datetime.datetime) -> Outcome:
    """A worker was lost on the way; its reservation stands, whatever it had drawn is unseen."""
    quote = quote_again(session, submission)
    if quote is None or _reasons(session, submission, FREE, now):
        failed.give_up(session, job, kind="gates", now=now)
        return STOPPED
    draw = outputs.live_draw(session, submission.fingerprint)
    finished = draw is not None and draw.state == DrawState.DRAWN.value
    return _outcome(session, job, submission, quote, draw if finished else None)


def _cells(session: Session, submission: Submission, quote: Quote) -> int:
    return exact_cells.needed(
        session,
        dataset_id=submission.dataset_id,
        project_id=submission.project_id,
        part=quote.part,
        cells=quote.exact_cells,
    )


def _why_not(session: Session, submission: Submission) -> tuple[str, ...]:
    """Of a question that cannot be planned as it was."""
    lost = worked_out.lost_its_source(session, submission.id)
    return (shelved.LOST_ITS_SOURCE.id if lost else "query",)


def quote_again(session: Session, submission: Submission) -> Quote | None:
    """The same plan and price as at submission, or None if this version of the code differs.

    None too where it is worked out from a release that was recalled since.
    """
    source = worked_out.source_of(session, submission.id)
    if source is not None and worked_out.lost_its_source(session, submission.id):
        return None
    try:
        query, version = submission.query, submission.version
        rules = submission.policy_version
        held = source and shelved.of_release(
            session, source, query=query, version=version, policy_version=rules
        )
        quote = priced.quote(
            query,
            version=version,
            policy_version=rules,
            rho_nano=submission.rho_nano,
            held=held,
        )
    except (QueryError, ServiceError):
        return None
    return quote if quote.fingerprint == submission.fingerprint else None


def _reasons(
    session: Session,
    submission: Submission,
    cost: Cost,
    now: datetime.datetime,
    *,
    cells: int = 0,
) -> tuple[str, ...]:
    closed = gates.closed_for(
        session,
        submission,
        dataset=submission.dataset,
        stage=Stage.EXECUTE,
        now=now,
        cost=cost,
        cells_needed=cells,
    )
    return tuple(gate.id for gate in closed)


def _reserve(
    session: Session, submission: Submission, cost: Cost, now: datetime.datetime
) -> tuple[str, ...]:
    """Takes the cost on all levels or on none; the reason if another question was faster."""
    accounts = budgets.accounts_of(
        session,
        dataset_id=submission.dataset_id,
        project_id=submission.project_id,
        person_id=submission.author_id,
    )
    try:
        with session.begin_nested():
            budgets.reserve(
                session,
                accounts=accounts,
                submission_id=submission.id,
                cost=cost,
                now=now,
            )
    except BudgetExceeded:
        return ("budget_pool",)
    return ()


def _refuse(
    session: Session,
    job: Job,
    submission: Submission,
    reasons: tuple[str, ...],
    now: datetime.datetime,
) -> Outcome:
    jobs.finish(session, job_id=job.id, token=job.token)
    submissions.move(
        session, submission, to=State.REFUSED, mover=Mover.WORKER, now=now, reasons=reasons
    )
    audit.write_about(session, submission, "refused", now=now, reasons=list(reasons))
    return STOPPED


def _write_reservation(
    session: Session,
    submission: Submission,
    draw: Draw | None,
    cost: Cost,
    now: datetime.datetime,
) -> None:
    if draw is not None:
        audit.write_about(session, submission, "reused", now=now, draw=draw.id)
        return
    audit.write_about(
        session,
        submission,
        "reserved",
        now=now,
        rho_nano=cost.rho_nano,
        delta_femto=cost.delta_femto,
    )


def _outcome(
    session: Session, job: Job, submission: Submission, quote: Quote, draw: Draw | None
) -> Outcome:
    planted = seeded.of_submission(session, submission)
    work = Work(
        job_id=job.id,
        token=job.token,
        submission_id=submission.id,
        dataset=submission.dataset.name,
        dataset_id=submission.dataset_id,
        version=submission.version.version,
        quote=quote,
        title=submission.words,
        slot_seconds=submission.slot_ms / 1000,
        stored=_stored(quote, draw),
        fault=None if planted is None else Fault(planted.fault),
    )
    return Outcome(Step.RUN if work.stored is None else Step.REUSE, work)


def _stored(quote: Quote, draw: Draw | None) -> str | None:
    """What was drawn for the question before, or what a release tells of it."""
    if draw is not None:
        return draw.protected_json
    if quote.held is not None:
        return present.to_json(quote.held.table(quote.plan.shape), for_checkers=True)
    return None
