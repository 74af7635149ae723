"""What does a noisy table show? Noise for every vector, then columns computed from noisy values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from disclosure_control import record as records
from disclosure_control.dp import accounting, postprocess, selection
from disclosure_control.dp.accounting import NoisePlan, VectorNoise
from disclosure_control.errors import AccountingError, Refused
from disclosure_control.policy import DpRules, Policy, Track, policy_hash
from disclosure_control.record import DisclosureRecord, Finding, NoiseStatement
from disclosure_control.sdc import rules
from disclosure_control.tables import QUOTIENTS, Columns, Draft, Published, Shape, Status

Values = Mapping[str, tuple[int, ...]]


def noisy(
    shape: Shape,
    values: Values,
    *,
    policy: Policy,
    dp: DpRules,
    rho_nano: int,
    mechanism: str | None,
) -> Draft:
    """Raises AccountingError if the noise would cost more than was granted."""
    plan = accounting.noise_plan(shape, dp, rho_nano=rho_nano, mechanism=mechanism)
    noisy = _draw(shape, values, plan) | _choices(shape, values, plan)
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
        noise=tuple(_statements(shape, plan)),
        findings=tuple(_findings(shape, noisy, columns, dp)),
        rho_nano=plan.rho_nano,
        delta_femto=0,
        versions=_versions(),
    )
    return Draft(shape.published, columns, record)


def _draw(shape: Shape, values: Values, plan: NoisePlan) -> dict[str, tuple[int, ...]]:
    """Noise for every vector, each within its share. The library is imported here, not before."""
    from disclosure_control.dp import mechanisms

    noisy = {}
    for vector in accounting.added(shape):
        name, sensitivity = vector.name, vector.sensitivity
        noise, cells = plan.of(name), values[name]
        if sensitivity is None:
            raise Refused(f"vector {name} has no declared sensitivity")
        draw = mechanisms.draw(
            cells, mechanism=noise.mechanism, scale=noise.scale, sensitivity=sensitivity
        )
        if draw.rho_nano > noise.rho_nano:
            raise AccountingError(f"vector {name} costs {draw.rho_nano} of {noise.rho_nano}")
        noisy[name] = draw.values
    return noisy


def _choices(shape: Shape, values: Values, plan: NoisePlan) -> dict[str, tuple[int, ...]]:
    """Bins of quantiles, each choice within its share."""
    from disclosure_control.dp import choice, mechanisms

    found = {}
    for one in selection.selections(shape):
        noise = plan.of(one.name)
        chooser = mechanisms.chooser(scale=noise.scale, moved=one.moved)
        if chooser.rho_nano > noise.rho_nano:
            raise AccountingError(f"{one.name} costs {chooser.rho_nano} of {noise.rho_nano}")
        found[one.name] = choice.chosen(
            one,
            values[one.vector.name],
            cells=shape.cells,
            reach=noise.mean_half_width,
            choose=chooser.choose,
        )
    return found


def _statements(shape: Shape, plan: NoisePlan) -> Iterator[NoiseStatement]:
    for noise in plan.vectors:
        yield _statement(noise, accounting.pure_epsilon(shape.vector(noise.vector), noise))
    for one in selection.selections(shape):
        noise = plan.of(one.name)
        yield _statement(noise, accounting.epsilon_of_choice(one, noise))


def _statement(noise: VectorNoise, epsilon: str | None) -> NoiseStatement:
    return NoiseStatement(
        vector=noise.vector,
        mechanism=noise.mechanism,
        scale=noise.scale_text,
        rho_nano=noise.rho_nano,
        epsilon=epsilon,
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
        if column.kind in QUOTIENTS:
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
    """Of two conversions, ours and the library's, the larger epsilon is claimed."""
    from disclosure_control.dp import mechanisms

    rho, delta = plan.rho_nano / accounting.NANO, accounting.CLAIM_DELTA
    epsilon = max(
        accounting.epsilon_at(rho, delta=delta), mechanisms.implied_epsilon(rho, delta=delta)
    )
    return records.dp_claim(
        shape.unit,
        rho=f"{Decimal(plan.rho_nano).scaleb(-9).normalize():f}",
        epsilon=accounting.up(epsilon),
    )


def _versions() -> tuple[tuple[str, str], ...]:
    from disclosure_control.dp import mechanisms

    return records.versions(opendp=mechanisms.library_version())
