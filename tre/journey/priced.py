"""What would this question cost, how is it answered, and when?

From the catalogue, the policy and the question alone; no account, no data. A preview shows it,
a submission records it, and the worker computes it again and finds the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Any

from disclosure_control.arranged import Order
from disclosure_control.dp import keys, preview
from disclosure_control.dp.accounting import noise_plan
from disclosure_control.errors import DisclosureError
from disclosure_control.policy import Policy
from disclosure_control.tables import Shape
from queries import fingerprint, json_form, plan, validate, words
from queries.catalogue import Catalogue
from queries.errors import QueryRefused, problem
from queries.language import Query
from queries.plan import Plan
from tre.budgets import Cost
from tre.datasets import DatasetVersion, PolicyVersion
from tre.errors import Incomplete
from tre.journey.shelved import COST, Held

WITHIN = "half_width"
"""The field in which an exactness is asked for."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A question, planned and priced.

    ``shape`` is the table as its author asked for it. ``plan`` is of the canonical spelling, which
    is what an engine answers and what is drawn once for all who ask the same; ``order`` leads from
    one to the other.
    """

    query: Query
    catalogue: Catalogue
    policy: Policy
    shape: Shape
    plan: Plan
    order: Order
    rho_nano: int
    fingerprint: str
    part: str  # who is in which cell, whatever is asked of them
    held: Held | None = None  # the released table from which alone it is answered, at no cost

    @property
    def exact_cells(self) -> int:
        """Declared ones, without totals, which tell nothing more; 0 on the noisy track."""
        if self.policy.sdc is None:
            return 0
        return prod(key.size for key in self.plan.keys)

    @property
    def cost(self) -> Cost:
        """What a draw of it takes from every account."""
        rules = self.policy.dp
        delta = (
            0
            if rules is None or self.held is not None
            else keys.delta_femto(self.plan.shape, rules)
        )
        return Cost(self.rho_nano, delta)

    @property
    def words(self) -> str:
        return words.describe(self.query, self.catalogue)

    @property
    def query_json(self) -> dict[str, Any]:
        return json_form.to_json(self.query)


def quote(
    query: Query,
    *,
    version: DatasetVersion,
    policy_version: PolicyVersion,
    rho_nano: int | None,
    held: Held | None = None,
) -> Quote:
    """Of what is ``held`` at no cost, whatever cost is named.

    Raises QueryRefused with every problem, Incomplete if the cost is outside the policy's.
    """
    catalogue, policy = version.catalogue, policy_version.policy
    problems = validate.validate(query, catalogue, policy)
    if problems:
        raise QueryRefused(problems)
    rho = 0 if held is not None else charge_of(policy, rho_nano)
    answered = plan.plan(fingerprint.canonical(query, catalogue), catalogue, policy)
    if held is None:
        _require_noise(answered.shape, policy, rho)
    order = fingerprint.order_in_canonical(query, catalogue)
    _refuse_repeats(order)
    return Quote(
        query=query,
        catalogue=catalogue,
        policy=policy,
        shape=plan.plan(query, catalogue, policy).shape,
        plan=answered,
        order=order,
        rho_nano=rho,
        fingerprint=fingerprint.fingerprint(
            query,
            catalogue=catalogue,
            version=f"{version.version}.{version.catalogue_hash}",
            policy_hash=policy_version.policy_hash,
            rho_nano=rho,
            mechanism=None,
            release=None if held is None else held.release_id,
        ),
        part=fingerprint.part(query, catalogue=catalogue, version=version.version),
        held=held,
    )


def _require_noise(shape: Shape, policy: Policy, rho_nano: int) -> None:
    """The door would refuse what cannot be drawn, and then the cost would be lost."""
    if policy.dp is None:
        return
    try:
        noise_plan(shape, policy.dp, rho_nano=rho_nano)
    except DisclosureError:
        raise Incomplete(
            "rho_nano",
            "At this cost there would be more noise than can be drawn. Ask at a higher cost, or "
            "for fewer numbers or dimensions at once.",
        ) from None


def cheapest(
    query: Query, *, version: DatasetVersion, policy_version: PolicyVersion, within: Decimal
) -> int:
    """The least cost at which the first number of a cell is told within plus or minus so much.

    Raises QueryRefused, and Incomplete where there is no such cost.
    """
    rules = policy_version.policy.dp
    if rules is None:
        raise Incomplete(WITHIN, "Exact answers have no price in noise.")
    found = quote(
        query, version=version, policy_version=policy_version, rho_nano=rules.rho_nano_max
    )
    rho = preview.cheapest(found.shape, rules, within=within)
    if rho is None:
        raise Incomplete(WITHIN, "No cost that the policy of the dataset allows is so exact.")
    return rho


def _refuse_repeats(order: Order) -> None:
    """Two names for one feature make one dimension, or one measure, twice."""
    problems = [
        problem(code, where=where)
        for code, where, places in (
            ("duplicate_dimension", "dimensions", order.dimensions),
            ("duplicate_measure", "measures", order.measures),
        )
        if len(set(places)) < len(places)
    ]
    if problems:
        raise QueryRefused(tuple(problems))


def charge_of(policy: Policy, rho_nano: int | None) -> int:
    """The cost asked for, or the policy's usual one; 0 on the SDC track."""
    if policy.dp is None:
        return 0
    asked = policy.dp.rho_nano_default if rho_nano is None else rho_nano
    if asked == COST:
        raise Incomplete("rho_nano", "No released table that you can see tells the answer.")
    if not policy.dp.rho_nano_min <= asked <= policy.dp.rho_nano_max:
        raise Incomplete("rho_nano", "The cost is outside what the policy of the dataset allows.")
    return asked
