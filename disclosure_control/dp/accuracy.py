"""How far can the noise be off? Exact half-widths from the mechanisms' own probabilities.

``half_width`` is the smallest integer h with P(|Z| > h) <= alpha for the discrete mechanism of
the given scale: h keeps the promise and h - 1 does not. Every tail is computed with 50 digits as
an interval [low, high] that holds the exact value:

* Laplace, p = exp(-1/scale): P(|Z| > h) = 2 p**(h + 1) / (1 + p), exact but for the digits.
* Gaussian, scale below 16: the series itself, cut where the rest is below 1e-45.
* Gaussian, scale from 16 on: the midpoint Euler-Maclaurin formula,
  sum over k > h of f(k) = integral of f from h + 1/2 - sum over j of c_2j f^(2j-1)(h + 1/2) + R,
  where c_2j are the coefficients of (x/2) / sinh(x/2) and |R| <= 2.002 / (2 pi)**10 times the
  integral of |f^(10)|. For f = exp(-x*x / 2 scale**2) that integral, over the normalising sum,
  is at most sqrt(10!) / scale**10 (Cauchy-Schwarz on the Hermite polynomial). The normalising
  sum is scale sqrt(2 pi) to within a factor 1 + 1e-2000 (Poisson summation).

Should alpha ever fall inside an interval, h counts as not yet enough: the promise holds, and one
integer may be given away. The intervals are so narrow that no case is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from math import factorial
from statistics import NormalDist

from disclosure_control.policy import Mechanism

DIGITS = 50
MOST_LAPLACES = 40  # of which the law of a sum is worked out
SMOOTH = 2.0  # least variance of a discrete Gaussian, for a sum of several to be one too
PLACES = 32  # at which Chernoff's bound is tried
PER_CELL = Decimal("0.05")  # 95 % for a cell
EACH_OF_TWO = Decimal("0.025")  # two quantities at 97.5 % each hold together at 95 %
EACH_OF_THREE = Decimal("0.016666")  # three at a little more than 98.33 % hold at 95 %
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
SERIES_BELOW = Decimal(16)
MIDPOINT = tuple(
    Decimal(numerator) / denominator
    for numerator, denominator in (
        (-1, 24),
        (7, 5760),
        (-31, 967680),
        (127, 154828800),
        (-73, 3503554560),
    )
)
REMAINDER = 2 * 1905 * Decimal("2.002") / (2 * PI) ** 10  # both tails; sqrt(10!) < 1905
LAST_DIGITS = Decimal("1e-40")  # of rounding in a few hundred operations with 50 digits


@dataclass(frozen=True, slots=True)
class Bracket:
    """A probability that is known to lie between two numbers."""

    low: Decimal
    high: Decimal

    def __add__(self, more: Decimal) -> Bracket:
        return Bracket(self.low + more, self.high + more)


def half_width(mechanism: str, *, scale: float, alpha: Decimal) -> int:
    """The smallest integer h with P(|Z| > h) <= alpha. Well below a millisecond at any scale."""
    return _half_width(Mechanism(mechanism), scale, alpha)


def half_width_of_sums(variance: float, *, alpha: Decimal) -> int:
    """Of noise that is a sum of discrete Gaussians, by ``totals``: the normal law, half a step on.

    The smallest such integer, or the next one.
    """
    with localcontext(Context(prec=DIGITS)):
        width = Decimal(variance).sqrt() * _quantile(alpha) + Decimal("0.5")
        return int(width.to_integral_value(ROUND_CEILING))


def half_width_of_mixture(
    mechanism: str, *, terms: Sequence[tuple[Fraction, float]], alpha: Decimal
) -> int:
    """An integer h with P(|sum of c Z| > h) <= alpha; ``terms``: c and the scale of each draw.

    By the continuous law, and as many steps c as that can differ by. A discrete Laplace is the
    difference of two whole parts of exponential numbers, within a step of the continuous one;
    of unequal ones a sum is no further from 0 than of as many of the widest. A discrete Gaussian,
    spread evenly over half a step to both sides, is nearer to 0 than the normal one, but for less
    than half a step between two whole numbers.

    Discrete Gaussians of one step, none too narrow, add up to one, as in ``totals``. Of many draws
    with little noise all those steps are too much; then by Chernoff's bound, where it is less: a
    discrete Gaussian is sub-Gaussian with the variance of the normal one (Canonne, Kamath and
    Steinke 2020), and the moments of a discrete Laplace are known.
    """
    return _of_mixture(Mechanism(mechanism), tuple(terms), alpha)


@lru_cache(maxsize=4096)
def _of_mixture(
    mechanism: Mechanism, terms: tuple[tuple[Fraction, float], ...], alpha: Decimal
) -> int:
    with localcontext(Context(prec=DIGITS)):
        steps = [_decimal(step) for step, _ in terms]
        wide = [step * Decimal(scale) for step, (_, scale) in zip(steps, terms, strict=True)]
        if mechanism is Mechanism.LAPLACE:
            found = _bound_of_laplaces(terms, alpha)
            if len(wide) <= MOST_LAPLACES:
                width = max(wide) * _quantile_of_laplaces(len(wide), alpha) + sum(steps)
                found = min(found, width)
        else:
            deviation = sum((one * one for one in wide), start=Decimal(0)).sqrt()
            width = deviation * _quantile(alpha) + sum(steps)
            found = min(width, deviation * (2 * (2 / alpha).ln()).sqrt())
            if len(set(steps)) == 1 and min(scale for _, scale in terms) ** 2 >= SMOOTH:
                variance = sum(scale**2 for _, scale in terms)
                found = min(found, steps[0] * half_width_of_sums(variance, alpha=alpha))
        return int(found.to_integral_value(ROUND_CEILING))


def _bound_of_laplaces(terms: Sequence[tuple[Fraction, float]], alpha: Decimal) -> Decimal:
    """By Chernoff's bound, at the best of some places: 2 exp(-x h) E exp(x sum) <= alpha.

    E exp(x Z) of the discrete Laplace of scale s is (1 - q)**2 / (1 - q e**x)(1 - q / e**x), with
    q = exp(-1/s), for x below 1/s.
    """
    kinds = Counter(terms)
    ends = (1 / (_decimal(step) * Decimal(scale)) for step, scale in kinds)
    end = min(ends)
    return min(
        (
            sum(
                many * _log_moment(step, scale, end * share / PLACES)
                for (step, scale), many in kinds.items()
            )
            + (2 / alpha).ln()
        )
        / (end * share / PLACES)
        for share in range(1, PLACES)
    )


def _log_moment(step: Fraction, scale: float, at: Decimal) -> Decimal:
    q, moved = (-1 / Decimal(scale)).exp(), (at * _decimal(step)).exp()
    return (1 - q).ln() * 2 - (1 - q * moved).ln() - (1 - q / moved).ln()


def _decimal(one: Fraction) -> Decimal:
    return Decimal(one.numerator) / one.denominator


@lru_cache(maxsize=256)
def _quantile_of_laplaces(number: int, alpha: Decimal) -> Decimal:
    """Where P(|sum| > y) of so many of scale 1 is alpha, by halving; from above."""
    low, high = Decimal(0), Decimal(1)
    while _tail_of_laplaces(number, high) > alpha:
        low, high = high, 2 * high
    for _ in range(2 * DIGITS):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail_of_laplaces(number, middle) > alpha else (low, middle)
    return high


def _tail_of_laplaces(number: int, beyond: Decimal) -> Decimal:
    """P(|sum| > beyond): the density is a polynomial times exp(-x), integrated term by term.

    The sum is the difference of two gamma variables; Kotz, Kozubowski and Podgorski 2001, (2.3.25).
    """
    last = number - 1
    added = Decimal(0)
    for at in range(number):
        power = last - at
        weight = Fraction(factorial(last + at), factorial(power) * factorial(at) * 2**at)
        terms = (beyond**one * factorial(power) / factorial(one) for one in range(power + 1))
        added += _decimal(weight) * sum(terms, start=Decimal(0))
    halves: int = 2**last
    return added * (-beyond).exp() / (factorial(last) * halves)


def joint_alpha(cells: int) -> Decimal:
    """The most that each of ``cells`` independent draws may fail, so that all hold at 95 %."""
    with localcontext(Context(prec=DIGITS)):
        each = ((1 - PER_CELL).ln() / cells).exp()
        return (1 - each) * (1 - LAST_DIGITS)


def tail(mechanism: str, *, scale: float, beyond: int) -> Bracket:
    """P(|Z| > beyond) for the discrete mechanism, as an interval that holds the exact value."""
    if beyond < 0:
        return Bracket(Decimal(1), Decimal(1))
    with localcontext(Context(prec=DIGITS)):
        return TAILS[Mechanism(mechanism)](Decimal(scale), beyond)


@lru_cache(maxsize=4096)
def _half_width(mechanism: Mechanism, scale: float, alpha: Decimal) -> int:
    with localcontext(Context(prec=DIGITS)):
        h = GUESSES[mechanism](Decimal(scale), alpha)
        while tail(mechanism, scale=scale, beyond=h).high > alpha:
            h += 1
        while h > 0 and tail(mechanism, scale=scale, beyond=h - 1).high <= alpha:
            h -= 1
        return h


def _laplace_tail(scale: Decimal, beyond: int) -> Bracket:
    value = 2 * (-(beyond + 1) / scale).exp() / (1 + (-1 / scale).exp())
    return _within(value, LAST_DIGITS)


def _laplace_guess(scale: Decimal, alpha: Decimal) -> int:
    needed = scale * (2 / (alpha * (1 + (-1 / scale).exp()))).ln()
    return max(0, int(needed.to_integral_value(ROUND_CEILING)) - 1)


def _gaussian_tail(scale: Decimal, beyond: int) -> Bracket:
    if scale < SERIES_BELOW:
        return _series_tail(scale, beyond)
    y = (beyond + Decimal("0.5")) / scale
    correction = _normal_density(y) * sum(
        coefficient * odd_hermite / scale ** (2 * order)
        for order, (coefficient, odd_hermite) in enumerate(
            zip(MIDPOINT, _odd_hermites(y), strict=True), start=1
        )
    )
    return _within(_normal_tail(y) + 2 * correction, REMAINDER / scale**10 + LAST_DIGITS)


def _gaussian_guess(scale: Decimal, alpha: Decimal) -> int:
    """From the normal law."""
    y = _quantile(alpha)
    return max(0, int((scale * y - Decimal("0.5")).to_integral_value(ROUND_CEILING)))


@lru_cache(maxsize=4096)
def _quantile(alpha: Decimal) -> Decimal:
    """Where P(|N| > y) is alpha: one Newton step takes 16 digits to 32, enough for any scale.

    Called within DIGITS of precision.
    """
    y = Decimal(-NormalDist().inv_cdf(float(alpha / 2)))
    return y + (_normal_tail(y) - alpha) / (2 * _normal_density(y))


def _series_tail(scale: Decimal, beyond: int) -> Bracket:
    """Sums exp(-k*k / 2 scale**2) by its own ratio; what is cut is below its last term's size."""
    ratio = (-1 / (2 * scale * scale)).exp()
    step, term, position = ratio, Decimal(1), 0
    inside, outside = Decimal(0), Decimal(0)
    while term > LAST_DIGITS / 100_000:
        weight = term if position == 0 else 2 * term
        inside, outside = (
            (inside + weight, outside) if position <= beyond else (inside, outside + weight)
        )
        term, step, position = term * step, step * ratio * ratio, position + 1
    return _within(outside / (inside + outside), LAST_DIGITS)


