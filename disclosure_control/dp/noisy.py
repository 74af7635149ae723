"""What does a noisy table show? Noise for every vector, then columns computed from noisy values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from decimal import Decimal

from disclosure_control import record as records
from disclosure_control.dp import accounting, keys, parts, postprocess, selection
from disclosure_control.dp.accounting import NoisePlan, VectorNoise
from disclosure_control.dp.estimates import Amount
from disclosure_control.dp.scales import NANO
from disclosure_control.dp.totals import Group, parting_of
from disclosure_control.errors import AccountingError
from disclosure_control.policy import DpRules, Policy, Track, policy_hash
from disclosure_control.record import DisclosureRecord, Finding, NoiseStatement
from disclosure_control.sdc import rules
from disclosure_control.tables import (
    QUOTIENTS,
    REGRESSIONS,
    Columns,
    Draft,
    Kind,
    Published,
    Shape,
    Status,
    Texts,
    Vector,
)

Values = Mapping[str, tuple[int, ...]]
_Draw = Callable[[Shape, Vector, tuple[int, ...], VectorNoise], tuple[Amount, ...]]

NEEDED = {
    Kind.RATIO: "noisy divisor beyond its own noise",
    Kind.LEFT_OUT: "noisy number of all, left out or not, beyond its own noise",
    **dict.fromkeys(REGRESSIONS, "noise small beside what the model is fitted to"),
}
"""What a quotient is hidden without."""


def noisy(
    shape: Shape,
    values: Values,
    *,
    texts: Texts,
    policy: Policy,
    dp: DpRules,
    rho_nano: int,
    mechanism: str | None,
) -> Draft:
    """Raises AccountingError if the noise would cost more than was granted."""
    plan = accounting.noise_plan(shape, dp, rho_nano=rho_nano, mechanism=mechanism)
    least = keys.least(shape, dp, plan)
    counts: dict[str, tuple[Amount, ...]] = {}
    if least is not None:
        shape, values, counts = _with_keys(shape, values, texts, plan=plan, least=least)
    noisy = {**_draw(shape, values, plan, but=counts), **counts, **_choices(shape, values, plan)}
    columns = postprocess.publish(shape, noisy, plan=plan, threshold=dp.threshold)
    record = DisclosureRecord(
        track=Track.DP,
        policy_hash=policy_hash(policy),
        unit=shape.unit,
        claim=_dp_claim(shape, plan, delta_femto=keys.delta_femto(shape, dp)),
        leaves_out=records.left_out(
            _leaves_out(shape),
            track=Track.DP,
            both_tracks=policy.both_tracks,
        ),
        bounds=shape.bounds,
        noise=tuple(_statements(shape, plan)),
        findings=(*_keys_told(shape, least), *_findings(shape, noisy, columns, dp)),
        rho_nano=plan.rho_nano,
        delta_femto=keys.delta_femto(shape, dp),
        versions=_versions(),
    )
    return Draft(shape.axes, shape.published, columns, record)


def _with_keys(
    shape: Shape, values: Values, texts: Texts, *, plan: NoisePlan, least: int
) -> tuple[Shape, Values, dict[str, tuple[Amount, ...]]]:
    """The table of the keys that are told, and their noisy counts, by which they were."""
    vector = keys.vector_of(shape)
    some = keys.present(shape, values[vector.name], texts)
    cells = keys.cells_of(shape, some)
    drawn = _cells(
        shape, vector, tuple(values[vector.name][at] for at in cells), plan.of(vector.name)
    )
    by_cell = dict(zip(cells, drawn, strict=True))
    told = keys.told(shape, by_cell, {at: texts[at] or "" for at in some}, least=least)
    counts = tuple(by_cell[cell] for cell in keys.cells_of(shape, told))
    narrow = keys.narrowed(shape, texts, told)
    return narrow, keys.taken(shape, values, told), {vector.name: counts}


def _leaves_out(shape: Shape) -> tuple[str, ...]:
    usual = tuple(text.format(unit=shape.unit) for text in records.DP_LEAVES_OUT)
    totals = records.NOISY_TOTALS if shape.has_totals else ()
    kinds = {one.kind for one in shape.published}
    own = [text for kind, text in records.OF_KINDS.items() if kind in kinds]
    unknown = [text.format(unit=shape.unit) for text in records.UNKNOWN_KEYS]
    return (*usual, *totals, *own, *(unknown if shape.unknown is not None else ()))


def _draw(
    shape: Shape, values: Values, plan: NoisePlan, *, but: Container[str]
) -> dict[str, tuple[Amount, ...]]:
    """Noise for every other vector, each within its share. The library is imported here."""
    draw = _with_totals if shape.has_totals else _cells
    found: dict[str, tuple[Amount, ...]] = {}
    for vector in accounting.added(shape):
        cells, noise = values[vector.name], plan.of(vector.name)
        if vector.beside is not None:
            rest = parts.rest(vector, cells, values[vector.beside])
            found |= _both(shape, vector, (cells, rest), noise, draw=draw)
        elif vector.name not in but:
            found[vector.name] = draw(shape, vector, cells, noise)
    for count in plan.counts:
        totals = accounting.telling(shape, count.vector, plan.vectors)
        found[count.vector] = parts.counted(totals, found)
    for total in parts.sums_told(shape):
        found[parts.sum_of(total)] = parts.summed(total, found)
    return found


def _both(
    shape: Shape,
    vector: Vector,
    cells: tuple[tuple[int, ...], tuple[int, ...]],
    noise: VectorNoise,
    *,
    draw: _Draw,
) -> dict[str, tuple[Amount, ...]]:
    """A total and what is left: one unit moves both together no further than the total alone."""
    names = (vector.name, parts.rest_of(vector))
    return {name: draw(shape, vector, own, noise) for name, own in zip(names, cells, strict=True)}


def _cells(
    _: Shape, vector: Vector, cells: tuple[int, ...], noise: VectorNoise
) -> tuple[Amount, ...]:
    from disclosure_control.dp import mechanisms

    if not cells:  # of a table of which no key is told
        return ()
    draw = mechanisms.draw(
        cells,
        mechanism=noise.mechanism,
        scale=noise.scale,
        sensitivity=accounting.declared(vector),
    )
    _require_within(draw.rho_nano, noise.rho_nano, of=vector.name)
    return draw.values


def _with_totals(
    shape: Shape, vector: Vector, cells: tuple[int, ...], noise: VectorNoise
) -> tuple[Amount, ...]:
    """Totals are estimated with the cells; what an engine has in their places is not read.

    What is not measured is not read either: it is 0, whatever the data.
    """
    from disclosure_control.dp import mechanisms

    parting = parting_of(shape.axes, shape.grouping_sets)
    true = parting.measured(cells)
    rows = [0] * len(true)
    costs = 0
    for group, places in parting.places(noise.groups).items():
        own = {norm: [true[at] for at in each] for norm, each in places.items()}
        draws = mechanisms.draw_group(own, group=group)
        for norm, draw in draws.items():
            for at, value in zip(places[norm], draw.values, strict=True):
                rows[at] = value
        costs += max(draw.rho_nano for draw in draws.values())
    _require_within(costs, noise.rho_nano, of=vector.name)
    return parting.estimated(rows)


def _require_within(costs: int, share: int, *, of: str) -> None:
    if costs > share:
        raise AccountingError(f"{of} costs {costs} of {share}")


def _choices(shape: Shape, values: Values, plan: NoisePlan) -> dict[str, tuple[int, ...]]:
    """Bins of quantiles, each choice within its share."""
    from disclosure_control.dp import choice, mechanisms

    found = {}
    read = {one.vector for one in selection.selections(shape)}
    counts = {one.name: choice.by_cell(values[one.name], bins=one.bins) for one in read}
    for one in selection.selections(shape):
        noise = plan.of(one.name)
        chooser = mechanisms.chooser(scale=noise.scale, moved=one.moved)
        _require_within(chooser.rho_nano, noise.rho_nano, of=one.name)
        found[one.name] = choice.chosen(
            one,
            counts[one.vector.name],
            reach=noise.mean_half_width,
            choose=chooser.choose,
        )
    return found


def _statements(shape: Shape, plan: NoisePlan) -> Iterator[NoiseStatement]:
    for noise in plan.vectors:
        vector = shape.vector(noise.vector)
        if noise.groups:
            yield from (_of_group(noise, one, beside=vector.beside) for one in noise.groups)
        else:
            pure = shape.unknown is None or vector != keys.vector_of(shape)
            epsilon = accounting.pure_epsilon(vector, noise) if pure else None
            yield _statement(noise, epsilon, beside=vector.beside)
    for one in selection.selections(shape):
        noise = plan.of(one.name)
        yield _statement(noise, accounting.epsilon_of_choice(one, noise))


def _statement(
    noise: VectorNoise, epsilon: str | None, *, beside: str | None = None
) -> NoiseStatement:
    return NoiseStatement(
        vector=noise.vector,
        mechanism=noise.mechanism,
        scale=noise.scale_text,
        rho_nano=noise.rho_nano,
        epsilon=epsilon,
        half_width=noise.half_width,
        joint_half_width=noise.joint_half_width,
        beside=beside,
    )


def _of_group(noise: VectorNoise, group: Group, *, beside: str | None) -> NoiseStatement:
    return NoiseStatement(
        vector=noise.vector,
        mechanism=noise.mechanism,
        scale=f"{Decimal(group.scale):f}",
        rho_nano=group.rho_nano,
        epsilon=None,
        half_width=noise.half_width,
        joint_half_width=noise.joint_half_width,
        levels=group.levels,
        beside=beside,
    )


def _keys_told(shape: Shape, least: int | None) -> Iterator[Finding]:
    """By public facts alone: neither how many keys are told nor how many are not."""
    if least is not None:
        yield Finding(
            rule="unknown-key-threshold",
            severity="info",
            threshold=f"noisy number of units at least {keys.units_of(shape, least):f}",
            mitigation="left out",
            cells=(),
            for_checkers=False,
            column=shape.axes[shape.unknown].name if shape.unknown is not None else "",
            statbarn=rules.STATBARN[Kind.UNITS],
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
            needed = NEEDED.get(column.kind, "noisy count beyond its own noise")
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


def _dp_claim(shape: Shape, plan: NoisePlan, *, delta_femto: int) -> str:
    """Of two conversions, ours and the library's, the larger epsilon is claimed."""
    from disclosure_control.dp import mechanisms

    rho, delta = plan.rho_nano / NANO, accounting.CLAIM_DELTA
    epsilon = max(
        accounting.epsilon_at(rho, delta=delta), mechanisms.implied_epsilon(rho, delta=delta)
    )
    return records.dp_claim(
        shape.unit,
        rho=f"{Decimal(plan.rho_nano).scaleb(-9).normalize():f}",
        epsilon=accounting.up(epsilon),
        delta=accounting.claimed_delta(delta_femto),
    )


def _versions() -> tuple[tuple[str, str], ...]:
    from disclosure_control.dp import mechanisms

    return records.versions(opendp=mechanisms.library_version())
