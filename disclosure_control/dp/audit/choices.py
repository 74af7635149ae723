"""Are quantiles chosen with the noise that is claimed? Judged from outputs alone, like an auditor.

The sister of ``door``, for what is chosen among bins: the cost of the scale on the record, draws
that repeat, the law of the bin that is told, and how often the interval holds the quantile. What a
sound door would be accused of stays below ``FALSE_ALARM`` for each check; with noise that is 5 %
too small the mean distance is 10 standard errors away.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails, chi_square_tail
from disclosure_control.dp.audit.door import (
    FAR,
    MOVED,
    NOISY,
    RHO_NANO,
    SENSITIVITY,
    TOO_FAR,
    Door,
)
from disclosure_control.protect import NoiseGrant
from disclosure_control.record import NoiseStatement
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Protected,
    Published,
    Quantile,
    Shape,
    Unprotected,
    Vector,
)

DRAWS = 47_000  # as many as there are bins for
HISTOGRAM = (40, 25, 60, 30, 45, 35, 20, 50, 10, 70, 15)  # an odd number of bins, as ranks differ
MEDIAN = Quantile("values", 1, 2, 0, 1, len(HISTOGRAM) - 1, 1)


def audit_choices(door: Door) -> Iterator[str]:
    """What is wrong with the door, the cheaper checks first."""
    yield from _cost_is_at_least_the_closed_form(door)
    yield from _draws_do_not_repeat(door)
    yield from _bins_follow_the_claimed_law(door)


def shape(cells: int) -> Shape:
    """One unit moves a histogram by at most MOVED in all."""
    bins = len(HISTOGRAM)
    return Shape(
        "person",
        (Axis("cell", tuple(f"cell {number}" for number in range(cells))),),
        (
            Vector("rows", Counting.ROWS, 1, 10**9, SENSITIVITY),
            Vector("values", Counting.HISTOGRAM, 1, 10**9, SENSITIVITY, bins=bins),
        ),
        (Published("median", "Median", Kind.QUANTILE, "rows", None, 0, quantile=MEDIAN),),
    )


def let_out(door: Door, *, cells: int) -> Protected:
    counted = {"rows": (FAR,) * cells, "values": HISTOGRAM * cells}
    table = Unprotected(shape(cells), counted)
    return door(table, policy=NOISY, grant=NoiseGrant(RHO_NANO))


def _statements(table: Protected) -> list[NoiseStatement]:
    return [one for one in table.record.noise if one.vector != "rows"]


def _cost_is_at_least_the_closed_form(door: Door) -> Iterator[str]:
    """A unit moves ranks times two by at most MOVED, on either side of the median."""
    table = let_out(door, cells=1)
    for one in _statements(table):
        cost = Fraction(MOVED**2) / (2 * Fraction(Decimal(one.scale)) ** 2)
        if cost > Fraction(one.rho_nano, 10**9):
            yield "cost"
    if sum(one.rho_nano for one in table.record.noise) > table.record.rho_nano:
        yield "cost"


def _draws_do_not_repeat(door: Door) -> Iterator[str]:
    """Two draws of 200 cells agree everywhere with a probability below 1e-50."""
    first, second = (let_out(door, cells=200).columns for _ in range(2))
    if first == second:
        yield "repeated draw"


def _bins_follow_the_claimed_law(door: Door) -> Iterator[str]:
    """P(bin) is proportional to exp(-distance / scale); the interval holds the median at 95 %."""
    table = let_out(door, cells=DRAWS)
    (cells,) = table.columns
    statement = _statements(table)[0]
    distances = _distances()
    weights = [math.exp(-distance / float(statement.scale)) for distance in distances]
    law = [weight / sum(weights) for weight in weights]
    chosen = Counter(int(cell.value) for cell in cells if cell.value is not None)
    observed = [chosen[place] for place in range(len(HISTOGRAM))]
    if abs(_in_standard_errors(observed, distances, law)) > TOO_FAR:
        yield "spread"
    if chi_square_tail(observed, [DRAWS * one for one in law]) < FALSE_ALARM:
        yield "law"
    median = distances.index(0)
    within = sum(
        cell.low is not None and cell.high is not None and cell.low <= median <= cell.high
        for cell in cells
    )
    if binomial_tails(within, trials=DRAWS, p=0.95)[0] < FALSE_ALARM:
        yield "coverage"


def _in_standard_errors(observed: list[int], distances: list[int], law: list[float]) -> float:
    """The mean distance of what was chosen, against its law."""
    mean = math.fsum(p * distance for p, distance in zip(law, distances, strict=True))
    square = math.fsum(p * distance**2 for p, distance in zip(law, distances, strict=True))
    found = sum(n * distance for n, distance in zip(observed, distances, strict=True)) / DRAWS
    return (found - mean) / math.sqrt((square - mean**2) / DRAWS)


def _distances() -> list[int]:
    """Twice the ranks by which each bin misses the middle of all."""
    everybody = sum(HISTOGRAM)
    found, below = [], 0
    for count in HISTOGRAM:
        low, high = 2 * below, 2 * (below + count)
        found.append(max(low - everybody, everybody - high, 0))
        below += count
    return found
