"""Does one noise that tells a sum and its count pay for both? Judged from outputs alone.

The sister of ``door``. From what is published of a count and a sum, both parts of the total can be
worked out again: each must have noise of the stated law, of its own, that pays for as much as one
unit moves both parts together, and the intervals of counts must hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.audit.door import (
    DRAWS,
    MOVED,
    NOISY,
    RHO_NANO,
    SENSITIVITY,
    TOO_FAR,
    Door,
    law_faults,
)
from disclosure_control.protect import NoiseGrant
from disclosure_control.record import NoiseStatement
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

DIGITS = 3
MOST = 10**DIGITS  # the largest value, so that counts are told in whole digits
ROWS, SUM = 10**6, 10**8  # in each cell
BOTH = Sensitivity(1, MOST * MOVED, (MOST * MOVED) ** 2, MOST * MOVED)
LEAST_MISSED, MOST_MISSED = 0.04, 0.05  # of counts, by intervals of whole numbers


def audit_parts(door: Door, *, mechanism: str) -> Iterator[str]:
    """What is wrong with the door, the cheaper checks first."""
    one = _statement(let_out(door, mechanism, cells=1))
    cost = Fraction((MOST * MOVED) ** 2) / (2 * Fraction(Decimal(one.scale)) ** 2)
    if cost > Fraction(one.rho_nano, 10**9) or one.rho_nano > RHO_NANO:
        yield "cost"
    few = [noises(let_out(door, mechanism, cells=50)) for _ in range(2)]
    if few[0][0] == few[1][0] or few[0][1] == few[1][1]:
        yield "repeated draw"
    table = let_out(door, mechanism, cells=DRAWS)
    total, rest = noises(table)
    for name, noise in (("the total", total), ("what is left", rest)):
        yield from (f"{fault} of {name}" for fault in law_faults(one, noise))
    if abs(_alike(total, rest)) > TOO_FAR:
        yield "one noise for both parts"
    held = sum(_holds(cell.low, cell.high) for cell in table.columns[0])
    low, _ = binomial_tails(held, trials=DRAWS, p=1 - MOST_MISSED)
    _, high = binomial_tails(held, trials=DRAWS, p=1 - LEAST_MISSED)
    if min(low, high) < FALSE_ALARM:
        yield "coverage of counts"


def shape(cells: int) -> Shape:
    rows = Vector("rows", Counting.ROWS, 1, 10**9, SENSITIVITY)
    total = Vector(
        "total",
        Counting.TOTAL,
        1,
        10**9 * MOST,
        BOTH,
        row_bounds=(0, MOST),
        beside="rows",
    )
    axis = Axis("cell", tuple(map(str, range(cells))))
    published = (
        Published("n", "N", Kind.COUNT, "rows", None, DIGITS),
        Published("sum", "Sum", Kind.SUM, "rows", "total", 0),
    )
    return Shape("person", (axis,), (rows, total), published)


def let_out(door: Door, mechanism: str, *, cells: int) -> Protected:
    table = Unprotected(shape(cells), {"rows": (ROWS,) * cells, "total": (SUM,) * cells})
    return door(table, policy=NOISY, grant=NoiseGrant(RHO_NANO, mechanism))


def noises(table: Protected) -> tuple[list[int], list[int]]:
    """Of the total and of what is left, in each cell."""
    counts, sums = ([cell.value or Decimal(0) for cell in column] for column in table.columns)
    totals = [int(one) - SUM for one in sums]
    whole = [int(MOST * (one - ROWS)) for one in counts]
    return totals, [both - own for both, own in zip(whole, totals, strict=True)]


def _statement(table: Protected) -> NoiseStatement:
    (one,) = table.record.noise
    return one


def _alike(one: list[int], other: list[int]) -> float:
    """Their covariance, in standard errors of what it is by chance."""
    products = [a * b for a, b in zip(one, other, strict=True)]
    spread = math.sqrt(math.fsum(product**2 for product in products))
    return math.fsum(products) / spread if spread else math.inf


def _holds(low: Decimal | None, high: Decimal | None) -> bool:
    return low is not None and high is not None and low <= ROWS <= high
