"""Which scale does a share buy, and what does a scale cost? In zCDP, by exact arithmetic.

Noise of scale s on what one unit moves by at most D costs  D**2 / 2 s**2  (Bun and Steinke 2016).
"""

from __future__ import annotations

import math
from fractions import Fraction

NANO = 10**9
# Scales are floats with few binary digits, so that their exact decimal text is short. What is
# lost by rounding them up is a millionth of the noise.
SCALE_BITS = 20
# The library's own cost is rounded up by a few units of the last of 53 bits: leave room for it.
SLACK = 1 - Fraction(1, 2**40)
# Noise beyond this many scales has a probability below 1e-26; the library saturates at 2**63.
ROOM_FOR_NOISE = 64
LARGEST_INTEGER = 2**63


def scale_for(squared_sensitivity: int | Fraction, *, rho_nano: int) -> float:
    """The smallest scale with few binary digits that costs at most ``rho_nano``."""
    return scale_from(Fraction(squared_sensitivity * NANO, 2 * rho_nano) / SLACK)


def scale_from(least_squared: Fraction) -> float:
    """The smallest scale with few binary digits whose square is not below this."""
    mantissa, exponent = math.frexp(math.sqrt(least_squared))
    steps = math.floor(mantissa * 2**SCALE_BITS)
    while Fraction(scale := math.ldexp(steps, exponent - SCALE_BITS)) ** 2 < least_squared:
        steps += 1
    return scale


def cost_nano(squared_sensitivity: int | Fraction, *, scale: float) -> int:
    """The zCDP charge in 1e-9, rounded up, by the closed form in exact arithmetic."""
    return math.ceil(squared_sensitivity * NANO / (2 * Fraction(scale) ** 2))