def _normal_tail(y: Decimal) -> Decimal:
    """P(|N| > y) of the normal law, by a series of positive terms for P(|N| <= y)."""
    term = total = y
    odd = 1
    while term > LAST_DIGITS / 1000:
        odd += 2
        term = term * y * y / odd
        total += term
    return 1 - 2 * total * _normal_density(y)


def _normal_density(y: Decimal) -> Decimal:
    return (-y * y / 2).exp() / (2 * PI).sqrt()


def _odd_hermites(y: Decimal) -> list[Decimal]:
    """The probabilists' Hermite polynomials He_1, He_3, He_5, ... at y."""
    polynomials = [Decimal(1), y]
    while len(polynomials) < 2 * len(MIDPOINT):
        degree = len(polynomials) - 1
        polynomials.append(y * polynomials[-1] - degree * polynomials[-2])
    return polynomials[1::2]


def _within(value: Decimal, error: Decimal) -> Bracket:
    return Bracket(
        (value - error).quantize(LAST_DIGITS / 10, ROUND_FLOOR),
        (value + error).quantize(LAST_DIGITS / 10, ROUND_CEILING),
    )


TAILS: dict[Mechanism, Callable[[Decimal, int], Bracket]] = {
    Mechanism.LAPLACE: _laplace_tail,
    Mechanism.GAUSSIAN: _gaussian_tail,
}
GUESSES: dict[Mechanism, Callable[[Decimal, Decimal], int]] = {
    Mechanism.LAPLACE: _laplace_guess,
    Mechanism.GAUSSIAN: _gaussian_guess,
}
