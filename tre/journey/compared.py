"""What does a checker see of an exact table beside all that left? Which tables clash, and how.

Who is in a group nobody sees; how many they are, which tables tell of them and how is for checkers.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure_control import present
from tre import register
from tre.journey import reviewed
from tre.outputs import Draw
from tre.people import Person
from tre.register import ReleaseTable, TableState

if TYPE_CHECKING:
    from queries.register.judged import Found


@dataclass(frozen=True, slots=True)
class Earlier:
    """A table that left, or is on its way: ``left`` says which of the two."""

    question: str
    project: str
    on: datetime.date
    left: bool


@dataclass(frozen=True, slots=True)
class Clash:
    """``formula`` is of blocks of people; ``people`` is how many it would tell of."""

    layer: str
    formula: str
    people: int
    with_tables: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class Possible:
    """How many people a hidden cell can hold, by all numbers near it; None: no number bounds it."""

    cell: str
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Shares of what all exact tables may tell: of everybody, and of the most used group."""

    clashes: tuple[Clash, ...]
    clashed: tuple[Clash, ...]  # before the cells that are ``hidden`` for that
    hidden: tuple[str, ...]  # by their labels, as are the others
    would_help: tuple[str, ...]  # cells without which there would be no clash
    narrowed: tuple[Possible, ...]
    tables: int  # that it was compared with
    everybody: tuple[float, float]  # before and with it
    most: tuple[float, float]
    areas: tuple[float, float]  # of the area that is used most; nothing where none is declared
    amber: bool
    closed: float
    state: str

    @property
    def safe(self) -> bool:
        return not self.clashes


def compared(session: Session, *, checker: Person, output_id: str) -> Compared | None:
    """None for an output that the register has no part in. Raises NotFound, NotPermitted."""
    output = reviewed.opened(session, checker=checker, output_id=output_id)
    row = register.of_submission(session, output.submission_id)
    return None if row is None else _compared(session, row)


def _compared(session: Session, row: ReleaseTable) -> Compared:
    judged = row.judged
    found = session.scalars(select(ReleaseTable).where(ReleaseTable.id.in_(row.against)))
    by_id = {one.id: one for one in found}
    named = judged.hidden or judged.would_help or judged.narrowed
    labels = _labels(session, row) if named else {}
    return Compared(
        clashes=_clashes(row, judged.clashes, by_id),
        clashed=_clashes(row, judged.clashed, by_id),
        hidden=tuple(labels[cell] for cell in judged.hidden),
        would_help=tuple(labels[cell] for cell in judged.would_help),
        narrowed=tuple(Possible(labels[one.cell], one.least, one.most) for one in judged.narrowed),
        tables=len(row.against),
        everybody=(judged.before.everybody, judged.after.everybody),
        most=(judged.before.most, judged.after.most),
        areas=(judged.before.areas, judged.after.areas),
        amber=judged.amber,
        closed=float(rules.closed) if (rules := row.submission.policy_version.policy.sdc) else 0.0,
        state=row.state,
    )


def _clashes(
    row: ReleaseTable, several: tuple[Found, ...], by_id: Mapping[str, ReleaseTable]
) -> tuple[Clash, ...]:
    found = (
        Clash(
            layer=one.layer,
            formula=one.formula,
            people=one.people,
            with_tables=tuple(_earlier(by_id[row.against[at]]) for at in one.entries),
        )
        for one in several
    )
    return tuple(dict.fromkeys(found))


def _labels(session: Session, row: ReleaseTable) -> dict[int, str]:
    """Of each cell of the grid, as the draw has it."""
    drawn = session.get_one(Draw, row.draw_id).protected_json
    axes = present.from_json(drawn or "").axes
    keys = product(*(axis.labels for axis in axes))
    return {cell: ", ".join(own) for cell, own in enumerate(keys)}


def _earlier(row: ReleaseTable) -> Earlier:
    asked = row.submission
    left = row.state == TableState.RELEASED.value
    return Earlier(asked.words, asked.project.title, row.moved_at.date(), left)
