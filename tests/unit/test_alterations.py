"""Rules that alter counts: what they promise is computed, and weak ones are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import product

import pytest

from disclosure_control import policy as policies
from disclosure_control.alterations import (
    Alteration,
    Method,
    behind,
    faults,
    fewest_behind,
    possible,
    stands_for,
)
from disclosure_control.entropy import WHOLE, perturbation
from disclosure_control.errors import PolicyInvalid
from disclosure_control.perturbation import Noise, NotAPerturbationTable, from_csv, to_csv
from disclosure_control.strength import promises
from tests.small_tables import EXACT, SDC_RULES

TABLE = perturbation(most=5, variance=2.0, hidden=2)
PERTURBED = Alteration(Method.CELL_KEY, table=TABLE, hides_small=False)
RULES = """
version: 1
track: sdc
max_cells: 100
checkers: 2
sdc:
  threshold: 10
  dominance_n: 2
  dominance_k: 0.9
  p_ratio: 0.1
"""


@pytest.mark.parametrize(
    ("method", "base", "shown"),
    [
        (Method.NEAREST, 5, [0, 0, 0, 5, 5, 5, 5, 5, 10]),
        (Method.NEAREST, 6, [0, 0, 0, 6, 6, 6, 6, 6, 6]),
        (Method.MIDPOINT, 6, [0, 3, 3, 3, 3, 3, 3, 9, 9]),
    ],
)
def test_rounding_by_hand(method, base, shown):
    rule = Alteration(method, base=base)
    assert [possible(rule, count) for count in range(9)] == [{one} for one in shown]


@pytest.mark.parametrize(
    ("rule", "number", "left"),
    [
        (Alteration(Method.NEAREST, base=3), 9, 1),  # of 8, 9, 10 only 10 is not hidden
        (Alteration(Method.RANDOM, base=3), 9, 2),
        (Alteration(Method.NEAREST, base=5), 10, 3),
        (Alteration(Method.MIDPOINT, base=6), 9, 3),
        (Alteration(Method.MIDPOINT, base=6, hides_small=False), 3, 6),
        (Alteration(Method.RANDOM, base=3, hides_small=False), 3, 5),
        (replace(PERTURBED, hides_small=True), 6, 1),
    ],
)
def test_the_fewest_true_counts_behind_a_number_are_computed(rule, number, left):
    assert fewest_behind(rule, threshold=10) == (number, left)


@pytest.mark.parametrize("method", [Method.NEAREST, Method.RANDOM, Method.MIDPOINT])
@pytest.mark.parametrize("base", [4, 6, 10])
def test_the_least_and_most_behind_a_number_are_those_of_its_rule(method, base):
    rule = Alteration(method, base=base, hides_small=False)
    for number, counts in stands_for(rule, above=60).items():
        assert behind(rule, number) == (min(counts), max(counts))


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (Alteration(Method.NEAREST, base=3), "a shown 9 could stand for 1 true count only"),
        (Alteration(Method.NEAREST, base=2), "base must be"),
        (Alteration(Method.MIDPOINT, base=5), "base must be"),
        (Alteration(Method.NEAREST, base=5, fewest=2), "fewest must be 3 or more"),
        (Alteration(Method.NEAREST, base=5, fewest=4), "a shown 10 could stand for 3 true counts"),
        (Alteration(Method.MIDPOINT, base=6, hides_small=False), "a shown 0 would be certain"),
        (Alteration(Method.CELL_KEY), "table belongs to cell_key"),
        (Alteration(Method.RANDOM, base=5, table=TABLE), "table belongs to cell_key"),
        (replace(PERTURBED, hides_small=True), "a shown 6 could stand for 1 true count only"),
    ],
)
def test_a_weak_or_malformed_rule_is_refused(rule, fault):
    assert fault in faults(rule, threshold=10, structural_zeros=False)[0]
    weak = replace(EXACT, sdc=replace(SDC_RULES, counts=rule))
    assert policies.validate_policy(weak)[0].startswith("sdc.counts: ")


def test_a_fallback_is_judged_too_and_replaces_nothing_where_all_counts_are_altered():
    weak = replace(EXACT, sdc=replace(SDC_RULES, fallback=Alteration(Method.NEAREST, base=3)))
    assert policies.validate_policy(weak)[0].startswith("sdc.fallback: a shown 9")
    fine = Alteration(Method.NEAREST, base=5)
    both = replace(EXACT, sdc=replace(SDC_RULES, counts=fine, fallback=fine))
    assert "nothing to replace" in policies.validate_policy(both)[0]


SIZES = [(m, v, h) for m, v, h in product((1, 2, 3, 5, 8), (0.4, 1.0, 2.0, 6.0), range(4)) if h < m]


@pytest.mark.parametrize(("most", "variance", "hidden"), SIZES)
def test_made_tables_are_unbiased_to_the_last_part(most, variance, hidden):
    try:
        table = perturbation(most=most, variance=variance, hidden=hidden)
    except ValueError:
        assert hidden > most // 2, "only much hiding with little noise has no answer"
        return
    for count in {one.count for one in table}:
        lines = [one for one in table if one.count == count]
        assert sum(one.weight for one in lines) == WHOLE
        assert sum(one.weight * one.noise for one in lines) == 0
        assert all(abs(one.noise) <= most for one in lines)
        assert not {count + one.noise for one in lines} & set(range(1, hidden + 1))
    last = [one for one in table if one.count == table[-1].count]
    spread = sum(one.weight * one.noise**2 for one in last) / WHOLE
    assert spread == pytest.approx(min(variance, most**2), rel=0.02)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "begins with"),
        ("count,noise\n1,2\n", "begins with"),
        ("count,noise,weight\n1,-1\n", "line 2"),
        ("count,noise,weight\n1,-1,x\n", "line 2"),
        ("count,noise,weight\n1,-1,1.5\n", "line 2"),
        ("count,noise,weight\n1,-1," + "9" * 20 + "\n", "line 2"),
        ("count,noise,weight\n" + "1,0,1\n" * 6000, "at most"),
    ],
)
def test_a_file_that_is_no_table_says_where(text, fault):
    with pytest.raises(NotAPerturbationTable, match=fault):
        from_csv(text)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([Noise(2, 0, 1)], "1, 2, 3"),
        ([Noise(1, -1, 1), Noise(1, 2, 1)], "biased"),
        ([Noise(1, -2, 1), Noise(1, 2, 1)], "below zero"),
        ([Noise(1, -1, 0), Noise(1, 1, 1)], "weights"),
        ([Noise(1, 1, 1), Noise(1, -1, 1)], "in order"),
        ([Noise(1, 0, 1)], "never moved"),
        ([Noise(1, -1, 60), Noise(1, 60, 1)], "at most 50"),
    ],
)
def test_a_table_that_is_not_fit_is_refused(lines, fault):
    rule = Alteration(Method.CELL_KEY, table=tuple(lines), hides_small=False)
    assert fault in " ".join(faults(rule, threshold=10, structural_zeros=True))


def test_a_policy_names_a_file_and_keeps_its_content():
    text = RULES + "  counts: {method: cell_key, table: mine.csv, hides_small: false}\n"
    read = policies.from_yaml(text, file={"mine.csv": to_csv(TABLE)}.__getitem__)
    assert read.sdc.counts == PERTURBED
    assert policies.from_json(policies.to_json(read)) == read
    other = to_csv(perturbation(most=5, variance=3.0, hidden=2))
    changed = policies.from_yaml(text, file={"mine.csv": other}.__getitem__)
    assert policies.policy_hash(read) != policies.policy_hash(changed)

    def absent(name: str) -> str:
        raise FileNotFoundError(name)

    for file, fault in ((None, "beside a policy file"), (absent, "no such text file")):
        with pytest.raises(PolicyInvalid) as refused:
            policies.from_yaml(text, file=file)
        assert fault in refused.value.faults[0]
    with pytest.raises(PolicyInvalid) as refused:
        policies.from_yaml(text, file=lambda _: "nonsense")
    assert refused.value.faults[0].startswith("mine.csv: a perturbation table begins")


def test_nobody_but_the_owner_sees_a_perturbation_table():
    read = replace(EXACT, sdc=replace(SDC_RULES, counts=PERTURBED))
    shown = policies.for_everybody(json.loads(policies.to_json(read)))
    assert "weight" not in json.dumps(shown)
    assert shown["sdc"]["counts"]["table"] == "counts.csv"
    assert from_csv(policies.table_called("counts.csv", of=read)) == TABLE
    for name in ("fallback.csv", "other.csv"):
        with pytest.raises(ValueError, match=name):
            policies.table_called(name, of=read)


def test_policies_without_alterations_keep_their_hash():
    text = policies.to_json(EXACT)
    for word in ("counts", "fallback", "costs"):
        assert word not in text


def test_promises_say_how_counts_are_shown():
    said = {
        one.title: one.value
        for one in promises(
            replace(EXACT, sdc=replace(SDC_RULES, counts=Alteration(Method.NEAREST, base=5)))
        )
    }
    assert said["How every count is shown"] == "rounded to the nearest multiple of 5"
    assert said["Fewest true values behind a published count above zero"] == "3, behind a shown 10"
    said = {
        one.title: one.value
        for one in promises(
            replace(EXACT, sdc=replace(SDC_RULES, fallback=Alteration(Method.CONTROLLED, base=5)))
        )
    }
    late = "rounded to multiples of 5 that add up; fewest true values: 5, behind a shown 10"
    assert said["Counts with totals that are not protected in time"] == late


def test_the_command_makes_a_table_that_can_be_read_again():
    command = [sys.executable, "-m", "disclosure_control", "perturbation"]
    made = subprocess.run(
        [*command, "--most", "5", "--variance", "2", "--hidden", "2"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert from_csv(made.stdout) == TABLE
    wrong = subprocess.run(
        [*command, "--most", "1", "--variance", "2", "--hidden", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2
    assert "noise is 1 to 8" in wrong.stderr
