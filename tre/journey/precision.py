"""How precise will each published column be? In numbers and in words, before spending."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from disclosure_control.tables import Kind

if TYPE_CHECKING:
    from disclosure_control.policy import Policy
    from disclosure_control.tables import Published
    from tre.journey.priced import Quote

EXAMPLES = (100, 1000)  # sizes of a cell for which the precision of a mean is told


@dataclass(frozen=True, slots=True)
class ColumnPrecision:
    """``half_width`` is 95 % for one cell, ``joint`` for all cells at once; None where exact.

    A mean is as precise as its cell is large: ``at_sizes`` gives (rows in the cell, half-width).
    """

    title: str
    kind: str
    half_width: Decimal | None
    joint: Decimal | None
    at_sizes: tuple[tuple[int, Decimal], ...]
    words: str


def threshold(policy: Policy) -> int:
    rules = policy.dp or policy.sdc
    return 0 if rules is None else rules.threshold


def epsilon(rho_nano: int) -> Decimal | None:
    """The epsilon of a pure mechanism of this cost: rho = epsilon squared / 2."""
    if rho_nano == 0:
        return None
    return (Decimal(2 * rho_nano) / 10**9).sqrt().quantize(Decimal("0.001"), ROUND_CEILING)


def columns(quote: Quote) -> tuple[ColumnPrecision, ...]:
    return tuple(_column(quote, column) for column in quote.plan.shape.published)


def _column(quote: Quote, column: Published) -> ColumnPrecision:
    if quote.noise is None:
        return ColumnPrecision(
            column.title, column.kind.value, None, None, (), "Exact where it is not hidden."
        )
    if column.kind is Kind.MEAN:
        return _mean(quote, column)
    name = column.count if column.total is None else column.total
    half = _rounded(quote, name, column.decimals, joint=False)
    joint = _rounded(quote, name, column.decimals, joint=True)
    return ColumnPrecision(
        column.title,
        column.kind.value,
        half,
        joint,
        (),
        f"Within ± {half} of the bounded value in 95 % of cells; all cells within ± {joint}.",
    )


def _mean(quote: Quote, column: Published) -> ColumnPrecision:
    total = _half_width(quote, column.total or column.count, joint=False)
    at_sizes = tuple((size, _ceiling(total / size, column.decimals)) for size in EXAMPLES)
    told = ", ".join(f"± {half} in a cell of {size}" for size, half in at_sizes)
    return ColumnPrecision(
        column.title, column.kind.value, None, None, at_sizes, f"The larger the better: {told}."
    )


def _rounded(quote: Quote, name: str, decimals: int, *, joint: bool) -> Decimal:
    return _ceiling(_half_width(quote, name, joint=joint), decimals)


def _half_width(quote: Quote, name: str, *, joint: bool) -> Decimal:
    vector = quote.plan.shape.vector(name)
    noise = quote.noise.of(name)  # type: ignore[union-attr]
    integer = noise.joint_half_width if joint else noise.half_width
    return Decimal(integer) / vector.scale


def _ceiling(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_CEILING)
