"""How likely is what was seen? Tail probabilities for audits that must not raise false alarms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

FALSE_ALARM = 1e-6


def binomial_tails(successes: int, *, trials: int, p: float) -> tuple[float, float]:
    """P(X <= successes) and P(X >= successes), term by term."""
    logs = [
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(p)
        + (trials - k) * math.log1p(-p)
        for k in range(trials + 1)
    ]
    terms = [math.exp(term) for term in logs]
    return math.fsum(terms[: successes + 1]), math.fsum(terms[successes:])


def clopper_pearson(successes: int, *, trials: int, alpha: float) -> tuple[float, float]:
    """The exact interval for p: both ends by bisection on the binomial tails."""
    low = _bisect(lambda p: binomial_tails(successes, trials=trials, p=p)[1] < alpha / 2)
    high = _bisect(lambda p: binomial_tails(successes, trials=trials, p=p)[0] >= alpha / 2)
    return (low if successes else 0.0), (high if successes < trials else 1.0)


def _bisect(below: Callable[[float], bool], steps: int = 40) -> float:
    low, high = 1e-12, 1 - 1e-12
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def chi_square_tail(observed: Sequence[int], expected: Sequence[float]) -> float:
    """P(chi-square >= the statistic); ``expected`` are counts that sum to those observed.

    For an even number of degrees of freedom, which the caller arranges by the number of bins.
    """
    degrees = len(observed) - 1
    if degrees % 2:
        raise ValueError("an odd number of bins is needed")
    half = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True)) / 2
    terms = [-half + k * math.log(half) - math.lgamma(k + 1) for k in range(degrees // 2)]
    return min(1.0, math.fsum(math.exp(term) for term in terms))
