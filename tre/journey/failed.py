"""What remains when a question cannot be answered? Its cost, one sentence, and an audit entry."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tre import audit, budgets, jobs, submissions
from tre.database import writing
from tre.jobs import Job
from tre.journey.drawn import void
from tre.lifecycle import Mover, State
from tre.submissions import Submission


def fail(
    session: Session, *, job_id: str, token: int, kind: str, now: datetime.datetime
) -> Submission:
    """Ends the question. ``kind`` goes to the audit log only. Raises LeaseLost."""
    with writing(session):
        job = session.get_one(Job, job_id, populate_existing=True)
        jobs.extend(session, job_id=job_id, token=token, now=now)
        return give_up(session, job, kind=kind, now=now)


def give_up(session: Session, job: Job, *, kind: str, now: datetime.datetime) -> Submission:
    """The same inside the caller's transaction, which holds the job."""
    submission = job.submission
    attempts = job.attempts
    jobs.finish(session, job_id=job.id, token=job.token)
    submissions.move(session, submission, to=State.FAILED, mover=Mover.WORKER, now=now)
    void(session, submission=submission)
    budgets.settle(session, submission_id=submission.id, now=now)
    audit.write_about(
        session,
        submission,
        "failed",
        now=now,
        kind=kind,
        attempts=attempts,
    )
    return submission
