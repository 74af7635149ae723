"""Which question is answered from a released table alone? No data are read, nothing is spent.

A row is written with its question and never changes. A release that was itself worked out is no
source: its record states the noise of single numbers of another table.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ForeignKey, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre import publications
from tre.database import Base
from tre.outputs import Output
from tre.recalls import Recall
from tre.releases import Release, served
from tre.submissions import Submission


class WorkedOut(Base):
    __tablename__ = "worked_out"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"), index=True)

    release: Mapped[Release] = relationship()


def source_of(session: Session, submission_id: str) -> Release | None:
    found = session.get(WorkedOut, submission_id)
    return None if found is None else found.release


def lost_its_source(session: Session, submission_id: str) -> bool:
    """Was the release recalled from which it is worked out?"""
    found = exists().where(
        WorkedOut.submission_id == submission_id, Recall.release_id == WorkedOut.release_id
    )
    return bool(session.scalar(select(found)))


def releases_from(session: Session, release_ids: Collection[str]) -> list[Release]:
    """What left that was worked out from any of these, and stands."""
    recalled = exists().where(Recall.release_id == Release.id)
    found = (
        select(Release)
        .join(Output, Output.id == Release.output_id)
        .join(WorkedOut, WorkedOut.submission_id == Output.submission_id)
        .where(WorkedOut.release_id.in_(release_ids), ~recalled)
    )
    return list(session.scalars(found.order_by(Release.id).with_for_update(of=Release)))


def sources(session: Session, *, project_id: str, dataset_id: str, limit: int) -> list[Release]:
    """Noisy tables that others may be worked out from, newest first: a project's own, and public.

    Those that are shown, that were asked of the data themselves, and that nobody recalled.
    """
    recalled = exists().where(Recall.release_id == Release.id)
    worked_out = exists().where(WorkedOut.submission_id == Submission.id)
    found = (
        select(Release)
        .join(Output, Output.id == Release.output_id)
        .join(Submission, Submission.id == Output.submission_id)
        .where(
            (Release.project_id == project_id) | publications.is_public(),
            Release.dataset_id == dataset_id,
            Submission.track == "dp",
            served(),
            ~recalled,
            ~worked_out,
        )
    )
    newest = found.order_by(Release.released_at.desc(), Release.id.desc())
    return list(session.scalars(newest.limit(limit)))
