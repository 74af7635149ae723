"""What does an owner see of a dataset's use? Who asked what, and what it cost."""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import audit
from tre.budgets import Account, Charge, Level
from tre.database import writing
from tre.datasets import Dataset, owned_by
from tre.people import Person
from tre.permissions import check_active, owned
from tre.projects import Project
from tre.submissions import Submission

COLUMNS = (
    "asked_at",
    "who",
    "project",
    "question",
    "purpose",
    "track",
    "rho_nano",
    "charged_rho_nano",
    "state",
)
"""``rho_nano`` is the price; what was charged is 0 for a stored draw, or where nothing ran."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    account_id: str
    level: Level
    project: str | None
    person: str | None
    rho_total: int
    rho_spent: int

    @property
    def rho_left(self) -> int:
        return self.rho_total - self.rho_spent

    @property
    def words(self) -> str:
        """Whose it is."""
        whose = (self.project or "", *([self.person or ""] if self.person else []))
        return "Pool: everybody together" if self.level is Level.POOL else ": ".join(whose)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    at: datetime.datetime
    who: str
    project: str
    question: str
    rho_nano: int  # what the pool was charged; 0 for a stored draw or an exact output
    charge: str  # "reserved" | "settled" | "none"
    track: str
    state: str
    submission_id: str


@dataclass(frozen=True, slots=True)
class Statement:
    dataset: Dataset
    accounts: tuple[AccountLine, ...]
    ledger: tuple[LedgerLine, ...]


def my_datasets(session: Session, *, owner: Person) -> list[Dataset]:
    check_active(owner)
    return owned_by(session, owner)


def statement(session: Session, *, owner: Person, dataset_id: str) -> Statement:
    """Raises NotFound for a dataset of somebody else."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    return Statement(dataset, _accounts(session, dataset), _ledger(session, dataset))


def export(session: Session, *, owner: Person, dataset_id: str, now: datetime.datetime) -> str:
    """Who asked what, as CSV; that it was taken out is itself on record."""
    with writing(session):
        dataset = owned(session, owner=owner, dataset_id=dataset_id)
        asked, charged = _questions(session, dataset), _charged(session, dataset)
        audit.write(
            session,
            "exported",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            rows=len(asked),
        )
        return _csv([_row(one, charged.get(one.id)) for one in asked])


def line_of(session: Session, account: Account) -> AccountLine:
    """For who decides on it: also of somebody else's dataset."""
    dataset = session.get_one(Dataset, account.dataset_id)
    return next(one for one in _accounts(session, dataset) if one.account_id == account.id)


def _accounts(session: Session, dataset: Dataset) -> tuple[AccountLine, ...]:
    rows = session.execute(
        select(Account, Project.title, Person.name)
        .outerjoin(Project, Account.project_id == Project.id)
        .outerjoin(Person, Account.person_id == Person.id)
        .where(Account.dataset_id == dataset.id)
    ).all()
    order = list(Level)
    lines = [
        AccountLine(row.id, Level(row.level), project, person, row.rho_total, row.rho_spent)
        for row, project, person in rows
    ]
    return tuple(
        sorted(
            lines, key=lambda line: (order.index(line.level), line.project or "", line.person or "")
        )
    )


def _questions(session: Session, dataset: Dataset) -> list[Submission]:
    found = select(Submission).where(Submission.dataset_id == dataset.id)
    return list(session.scalars(found.order_by(Submission.created_at, Submission.id)))


def _charged(session: Session, dataset: Dataset) -> dict[str, Charge]:
    """What the pool was charged, by question."""
    pool = (
        select(Charge)
        .join(Charge.account)
        .where(Account.dataset_id == dataset.id, Account.level == Level.POOL.value)
    )
    return {charge.submission_id: charge for charge in session.scalars(pool)}


def _ledger(session: Session, dataset: Dataset) -> tuple[LedgerLine, ...]:
    charged = _charged(session, dataset)
    return tuple(_ledger_line(one, charged.get(one.id)) for one in _questions(session, dataset))


def _ledger_line(asked: Submission, charge: Charge | None) -> LedgerLine:
    return LedgerLine(
        at=asked.created_at,
        who=asked.author.name,
        project=asked.project.title,
        question=asked.words,
        rho_nano=0 if charge is None else charge.rho_nano,
        charge="none" if charge is None else charge.state,
        track=asked.track,
        state=asked.state,
        submission_id=asked.id,
    )


def _row(asked: Submission, charge: Charge | None) -> tuple[str, ...]:
    return (
        asked.created_at.isoformat(),
        asked.author.email,
        asked.project.title,
        asked.words,
        asked.purpose,
        asked.track,
        str(asked.rho_nano),
        str(0 if charge is None else charge.rho_nano),
        asked.state,
    )


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    lines.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: str) -> str:
    """A text that a spreadsheet would run as a formula stays text."""
    return "'" + value if value[:1] in "=+-@\t\r" else value
