"""Are keys that nobody declared told as seldom as is claimed? Judged from outputs alone.

The sister of ``door``, for a table by unknown keys. The record states a delta, a threshold and the
scale of the noise. A key of one unit alone is told where 1 + noise reaches the threshold: by the
law of that noise, worked out here once more, this must have at most the probability delta. That
rare event cannot be counted; so keys with as many units as the threshold says are, which are told
about every second time, exactly as often as the law says: then telling follows the noisy number,
the threshold as stated, and noise of the scale that is stated. Keys that nobody has are never told,
and what is told of a key is the number by which it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.audit.door import NOISY, RHO_NANO, RULES, Door
from disclosure_control.policy import Mechanism
from disclosure_control.protect import NoiseGrant
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Protected,
    Published,
    Sensitivity,
    Shape,
    Unprotected,
    Vector,
)

KEYS = 8_000  # a fifth too little noise is missed less than once in a million audits
DELTA_FEMTO = 10**6
TELLING = replace(NOISY, dp=replace(RULES, key_delta_femto=DELTA_FEMTO))
ONE = Sensitivity(1, 1, 1, 1)
OFFSETS = (-8, 0, 8)  # from the threshold, of keys that are counted: where scales differ most
FAR_TAIL = 40  # scales, beyond which nothing is added up


def audit_keys(door: Door, *, mechanism: str) -> Iterator[str]:
    """What is wrong with the door, the cheaper checks first."""
    table = let_out(door, [0] * KEYS, mechanism)
    (axis,) = table.axes
    if axis.labels:
        yield "keys that nobody has"
    least, delta = stated(table)
    (noise,) = table.record.noise
    scale = float(noise.scale)
    if at_least(least - 1, mechanism, scale) > delta * (1 + 1e-9):
        yield "delta"
    for offset in OFFSETS:
        units = least + offset
        told = let_out(door, [units] * KEYS, mechanism)
        yield from _told_as_often(told, at_least(-offset, mechanism, scale))
        if any(cell.value is not None and cell.value < least for cell in told.columns[0]):
            yield "another number than that by which a key is told"


def shape() -> Shape:
    axis = Axis("key", tuple(map(str, range(KEYS))), unknown=True)
    vector = Vector("units", Counting.UNITS, 1, 10**9, ONE)
    return Shape("person", (axis,), (vector,), (Published("n", "N", Kind.UNITS, "units", None, 0),))


def let_out(door: Door, units: list[int], mechanism: str) -> Protected:
    table = Unprotected(shape(), {"units": tuple(units)}, tuple(f"key {at}" for at in range(KEYS)))
    return door(table, policy=TELLING, grant=NoiseGrant(RHO_NANO, mechanism))


def stated(table: Protected) -> tuple[int, float]:
    """The threshold and the delta, by the record."""
    (told,) = [one for one in table.record.findings if one.rule == "unknown-key-threshold"]
    least = math.floor(Decimal(told.threshold.rpartition(" ")[2]))
    return least, table.record.delta_femto / 1e15


def at_least(bound: int, mechanism: str, scale: float) -> float:
    """P(noise >= bound), term by term."""
    reach = int(FAR_TAIL * scale) + abs(bound)
    weights = [_weight(k, mechanism, scale) for k in range(-reach, reach + 1)]
    return math.fsum(weights[bound + reach :]) / math.fsum(weights)


def _weight(k: int, mechanism: str, scale: float) -> float:
    if mechanism == Mechanism.LAPLACE:
        return math.exp(-abs(k) / scale)
    return math.exp(-k * k / (2 * scale * scale))


def _told_as_often(table: Protected, chance: float) -> Iterator[str]:
    seen = len(table.axes[0].labels)
    if min(binomial_tails(seen, trials=KEYS, p=chance)) < FALSE_ALARM:
        yield "how often keys are told"
