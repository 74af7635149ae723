"""Through which door does a table leave? This one: Unprotected + policy -> Protected + record.

Nothing else makes a ``Protected`` from data. Every doubt is a refusal: a shape, a grant or a policy
that does not fit raises before a value is looked at.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NoReturn

from disclosure_control import record as records
from disclosure_control.dp import accounting, postprocess
from disclosure_control.dp.accounting import NoisePlan, VectorNoise
from disclosure_control.errors import UNPROTECTED, AccountingError, Refused
from disclosure_control.policy import (
    DpRules,
    Policy,
    SdcRules,
    Track,
    policy_hash,
    require_valid,
)
from disclosure_control.present import to_csv
from disclosure_control.record import DisclosureRecord, Feasible, Finding, NoiseStatement
from disclosure_control.sdc import publish, rules
from disclosure_control.sdc.pattern import Pattern, pattern
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import (
    Cell,
    Kind,
    Protected,
    Published,
    Shape,
    Status,
    Unprotected,
)

SECONDS = 60.0  # for a table with totals, where the caller has no slot
SEARCHING = 0.5  # the share of it that is for the search; the rest is for the attack

Columns = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class NoiseGrant:
    """What the ledger reserved for this answer. Mechanism None: the planner's choice."""

    rho_nano: int
    mechanism: str | None = None


def protect(
    unprotected: Unprotected,
    *,
    policy: Policy,
    grant: NoiseGrant | None,
    seconds: float = SECONDS,
) -> Protected:
    """The table as people may see it once they decide so, with its disclosure record.

    A noisy policy needs a grant, an exact one must not have one. Each call on the noisy track is
    a new draw: the caller keeps one per charge. An exact table with totals has so many ``seconds``
    to find which further cells to hide, and to attack the result. Raises PolicyInvalid, Refused, or
    AccountingError if the noise would cost more than was granted; then nothing leaves.
    """
    require_valid(policy)
    shape = unprotected.shape
    require_publishable(shape, policy)
    if policy.dp is not None and grant is not None:
        return _noisy(unprotected, policy=policy, dp=policy.dp, grant=grant)
    if policy.sdc is not None and grant is None:
        return _exact(unprotected, policy=policy, sdc=policy.sdc, seconds=seconds)
    return _refuse_grant()


def prepare() -> None:
    """Loads the libraries of both tracks, so that the first answer comes as fast as the next."""
    from disclosure_control.dp import mechanisms
    from disclosure_control.sdc import complementary  # noqa: F401 — with its solver
    from disclosure_control.sdc.audit import table  # noqa: F401

    mechanisms.prepare()


def _refuse_grant() -> NoReturn:
    raise Refused("the grant does not belong to the policy's track")


def _noisy(
    unprotected: Unprotected, *, policy: Policy, dp: DpRules, grant: NoiseGrant
) -> Protected:
    shape = unprotected.shape
    plan = accounting.noise_plan(shape, dp, rho_nano=grant.rho_nano, mechanism=grant.mechanism)
    noisy = _draw(unprotected, plan)
    columns = postprocess.publish(shape, noisy, plan=plan, threshold=dp.threshold)
    record = DisclosureRecord(
        track=Track.DP,
        policy_hash=policy_hash(policy),
        unit=shape.unit,
        claim=_dp_claim(shape, plan),
        leaves_out=records.left_out(
            tuple(text.format(unit=shape.unit) for text in records.DP_LEAVES_OUT),
            track=Track.DP,
            both_tracks=policy.both_tracks,
        ),
        bounds=shape.bounds,
        noise=tuple(_statement(shape, noise) for noise in plan.vectors),
        findings=tuple(_findings(shape, noisy, columns, dp)),
        rho_nano=plan.rho_nano,
        delta_femto=0,
        versions=_versions(Track.DP),
    )
    return Protected(Track.DP, shape.axes, shape.published, columns, record)


def _draw(unprotected: Unprotected, plan: NoisePlan) -> dict[str, tuple[int, ...]]:
    """Noise for every vector, each within its share. The library is imported here, not before."""
    from disclosure_control.dp import mechanisms

    shape, noisy = unprotected.shape, {}
    for name, values in unprotected.reveal().items():
        noise, sensitivity = plan.of(name), shape.vector(name).sensitivity
        if sensitivity is None:
            raise Refused(f"vector {name} has no declared sensitivity")
        draw = mechanisms.draw(
            values, mechanism=noise.mechanism, scale=noise.scale, sensitivity=sensitivity
        )
        if draw.rho_nano > noise.rho_nano:
            raise AccountingError(f"vector {name} costs {draw.rho_nano} of {noise.rho_nano}")
        noisy[name] = draw.values
    return noisy


