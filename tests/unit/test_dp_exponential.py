"""Is every choice the one that the law of the exponential mechanism has for this uniform number?"""

from __future__ import annotations

from collections import Counter
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from disclosure_control.dp import exponential, mechanisms
from disclosure_control.dp.audit.chance import FALSE_ALARM, chi_square_tail

DIGITS = 120

rows = st.lists(st.integers(-(10**6), 10**6) | st.integers(-40, 40), min_size=1, max_size=40)
sizes = st.floats(1e-3, 1e7) | st.sampled_from([1e-9, 0.5, 1.0, 1e17])
words = st.integers(0, 2**64 - 1)


def ends(numbers: list[int], scale: float) -> list[Fraction]:
    """Of the law: the probability of each place or one before it, to a hundred digits."""
    with localcontext(Context(prec=DIGITS)):
        weights = [((min(numbers) - one) / Decimal(scale)).exp() for one in numbers]
        upto = list(accumulate(weights))
        return [Fraction(one / upto[-1]) for one in upto]


def told(numbers: list[int], scale: float, words: list[int], monkeypatch) -> int:
    """What is chosen if the words of the uniform number are these, then 0 for ever."""
    first, *rest = words
    with monkeypatch.context() as patched:
        patched.setattr(exponential.secrets, "token_bytes", lambda _: first.to_bytes(8, "little"))
        later = iter(rest)
        patched.setattr(exponential.secrets, "randbits", lambda _: next(later, 0))
        (place,) = exponential.places(np.array([numbers]), scale=scale)
        return place


@settings(deadline=None)
@given(rows, sizes, words)
@example([0] * 7, 1.0, 0)
@example([0, 0], 1.0, 2**63)  # U is a half, and a half is the second's
@example([5, 0, 5], 1e-9, 2**64 - 1)
def test_a_choice_is_where_the_law_has_this_number(numbers, scale, word):
    monkeypatch = pytest.MonkeyPatch()
    place = told(numbers, scale, [word, 1], monkeypatch)
    at = (Fraction(word) + Fraction(1, 2**64)) / 2**64
    law = ends(numbers, scale)
    expected = next(at_place for at_place, end in enumerate(law) if at < end)
    assert place == expected


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("scale", [0.7, 3.0, 250.0])
def test_next_to_a_boundary_further_bits_decide(monkeypatch, place, scale):
    """Both sides of each boundary, to 128 bits and to 64 where floats cannot tell."""
    numbers = [3, 0, 1, 8, 2]
    boundary = ends(numbers, scale)[place]
    at = int(boundary * 2**128)
    for bits, more in ((at - 1, []), (at + 1, []), (at, [0]), (at, [2**64 - 1])):
        high, low = divmod(bits, 2**64)
        exact = Fraction(bits, 2**128) + (Fraction(more[0], 2**192) if more else 0)
        expected = place if exact < boundary else place + 1
        assert told(numbers, scale, [high, low, *more], monkeypatch) == expected


def test_floats_leave_open_what_is_near_a_boundary_and_little_else():
    apart = np.array([[3, 0, 1, 8, 2]])
    boundary = ends([3, 0, 1, 8, 2], 3.0)[1]
    near = int(boundary * 2**64)
    for off, sure in ((0, False), (1, False), (-1, False), (2**30, True), (-(2**30), True)):
        drawn = np.array([near + off], dtype=np.uint64)
        assert exponential._nearly(apart, drawn, scale=3.0)[1].tolist() == [sure]


@pytest.mark.parametrize("scale", [1e-3, 0.5, 7.0, 1e4, 1e12])
def test_weights_in_floats_are_as_exact_as_is_argued(scale):
    source = np.random.default_rng(7)
    apart = source.integers(0, max(2, int(min(40 * scale, 2**61))), size=(1, 500))
    apart[0, :3] = (0, 1, 2**62)
    weights = exponential._weights(apart, scale)[0]
    with localcontext(Context(prec=DIGITS)):
        for gap, weight in zip(apart[0].tolist(), weights.tolist(), strict=True):
            exponent = gap / Decimal(scale)
            law = (-exponent).exp() if exponent < 10_000 else Decimal(0)
            assert abs(Decimal(weight) - law) <= law * 21 * Decimal(2) ** -53 + Decimal(2) ** -1018


def test_most_choices_of_many_bins_need_no_further_bits():
    apart = np.abs(np.arange(2**14) - 2**13)[None, :].repeat(200, axis=0)
    drawn = np.random.default_rng(3).integers(0, 2**64, 200, dtype=np.uint64)
    assert exponential._nearly(apart, drawn, scale=900.0)[1].all()


def test_the_library_draws_by_the_same_law():
    """OpenDP's noisy minimum on the same numbers, whose cost is what is charged."""
    numbers, scale, draws = [12, 3, 0, 0, 5, 30, 8], 7.0, 20_000
    library = mechanisms._noisy_min(scale)
    theirs = Counter(library(numbers) for _ in range(draws))
    law = [float(end) for end in ends(numbers, scale)]
    shares = [end - before for end, before in zip(law, [0.0, *law], strict=False)]
    observed = [theirs[place] for place in range(len(numbers))]
    assert chi_square_tail(observed, [draws * share for share in shares]) > FALSE_ALARM


def test_rows_are_drawn_apart():
    same = np.zeros((64, 2**16), dtype=np.int64)
    assert len(set(exponential.places(same, scale=1.0))) > 60
