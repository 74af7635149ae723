"""Is the noise that leaves the noise that is claimed? Judged from outputs alone, like an auditor.

An audit is given a door (a function like ``protect``) and looks at what comes out of it: the
published tables and their records, and says what is wrong. Each check has a probability of at
most ``FALSE_ALARM`` to accuse a sound door, at a fixed number of draws, and is strong enough for
the bugs that the project's attacks plant: noise that is 5 % too small, for half of the sensitivity,
seeded, the same for all cells, or none; contributions that were not clamped; cells that are hidden
by true counts; half-widths that are one too small.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise

from disclosure_control.dp import accuracy
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails, chi_square_tail
from disclosure_control.policy import DpRules, Mechanism, Policy, Track
from disclosure_control.protect import NoiseGrant
from disclosure_control.record import NoiseStatement
from disclosure_control.tables import (
    Axis,
    Cell,
    Counting,
    Kind,
    Protected,
    Published,
    Sensitivity,
    Shape,
    Unprotected,
    Vector,
)

RHO_NANO = 20_000_000
RULES = DpRules(
    threshold=10,
    rho_nano_default=RHO_NANO,
    rho_nano_min=RHO_NANO,
    rho_nano_max=RHO_NANO,
    mechanisms=tuple(Mechanism),
    max_rows_per_unit=20,
    max_groups_per_unit=1,
)
NOISY = Policy(1, Track.DP, RULES, None, max_cells=100_000, checkers=1)
DRAWS = 40_000  # for the law of the noise: 5 % less of it is 10 standard errors away
FEWER = 4_000  # for events that a bug makes much more or less likely
FAR = 1_000_000  # a true count that no noise brings below the threshold
MOVED = 8  # what one unit may add to a cell: the noise must cover it
SENSITIVITY = Sensitivity(l0=1, l1=MOVED, l2_squared=MOVED**2, linf=MOVED)

Door = Callable[..., Protected]


def audit(door: Door, *, mechanism: str, moves: int = MOVED) -> Iterator[str]:
    """What is wrong with the door, the cheaper checks first, so that the first fault comes soon.

    ``moves`` is what one unit of the data really adds to a cell.
    """
    yield from cost_is_at_least_the_closed_form(door, mechanism)
    yield from draws_do_not_repeat(door, mechanism)
    yield from hidden_follows_the_noisy_value(door, mechanism)
    yield from neighbours_are_as_close_as_claimed(door, mechanism, moves)
    yield from noise_has_the_claimed_law(door, mechanism)


def shape(cells: int) -> Shape:
    vector = Vector("rows", Counting.ROWS, 1, 10**9, SENSITIVITY)
    axis = Axis("cell", tuple(f"cell {number}" for number in range(cells)))
    published = Published("n", "N", Kind.COUNT, "rows", None, 0)
    return Shape("person", (axis,), (vector,), (published,))


def let_out(door: Door, value: int, mechanism: str, *, cells: int) -> Protected:
    table = Unprotected(shape(cells), {"rows": (value,) * cells})
    return door(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, mechanism))


def noise_of(table: Protected, value: int) -> list[int]:
    return [int(cell.value) - value for cell in table.columns[0] if cell.value is not None]


def statement(table: Protected) -> NoiseStatement:
    (one,) = table.record.noise
    return one


def tail(one: NoiseStatement, beyond: int) -> float:
    return _tail(one.mechanism, float(one.scale), beyond)


@cache
def _tail(mechanism: str, scale: float, beyond: int) -> float:
    return float(accuracy.tail(mechanism, scale=scale, beyond=beyond).high)


def above(one: NoiseStatement, least: int) -> float:
    """P(Z >= least) of the claimed law, which is symmetric."""
    return tail(one, least - 1) / 2 if least > 0 else 1 - tail(one, -least) / 2


def cost_is_at_least_the_closed_form(door: Door, mechanism: str) -> Iterator[str]:
    """The scale on the record must pay for the declared sensitivity out of the stated charge."""
    table = let_out(door, FAR, mechanism, cells=1)
    one = statement(table)
    cost = Fraction(MOVED**2) / (2 * Fraction(Decimal(one.scale)) ** 2)
    if cost > Fraction(one.rho_nano, 10**9) or one.rho_nano > table.record.rho_nano:
        yield "cost"


def noise_has_the_claimed_law(door: Door, mechanism: str) -> Iterator[str]:
    """Stated half-widths, and then the draws: their spread, their coverage and their shape."""
    table = let_out(door, FAR, mechanism, cells=DRAWS)
    one, noise = statement(table), noise_of(table, FAR)
    per_cell = accuracy.half_width(one.mechanism, scale=float(one.scale), alpha=accuracy.PER_CELL)
    if one.half_width != per_cell or any(c.half_width != per_cell for c in table.columns[0]):
        yield "half-width"
    yield from law_faults(one, noise)


def law_faults(one: NoiseStatement, noise: list[int]) -> Iterator[str]:
    """Of so many draws: coverage of the stated half-width, spread, and shape."""
    within = sum(abs(value) <= one.half_width for value in noise)
    if unlikely(within, trials=len(noise), p=1 - tail(one, one.half_width)):
        yield "coverage"
    if abs(_spread_in_standard_errors(one, noise)) > TOO_FAR:
        yield "spread"
    if _shape_is_unlikely(one, noise):
        yield "law"


# Standard errors of a mean of 40,000: 4e-8 on both sides by the normal law, and below FALSE_ALARM
# with the skewness of |Z| (at most 2) taken into account.
TOO_FAR = 5.5


def _spread_in_standard_errors(one: NoiseStatement, noise: list[int]) -> float:
    """The mean of |Z| against its law: E|Z| and E Z*Z are sums of the exact tails."""
    tails = [tail(one, k) for k in range(4 * one.joint_half_width)]
    mean = math.fsum(tails)
    square = math.fsum((2 * k + 1) * p for k, p in enumerate(tails))
    error = math.sqrt((square - mean**2) / len(noise))
    return (math.fsum(map(abs, noise)) / len(noise) - mean) / error


def _shape_is_unlikely(one: NoiseStatement, noise: list[int]) -> bool:
    """Chi-square in about 30 bins of about equal claimed probability."""
    edges = _edges(one)
    counts = Counter(bisect_right(edges, value) for value in noise)
    reached = [1.0, *(above(one, edge) for edge in edges), 0.0]
    expected = [len(noise) * (a - b) for a, b in pairwise(reached)]
    observed = [counts[number] for number in range(len(expected))]
    return chi_square_tail(observed, expected) < FALSE_ALARM


def _edges(one: NoiseStatement, *, bins: int = 31) -> list[int]:
    """An even number of whole-numbered edges, so an odd number of bins."""
    candidates = range(-one.joint_half_width, one.joint_half_width + 1)
    edges = {
        next(c for c in candidates if above(one, c) <= 1 - wanted / bins)
        for wanted in range(1, bins)
    }
    return sorted(edges)[len(edges) % 2 :]


def unlikely(successes: int, *, trials: int, p: float) -> bool:
    return min(binomial_tails(successes, trials=trials, p=p)) < FALSE_ALARM / 2


def draws_do_not_repeat(door: Door, mechanism: str) -> Iterator[str]:
    """Two draws of 50 cells agree everywhere with a probability below 1e-50."""
    values = [noise_of(let_out(door, FAR, mechanism, cells=50), FAR) for _ in range(2)]
    if values[0] == values[1]:
        yield "repeated draw"


def hidden_follows_the_noisy_value(door: Door, mechanism: str) -> Iterator[str]:
    """Hidden as often as the claimed noise crosses the threshold, on both sides of it."""
    threshold = NOISY.dp.threshold if NOISY.dp else 0
    for value in (threshold - 3, threshold + 3):
        table = let_out(door, value, mechanism, cells=FEWER)
        shown = [cell for cell in table.columns[0] if cell.value is not None]
        p = above(statement(table), threshold - value)
        if unlikely(len(shown), trials=FEWER, p=p):
            yield "suppression"
        if any(_below(cell, threshold) for cell in shown):
            yield "shown below the threshold"


def _below(cell: Cell, threshold: int) -> bool:
    return cell.value is not None and cell.value < threshold


def neighbours_are_as_close_as_claimed(door: Door, mechanism: str, moves: int) -> Iterator[str]:
    """With one unit more, no event may become more likely than the stated charge allows.

    rho-zCDP bounds the Renyi divergence of every order a by rho a, hence for every event E
    ln P'(E) <= (a - 1)/a (ln P(E) + rho a)  for all a > 1 (data processing and Hoelder).
    The events are "the published value is at least t".
    """
    base, more = (let_out(door, FAR + add, mechanism, cells=FEWER) for add in (0, moves))
    rho = statement(base).rho_nano / 1e9
    one = statement(base)
    for quantile in (1, 2, 3):
        event = FAR + quantile * one.half_width // 2
        p, q = (sum(v + FAR >= event for v in noise_of(t, FAR)) for t in (base, more))
        most = min(1.0, (p + 10 * math.sqrt(p + 25)) / FEWER)
        allowed = min(
            math.exp((a - 1) / a * (math.log(most) + rho * a)) for a in (1.5, 2, 3, 5, 8, 12, 20)
        )
        if allowed < 1 and binomial_tails(q, trials=FEWER, p=allowed)[1] < FALSE_ALARM / 3:
            yield "neighbours"


MECHANISMS = tuple(Mechanism)
