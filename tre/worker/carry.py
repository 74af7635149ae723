"""How is one job carried from the queue to its end? Lease, reserve, answer, wait, settle.

A worker may die between any two steps. Each step's name is handed to ``at_step``, where the fault
tests kill the process: whatever the step, another worker begins again from what was committed.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session, sessionmaker

from disclosure_control import protect as door
from disclosure_control.arranged import arranged
from disclosure_control.errors import DisclosureError
from disclosure_control.policy import Track
from disclosure_control.tables import Protected
from disclosure_control.withheld import withheld
from queries.errors import EngineFailed
from tre import jobs
from tre.database import writing
from tre.errors import LeaseLost, RegisterMoved, ServiceError
from tre.jobs import Job
from tre.journey import executed, failed, protected, registered, validated
from tre.journey.executed import Engine
from tre.journey.planted import planted
from tre.journey.registered import Judge, VerdictOnTable
from tre.journey.validated import Work
from tre.outputs import Rendered
from tre.rendering import artefacts
from tre.worker.heart import Heart
from tre.worker.safe import Safe
from tre.worker.slot import Slot

log = logging.getLogger("tre.worker")

MOST_VERDICTS = 5  # on one table, where others are admitted meanwhile

IN_TIME = 0.9
"""Of the time for a verdict: what is ended then is over before the time is, as others are."""

LATER = datetime.timedelta(seconds=5)

Made = tuple[Protected, bytes | None]
"""A table, and of a fresh exact one the evidence that was set aside, sealed."""

STEPS = (
    "leased",
    "reserving",
    "reserved",
    "counted",
    "drawn",
    "rendered",
    "waited",
    "settling",
    "settled",
)
JUDGED = "judged"  # a step of exact tables only


def nothing(_step: str) -> None:
    """What happens at a step, usually."""


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """``evidence``: sealed, of a fresh draw on the exact track."""

    table: Protected
    rendered: tuple[Rendered, ...]
    evidence: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """``kind`` names a class of ours; never a text of an engine or a value."""

    kind: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """A worker's hands. ``name`` is for the job table, so that people see who holds what."""

    sessions: sessionmaker[Session]
    engine: Engine
    name: str
    slot_scale: float = 1.0
    registrar: Judge | None = None  # without one no exact table leaves
    register_seconds: float = 30.0  # for one verdict of the register, whatever it takes
    safe: Safe | None = None  # without one no evidence is kept
    at_step: Callable[[str], None] = field(default=nothing)
    clock: Callable[[], datetime.datetime] = field(default=utc_now)

    def next_job(self) -> bool:
        """Carries one job as far as it goes; False if there was none."""
        with self.sessions() as session:
            held = self._lease(session)
            if held is None:
                return False
            self.at_step("leased")
            try:
                if self._engine_is_ready(session, *held):
                    self._carry(session, *held)
            except LeaseLost:
                log.info("job %s is no longer held", held[0])
            return True

    def _lease(self, session: Session) -> tuple[str, int] | None:
        if not jobs.any_waiting(session, now=self.clock()):
            session.rollback()
            return None
        with writing(session):
            job = jobs.lease(session, worker=self.name, now=self.clock())
            return None if job is None else (job.id, job.token)

    def _engine_is_ready(self, session: Session, job_id: str, token: int) -> bool:
        """Before anything is charged. A store that cannot be reached is tried again later."""
        job = session.get_one(Job, job_id)
        dataset, version = job.submission.dataset.name, job.submission.version.version
        attempts = job.attempts
        session.rollback()
        try:
            self.engine.await_ready(dataset=dataset, version=version)
        except EngineFailed as error:
            log.warning("no engine for %s: %s", dataset, error.detail)
            self._try_later(session, job_id, token, attempts=attempts)
            return False
        return True

    def _try_later(self, session: Session, job_id: str, token: int, *, attempts: int) -> None:
        now = self.clock()
        if attempts >= jobs.MAX_ATTEMPTS:
            failed.fail(session, job_id=job_id, token=token, kind="no engine", now=now)
            return
        with writing(session):
            jobs.retry(session, job_id=job_id, token=token, at=now + LATER)

    def _carry(self, session: Session, job_id: str, token: int) -> None:
        outcome = validated.validate(
            session,
            job_id=job_id,
            token=token,
            now=self.clock(),
            before_commit=partial(self.at_step, "reserving"),
        )
        self.at_step("reserved")
        if outcome.work is None:
            return
        work = outcome.work
        slot = Slot.begin(
            work.slot_seconds,
            scale=self.slot_scale,
            suppression=work.quote.plan.time.suppression,
        )
        with Heart(self.sessions, job_id=job_id, token=token, on_loss=self.engine.cancel):
            answer = self._answer(work, slot)
            self.at_step("rendered")
            slot.wait_for_end()
        self.at_step("waited")
        if isinstance(answer, Failure):
            self._fail(session, work, answer.kind)
        elif work.quote.policy.track is Track.SDC:
            self._admit(session, work, answer)
        else:
            self._settle(session, work, answer)
        self.at_step("settled")

    def _admit(self, session: Session, work: Work, answer: Answer) -> None:
        """Judged against what counts, again if another table was admitted meanwhile.

        A verdict has a time of its own, like an answer: how long it took is not seen.
        """
        for _ in range(MOST_VERDICTS):
            slot = Slot.begin(self.register_seconds, scale=min(1.0, self.slot_scale))
            with ExitStack() as stack:
                heart = Heart(
                    self.sessions, job_id=work.job_id, token=work.token, on_loss=lambda: None
                )
                with heart:
                    verdict = self._verdict(session, work, answer, slot, stack)
                    left = self._left_of(work, answer, verdict)
                    slot.wait_for_end()
                self.at_step(JUDGED)
                if isinstance(left, Failure):
                    self._fail(session, work, left.kind)
                    return
                try:
                    self._settle(session, work, left, verdict)
                except RegisterMoved:
                    continue
                if verdict.kept is not None:
                    verdict.kept.admit()
                return
        self._fail(session, work, "RegisterMoved")

    def _verdict(
        self, session: Session, work: Work, answer: Answer, slot: Slot, stack: ExitStack
    ) -> VerdictOnTable:
        before = registered.before(session, work.dataset_id)
        session.rollback()
        entry = registered.entry(work, answer.table)
        if self.registrar is None:
            return VerdictOnTable(entry, registered.undecided(), before)
        try:
            kept = stack.enter_context(
                self.registrar.judge(
                    dataset=work.dataset,
                    history=before.entries,
                    new=entry,
                    limits=registered.limits(work.quote.policy, seconds=slot.seconds / 2),
                    deadline=slot.began + IN_TIME * slot.seconds,
                    areas=registered.areas(work),
                )
            )
        except EngineFailed as error:
            log.warning("no verdict on %s: %s", work.submission_id, error.detail)
            return VerdictOnTable(entry, registered.undecided(), before)
        judged = kept.judged
        return VerdictOnTable(entry.hiding(judged.hidden), judged, before, kept)

    def _left_of(self, work: Work, answer: Answer, verdict: VerdictOnTable) -> Answer | Failure:
        """Without the cells that are hidden because of what left before."""
        hidden = verdict.judged.hidden
        if not hidden:
            return answer
        return self._answered(work, lambda: (withheld(answer.table, hidden), answer.evidence))

    def _fail(self, session: Session, work: Work, kind: str) -> None:
        failed.fail(session, job_id=work.job_id, token=work.token, kind=kind, now=self.clock())

    def _answer(self, work: Work, slot: Slot) -> Answer | Failure:
        return self._answered(work, partial(self._table, work, slot))

    def _answered(self, work: Work, made: Callable[[], Made]) -> Answer | Failure:
        """Fails closed: whatever goes wrong, nothing leaves and the reason stays inside."""
        try:
            table, evidence = made()
            own = arranged(table, shape=work.quote.shape, order=work.quote.order)
            rendered = artefacts.render(planted(own, work.fault), title=work.title)
        except (EngineFailed, DisclosureError) as error:
            return Failure(f"{type(error).__name__}: {error.detail}".strip(": "))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not differ from theirs
            log.error("question %s: %s", work.submission_id, type(error).__name__)  # noqa: TRY400
            return Failure(type(error).__name__)
        return Answer(table, rendered, evidence)

    def _table(self, work: Work, slot: Slot) -> Made:
        """What was drawn before, or a fresh draw; both at the same time of the slot."""
        if work.stored is not None:
            slot.wait_for_engine()
            return protected.drawn_before(work.stored), None
        try:
            counted = executed.execute(work, engine=self.engine, deadline=slot.engine_until)
        finally:
            slot.wait_for_engine()
            # Not before: the next question must not begin by how long this one took.
            self.engine.prepare(dataset=work.dataset, version=work.version)
        self.at_step("counted")
        table = protected.protect(work, counted, seconds=slot.suppression)
        self.at_step("drawn")
        seal = None if self.safe is None else self.safe.seal(work.quote.fingerprint)
        return door.set_aside(counted, table, seal=seal)

    def _settle(
        self, session: Session, work: Work, answer: Answer, verdict: VerdictOnTable | None = None
    ) -> None:
        """Raises RegisterMoved where another table was admitted since the verdict."""
        try:
            protected.settle(
                session,
                work=work,
                protected=answer.table,
                rendered=answer.rendered,
                evidence=answer.evidence,
                now=self.clock(),
                verdict=verdict,
                before_commit=partial(self.at_step, "settling"),
            )
        except (LeaseLost, RegisterMoved):
            raise
        except ServiceError as error:
            self._fail(session, work, type(error).__name__)
