"""What does a policy promise, in numbers? Computed from its rules: nobody needs to guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from disclosure_control.alterations import Alteration, fewest_behind, in_words
from disclosure_control.dp import accounting
from disclosure_control.policy import Costs, DpRules, Policy, SdcRules


@dataclass(frozen=True, slots=True)
class Promise:
    """One number with what it means."""

    title: str
    value: str


def promises(policy: Policy) -> tuple[Promise, ...]:
    """Of a valid policy, for its owner and for checkers."""
    return tuple(_promises(policy))


def exactness(policy: Policy) -> str:
    """Of what the exact track shows, in plain words for everybody; empty on the noisy one."""
    rules = policy.sdc
    if rules is None:
        return ""
    if rules.counts is not None:
        small = SMALL[rules.counts.hides_small]
        return (
            f"No number is shown as it is: every count is {in_words(rules.counts)}. Counts of "
            f"fewer than {rules.threshold} are {small}. Only counts can be asked."
        )
    late = (
        ""
        if rules.fallback is None
        else " Where hiding takes too long in a table of counts with totals, every count is "
        f"{in_words(rules.fallback)} instead."
    )
    hidden = "small and dominated cells are hidden, and others that would give them back"
    return f"Numbers are exact; {hidden}.{late}"


def _promises(policy: Policy) -> Iterator[Promise]:
    yield from _checked(policy)
    if policy.sdc is not None:
        yield from _exact(policy.sdc)
    if policy.dp is not None:
        yield from _noisy(policy.dp)


def _checked(policy: Policy) -> Iterator[Promise]:
    routes = policy.routes
    if routes is None:
        yield Promise("People who must approve an output", str(policy.checkers))
        return
    yield Promise(
        "People who must approve an output",
        f"{routes.low} at low risk, {routes.middle} at middle risk, {policy.checkers} at high risk",
    )
    if routes.low == 0 and policy.checkers:
        share = f"{(routes.audit_share * 100).normalize():f}"
        yield Promise("Of outputs that nobody would look at, drawn for a checker", f"{share} %")


def _exact(rules: SdcRules) -> Iterator[Promise]:
    if rules.counts is not None:
        yield from _altered(rules.counts, rules)
        return
    yield Promise("Fewest units behind a number that is shown", str(rules.threshold))
    yield Promise(FEWEST_BEHIND, "1: it is exact")
    yield Promise(
        "Fewest true values that a hidden count may have, by a table with totals",
        str(rules.threshold + 1),
    )
    yield Promise("What hiding one more cell costs, when a choice is made", COSTS[rules.costs])
    yield Promise(
        "Counts with totals that are not protected in time",
        "refused"
        if rules.fallback is None
        else f"{in_words(rules.fallback)}; fewest true values: {_fewest(rules.fallback, rules)}",
    )
    units = "largest unit" if rules.dominance_n == 1 else f"{rules.dominance_n} largest units"
    yield Promise(f"Most that the {units} may make up of a total", f"{rules.dominance_k:f}")
    yield Promise(
        "How closely the second largest may estimate the largest unit",
        f"within {rules.p_ratio:f} of it, never closer",
    )
    yield Promise(EMPTY, "shown as zero" if rules.structural_zeros else "hidden like small ones")


def _altered(counts: Alteration, rules: SdcRules) -> Iterator[Promise]:
    """Only counts can be asked, so that nothing is dominated."""
    yield Promise("How every count is shown", in_words(counts))
    yield Promise(
        "Fewest units behind a number that is shown",
        str(rules.threshold) if counts.hides_small else "1: small counts are altered like others",
    )
    yield Promise(FEWEST_BEHIND, _fewest(counts, rules))
    hidden = counts.hides_small and not rules.structural_zeros
    yield Promise(EMPTY, "hidden like small ones" if hidden else "shown as zero")


EMPTY = "Cells without units"
FEWEST_BEHIND = "Fewest true values behind a published count above zero"
SMALL = {True: "hidden", False: "altered like all others"}
COSTS = {
    Costs.UNITS: "its units",
    Costs.ROUNDED: "its units, rounded up to a power of two",
    Costs.EQUAL: "the same for every cell: the choice tells nothing of costs",
}


def _fewest(alteration: Alteration, rules: SdcRules) -> str:
    number, behind = fewest_behind(alteration, threshold=rules.threshold)
    return f"{behind}, behind a shown {number}"


def _noisy(rules: DpRules) -> Iterator[Promise]:
    for title, rho in (
        ("Epsilon of a question at its usual cost", rules.rho_nano_default),
        ("Epsilon of the dearest question", rules.rho_nano_max),
    ):
        epsilon = accounting.implied_epsilon(rho, delta=accounting.CLAIM_DELTA)
        yield Promise(f"{title}, at delta = 0.000001", f"{epsilon}")
    yield Promise("Smallest noisy count that is shown", str(rules.threshold))
    if rules.key_delta_femto:
        chance = f"{Decimal(rules.key_delta_femto).scaleb(-15).normalize():f}"
        yield Promise("Delta of a table by values that nobody declared, at most", chance)
