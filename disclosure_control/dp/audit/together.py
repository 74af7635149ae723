"""Do cells and totals have the noise that is claimed? Judged from outputs alone, like an auditor.

The sister of ``door``, for tables with totals: thousands of small tables of 2 by 3 cells with all
their totals, beside each other on an axis without a total. Looked at are the cost of the scales on
the record, draws that repeat, whether totals are sums, the spread of every group of differences,
and how often intervals hold. What a sound door would be accused of stays below ``FALSE_ALARM`` for
each check; with noise that is 5 % too small the spread of the smallest group is 6 standard errors
away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product

from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
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
from disclosure_control.tables import (
    Axis,
    Cell,
    Counting,
    Kind,
    Protected,
    Published,
    Shape,
    Unprotected,
    Vector,
)

TABLES = 8_000
SIZES = (2, 3)
WIDE = tuple(size + 1 for size in SIZES)  # with their totals
DIFFERENCES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((1, 1), (1, -1)),
    ((1, 1, 1), (2, -1, -1), (0, 1, -1)),
)
"""Of each axis, the sum and then the differences, at right angles to each other."""


def audit_together(door: Door) -> Iterator[str]:
    """What is wrong with the door, the cheaper checks first."""
    yield from _cost_is_at_least_the_closed_form(door)
    yield from _draws_do_not_repeat(door)
    yield from _numbers_are_as_claimed(door)


def shape(tables: int) -> Shape:
    total = (
        Axis(name, (*(f"{name} {at}" for at in range(size)), "Total"), total=True)
        for name, size in zip("ab", SIZES, strict=True)
    )
    beside = Axis("table", tuple(map(str, range(tables))))
    rows = Vector("rows", Counting.ROWS, 1, 10**9, SENSITIVITY)
    column = Published("n", "N", Kind.COUNT, "rows", None, 0)
    return Shape("person", (beside, *total), (rows,), (column,))


def let_out(door: Door, *, tables: int) -> Protected:
    inside = (all(map(int.__lt__, at, SIZES)) for at in product(*map(range, WIDE)))
    one = tuple(FAR * leaf for leaf in inside)
    table = Unprotected(shape(tables), {"rows": one * tables})
    return door(table, policy=NOISY, grant=NoiseGrant(RHO_NANO))


def _cost_is_at_least_the_closed_form(door: Door) -> Iterator[str]:
    """One unit moves one cell by MOVED, which has its part in every group."""
    record = let_out(door, tables=1).record
    parts = [(Fraction(1, size), 1 - Fraction(1, size)) for size in SIZES]
    paid = 0
    for one in record.noise:
        _, *levels = one.levels
        moved = math.prod(
            (own[level] for own, level in zip(parts, levels, strict=True)), start=Fraction(MOVED**2)
        )
        cost = moved / (2 * Fraction(Decimal(one.scale)) ** 2)
        paid += one.rho_nano
        if cost > Fraction(one.rho_nano, 10**9):
            yield "cost"
    if paid > record.rho_nano or len(record.noise) != len(parts) ** 2:
        yield "cost"


def _draws_do_not_repeat(door: Door) -> Iterator[str]:
    """Two draws of 50 tables agree everywhere with a probability below 1e-50."""
    first, second = (let_out(door, tables=50).columns for _ in range(2))
    if first == second:
        yield "repeated draw"


def _numbers_are_as_claimed(door: Door) -> Iterator[str]:
    protected = let_out(door, tables=TABLES)
    cells = protected.columns[0]
    size = math.prod(WIDE)
    tables = [cells[at : at + size] for at in range(0, len(cells), size)]
    if not all(_adds_up(table) for table in tables):
        yield "sums"
    scales = {one.levels[1:]: float(one.scale) for one in protected.record.noise}
    for levels, scale in scales.items():
        if any(_far_off(tables, rows, scale) for rows in _rows(levels)):
            yield f"spread of {levels}"
    for place, at in enumerate(product(*map(range, WIDE))):
        leaves = math.prod(1 if own < n else n for own, n in zip(at, SIZES, strict=True))
        held = sum(_holds(table[place], FAR * leaves) for table in tables)
        if binomial_tails(held, trials=TABLES, p=0.95)[0] < FALSE_ALARM:
            yield "coverage"


def _rows(levels: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """One set of coefficients for each axis."""
    each = (
        rows[1:] if level else rows[:1] for rows, level in zip(DIFFERENCES, levels, strict=True)
    )
    return product(*each)


def _far_off(
    tables: list[tuple[Cell, ...]], rows: tuple[tuple[int, ...], ...], scale: float
) -> bool:
    """The mean square of a difference, by its length, against the square of the scale."""
    first, second = rows
    length = sum(one**2 for one in first) * sum(one**2 for one in second)
    expected = FAR * sum(first) * sum(second)
    found = math.fsum((_difference(one, first, second) - expected) ** 2 for one in tables)
    error = scale**2 * math.sqrt(2 / TABLES)
    rounded = 2 * TOO_FAR  # whole numbers, each at most a few digits beside its estimate
    return abs(found / TABLES / length - scale**2) > TOO_FAR * error + rounded


def _difference(table: tuple[Cell, ...], first: tuple[int, ...], second: tuple[int, ...]) -> int:
    return sum(
        above * beside * _value(table[row * WIDE[1] + column])
        for row, above in enumerate(first)
        for column, beside in enumerate(second)
    )


def _adds_up(table: tuple[Cell, ...]) -> bool:
    grid = [
        [_value(one) for one in table[at : at + WIDE[1]]] for at in range(0, len(table), WIDE[1])
    ]
    across = all(sum(line[:-1]) == line[-1] for line in grid)
    return across and all(sum(down[:-1]) == down[-1] for down in zip(*grid, strict=True))


def _holds(cell: Cell, true: int) -> bool:
    return cell.low is not None and cell.high is not None and cell.low <= true <= cell.high


def _value(cell: Cell) -> int:
    return int(cell.value or 0)
