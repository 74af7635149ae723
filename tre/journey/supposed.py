"""What does a dataset's policy promise, and which past outputs would a changed one have stopped?

Nothing is changed: an owner looks before a policy is laid. It rests on records and tables that
exist; no data is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure_control import policy as policies
from disclosure_control import present, strength, what_if
from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Policy
from disclosure_control.strength import Promise
from disclosure_control.tables import Protected
from disclosure_control.what_if import Reason
from tre import datasets
from tre.datasets import Dataset, PolicyVersion
from tre.errors import Incomplete, NotFound
from tre.lifecycle import State
from tre.outputs import Format, Output
from tre.people import Person
from tre.permissions import owned
from tre.submissions import Submission
from tre.tightenings import TightenedPolicy

LEFT = (State.REVIEWED.value, State.RELEASED.value)
"""Outputs that people let pass: those that are released, and those that wait inside."""


@dataclass(frozen=True, slots=True)
class Stand:
    """The policy in force, what it promises, and those before it, newest first."""

    dataset: Dataset
    version: PolicyVersion
    promises: tuple[Promise, ...]
    earlier: tuple[PolicyVersion, ...]


@dataclass(frozen=True, slots=True)
class Supposed:
    """One past output under the changed policy; no reasons: it would have passed."""

    submission: Submission
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Supposition:
    policy: Policy
    promises: tuple[Promise, ...]
    outputs: tuple[Supposed, ...]

    @property
    def stopped(self) -> tuple[Supposed, ...]:
        return tuple(one for one in self.outputs if one.reasons)


def stand(session: Session, *, owner: Person, dataset_id: str) -> Stand:
    """Raises NotFound for anybody but the owner."""
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    current = datasets.current_policy(session, dataset)
    if current is None:
        raise NotFound(dataset_id)
    earlier = select(PolicyVersion).where(
        PolicyVersion.dataset_id == dataset.id,
        PolicyVersion.id != current.id,
        PolicyVersion.id.not_in(select(TightenedPolicy.policy_id)),  # of single projects
    )
    return Stand(
        dataset=dataset,
        version=current,
        promises=strength.promises(current.policy),
        earlier=tuple(session.scalars(earlier.order_by(PolicyVersion.created_at.desc()))),
    )


def suppose(session: Session, *, owner: Person, dataset_id: str, policy_text: str) -> Supposition:
    """Raises NotFound, Incomplete with every fault of the policy.

    Perturbation tables of the policy in force may be named in the text.
    """
    dataset = owned(session, owner=owner, dataset_id=dataset_id)
    own = datasets.current_policy(session, dataset)
    try:
        policy = policies.from_yaml(
            policy_text, file=partial(policies.table_called, of=own.policy) if own else None
        )
    except PolicyInvalid as wrong:
        raise Incomplete("policy", "; ".join(wrong.faults)) from None
    passed = (
        select(Output)
        .join(Output.submission)
        .where(Submission.dataset_id == dataset.id, Submission.state.in_(LEFT))
        .order_by(Output.created_at.desc(), Output.id)
    )
    return Supposition(
        policy=policy,
        promises=strength.promises(policy),
        outputs=tuple(_supposed(one, policy) for one in session.scalars(passed)),
    )


def _supposed(output: Output, policy: Policy) -> Supposed:
    submission = output.submission
    reasons = what_if.would_fail(_table(output), policy, checkers=submission.checkers_required)
    return Supposed(submission, reasons)


def _table(output: Output) -> Protected:
    """With what only checkers saw, where there is such."""
    kept = output.artefact(Format.FINDINGS) or output.artefact(Format.JSON)
    if kept is None:
        raise NotFound(output.id)
    return present.from_json(kept.content.decode())
