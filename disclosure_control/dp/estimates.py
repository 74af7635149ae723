"""What is known of one cell after noise, and what is told of it?"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

Amount = int | Fraction
"""What noise leaves of a vector's integer; with totals, an estimate."""

Own = Mapping[str, Amount]
"""Of one cell, by vector."""

Interval = tuple[Fraction, Fraction]
