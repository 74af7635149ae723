"""Which perturbation table adds so much noise and tells as little as can be?

For each count the distribution of most entropy among those that are zero on average, have the
variance asked for, stay within the largest noise, and show nothing from 1 up to the largest hidden
number (Marley and Leaver 2011; Giessing and Tent 2019). It has the form exp(a v + c v^2); a and c
are found by bisection. A variance that a small count cannot have becomes the nearest that it can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from disclosure_control.perturbation import Noise

WHOLE = 720_720  # parts of a probability: divisible by every sum of two noises up to 16
MOST = 8
STEPS = 80
STEEPEST = 40.0
RARE = 0.002  # a noise below this probability is left out


def perturbation(*, most: int, variance: float, hidden: int) -> tuple[Noise, ...]:
    """``most``: the largest noise, 1 to 8; ``hidden``: no number from 1 to this is shown.

    Raises ValueError where that cannot be.
    """
    if not 1 <= most <= MOST or not 0 <= hidden < most or not variance > 0:
        raise ValueError(f"noise is 1 to {MOST} and above the hidden numbers; variance above 0")
    last = most + hidden + bool(hidden)  # no noise leads from there to zero or a hidden number
    return tuple(
        Noise(count, noise, weight)
        for count in range(1, last + 1)
        for noise, weight in _of_count(count, most=most, variance=variance, hidden=hidden)
    )


def _of_count(count: int, *, most: int, variance: float, hidden: int) -> Iterator[tuple[int, int]]:
    noises = [
        noise
        for noise in range(-min(count, most), most + 1)
        if count + noise == 0 or count + noise > hidden
    ]
    if noises[0] >= 0:
        raise ValueError(f"a count of {count} cannot become less: allow more noise")
    shares = _of_variance(noises, variance)
    kept = [noise for noise, share in zip(noises, shares, strict=True) if share >= RARE]
    return zip(kept, _whole(kept, _of_variance(kept, variance)), strict=True)


def _of_variance(noises: Sequence[int], variance: float) -> list[float]:
    def spread(c: float) -> float:
        return _mean([noise**2 for noise in noises], _balanced(noises, c))

    return _balanced(noises, _root(lambda c: spread(c) - variance))


def _balanced(noises: Sequence[int], c: float) -> list[float]:
    """The member of the family with this c that is zero on average."""

    def tilted(a: float) -> list[float]:
        return _shares([a * noise + c * noise**2 for noise in noises])

    most = max(map(abs, noises))
    return tilted(_root(lambda a: _mean(noises, tilted(a)), far=4 * STEEPEST * most))


def _root(of: Callable[[float], float], *, far: float = STEEPEST) -> float:
    """Of a function that grows; or the end that is nearest to it."""
    low, high = -far, far
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) < 0 else (low, middle)
    return (low + high) / 2


def _mean(numbers: Sequence[int], shares: Sequence[float]) -> float:
    return sum(number * share for number, share in zip(numbers, shares, strict=True))


def _shares(logarithms: Sequence[float]) -> list[float]:
    largest = max(logarithms)
    parts = [math.exp(one - largest) for one in logarithms]
    whole = sum(parts)
    return [part / whole for part in parts]


def _whole(noises: Sequence[int], shares: Sequence[float]) -> list[int]:
    """Weights that add up to the whole, with an average noise of exactly zero.

    What rounding leaves over goes to two neighbouring noises that have most to spare.
    """
    if len(noises) == 2:  # noqa: PLR2004 - two noises leave no choice
        low, high = noises
        return [WHOLE * high // (high - low), WHOLE * -low // (high - low)]
    weights = [math.floor(share * WHOLE) for share in shares]
    pairs = [at for at in range(len(noises) - 1) if noises[at + 1] - noises[at] == 1]
    if not pairs:
        raise ValueError("no two noises are neighbours: allow more noise")
    at = max(pairs, key=lambda one: min(weights[one], weights[one + 1]))
    short = WHOLE - sum(weights)
    lean = -sum(noise * weight for noise, weight in zip(noises, weights, strict=True))
    upper = lean - short * noises[at]
    weights[at] += short - upper
    weights[at + 1] += upper
    return weights
