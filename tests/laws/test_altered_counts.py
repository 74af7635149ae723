"""Counts that are rounded or perturbed, through the door: what may be shown, and what is not."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from itertools import product

import pytest

from disclosure_control.alterations import Alteration, Method, possible, reach
from disclosure_control.entropy import perturbation
from disclosure_control.errors import NotProtected, Refused
from disclosure_control.policy import Policy
from disclosure_control.present import to_csv, to_json
from disclosure_control.protect import protect
from disclosure_control.sdc import altered_table, complementary
from disclosure_control.sdc.drawn import Drawn, altered_counts
from disclosure_control.sdc.series import Series
from disclosure_control.tables import Evidence, Protected, Unprotected
from tests import populations as made
from tests.small_tables import EXACT, SDC_RULES

TABLE = perturbation(most=5, variance=2.0, hidden=2)
ALTERATIONS = [
    Alteration(Method.NEAREST, base=5),
    Alteration(Method.NEAREST, base=5, hides_small=False),
    Alteration(Method.RANDOM, base=3, hides_small=False),
    Alteration(Method.RANDOM, base=5),
    Alteration(Method.MIDPOINT, base=6),
    Alteration(Method.CONTROLLED, base=5),
    Alteration(Method.CONTROLLED, base=3, hides_small=False),
    Alteration(Method.CELL_KEY, table=TABLE, hides_small=False),
]
EACH = pytest.mark.parametrize(
    "alteration", ALTERATIONS, ids=lambda a: f"{a.method}-{a.base}-{a.hides_small}"
)
COUNTS = (made.COUNT, made.UNITS)
SIZES = (5, 4)


def policy(**rules) -> Policy:
    return replace(EXACT, sdc=replace(SDC_RULES, **rules))


def table(seed: int, *, units: int = 400, shared: int = 0, sizes=SIZES) -> Unprotected:
    keyed = tuple(replace(one, evidence=Evidence("units", keys="keys")) for one in COUNTS)
    rows = made.records(seed, sizes=sizes, units=units, shared=shared)
    return made.table(rows, sizes=sizes, shared=shared, columns=keyed)


def numbers(protected: Protected, column: int) -> list[int | None]:
    return [None if one.value is None else int(one.value) for one in protected.columns[column]]


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_one_that_its_rule_allows_and_small_ones_are_as_it_says(alteration, seed):
    true = table(seed, shared=seed % 2)
    found = protect(true, policy=policy(counts=alteration, structural_zeros=True), grant=None)
    units = true.reveal()["units"]
    for column, vector in enumerate(("rows", "units")):
        for cell, number in enumerate(numbers(found, column)):
            count = true.reveal()[vector][cell]
            if number is None:
                assert 0 < units[cell] < SDC_RULES.threshold or not alteration.hides_small
            elif alteration.method is Method.CONTROLLED:
                assert abs(number - count) < 2 * alteration.base
            else:
                assert number in possible(alteration, count)
            if alteration.hides_small and 0 < units[cell] < SDC_RULES.threshold:
                assert number is None


@EACH
def test_the_same_units_are_always_altered_alike(alteration):
    rules = policy(counts=alteration, structural_zeros=True)
    once, again = (protect(table(1), policy=rules, grant=None) for _ in range(2))
    assert to_json(once, for_checkers=True) == to_json(again, for_checkers=True)


@pytest.mark.parametrize("hides_small", [True, False])
@pytest.mark.parametrize("sizes", [(6, 5), (4, 4, 3)])
def test_controlled_numbers_add_up_to_their_totals(sizes, hides_small):
    alteration = Alteration(Method.CONTROLLED, base=5, hides_small=hides_small)
    true = table(3, sizes=sizes, units=900)
    rules = policy(counts=alteration, structural_zeros=True)
    shown = numbers(protect(true, policy=rules, grant=None), 0)
    places = list(product(*(range(size + 1) for size in sizes)))
    at = dict(zip(places, shown, strict=True))
    added = 0
    for place in places:
        for axis, size in enumerate(sizes):
            if place[axis] == size:
                parts = [at[*place[:axis], part, *place[axis + 1 :]] for part in range(size)]
                if None not in (at[place], *parts):
                    assert sum(parts) == at[place]
                    added += 1
    assert added > len(sizes)


@pytest.mark.parametrize("alteration", [ALTERATIONS[5], ALTERATIONS[6]], ids=["5", "3"])
def test_controlled_numbers_add_up_to_their_subtotals(alteration):
    tree = ((7, (5, 6)), (5, (0, 1, 2)), (6, (3, 4)))
    keyed = tuple(replace(one, evidence=Evidence("units", keys="keys")) for one in COUNTS)
    rows = made.records(4, sizes=(5, 3), units=700)
    true = made.table(rows, sizes=(5, 3), columns=keyed, tree=tree)
    rules = policy(counts=alteration, structural_zeros=True)
    shown = numbers(protect(true, policy=rules, grant=None), 0)
    at = dict(zip(product(range(9), range(4)), shown, strict=True))
    added = 0
    for (whole, parts), kind in product((*tree, (8, (7,))), range(4)):
        of = [at[part, kind] for part in parts]
        if None not in (at[whole, kind], *of):
            assert sum(of) == at[whole, kind]
            added += 1
    assert added > 8


def test_units_that_do_not_add_up_are_not_made_to():
    """Firms in several categories: the total of the parts is more than the total."""
    true = table(2, shared=2, units=600)
    alteration = Alteration(Method.CONTROLLED, base=5, hides_small=False)
    rules = policy(counts=alteration, structural_zeros=True)
    shown = numbers(protect(true, policy=rules, grant=None), 1)
    assert all(
        abs(number - count) < alteration.base
        for number, count in zip(shown, true.reveal()["units"], strict=True)
        if number is not None
    )


@pytest.mark.parametrize(
    "alteration",
    [
        Alteration(Method.RANDOM, base=3),
        Alteration(Method.RANDOM, base=5),
        Alteration(Method.CELL_KEY, table=TABLE),
        Alteration(Method.CELL_KEY, table=perturbation(most=3, variance=1.0, hidden=0)),
    ],
    ids=["random 3", "random 5", "cell key 5", "cell key 3"],
)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 10, 11, 23])
def test_drawn_numbers_are_right_on_average_and_spread_as_declared(alteration, count):
    cells = 40_000
    dice = random.Random(count)
    keys = tuple(dice.getrandbits(60) for _ in range(cells))
    drawn = altered_counts(_drawn(alteration, count, keys=keys))
    spread = reach(alteration)
    assert abs(sum(drawn) / cells - count) < 5 * spread / cells**0.5
    assert set(drawn) == possible(alteration, count)


def _drawn(alteration: Alteration, count: int, *, keys: tuple[int, ...]) -> Drawn:
    cells = len(keys)
    series = Series("rows", True, (count,) * cells, {}, frozenset(), (True,), (1,) * cells)
    return Drawn(alteration, series, (cells,), ((),), keys, 1.0)


@pytest.mark.parametrize(
    "alteration", [ALTERATIONS[2], ALTERATIONS[-1]], ids=["random", "cell key"]
)
def test_equal_counts_of_the_same_units_are_one_draw(alteration):
    """Records and units, a total and its only part: two draws of one count would narrow it."""
    keyed = tuple(replace(one, evidence=Evidence("units", keys="keys")) for one in COUNTS)
    rows = [made.Record(unit, (unit % 40, 0), None) for unit in range(400)]
    true = made.table(rows, sizes=(40, 1), columns=keyed)
    rules = policy(counts=alteration, structural_zeros=True)
    found = protect(true, policy=rules, grant=None)
    assert numbers(found, 0) == numbers(found, 1)
    by_row = list(zip(*[iter(numbers(found, 0))] * 2, strict=True))
    assert all(part == total for part, total in by_row)
    assert len(set(by_row[:-1])) > 1, "and not the true counts, which are all ten"


def _attacked(protected: Protected, true: Unprotected, alteration: Alteration) -> dict[int, int]:
    """By brute force over a single row: how many counts each cell may be, knowing the sum."""
    shown = numbers(protected, 1)
    size = len(shown) - 1
    most = max(true.reveal()["units"]) + reach(alteration) + 1
    allowed = [
        {n for n in range(most) if n in range(10) or not alteration.hides_small}
        if number is None
        else {n for n in range(most) if number in possible(alteration, n)}
        for number in shown
    ]
    found = {}
    for cell in range(size):
        others = {0}
        for other in range(size):
            if other != cell:
                others = {a + b for a in others for b in allowed[other]}
        found[cell] = sum(any(n + rest in allowed[size] for rest in others) for n in allowed[cell])
    return found


@EACH
@pytest.mark.parametrize("seed", range(12))
def test_no_total_gives_a_small_count_away(alteration, seed):
    """Rows of two and three small cells, where totals tell most."""
    true = table(seed, units=8 + 3 * seed, sizes=(2 + seed % 2,))
    rules = policy(counts=alteration, structural_zeros=True)
    try:
        found = protect(true, policy=rules, grant=None)
    except NotProtected:
        return
    units = true.reveal()["units"]
    for cell, left in _attacked(found, true, alteration).items():
        if 0 < units[cell] < SDC_RULES.threshold:
            assert left >= alteration.fewest


def test_what_totals_pin_down_is_hidden():
    """Two of two, rounded down, and four rounded up: only 2 + 2 fits."""
    alteration = Alteration(Method.RANDOM, base=3, hides_small=False)
    found = [
        protect(
            _two_and_two(seed),
            policy=policy(counts=alteration, structural_zeros=True),
            grant=None,
        )
        for seed in range(200)
    ]
    shown = {tuple(numbers(one, 1)) for one in found}
    assert (0, 0, 6) not in shown
    assert any(None in one for one in shown)


def _two_and_two(seed: int) -> Unprotected:
    keyed = tuple(replace(one, evidence=Evidence("units", keys="keys")) for one in COUNTS)
    rows = [made.Record(4 * seed + n, (n // 2,), None) for n in range(4)]
    return made.table(rows, sizes=(2,), columns=keyed)


def test_altered_tables_say_so_and_claim_no_more():
    alteration = Alteration(Method.CELL_KEY, table=TABLE, hides_small=False)
    found = protect(table(1), policy=policy(counts=alteration), grant=None)
    record = found.record
    assert "perturbed by cell keys" in record.claim
    assert "No epsilon is claimed" in record.claim
    assert all("perturbed by cell keys" in one.title for one in found.published)
    assert "weight" not in to_json(found)
    assert any("rules, not guarantees" in one for one in record.leaves_out)
    public = [one for one in record.findings if not one.for_checkers]
    assert {one.rule for one in public} == {"cell_key"}
    header = next(csv.reader(io.StringIO(to_csv(found))))
    assert header[-1] == "Number of firms, perturbed by cell keys"


def test_numbers_that_are_added_up_are_refused_where_counts_are_altered():
    rows = made.records(1, sizes=SIZES, units=300)
    with pytest.raises(Refused, match="policy"):
        protect(
            made.table(rows, sizes=SIZES),
            policy=policy(counts=Alteration(Method.NEAREST, base=5)),
            grant=None,
        )


def test_keyed_rules_need_keys():
    rows = made.records(1, sizes=SIZES, units=300)
    plain = made.table(rows, sizes=SIZES, columns=COUNTS)
    with pytest.raises(Refused) as refused:
        protect(plain, policy=policy(counts=Alteration(Method.RANDOM, base=5)), grant=None)
    assert refused.value.detail == "record keys are missing"


FALLBACK = Alteration(Method.CONTROLLED, base=5)


def test_counts_that_are_not_protected_in_time_are_rounded_where_the_policy_says_so(monkeypatch):
    def never(*_, **__):
        raise NotProtected

    monkeypatch.setattr(complementary, "complete", never)
    found = protect(table(1), policy=policy(fallback=FALLBACK), grant=None)
    assert "rounded to multiples of 5 that add up" in found.record.claim
    with pytest.raises(NotProtected):
        protect(table(1), policy=policy(), grant=None)
    rows = made.records(1, sizes=SIZES, units=300)
    with pytest.raises(NotProtected):
        protect(made.table(rows, sizes=SIZES), policy=policy(fallback=FALLBACK), grant=None)


def test_a_table_that_is_protected_in_time_is_not_rounded():
    found = protect(table(1), policy=policy(fallback=FALLBACK), grant=None)
    assert found.record.claim.startswith("Exact values")


def test_an_attack_without_a_verdict_lets_nothing_leave(monkeypatch):
    monkeypatch.setattr(altered_table.time, "monotonic", iter(range(0, 10_000, 100)).__next__)
    with pytest.raises(NotProtected):
        protect(
            table(1),
            policy=policy(counts=Alteration(Method.NEAREST, base=5)),
            grant=None,
            seconds=50.0,
        )
