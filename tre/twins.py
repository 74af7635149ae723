"""Which dataset has a synthetic twin, and which project measured what it is made from?

Whoever may ask a dataset may ask its twin, which holds nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tre.database import Base
from tre.datasets import Dataset


class Twin(Base):
    """``dataset_id`` holds made-up units of ``of_id``; ``project_id`` asked what is known of them.

    A row never changes: another twin of a dataset is another version of the same one.
    """

    __tablename__ = "twin"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), primary_key=True)
    of_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))


@dataclass(frozen=True, slots=True)
class Pair:
    """Names: of a dataset's twin, and of the dataset that a twin stands for."""

    twin: str | None
    of: str | None


def of(session: Session, dataset_id: str) -> Dataset | None:
    """The twin of a dataset."""
    return session.scalar(
        select(Dataset).join(Twin, Twin.dataset_id == Dataset.id).where(Twin.of_id == dataset_id)
    )


def whose(session: Session, dataset_id: str) -> Dataset | None:
    """The dataset of a twin."""
    return session.scalar(
        select(Dataset).join(Twin, Twin.of_id == Dataset.id).where(Twin.dataset_id == dataset_id)
    )


def pair(session: Session, dataset_id: str) -> Pair:
    twin, own = of(session, dataset_id), whose(session, dataset_id)
    return Pair(None if twin is None else twin.name, None if own is None else own.name)


def measured_by(session: Session, project_id: str) -> Dataset | None:
    """The twin that is made from what a project asked."""
    return session.scalar(
        select(Dataset)
        .join(Twin, Twin.dataset_id == Dataset.id)
        .where(Twin.project_id == project_id)
    )
