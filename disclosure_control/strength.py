"""What does a policy promise, in numbers? Computed from its rules: nobody needs to guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from disclosure_control.dp import accounting
from disclosure_control.policy import DpRules, Policy, SdcRules


@dataclass(frozen=True, slots=True)
class Promise:
    """One number with what it means."""

    title: str
    value: str


def promises(policy: Policy) -> tuple[Promise, ...]:
    """Of a valid policy, for its owner and for checkers."""
    return tuple(_promises(policy))


def _promises(policy: Policy) -> Iterator[Promise]:
    yield Promise("People who must approve an output", str(policy.checkers))
    if policy.sdc is not None:
        yield from _exact(policy.sdc)
    if policy.dp is not None:
        yield from _noisy(policy.dp)


def _exact(rules: SdcRules) -> Iterator[Promise]:
    yield Promise("Fewest units behind a number that is shown", str(rules.threshold))
    yield Promise("Fewest true values behind a published count above zero", "1: it is exact")
    yield Promise(
        "Fewest true values that a hidden count may have, by a table with totals",
        str(rules.threshold + 1),
    )
    units = "largest unit" if rules.dominance_n == 1 else f"{rules.dominance_n} largest units"
    yield Promise(f"Most that the {units} may make up of a total", f"{rules.dominance_k:f}")
    yield Promise(
        "How closely the second largest may estimate the largest unit",
        f"within {rules.p_ratio:f} of it, never closer",
    )
    yield Promise(
        "Cells without units",
        "shown as zero" if rules.structural_zeros else "hidden like small ones",
    )


def _noisy(rules: DpRules) -> Iterator[Promise]:
    for title, rho in (
        ("Epsilon of a question at its usual cost", rules.rho_nano_default),
        ("Epsilon of the dearest question", rules.rho_nano_max),
    ):
        epsilon = accounting.implied_epsilon(rho, delta=accounting.CLAIM_DELTA)
        yield Promise(f"{title}, at delta = 0.000001", f"{epsilon}")
    yield Promise("Smallest noisy count that is shown", str(rules.threshold))
