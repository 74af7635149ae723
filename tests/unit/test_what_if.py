"""Does a changed policy stop exactly the outputs that it would have stopped?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from disclosure_control.alterations import Alteration, Method
from disclosure_control.policy import Policy
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.strength import promises
from disclosure_control.tables import Protected
from disclosure_control.what_if import Reason, would_fail
from tests import populations
from tests.populations import COUNT, records
from tests.small_tables import (
    EXACT,
    NOISY,
    RHO_NANO,
    SDC_RULES,
    counts_table,
    exact_table,
)

LEAST = 12
EVEN = (101, 99, *(100,) * (LEAST - 2))
LARGER = (*EVEN, *(100,) * 20)


def changed(**rules: object):
    return replace(EXACT, sdc=replace(SDC_RULES, **rules))


def left(*firms, policy=EXACT):
    return protect(exact_table(*firms), policy=policy, grant=None)


def rules_of(reasons: tuple[Reason, ...]) -> set[tuple[str, str]]:
    return {(one.rule, one.column) for one in reasons}


def test_the_same_policy_stops_nothing_that_it_let_pass():
    assert would_fail(left(EVEN, LARGER, (1, 2)), EXACT, checkers=2) == ()


@pytest.mark.parametrize("threshold", range(3, 30))
def test_a_threshold_stops_what_shows_a_smaller_cell(threshold):
    """What the rules of today would hide, where it is shown, is what fails."""
    table, policy = left(EVEN, LARGER), changed(threshold=threshold)
    again = left(EVEN, LARGER, policy=policy)
    differs = again.columns != table.columns
    assert bool(would_fail(table, policy, checkers=2)) is differs is (threshold > LEAST)


@pytest.mark.parametrize("k", ["0.95", "0.90", "0.60", "0.50", "0.40"])
@pytest.mark.parametrize("p", ["0.10", "0.40", "0.60", "1.00"])
def test_dominance_stops_sums_and_means_and_no_counts(k, p):
    firms = (500, 100, *(20,) * 20)
    policy = changed(dominance_k=Decimal(k), p_ratio=Decimal(p))
    table = left(firms, policy=changed(dominance_k=Decimal("0.95"), p_ratio=Decimal("0.05")))
    hidden = [column[0].value is None for column in left(firms, policy=policy).columns]
    found = {one.column for one in would_fail(table, policy, checkers=2)}
    assert [name in found for name in ("count", "sum_rd", "mean_rd")] == hidden


def test_a_share_of_another_number_of_units_was_not_measured_and_counts_as_failing():
    found = rules_of(would_fail(left(LARGER), changed(dominance_n=1), checkers=2))
    assert found == {("nk-dominance", "sum_rd"), ("nk-dominance", "mean_rd")}


def test_a_record_that_does_not_tell_counts_as_failing():
    table = left(LARGER)
    silent = tuple(replace(one, closest="") for one in table.record.findings)
    old = replace(table, record=replace(table.record, findings=silent))
    assert ("minimum-threshold", "count") in rules_of(would_fail(old, EXACT, checkers=2))


def test_a_table_that_shows_nothing_fails_no_rule():
    assert would_fail(left((1, 2)), changed(threshold=100), checkers=2) == ()


def test_size_checkers_and_track_are_judged_too():
    table = left(EVEN, LARGER)
    assert rules_of(would_fail(table, replace(EXACT, max_cells=1), checkers=2)) == {
        ("max-cells", "")
    }
    assert rules_of(would_fail(table, EXACT, checkers=1)) == {("checkers", "")}
    assert would_fail(table, NOISY, checkers=2) == (Reason("track"),)


def test_a_noisy_output_is_judged_by_what_it_shows_and_what_it_cost():
    table = protect(counts_table((500, 40)), policy=NOISY, grant=NoiseGrant(RHO_NANO))
    shown = [int(cell.value) for cell in table.columns[0]]
    assert NOISY.dp is not None
    for threshold in (10, min(shown), min(shown) + 1):
        policy = replace(NOISY, dp=replace(NOISY.dp, threshold=threshold))
        found = would_fail(table, policy, checkers=1)
        assert bool(found) is (threshold > min(shown))
    dear = replace(NOISY, dp=replace(NOISY.dp, rho_nano_max=RHO_NANO - 1))
    assert rules_of(would_fail(table, dear, checkers=1)) == {("rho-nano-max", "")}


def test_an_answer_by_unknown_keys_needs_a_policy_that_pays_for_them():
    table = protect(counts_table((500, 40)), policy=NOISY, grant=NoiseGrant(RHO_NANO))
    told = replace(table, record=replace(table.record, delta_femto=1000))
    for delta, stopped in ((0, True), (999, True), (1000, False), (10**6, False)):
        policy = replace(NOISY, dp=replace(NOISY.dp, key_delta_femto=delta))
        found = rules_of(would_fail(told, policy, checkers=1))
        assert (("key-delta-femto", "") in found) == stopped
    promised = {one.title: one.value for one in promises(policy)}
    assert promised["Delta of a table by values that nobody declared, at most"] == "0.000000001"


def test_promises_come_from_the_rules():
    told = {one.title: one.value for one in promises(changed(threshold=15))}
    assert told["Fewest units behind a number that is shown"] == "15"
    assert told["People who must approve an output"] == "2"
    noisy = [one.value for one in promises(NOISY) if one.title.startswith("Epsilon")]
    assert len(noisy) == 2
    assert Decimal(noisy[0]) < Decimal(noisy[1])


def rounded(**rule: object) -> Policy:
    return changed(counts=Alteration(Method.NEAREST, base=5, **rule))


def counted(policy: Policy) -> Protected:
    rows = records(1, sizes=(12,), units=200)
    return protect(
        populations.table(rows, sizes=(12,), columns=(COUNT,)), policy=policy, grant=None
    )


def test_counts_as_they_are_fail_where_they_would_be_altered():
    exact = would_fail(counted(EXACT), rounded(), checkers=2)
    assert rules_of(exact) == {("nearest", "")}
    at_random = changed(counts=Alteration(Method.RANDOM, base=5))
    other = would_fail(counted(rounded()), at_random, checkers=2)
    assert rules_of(other) == {("random", "")}


def test_altered_counts_fail_where_small_ones_would_be_hidden():
    shows_small = rounded(hides_small=False)
    table = counted(shows_small)
    assert would_fail(table, shows_small, checkers=2) == ()
    assert would_fail(counted(rounded()), rounded(), checkers=2) == ()
    assert ("minimum-threshold", "count") in rules_of(would_fail(table, rounded(), checkers=2))
