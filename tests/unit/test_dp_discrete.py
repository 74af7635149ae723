"""Is all noise what the laws of its mechanisms have for the uniform numbers that were drawn?"""

from __future__ import annotations

import math
from collections import Counter
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from disclosure_control.dp import discrete, mechanisms
from disclosure_control.dp.audit.chance import FALSE_ALARM, chi_square_tail
from disclosure_control.dp.audit.logarithms import audit_logarithms
from disclosure_control.policy import Mechanism
from tests.small_tables import BOTH, ONE

DIGITS = 400
DRAWS = 40_000
WORD = 2**64

scales = st.floats(1e-3, 1e7) | st.sampled_from([1e-9, 0.5, 1.0, 1e12, 1e17, 2.0**100])
words = st.integers(0, WORD - 1) | st.integers(0, 2**50) | st.integers(1, 2**20).map(WORD.__sub__)


def exact(number: float | Fraction) -> Decimal:
    above, below = number.as_integer_ratio()
    return Decimal(above) / Decimal(below)


def logarithm(u: Fraction) -> Decimal:
    return -exact(u).ln()


def uniform(first: int, *rest: int) -> Fraction:
    """The number that begins with these words, and has a last bit far behind them."""
    number = Fraction(1, WORD ** (len(rest) + 3))
    for place, word in enumerate((first, *rest), start=1):
        number += Fraction(word, WORD**place)
    return number


def told(monkeypatch, later: tuple[int, ...]) -> None:
    """What is drawn after the first word, then 0 but for one bit at the end, as in ``uniform``."""
    following = iter((*later, 0, 1))
    monkeypatch.setattr(discrete.secrets, "randbits", lambda _: next(following, 0))


@settings(deadline=None)
@given(scales, words)
@example(1.0, 0)
@example(1.0, WORD - 1)
@example(1e-9, WORD - 1)
@example(2.0**100, 2**63)
def test_a_geometric_number_is_where_the_law_has_this_uniform_one(scale, word):
    with localcontext(Context(prec=DIGITS)), pytest.MonkeyPatch.context() as patched:
        told(patched, ())
        (found,) = discrete._geometric(np.array([word], dtype=np.uint64), scale)
        assert found == math.floor(logarithm(uniform(word)) * exact(scale))


@pytest.mark.parametrize("number", [1, 2, 7, 30])
@pytest.mark.parametrize("scale", [0.7, 3.0, 25.0])
def test_next_to_a_boundary_of_numbers_further_bits_decide(monkeypatch, number, scale):
    """Both sides of it, to 64, 128 and 192 bits."""
    with localcontext(Context(prec=DIGITS)):
        boundary = Fraction((-Decimal(number) / exact(scale)).exp())
        for words_ in beside(boundary):
            told(monkeypatch, words_[1:])
            (found,) = discrete._geometric(np.array(words_[:1], dtype=np.uint64), scale)
            assert found == math.floor(logarithm(uniform(*words_)) * exact(scale))
            assert found == (number if uniform(*words_) < boundary else number - 1)


def beside(boundary: Fraction) -> list[tuple[int, ...]]:
    """Words of numbers that differ from it in their last word alone, each time one more."""
    cases = []
    for length in (1, 2, 3):
        at = int(boundary * WORD**length)
        for near in (at - 1, at + 1):
            digits = [near >> 64 * place & (WORD - 1) for place in reversed(range(length))]
            cases.append(tuple(digits))
    return cases


def exponent(number: int, scale: float) -> Fraction:
    t = Fraction(float(int(scale) + 1))
    return (abs(number) - Fraction(scale) ** 2 / t) ** 2 / (2 * Fraction(scale) ** 2)


@settings(deadline=None)
@given(scales, words, st.integers(-60, 60), st.integers(-1, 1))
def test_a_number_is_kept_where_the_law_keeps_it(scale, word, part, more):
    number = int(part * scale / 4) + more
    with localcontext(Context(prec=DIGITS)), pytest.MonkeyPatch.context() as patched:
        told(patched, ())
        proposed = np.array([number], dtype=np.int64 if abs(number) < 2**62 else object)
        (found,) = discrete._kept(proposed, np.array([word], dtype=np.uint64), scale)
        assert found == (logarithm(uniform(word)) > exact(exponent(number, scale)))


@pytest.mark.parametrize("number", [0, 1, -4, 9])
@pytest.mark.parametrize("scale", [0.7, 3.0, 25.0])
def test_next_to_where_it_is_kept_further_bits_decide(monkeypatch, number, scale):
    with localcontext(Context(prec=DIGITS)):
        boundary = Fraction((-exact(exponent(number, scale))).exp())
        for words_ in beside(boundary):
            told(monkeypatch, words_[1:])
            first = np.array(words_[:1], dtype=np.uint64)
            (found,) = discrete._kept(np.array([number]), first, scale)
            assert found == (uniform(*words_) < boundary)


def test_the_platforms_logarithm_is_as_exact_as_is_argued():
    source = np.random.default_rng(5)
    every = source.integers(2**44, 2**64, 2_000, dtype=np.uint64)
    low = np.uint64(2) ** source.integers(44, 64, 1_000, dtype=np.uint64) + np.uint64(1)
    high = np.uint64(2**64 - 1) - source.integers(0, 2**30, 1_000, dtype=np.uint64)
    drawn = np.concatenate([every, low, high])
    with localcontext(Context(prec=60)):
        for word, found in zip(drawn.tolist(), discrete.logarithms(drawn).tolist(), strict=True):
            ends = (Fraction(word, WORD), Fraction(word + 1, WORD))
            for end in ends:
                assert abs(Decimal(found) - logarithm(end)) < Decimal(discrete.LOG_BOUND) / 2


