"""Which of some integers is nearly the least? Exact draws of the exponential mechanism.

Place i of a row is drawn with a probability proportional to  w(i) = exp(-(number(i) - least) / s)
(McSherry and Talwar 2007), by inversion: the first place whose weights up to it exceed U times all
of them, for one uniform U of [0, 1).

**Why no rounding changes a probability** (what made Mironov's attack of 2012 possible). U is a real
number of which as many bits are drawn as are needed, and the place is a function of it. It is told
first by 64 bits and by weights in floats. Each is a product of at most 11 rounded factors, so that
it is off by 21 * 2**-53 of itself, or by 2**-1018 where it is too small for a float; adding n of
them is off by n * 2**-53 of the sum; a threshold is off by as much, and by 2**-52 of itself. Where
U is further than all of that from both boundaries of a place, no further bit could change it.
Elsewhere, about once in 10**9 draws, weights and U are told more exactly, in integers with bounds
on both sides, until they decide.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from decimal import Context, Decimal, localcontext
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

WORD = 64  # bits of U that are drawn at once
DIGIT = 6  # bits of a distance that one factor stands for
DISTANCE = 63  # bits of the largest distance
NOTHING = 800  # exp of less than minus this is no float
PRECISE = 50  # decimal digits of a factor, before it is rounded to a float


def places(rows: Integers, *, scale: float) -> tuple[int, ...]:
    """One for each row, independent of each other.

    Parameters
    ----------
    rows
        Shape (choices, places), below 2**62 in size.
    scale
        Of the distances: positive and finite.
    """
    apart = rows - rows.min(axis=1, keepdims=True)
    drawn = np.frombuffer(secrets.token_bytes(WORD // 8 * len(rows)), dtype=np.uint64)
    found, sure = _nearly(apart, drawn, scale=scale)
    for row in np.flatnonzero(~sure):
        found[row] = exactly(apart[row].tolist(), int(drawn[row]), scale=scale)
    return tuple(found.tolist())


def _nearly(
    apart: Integers, drawn: NDArray[np.uint64], *, scale: float
) -> tuple[Integers, NDArray[np.bool_]]:
    """In floats: the places, and which of them no further bit could change."""
    upto = np.cumsum(_weights(apart, scale), axis=1)
    every = upto[:, -1]
    threshold = drawn.astype(np.float64) * 2.0**-WORD * every
    margin = every * (apart.shape[1] + 256) * 2.0**-51
    found: Integers = (upto <= threshold[:, None]).sum(axis=1, dtype=np.int64)
    last = apart.shape[1] - 1
    at = np.arange(len(apart))
    above = upto[at, np.minimum(found, last)] - threshold
    below = np.where(found > 0, threshold - upto[at, found - 1], np.inf)
    return found, (found <= last) & (above > margin) & (below > margin)


def _weights(apart: Integers, scale: float) -> Floats:
    tables = _factors(scale)
    rest = np.minimum(apart, 2 ** min(DIGIT * len(tables), DISTANCE) - 1)
    weights = np.ones(apart.shape)
    for table in tables:
        weights *= table[rest & (2**DIGIT - 1)]
        rest >>= DIGIT
    return weights


@lru_cache(maxsize=64)
def _factors(scale: float) -> tuple[Floats, ...]:
    """exp(-digit / scale) of every digit of a distance, up to those whose weight is no float."""
    with localcontext(Context(prec=PRECISE)):
        exact, tables, step = Decimal(scale), [], 1
        while step <= NOTHING * exact and step < 2**DISTANCE:
            tables.append(np.array([float(_power(at * step, exact)) for at in range(2**DIGIT)]))
            step *= 2**DIGIT
    return tuple(tables) or (np.array([1.0] + [0.0] * (2**DIGIT - 1)),)


def _power(apart: int, scale: Decimal) -> Decimal:
    exponent = apart / scale
    return Decimal(0) if exponent > NOTHING else (-exponent).exp()


def exactly(apart: list[int], drawn: int, *, scale: float) -> int:
    """The place of a U that begins with the 64 bits of ``drawn``; further ones are drawn here."""
    bits = WORD
    while (place := _told(apart, drawn, bits, scale)) is None:
        drawn = drawn << WORD | secrets.randbits(WORD)
        bits += WORD
    return place


def _told(apart: list[int], drawn: int, bits: int, scale: float) -> int | None:
    """None where this many bits do not tell. Weights are in units of 2**-bits, U lies in a unit."""
    low, high = zip(*_bounds(apart, bits, scale), strict=True)
    least, most = list(accumulate(low)), list(accumulate(high))
    from_, to = drawn * least[-1], (drawn + 1) * most[-1]
    for place, end in enumerate(least):
        if end << bits >= to:
            begins = most[place - 1] << bits if place else 0
            return place if begins <= from_ else None
    return None


def _bounds(apart: list[int], bits: int, scale: float) -> Iterator[tuple[int, int]]:
    """Between which whole numbers each weight is: Decimal's exp is rightly rounded."""
    digits = bits // 3 + 30  # more than bits * log10(2), and for the size of the exponent
    with localcontext(Context(prec=digits)):
        unit, exact = Decimal(2**bits), Decimal(scale)
        for one in apart:
            exponent = one / exact
            about = int((-exponent).exp() * unit) if exponent < bits else 0
            yield max(0, about - 1), about + 2
