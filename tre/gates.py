"""What stands between a question and its next step? Every gate, with its reason and remedy.

``evaluate`` is pure: it looks at a ``Situation`` that ``gather`` has read in the caller's own
transaction. Gates are rows of a table; a later kind of gate is one more row. They are evaluated
at submission, at execution and at release, since grounds expire in between.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from tre import budgets, datasets, exact_cells, projects, recalls, restorations, second_tracks
from tre.budgets import FREE, Cost
from tre.datasets import Dataset
from tre.people import Person, Role
from tre.projects import Membership, Project

if TYPE_CHECKING:
    from disclosure_control.policy import Policy
    from tre.submissions import Submission


class Stage(StrEnum):
    LOOK = "look"  # a researcher sees the gates before writing a question
    SUBMIT = "submit"
    EXECUTE = "execute"
    RELEASE = "release"
    PUBLISH = "publish"  # what left to a project is shown to everybody


ALWAYS = frozenset(Stage)
ON_THE_WAY = ALWAYS - {Stage.PUBLISH}
BEFORE_THE_RUN = frozenset({Stage.LOOK, Stage.SUBMIT, Stage.EXECUTE})


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate, as found. All texts are fixed sentences, free of values."""

    id: str
    passed: bool
    title: str
    reason: str
    authority: str  # who can open it
    remedy: str


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that gates look at. None of it depends on a dataset's rows."""

    today: datetime.date
    account_active: bool
    researcher: bool
    member: bool
    project_approved: bool
    project_starts: datetime.date
    project_ends: datetime.date
    dataset_granted: bool
    dataset_stopped: bool
    dataset_unsettled: bool
    version_current: bool
    policy_current: bool
    table_recalled: bool
    purpose_given: bool
    cost: Cost
    left: dict[budgets.Level, Cost | None]
    left_in_period: int | None  # of the pool, in 1e-9 rho; None where it does not open by periods
    checkers_needed: int
    checkers_free: int
    publishers_free: int
    either_free: int  # people who are checker or publisher, or both
    cells_needed: int  # of exact answers; 0 on the noisy track
    cells_left: int
    exact_this_week: int
    exact_weekly: int

    @property
    def can_be_published(self) -> bool:
        """What nobody checks leaves by itself; else one more person is there to release it."""
        needed = self.checkers_needed
        return needed == 0 or (self.publishers_free > 0 and self.either_free > needed)

    @property
    def within_period(self) -> bool:
        return self.left_in_period is None or self.cost.rho_nano <= self.left_in_period

    def affords(self, level: budgets.Level) -> bool:
        left = self.left[level]
        return self.cost == FREE or (left is not None and self.cost.within(left))


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: str
    open_when: Callable[[Situation], bool]
    reason: str
    authority: str
    remedy: str
    stages: frozenset[Stage] = ON_THE_WAY

    def at(self, situation: Situation) -> Gate:
        passed = self.open_when(situation)
        return Gate(
            id=self.id,
            passed=passed,
            title=self.title,
            reason="" if passed else self.reason,
            authority=self.authority,
            remedy="" if passed else self.remedy,
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "account_active",
        "Your account is active",
        lambda found: found.account_active,
        "The account of the person who asks is not active.",
        "administrator",
        "Ask an administrator to activate the account.",
    ),
    Rule(
        "researcher",
        "You are a researcher",
        lambda found: found.researcher,
        "Only researchers can ask questions.",
        "administrator",
        "Ask an administrator for the researcher role.",
    ),
    Rule(
        "member",
        "You are a member of the project",
        lambda found: found.member,
        "The person who asks is not a member of this project.",
        "project lead",
        "Ask the project lead to add you.",
    ),
    Rule(
        "project_approved",
        "The project is approved",
        lambda found: found.project_approved,
        "This project is not approved.",
        "administrator",
        "Wait until the project is approved.",
    ),
    Rule(
        "project_dates",
        "The project is within its dates",
        lambda found: found.project_starts <= found.today <= found.project_ends,
        "Today is outside the dates of this project.",
        "administrator",
        "Ask for new dates for the project.",
    ),
    Rule(
        "dataset_granted",
        "The project may use the dataset",
        lambda found: found.dataset_granted,
        "This project has no grant for this dataset.",
        "data owner",
        "Ask the owner of the dataset to grant it to the project.",
    ),
    Rule(
        "dataset_open",
        "The dataset is open",
        lambda found: not found.dataset_stopped,
        "The owner has stopped queries and releases on this dataset.",
        "data owner",
        "Wait until the owner opens the dataset again.",
        ALWAYS,
    ),
    Rule(
        "dataset_settled",
        "The records of the dataset are whole",
        lambda found: not found.dataset_unsettled,
        "The records of this service were put back to an earlier day, and what that lost is not"
        " settled yet.",
        "data owner",
        "Wait until the owner of the dataset has settled it.",
        ALWAYS,
    ),
    Rule(
        "version_current",
        "The data are current",
        lambda found: found.version_current,
        "The dataset has a newer version than the one that was asked.",
        "researcher",
        "Preview the query again and submit it anew.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "policy_current",
        "The disclosure policy is current",
        lambda found: found.policy_current,
        "The disclosure policy of this dataset is not in force, or has changed.",
        "data owner",
        "Preview the query again and submit it anew.",
    ),
    Rule(
        "not_recalled",
        "The table was not recalled",
        lambda found: not found.table_recalled,
        "This very table was released before and was recalled.",
        "data owner",
        "Read the reason in the list of corrections, and ask another question.",
        ALWAYS - {Stage.LOOK},
    ),
    Rule(
        "purpose_given",
        "A purpose is given",
        lambda found: found.purpose_given,
        "No purpose was given for this query.",
        "researcher",
        "Say what the query is for.",
        frozenset({Stage.SUBMIT, Stage.EXECUTE}),
    ),
    Rule(
        "budget_pool",
        "The dataset has budget left",
        lambda found: found.affords(budgets.Level.POOL),
        "The privacy budget of this dataset is too small for this query.",
        "data owner",
        "Ask for less precision, or ask the owner of the dataset.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "budget_period",
        "The dataset has budget left in this period",
        lambda found: found.within_period,
        "What the dataset opens of its privacy budget in this period is too little for this query.",
        "data owner",
        "Ask for less precision, or ask when the next period has begun.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "budget_project",
        "The project has budget left",
        lambda found: found.affords(budgets.Level.PROJECT),
        "The project's share of the privacy budget is too small for this query.",
        "data owner",
        "Ask for less precision, or ask the owner of the dataset for a larger share.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "budget_researcher",
        "You have budget left",
        lambda found: found.affords(budgets.Level.RESEARCHER),
        "Your share of the project's privacy budget is too small for this query.",
        "project lead",
        "Ask for less precision, or ask the project lead for a larger share.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "exact_cells",
        "Exact answers are left",
        lambda found: found.cells_needed == 0 or found.cells_needed <= found.cells_left,
        "Too few cells of exact answers are left for this query, for the project or the dataset.",
        "data owner",
        "Use broader categories or those of a table that has left, or the noisy track.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "exact_weekly",
        "The project asked few exact questions this week",
        lambda found: found.exact_weekly == 0 or found.exact_this_week < found.exact_weekly,
        "Your project has asked as many exact questions as it may within seven days.",
        "data owner",
        "Wait a few days, or use the noisy track.",
        frozenset({Stage.LOOK, Stage.SUBMIT}),
    ),
    Rule(
        "checker_free",
        "Checkers without a conflict exist",
        lambda found: found.checkers_free >= found.checkers_needed,
        "There are too few checkers who do not belong to this project.",
        "administrator",
        "Ask an administrator to name a checker from outside the project.",
        BEFORE_THE_RUN,
    ),
    Rule(
        "publisher_free",
        "A publisher without a conflict exists",
        lambda found: found.can_be_published,
        "There is no publisher who neither belongs to this project nor has to check its output.",
        "administrator",
        "Ask an administrator to name a publisher from outside the project.",
        BEFORE_THE_RUN,
    ),
)