def _statement(shape: Shape, noise: VectorNoise) -> NoiseStatement:
    return NoiseStatement(
        vector=noise.vector,
        mechanism=noise.mechanism,
        scale=noise.scale_text,
        rho_nano=noise.rho_nano,
        epsilon=accounting.pure_epsilon(shape.vector(noise.vector), noise),
        half_width=noise.half_width,
        joint_half_width=noise.joint_half_width,
    )


def _findings(
    shape: Shape, noisy: postprocess.Noisy, columns: Columns, dp: DpRules
) -> Iterator[Finding]:
    """What is hidden and why, from noisy values only: anybody may see it."""
    for column, cells in zip(shape.published, columns, strict=True):
        below = postprocess.hidden_by(shape, column, noisy, threshold=dp.threshold)
        hidden = {cell for cell, shown in enumerate(cells) if shown.status == Status.SUPPRESSED}
        needed = f"noisy count at least {dp.threshold}"
        yield _finding(column, "noisy-count-threshold", threshold=needed, cells=below)
        if column.kind == Kind.MEAN:
            needed = "noisy count beyond its own noise"
            yield _finding(column, "bounded-interval", threshold=needed, cells=hidden - below)


def _finding(column: Published, rule: str, *, threshold: str, cells: Collection[int]) -> Finding:
    return Finding(
        rule=rule,
        severity="info",
        threshold=threshold,
        mitigation="suppressed" if cells else "none",
        cells=tuple(sorted(cells)),
        for_checkers=False,
        column=column.name,
        statbarn=rules.STATBARN[column.kind],
    )


def _dp_claim(shape: Shape, plan: NoisePlan) -> str:
    return records.dp_claim(
        shape.unit,
        rho=f"{Decimal(plan.rho_nano).scaleb(-9).normalize():f}",
        epsilon=accounting.implied_epsilon(plan.rho_nano, delta=accounting.CLAIM_DELTA),
    )


def _exact(unprotected: Unprotected, *, policy: Policy, sdc: SdcRules, seconds: float) -> Protected:
    shape, exact = unprotected.shape, unprotected.reveal()
    totals = any(axis.total for axis in shape.axes)
    found = pattern(shape, exact, rules=sdc, seconds=SEARCHING * seconds)
    record = DisclosureRecord(
        track=Track.SDC,
        policy_hash=policy_hash(policy),
        unit=shape.unit,
        claim=records.sdc_claim(shape.unit, threshold=sdc.threshold, totals=totals),
        leaves_out=records.left_out(
            records.sdc_leaves_out(totals=totals), track=Track.SDC, both_tracks=policy.both_tracks
        ),
        bounds=shape.bounds,
        noise=(),
        findings=found.findings,
        rho_nano=0,
        delta_femto=0,
        versions=_versions(Track.SDC),
    )
    columns = tuple(
        publish.publish(shape, column, exact, hidden=found.hidden[column.name])
        for column in shape.published
    )
    protected = Protected(Track.SDC, shape.axes, shape.published, columns, record)
    if not totals:
        return protected
    intervals = _attacked(protected, shape, found, seconds=(1 - SEARCHING) * seconds)
    return replace(protected, record=replace(record, intervals=intervals))


def _attacked(
    protected: Protected, shape: Shape, found: Pattern, *, seconds: float
) -> tuple[Feasible, ...]:
    """A second opinion, on the text as it would be released. Raises Refused."""
    from disclosure_control.sdc.audit import table

    text, end = to_csv(protected), time.monotonic() + seconds
    try:
        violations = table.attacked(text, shape=shape, series=found.series, seconds=seconds)
    except table.UnreadableTable:
        raise Refused(UNPROTECTED) from None
    if violations:
        raise Refused(UNPROTECTED)
    left = end - time.monotonic()
    found_out = table.intervals(text, shape=shape, series=found.series, seconds=left)
    return tuple(Feasible(*one) for one in found_out)


def _versions(track: Track) -> tuple[tuple[str, str], ...]:
    versions = {"python": platform.python_version()}
    if track == Track.DP:
        from disclosure_control.dp import mechanisms

        versions["opendp"] = mechanisms.library_version()
    return tuple(sorted(versions.items()))
