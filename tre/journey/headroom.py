"""How much of a dataset have exact tables told? For its owner: the curve, and what was refused.

Of what checkers have decided: an owner may belong to a project, and its authors learn no sooner.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import datasets, exact_cells, register
from tre.exact_cells import Room
from tre.lifecycle import State
from tre.people import Person
from tre.permissions import owned
from tre.projects import Project
from tre.register import ReleaseTable, TableState
from tre.submissions import Submission


@dataclass(frozen=True, slots=True)
class Point:
    """With one table that left: shares of everybody, and of the most used group."""

    at: datetime.datetime
    everybody: float
    most: float


@dataclass(frozen=True, slots=True)
class Headroom:
    """``refused``: tables that may not leave, by the title of their project."""

    points: tuple[Point, ...]
    refused: tuple[tuple[str, int], ...]
    amber: float
    closed: float
    room: Room | None

    @property
    def now(self) -> Point | None:
        return self.points[-1] if self.points else None


def headroom(
    session: Session, *, owner: Person, dataset_id: str, now: datetime.datetime
) -> Headroom | None:
    """None where no exact answers are given. Raises NotFound for a dataset of somebody else."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    version = datasets.current_version(session, dataset)
    policy = datasets.current_policy(session, dataset)
    if version is None or policy is None or policy.policy.sdc is None:
        return None
    rules = policy.policy.sdc
    return Headroom(
        points=tuple(
            Point(
                row.judged_at,
                row.judged.after.everybody,
                max(row.judged.after.most, row.judged.after.areas),
            )
            for row in register.counting(session, dataset.id)
            if row.state == TableState.RELEASED.value
        ),
        refused=_refused(session, dataset.id),
        amber=float(rules.amber),
        closed=float(rules.closed),
        room=exact_cells.room(
            session,
            dataset_id=dataset.id,
            project_id="",
            catalogue=version.catalogue,
            policy=policy.policy,
            now=now,
        ),
    )


def _refused(session: Session, dataset_id: str) -> tuple[tuple[str, int], ...]:
    found = (
        select(ReleaseTable)
        .join(ReleaseTable.submission)
        .where(
            ReleaseTable.dataset_id == dataset_id,
            ReleaseTable.state == TableState.REFUSED.value,
            Submission.state == State.REJECTED.value,
        )
    )
    projects = Counter(row.submission.project_id for row in session.scalars(found))
    titles = {one.id: one.title for one in session.scalars(select(Project))}
    return tuple(sorted((titles[project], count) for project, count in projects.items()))