def evaluate(situation: Situation, *, stage: Stage) -> tuple[Gate, ...]:
    """Every gate of this stage, open or closed, in the order of the table."""
    return tuple(rule.at(situation) for rule in RULES if stage in rule.stages)


def closed(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    return tuple(gate for gate in gates if not gate.passed)


def closed_for(
    session: Session,
    submission: Submission,
    *,
    dataset: Dataset,
    stage: Stage,
    now: datetime.datetime,
    cost: Cost = FREE,
    cells_needed: int = 0,
) -> tuple[Gate, ...]:
    """The gates that stand between a question that was submitted and this stage."""
    situation = gather(
        session,
        person=submission.author,
        project=submission.project,
        dataset=dataset,
        now=now,
        cost=cost,
        checkers_needed=submission.checkers_required,
        purpose=submission.purpose,
        version_id=submission.version_id,
        policy_id=submission.policy_id,
        rules=submission.policy_version.policy,
        cells_needed=cells_needed,
        fingerprint=submission.fingerprint,
    )
    return closed(evaluate(situation, stage=stage))


def gather(
    session: Session,
    *,
    person: Person,
    project: Project,
    dataset: Dataset,
    now: datetime.datetime,
    cost: Cost,
    checkers_needed: int,
    purpose: str = "",
    version_id: str | None = None,
    policy_id: str | None = None,
    rules: Policy | None = None,
    cells_needed: int = 0,
    fingerprint: str | None = None,
) -> Situation:
    """Reads what the gates look at. Versions of None stand for whatever is current.

    ``rules``: of the question, for exact answers.
    """
    version = datasets.current_version(session, dataset)
    policies = second_tracks.policies_in_force(
        session, dataset, project_id=project.id, today=now.date()
    )
    accounts = budgets.accounts_of(
        session, dataset_id=dataset.id, project_id=project.id, person_id=person.id
    )
    pool = accounts[budgets.Level.POOL]
    in_period = None if pool is None else pool.in_period(now)
    exact = (
        None
        if rules is None or version is None
        else exact_cells.room(
            session,
            dataset_id=dataset.id,
            project_id=project.id,
            catalogue=version.catalogue,
            policy=rules,
            now=now,
        )
    )
    free = free_people(session, project_id=project.id, author_id=person.id)
    return Situation(
        today=now.date(),
        account_active=person.active,
        researcher=person.has(Role.RESEARCHER),
        member=projects.is_member(session, person_id=person.id, project_id=project.id),
        project_approved=project.approved_at is not None,
        project_starts=project.starts_on,
        project_ends=project.ends_on,
        dataset_granted=projects.may_ask(session, project_id=project.id, dataset_id=dataset.id),
        dataset_stopped=dataset.stopped_at is not None,
        dataset_unsettled=bool(restorations.unsettled(session, dataset)),
        version_current=version is not None and version_id in (None, version.id),
        policy_current=bool(policies) and policy_id in {None, *(one.id for one in policies)},
        table_recalled=fingerprint is not None and recalls.of_table(session, fingerprint),
        purpose_given=bool(purpose.strip()),
        cost=cost,
        left={
            level: None if account is None else account.left for level, account in accounts.items()
        },
        left_in_period=None if in_period is None else in_period.left,
        checkers_needed=checkers_needed,
        checkers_free=sum(one.has(Role.CHECKER) for one in free),
        publishers_free=sum(one.has(Role.PUBLISHER) for one in free),
        either_free=len(free),
        cells_needed=cells_needed,
        cells_left=0 if exact is None else exact.left,
        exact_this_week=0 if exact is None else exact.asked_this_week,
        exact_weekly=0 if rules is None or rules.sdc is None else rules.sdc.weekly,
    )


def free_people(session: Session, *, project_id: str, author_id: str) -> list[Person]:
    """Active checkers and publishers outside the project, who are not the author."""
    members = select(Membership.person_id).where(Membership.project_id == project_id)
    outside = select(Person).where(
        Person.active.is_(True), Person.id != author_id, Person.id.not_in(members)
    )
    return [
        person
        for person in session.scalars(outside)
        if person.has(Role.CHECKER) or person.has(Role.PUBLISHER)
    ]
