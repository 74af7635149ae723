"""Noise itself: exact draws of the discrete Laplace and the discrete Gaussian distribution.

P(x) is proportional to exp(-|x| / s), or to exp(-x**2 / (2 s**2)), over all integers x, for the
number s that the float ``scale`` is. Both are made of uniform real numbers U of [0, 1):

* G = floor(-s ln U) has P(G >= m) = exp(-m / s), and the difference of two of these is Laplace;
* the Gaussian is found among Laplace numbers of a scale t near s, each of which is kept with
  probability exp(-(|x| - s**2 / t)**2 / (2 s**2)) (Canonne, Kamath and Steinke 2020, for any t).

**Why no rounding changes a probability** (what made Mironov's attack of 2012 possible). U has as
many bits as are needed, and what is drawn is a function of it. It is told first by 64 bits and in
floats, whose errors have bounds: where these bits are 2**44 or more, -ln U is known up to 2**-42,
if the platform's logarithm is right to a 2**-47th of itself (it is to a 2**-52nd); the exponent of
what is kept up to 2**-46 of ((|x| + s**2 / t) / s)**2. Where a bound does not decide, 64
further bits at a time and Decimal's logarithm, which is rightly rounded, do: once in a million
draws, and more often where a scale is above a million.

**Time** does not tell what was drawn: but for those, the same steps are taken for each number, and
how many are not kept is independent of what is (Jin, McMurtry, Rubinstein and Ohrimenko 2022 read
noise from the time of samplers that walk to their number).
"""

from __future__ import annotations

import secrets
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Whole = NDArray[Any]  # of 64-bit integers; of Python's, where one of them needs more
Floats = NDArray[np.float64]

WORD = 64  # bits of U that are drawn at once
TELLING = np.uint64(2**44)  # below it the first 64 bits are too few for the bound on logarithms
LOG_BOUND = 2.0**-42
ROUNDED = 2.0**-46
INT64 = 2**63
SPARE = 1.5  # of numbers proposed for one that is kept: at least 0.46 of them are, mostly 0.76


def laplace(count: int, *, scale: float) -> Whole:
    """Shape (count,), independent. The scale is positive and finite."""
    return _geometric(_words(count), scale) - _geometric(_words(count), scale)


def gaussian(count: int, *, scale: float) -> Whole:
    """Shape (count,), independent. The scale is positive and finite."""
    kept: list[Whole] = []
    missing = count
    while missing > 0:
        proposed = laplace(int(SPARE * missing) + 8, scale=_near(scale))
        kept.append(proposed[_kept(proposed, _words(len(proposed)), scale)][:missing])
        missing -= len(kept[-1])
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _near(scale: float) -> float:
    """t: at least 1, so that small scales do not propose 0 alone."""
    return float(int(scale) + 1)


def _words(count: int) -> Words:
    return np.frombuffer(secrets.token_bytes(WORD // 8 * count), dtype=np.uint64)


def logarithms(words: Words) -> Floats:
    """-ln U up to LOG_BOUND, where the words have bits enough."""
    lengths: Floats = -np.log(np.maximum(words, TELLING).astype(np.float64) * 2.0**-WORD)
    return lengths


def _geometric(words: Words, scale: float) -> Whole:
    """floor(-scale ln U) for U that begin with these words."""
    about, margin = logarithms(words) * scale, 2 * LOG_BOUND * scale
    found = np.floor(about)
    sure = (words >= TELLING) & (about - found > margin) & (found + 1 - about > margin)
    sure &= about < 2.0**52
    whole: Whole = np.where(sure, found, 0).astype(np.int64)
    for at in np.flatnonzero(~sure):
        exact = whole_below(int(words[at]), scale)
        whole = whole if exact < INT64 // 2 else whole.astype(object)
        whole[at] = exact
    return whole


def _kept(proposed: Whole, words: Words, scale: float) -> NDArray[np.bool_]:
    """Is U below exp(-(|x| - s**2 / t)**2 / (2 s**2))?"""
    sizes, centre = np.abs(proposed).astype(np.float64), scale * (scale / _near(scale))
    exponents = ((sizes - centre) / scale) ** 2 / 2
    margin = 2 * LOG_BOUND + ROUNDED * ((sizes + centre) / scale) ** 2
    lengths = logarithms(words)
    kept: NDArray[np.bool_] = lengths > exponents
    for at in np.flatnonzero((words < TELLING) | ~(np.abs(lengths - exponents) > margin)):
        kept[at] = is_kept(int(proposed[at]), int(words[at]), scale)
    return kept


def whole_below(drawn: int, scale: float) -> int:
    """floor(-scale ln U) for a U that begins with 64 bits; further ones are drawn here."""
    bits, exact = WORD, Fraction(scale)
    while True:
        least, most = _bounds(drawn, bits)
        if most is not None and (whole := int(least * exact)) == int(most * exact):
            return whole
        drawn, bits = _longer(drawn, bits)


def is_kept(number: int, drawn: int, scale: float) -> bool:
    """Is a U that begins with 64 bits below the probability with which a number is kept?"""
    bits, squared = WORD, Fraction(scale) ** 2
    exponent = (abs(number) - squared / Fraction(_near(scale))) ** 2 / (2 * squared)
    while True:
        least, most = _bounds(drawn, bits)
        if least > exponent:
            return True
        if most is not None and most < exponent:
            return False
        drawn, bits = _longer(drawn, bits)


def _longer(drawn: int, bits: int) -> tuple[int, int]:
    return drawn << WORD | secrets.randbits(WORD), bits + WORD


def _bounds(drawn: int, bits: int) -> tuple[Fraction, Fraction | None]:
    """Between which numbers -ln U is for U of [drawn, drawn + 1] * 2**-bits; None: any."""
    context = Context(prec=bits + 20)  # U has no more digits than bits
    with localcontext(context):
        unit = Decimal(1) / Decimal(2**bits)
        full = drawn + 1 == 2**bits
        least = Fraction(0 if full else -((drawn + 1) * unit).ln().next_plus(context))
        most = Fraction(-(drawn * unit).ln().next_minus(context)) if drawn else None
    return least, most
