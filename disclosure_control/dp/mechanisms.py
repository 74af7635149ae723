"""Who draws the noise, and what does it cost? Discrete noise on integers, behind strict functions.

Only this file imports OpenDP, and only when noise is drawn: the import takes a second. The law of
all noise and of all choices is that of the library's mechanisms, whose own cost is compared with
ours: the larger is what counts. They are drawn by ``discrete`` and ``exponential``, exactly and in
a time that tells nothing. Scale 0 (for which the library returns the exact values), NaN, infinity
and numbers of other types are refused here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from disclosure_control.dp import accounting
from disclosure_control.dp.scales import NANO, cost_nano
from disclosure_control.dp.totals import Group, row_scale
from disclosure_control.errors import Refused
from disclosure_control.policy import Mechanism
from disclosure_control.tables import Sensitivity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

LIMIT = 2**62  # as for vectors: room for noise below 2**63
WIDEST = 2.0**100  # more noise than any number has bits
NONE = Sensitivity(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Draw:
    """Noisy integers and what they cost: the larger of the library's and our closed form."""

    values: tuple[int, ...]
    rho_nano: int


def draw(
    values: tuple[int, ...], *, mechanism: str, scale: float, sensitivity: Sensitivity
) -> Draw:
    """Adds independent noise to each value. Raises Refused for anything that is not sound."""
    _require_sound(values, mechanism=mechanism, scale=scale, sensitivity=sensitivity)
    kind = Mechanism(mechanism)
    library = LIBRARY_COSTS[kind](MEASUREMENTS[kind](scale), sensitivity)
    closed = cost_nano(accounting.squared_sensitivity(kind, sensitivity), scale=scale)
    return Draw(_noisy(values, kind, scale=scale), max(library, closed))


def draw_group(values: dict[int, list[int]], *, group: Group) -> dict[int, Draw]:
    """Noise for the numbers of one group, by the squared lengths of their coefficients.

    They cost together what each ``Draw`` says of all. Raises Refused as ``draw`` does.
    """
    moved = root_above(group.moved)
    library = math.ceil(Fraction(_gaussian(group.scale).map(moved)) * NANO)
    cost = max(library, cost_nano(group.moved, scale=group.scale))
    return {norm: Draw(_of_length(own, group, norm), cost) for norm, own in values.items()}


def _of_length(values: list[int], group: Group, norm: int) -> tuple[int, ...]:
    scale = row_scale(group, norm)
    if Fraction(scale) ** 2 < Fraction(group.scale) ** 2 * norm:
        raise Refused("mechanism: scale")
    _require_sound(tuple(values), mechanism=Mechanism.GAUSSIAN, scale=scale, sensitivity=NONE)
    return _noisy(values, Mechanism.GAUSSIAN, scale=scale)


def _noisy(values: Sequence[int], kind: Mechanism, *, scale: float) -> tuple[int, ...]:
    """Integers of 64 bits: beyond them, nearly never and whatever the values, the nearest."""
    import numpy as np

    from disclosure_control.dp import discrete

    samplers = {Mechanism.LAPLACE: discrete.laplace, Mechanism.GAUSSIAN: discrete.gaussian}
    noise = samplers[kind](len(values), scale=scale)
    noisy = np.clip(np.array(values, dtype=np.int64) + noise, -(2**63), 2**63 - 1)
    return tuple(noisy.tolist())


@dataclass(frozen=True, slots=True)
class Chooser:
    """Draws places of nearly the least integer of each row. ``rho_nano``: what all rows cost.

    No unit may move any of a row's integers by more than w(row), nor the sum of all w beyond
    ``moved``.
    """

    choose: Callable[[Rows], tuple[int, ...]]
    rho_nano: int


def chooser(*, scale: float, moved: int) -> Chooser:
    """The exponential mechanism under zCDP. Raises Refused for anything that is not sound."""
    if type(scale) is not float or not math.isfinite(scale) or scale <= 0 or moved < 1:
        raise Refused("mechanism: scale or sensitivity")
    library = math.ceil(Fraction(_noisy_min(scale).map(moved)) * NANO)
    closed = cost_nano(moved**2, scale=scale)

    def choose(rows: Rows) -> tuple[int, ...]:
        from disclosure_control.dp import exponential

        whole = getattr(rows, "dtype", None) == "int64" and rows.ndim == 2  # noqa: PLR2004
        if not whole or rows.shape[1] == 0 or _largest(rows) >= LIMIT:
            raise Refused("mechanism: values")
        return exponential.places(rows, scale=scale) if len(rows) else ()

    return Chooser(choose, max(library, closed))