@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0, 1e5])
def test_few_numbers_need_further_bits(monkeypatch, scale):
    asked: list[int] = []
    honest = discrete._longer
    monkeypatch.setattr(discrete, "_longer", lambda *own: asked.append(1) or honest(*own))
    beyond: list[int] = []
    whole_below, is_kept = discrete.whole_below, discrete.is_kept
    monkeypatch.setattr(discrete, "whole_below", lambda *o: beyond.append(1) or whole_below(*o))
    monkeypatch.setattr(discrete, "is_kept", lambda *own: beyond.append(1) or is_kept(*own))
    discrete.laplace(100_000, scale=scale)
    discrete.gaussian(100_000, scale=scale)
    assert len(beyond) < 20  # one of a million words is small: a half is expected
    assert asked == []


# By what comes out.

LAWS = {
    Mechanism.LAPLACE: lambda x, scale: -abs(x) / Decimal(scale),
    Mechanism.GAUSSIAN: lambda x, scale: -x * x / (2 * Decimal(scale) ** 2),
}
DRAWN = {Mechanism.LAPLACE: discrete.laplace, Mechanism.GAUSSIAN: discrete.gaussian}


def fits(numbers: list[int], kind: Mechanism, scale: float) -> float:
    """Tail probability of the observed numbers, by bins of about a thirtieth each."""
    reach = int(60 * scale) + 60
    with localcontext(Context(prec=40)):
        weights = [LAWS[kind](x, scale).exp() for x in range(-reach, reach + 1)]
        every = sum(weights)
        shares = [float(weight / every) for weight in weights]
    observed, expected, here, mass = [], [], 0, 0.0
    counted = Counter(numbers)
    for x, share in zip(range(-reach, reach + 1), shares, strict=True):
        here, mass = here + counted[x], mass + share
        if mass > 1 / 30:
            observed.append(here)
            expected.append(mass * len(numbers))
            here, mass = 0, 0.0
    if len(observed) % 2:  # the rest shall be an odd bin
        observed[-2:], expected[-2:] = [sum(observed[-2:])], [sum(expected[-2:])]
    observed.append(len(numbers) - sum(observed))
    expected.append(len(numbers) - sum(expected))
    return chi_square_tail(observed, expected)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("scale", [0.6, 1.0, 2.5, 20.0, 400.0])
def test_numbers_have_the_law_of_their_mechanism(kind, scale):
    drawn = DRAWN[Mechanism(kind)](DRAWS, scale=scale)
    assert fits(drawn.tolist(), Mechanism(kind), scale) > FALSE_ALARM


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_the_library_draws_by_the_same_law(kind, scale):
    """OpenDP's own sampler, whose cost is compared with ours."""
    measure = mechanisms.MEASUREMENTS[Mechanism(kind)](scale)
    assert fits(measure([0] * DRAWS), Mechanism(kind), scale) > FALSE_ALARM


def test_numbers_of_another_law_would_be_seen(monkeypatch):
    """Of the proposals all, and of the pair one: the test above tells these apart."""
    near = discrete.laplace(DRAWS, scale=3.0)
    assert fits(near.tolist(), Mechanism.GAUSSIAN, 2.5) < FALSE_ALARM
    alone = discrete._geometric(discrete._words(DRAWS), 2.5)
    assert fits(alone.tolist(), Mechanism.LAPLACE, 2.5) < FALSE_ALARM
    wider = discrete.gaussian(DRAWS, scale=2.5 * 1.05)
    assert fits(wider.tolist(), Mechanism.GAUSSIAN, 2.5) < FALSE_ALARM


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("scale", [2.0**50, 2.0**60, 2.0**100])
def test_noise_wider_than_any_number_is_noise_still(kind, scale):
    drawn = [int(one) for one in DRAWN[Mechanism(kind)](400, scale=scale)]
    typical = sorted(abs(one) for one in drawn)[200] / scale
    assert 0.4 < typical < 1  # ln 2 and 0.674, of 400
    assert len(set(drawn)) > 390
    noisy = mechanisms.draw((2**61,) * 400, mechanism=kind, scale=scale, sensitivity=ONE)
    assert all(-(2**63) <= one < 2**63 for one in noisy.values)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_as_many_as_are_asked_for_and_no_two_draws_alike(kind, count):
    one, other = (DRAWN[Mechanism(kind)](count, scale=1e9).tolist() for _ in range(2))
    assert len(one) == len(other) == count
    assert len(set(one) | set(other)) > 1.9 * count - 1


def test_the_audit_of_a_machine_tries_its_logarithm():
    assert list(audit_logarithms()) == []
    short = lambda words: discrete.logarithms(words).astype(np.float32).astype(np.float64)  # noqa: E731
    assert list(audit_logarithms(short)) != []
    near_one = lambda words: -np.log(words.astype(np.float32) / np.float32(2.0**64))  # noqa: E731
    assert list(audit_logarithms(near_one)) != []
