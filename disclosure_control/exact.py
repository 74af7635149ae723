"""How is an exact fraction shown with so many digits after the point? Without a float between."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

WIDE = Context(prec=100)  # no published number has that many digits

Towards = Callable[[Fraction], int]  # round (half to even), math.floor or math.ceil


def part_shown(amount: int | Fraction, scale: int, *, decimals: int) -> Decimal:
    """``amount / scale``, rounded half to even: of whole numbers without a fraction between."""
    above = amount * 10**decimals
    whole, rest = divmod(above, scale)
    if rest:
        whole = round(Fraction(above) / scale)
    return Decimal(int(whole)).scaleb(-decimals, context=WIDE)


def shown(value: Fraction, *, decimals: int, towards: Towards = round) -> Decimal:
    """``value`` with exactly ``decimals`` digits after the point."""
    above = value.numerator * 10**decimals
    whole, rest = divmod(above, value.denominator)
    if rest:
        whole = towards(Fraction(above, value.denominator))
    return Decimal(whole).scaleb(-decimals, context=WIDE)