def _largest(rows: Rows) -> int:
    """In size; that of the least integer has no place among its own kind."""
    return max(int(rows.max(initial=0)), -int(rows.min(initial=0)))


@lru_cache(maxsize=256)
def implied_epsilon(rho: float, *, delta: float) -> float:
    """The library's own conversion of rho-zCDP, of a Gaussian that costs as much or a bit more."""
    dp = _opendp()
    scale = math.sqrt(0.5 / rho)
    while Fraction(_gaussian(scale).map(1.0)) < Fraction(rho):
        scale = math.nextafter(scale, 0.0)
    profile = dp.c.make_zCDP_to_approxDP(_gaussian(scale)).map(1.0)
    return float(profile.epsilon(delta))


def prepare() -> None:
    """Imports the library, makes both mechanisms and draws from each once. Takes a second."""
    for kind, make in MEASUREMENTS.items():
        make(1.0)
        _noisy((0,), kind, scale=1.0)


@cache
def library_version() -> str:
    return metadata.version("opendp")


def _require_sound(
    values: tuple[int, ...], *, mechanism: str, scale: float, sensitivity: Sensitivity
) -> None:
    faults = {
        "unknown mechanism": mechanism not in list(Mechanism),
        "scale": type(scale) is not float or not 0 < scale <= WIDEST,
        "sensitivity": min(sensitivity.l1, sensitivity.l2_squared) < 0,
        "values": any(type(value) is not int or abs(value) >= LIMIT for value in values),
    }
    if found := [name for name, wrong in faults.items() if wrong]:
        raise Refused("mechanism: " + ", ".join(found))


@cache
def _opendp() -> Any:
    from opendp import prelude

    prelude.enable_features("contrib")
    return prelude


def _laplace(scale: float) -> Any:
    dp = _opendp()
    vectors = dp.vector_domain(dp.atom_domain(T="i64"))
    return dp.m.make_laplace(vectors, dp.l1_distance(T="i64"), scale=scale)


def _gaussian(scale: float) -> Any:
    """The metric is in floats, since the root of a sum of squares is not an integer."""
    dp = _opendp()
    vectors = dp.vector_domain(dp.atom_domain(T="i64"))
    return dp.m.make_gaussian(vectors, dp.l2_distance(T="f64"), scale=scale)


@cache
def _noisy_min(scale: float) -> Any:
    """Of one vector of integers, by Gumbel noise: the same law, for what it costs."""
    dp = _opendp()
    vectors = dp.vector_domain(dp.atom_domain(T="i64"))
    nearness = dp.linf_distance(T="i64")
    zcdp = dp.zero_concentrated_divergence()
    return dp.m.make_noisy_max(vectors, nearness, zcdp, scale=scale, negate=True)


def _laplace_cost(measurement: Any, sensitivity: Sensitivity) -> int:
    epsilon = Fraction(measurement.map(max(1, sensitivity.l1)))
    return math.ceil(epsilon**2 / 2 * NANO)


def _gaussian_cost(measurement: Any, sensitivity: Sensitivity) -> int:
    return math.ceil(Fraction(measurement.map(root_above(max(1, sensitivity.l2_squared)))) * NANO)


def root_above(squared: int | Fraction) -> float:
    """The square root, as a float that is not below it."""
    root = math.sqrt(squared)
    while Fraction(root) ** 2 < squared:
        root = math.nextafter(root, math.inf)
    return root


MEASUREMENTS: dict[Mechanism, Callable[[float], Any]] = {
    Mechanism.LAPLACE: _laplace,
    Mechanism.GAUSSIAN: _gaussian,
}
LIBRARY_COSTS: dict[Mechanism, Callable[[Any, Sensitivity], int]] = {
    Mechanism.LAPLACE: _laplace_cost,
    Mechanism.GAUSSIAN: _gaussian_cost,
}
