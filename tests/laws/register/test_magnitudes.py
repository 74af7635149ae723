"""Sums of two tables whose difference is one contributor, and differences that are not."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure_control.sdc.register import magnitudes, pairs
from disclosure_control.sdc.register.partitions import partition
from tests.small_tables import SDC_RULES

FIRMS = 400
SECTOR = np.repeat([1, 2, 3, 4], 100)


def without(firms) -> np.ndarray:
    """The same table without some firms."""
    labels = SECTOR.copy()
    labels[firms] = 0
    return labels


def rules_broken(firms, values) -> set[str]:
    found = magnitudes.dominated(
        partition(without(firms)), partition(SECTOR), values, rules=SDC_RULES
    )
    return {one.rule for one in found}


def test_the_difference_of_two_sums_that_is_mostly_one_firm():
    """Twenty firms are enough to be counted; one of them has nearly all that they sell."""
    twenty = np.arange(100, 120)
    even = np.full(FIRMS, 1000)
    one_large = even.copy()
    one_large[105] = 10**7
    counts = pairs.contingency(partition(without(twenty)), partition(SECTOR))
    assert pairs.smallest(counts, threshold=SDC_RULES.threshold) is None, "counts may leave"
    assert rules_broken(twenty, even) == set()
    assert rules_broken(twenty, one_large) == {"p-ratio"}


def test_two_large_firms_of_a_difference_know_each_other():
    twenty = np.arange(100, 120)
    two_large = np.full(FIRMS, 1000)
    two_large[[105, 110]] = 10**5
    assert rules_broken(twenty, two_large) == {"nk-dominance"}


def test_a_difference_of_few_firms_is_small_whatever_they_sell():
    assert rules_broken(np.arange(100, 104), np.full(FIRMS, 1000)) == {"minimum-threshold"}


@pytest.mark.parametrize("sign", [1, -1])
def test_values_of_opposite_sign_hide_no_large_one(sign):
    twenty = np.arange(100, 120)
    values = np.full(FIRMS, 10)
    values[105] = sign * 10**6
    assert rules_broken(twenty, values) == {"p-ratio"}


def test_differences_beyond_three_times_the_threshold_are_not_looked_at():
    """Said, not hidden: larger groups are the checkers' to judge."""
    forty = np.arange(100, 140)
    one_large = np.full(FIRMS, 1000)
    one_large[105] = 10**7
    assert rules_broken(forty, one_large) == set()
