"""Is this machine's logarithm as exact as the argument for noise without rounding needs?

Another processor can have another one: numpy chooses by what the processor can do.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from decimal import Context, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from disclosure_control.dp import discrete

NUMBERS = 3_000  # of each kind
Logarithms = Callable[[NDArray[np.uint64]], NDArray[np.float64]]


def audit_logarithms(logarithms: Logarithms = discrete.logarithms) -> Iterator[str]:
    """Yields what is wrong: at random, and towards both ends of what is told in floats."""
    found = logarithms(drawn := _words())
    bound = Decimal(discrete.LOG_BOUND)
    with localcontext(Context(prec=60)):
        unit = Decimal(2**discrete.WORD)
        for word, about in zip(drawn.tolist(), found.tolist(), strict=True):
            if any(abs(Decimal(about) + (end / unit).ln()) > bound for end in (word, word + 1)):
                yield f"the logarithm of {word}"
                return


def _words() -> NDArray[np.uint64]:
    spare = discrete.WORD - int(discrete.TELLING).bit_length()
    every = [secrets.randbits(discrete.WORD) | int(discrete.TELLING) for _ in range(NUMBERS)]
    low = [int(discrete.TELLING) << at % (spare + 1) for at in range(NUMBERS)]
    high = [2**discrete.WORD - 1 - secrets.randbits(at % 60) for at in range(NUMBERS)]
    return np.array([*every, *low, *high], dtype=np.uint64)
