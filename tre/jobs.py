"""Which work waits, who does it, and until when may they hold it? A leased table.

A worker holds a job by a lease with a *token* that grows at every lease; whatever it writes at
the end is fenced by that token, so a worker that was thought dead can never write after all.
"""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.errors import LeaseLost
from tre.submissions import Submission

MAX_ATTEMPTS = 5
LEASE = datetime.timedelta(seconds=30)


class JobState(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"


class Job(Base):
    __tablename__ = "job"
    __table_args__ = (Index("ix_job_next", "state", "available_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), unique=True)
    state: Mapped[str]
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    available_at: Mapped[datetime.datetime]
    leased_until: Mapped[datetime.datetime | None]
    created_at: Mapped[datetime.datetime]

    submission: Mapped[Submission] = relationship()


def enqueue(session: Session, *, submission_id: str, now: datetime.datetime) -> Job:
    job = Job(
        id=new_id(),
        submission_id=submission_id,
        state=JobState.QUEUED.value,
        token=0,
        attempts=0,
        available_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def any_waiting(session: Session, *, now: datetime.datetime) -> bool:
    """A look that takes no lock, so that idle workers disturb nobody."""
    return session.scalar(select(Job.id).where(_to_do(now)).limit(1)) is not None


def _to_do(now: datetime.datetime) -> ColumnElement[bool]:
    waiting = (Job.state == JobState.QUEUED.value) & (Job.available_at <= now)
    abandoned = (Job.state == JobState.LEASED.value) & (Job.leased_until < now)
    return waiting | abandoned


def lease(session: Session, *, worker: str, now: datetime.datetime) -> Job | None:
    """The oldest job that waits, or whose lease has run out; None if there is none."""
    job = session.scalar(
        select(Job)
        .where(_to_do(now))
        .order_by(Job.available_at, Job.created_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return None
    job.state = JobState.LEASED.value
    job.token += 1
    job.attempts += 1
    job.worker = worker
    job.leased_until = now + LEASE
    session.flush()
    return job


def extend(session: Session, *, job_id: str, token: int, now: datetime.datetime) -> None:
    """A heartbeat. Raises LeaseLost when somebody else holds the job, or it was cancelled."""
    _fenced(session, job_id, token, leased_until=now + LEASE)


def finish(session: Session, *, job_id: str, token: int) -> None:
    """Ends the job inside the transaction that settles it; raises LeaseLost."""
    _fenced(session, job_id, token, state=JobState.DONE.value, leased_until=None)


def put_back(session: Session, *, job_id: str, token: int, available_at: datetime.datetime) -> None:
    """The job waits for something else, which is no failed attempt."""
    _fenced(
        session,
        job_id,
        token,
        state=JobState.QUEUED.value,
        leased_until=None,
        available_at=available_at,
        attempts=Job.attempts - 1,
    )


def retry(session: Session, *, job_id: str, token: int, at: datetime.datetime) -> None:
    """This attempt came to nothing; another worker, or this one, tries again then."""
    _fenced(
        session,
        job_id,
        token,
        state=JobState.QUEUED.value,
        leased_until=None,
        available_at=at,
    )


def withdraw(session: Session, submission_id: str) -> None:
    """A cancelled question needs no worker; one that is at it loses its lease."""
    session.execute(
        update(Job)
        .where(Job.submission_id == submission_id)
        .values(state=JobState.DONE.value, token=Job.token + 1, leased_until=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _fenced(session: Session, job_id: str, token: int, **values: object) -> None:
    held = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.token == token, Job.state == JobState.LEASED.value)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount != 1:
        raise LeaseLost(job_id)
    session.expire_all()
