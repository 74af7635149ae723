"""Keys that nobody declared: which are told, at what threshold, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from disclosure_control import codec
from disclosure_control.dp import keys, noisy
from disclosure_control.dp.accounting import noise_plan
from disclosure_control.errors import DisclosureError, Leak, Refused
from disclosure_control.policy import PolicyInvalid, from_json, policy_hash, to_json
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Sensitivity,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.catalogues import dp_policy

DELTA = 10**6  # 1e-9
POLICY = replace(dp_policy(key_delta_femto=DELTA), max_cells=5000)
RHO = 100_000_000
ONCE = Sensitivity(1, 1, 1, 1)
WEIGHT = 10**6
SPREAD = Sensitivity(l0=6, l1=2 * WEIGHT, l2_squared=2 * WEIGHT**2, linf=WEIGHT)


def shape(
    *,
    places: int = 4,
    missing: bool = False,
    beside: int = 1,
    moved: Sensitivity = ONCE,
    first: bool = True,
) -> Shape:
    labels = tuple(map(str, range(places))) + (("missing",) if missing else ())
    axes = [Axis("Drug", labels, missing=missing, unknown=True)]
    if beside > 1:
        axes.append(Axis("Sex", tuple("abcdefghij"[:beside])))
    scale = WEIGHT if moved.linf > 1 else 1
    return Shape(
        unit="person",
        axes=tuple(axes if first else axes[::-1]),
        vectors=(Vector("units", Counting.UNITS, scale, 10**9 * scale, moved),),
        published=(Published("units", "Number of persons", Kind.UNITS, "units", None, 0),),
    )


def released(shape: Shape, counts, texts, *, policy=POLICY, rho: int = RHO):
    table = Unprotected(shape, {"units": tuple(counts)}, tuple(texts))
    return protect(table, policy=policy, grant=NoiseGrant(rho))


TEXTS = ("aspirin", "codeine", None, "statin")


def test_keys_with_many_units_are_told_with_their_numbers_and_others_are_not():
    table = released(shape(), (5000, 1, 0, 800), TEXTS)
    assert table.axes[0].labels == ("aspirin", "statin")
    (column,) = table.columns
    for cell, true in zip(column, (5000, 800), strict=True):
        assert cell.status is Status.SHOWN
        assert abs(cell.value - true) < 60
    assert "codeine" not in repr(table)


def test_a_table_of_which_no_key_is_told_has_no_row():
    table = released(shape(), (1, 0, 0, 3), TEXTS)
    assert table.axes[0].labels == ()
    assert table.columns == ((),)


def test_missing_is_a_key_that_everybody_knows():
    table = released(shape(missing=True), (1, 0, 0, 3, 0), TEXTS)
    assert table.axes[0].labels == ("missing",)
    assert len(table.columns[0]) == 1


@pytest.mark.parametrize("first", [True, False], ids=["first axis", "last axis"])
def test_cells_of_a_told_key_stand_where_its_labels_say(first):
    """Of two keys and three sexes, in either order of the axes; the key z stands before a."""
    place = shape(places=3, beside=3, first=first)
    by_key = {0: (700, 1400, 2100), 1: (2, 0, 0), 2: (2800, 3500, 4200)}
    if first:
        counts = [by_key[key][sex] for key in range(3) for sex in range(3)]
    else:
        counts = [by_key[key][sex] for sex in range(3) for key in range(3)]
    table = released(place, counts, ("z", "rare", "a"))
    key_axis = table.axes[0 if first else 1]
    assert key_axis.labels == ("a", "z")
    grid = [by_key[key][sex] for key in (2, 0) for sex in range(3)]
    if not first:
        grid = [by_key[key][sex] for sex in range(3) for key in (2, 0)]
    assert [round(int(cell.value), -2) for cell in table.columns[0]] == grid


def test_vectors_of_bins_are_taken_with_their_cells():
    own = shape(places=3)
    binned = replace(
        own, vectors=(*own.vectors, Vector("h", Counting.HISTOGRAM, 1, 9, ONCE, bins=2))
    )
    values = {"units": (7, 8, 9), "h": (1, 2, 3, 4, 5, 6)}
    assert keys.taken(binned, values, (2, 0)) == {"units": (9, 7), "h": (5, 6, 1, 2)}


# The threshold.


@pytest.mark.parametrize("mechanism", ["discrete_gaussian", "discrete_laplace"])
@pytest.mark.parametrize("moved", [ONCE, SPREAD], ids=["one key", "several keys"])
@pytest.mark.parametrize("beside", [1, 4])
def test_the_threshold_is_the_least_that_costs_no_more_than_delta(mechanism, moved, beside):
    rules = replace(POLICY.dp, mechanisms=(mechanism,), threshold=3)
    place = shape(moved=moved, beside=beside)
    plan = noise_plan(place, rules, rho_nano=RHO)
    least = keys.least(place, rules, plan)

    def delta(at: int) -> Decimal:
        return keys.delta(at, noise=plan.of("units"), moved=moved, cells=beside)

    assert delta(least) <= Decimal(DELTA).scaleb(-15) < delta(least - 1)


def test_a_key_of_one_unit_is_accounted_for_at_one_less_than_the_threshold():
    """OpenDP issue 2922: P(1 + noise >= T) is P(noise >= T - 1)."""
    place = shape()
    plan = noise_plan(place, POLICY.dp, rho_nano=RHO)
    noise = plan.of("units")
    scale = noise.scale
    at = 9
    weights = [Decimal(repr(-k * k / (2 * scale * scale))).exp() for k in range(-600, 601)]
    exact = sum(weights[600 + at - 1 :]) / sum(weights)
    found = keys.delta(at, noise=noise, moved=ONCE, cells=1)
    assert abs(found / exact - 1) < Decimal("1e-9")


def test_what_a_unit_adds_to_its_own_keys_never_exceeds_the_bound():
    """Every way to spread L1 over L0 cells, with steps, against the bound at some thresholds."""
    moved = Sensitivity(l0=4, l1=2 * 100, l2_squared=2 * 100**2, linf=100)
    place = Shape(
        unit="person",
        axes=(Axis("Drug", ("1", "2", "3", "4"), unknown=True),),
        vectors=(Vector("units", Counting.UNITS, 100, 10**9, moved),),
        published=(Published("units", "N", Kind.UNITS, "units", None, 0),),
    )
    noise = noise_plan(place, POLICY.dp, rho_nano=RHO).of("units")
    spreads = [
        (a, b, c, d)
        for a in range(0, 101, 20)
        for b in range(0, a + 1, 20)
        for c in range(0, b + 1, 20)
        for d in range(0, c + 1, 20)
        if a + b + c + d <= moved.l1
    ]
    assert len(spreads) > 50
    for threshold in (150, 400, 1500):
        bound = keys.delta(threshold, noise=noise, moved=moved, cells=1)
        for spread in spreads:
            chance = sum(keys._at_least(threshold - own, noise) for own in spread)
            assert chance <= bound


def test_more_delta_or_more_budget_tells_smaller_keys():
    def least(*, delta: int = DELTA, rho: int = RHO) -> int:
        rules = replace(POLICY.dp, key_delta_femto=delta)
        return keys.least(shape(), rules, noise_plan(shape(), rules, rho_nano=rho))

    assert least(delta=1) > least() > least(delta=10**9)
    assert least(rho=10_000_000) > least() > least(rho=1_000_000_000)


def test_no_key_is_told_below_what_hides_a_cell():
    rules = replace(POLICY.dp, threshold=500)
    assert keys.least(shape(), rules, noise_plan(shape(), rules, rho_nano=RHO)) == 500


def test_lone_keys_are_told_as_seldom_as_delta_says(monkeypatch):
    """With a large delta, so that it can be counted: 3,000 tables of 4 lone keys of one unit."""
    delta = Decimal("0.05")
    moved = Sensitivity(4, 4, 4, 1)
    place = shape(moved=moved)
    rules = replace(POLICY.dp, key_delta_femto=int(delta.scaleb(15)), threshold=3)
    plan = noise_plan(place, rules, rho_nano=1_000_000_000)
    least = keys.least(place, rules, plan)
    texts = ("a", "b", "c", "d")
    times = 3000
    told = 0
    for _ in range(times):
        narrow, _, _ = noisy._with_keys(
            place, {"units": (1, 1, 1, 1)}, texts, plan=plan, least=least
        )
        told += bool(narrow.axes[0].labels)
    expected = float(keys.delta(least, noise=plan.of("units"), moved=moved, cells=1)) * times
    assert expected > 60
    assert told <= expected + 4 * expected**0.5  # each table tells several seldom: at most delta
    assert told >= 0.8 * expected - 4 * expected**0.5


# What the record says.


def test_the_record_states_delta_threshold_and_what_is_left_out():
    table = released(shape(), (5000, 1, 0, 800), TEXTS)
    record = table.record
    assert record.delta_femto == DELTA
    assert "at delta = 0.000001001" in record.claim
    (finding,) = [one for one in record.findings if one.rule == "unknown-key-threshold"]
    least = keys.least(shape(), POLICY.dp, noise_plan(shape(), POLICY.dp, rho_nano=RHO))
    assert finding.threshold == f"noisy number of units at least {least}"
    assert finding.cells == ()
    assert any("nobody declared" in text for text in record.leaves_out)


def test_a_vector_by_which_keys_are_told_has_no_pure_epsilon():
    rules = replace(POLICY.dp, mechanisms=("discrete_laplace",))
    table = released(shape(), (5000, 1, 0, 800), TEXTS, policy=replace(POLICY, dp=rules))
    assert [one.epsilon for one in table.record.noise] == [None]


def test_the_threshold_is_told_in_units_where_units_have_weights():
    place = shape(moved=SPREAD)
    counts = [5000 * WEIGHT, WEIGHT, 0, 800 * WEIGHT]
    table = released(place, counts, TEXTS)
    (finding,) = [one for one in table.record.findings if one.rule == "unknown-key-threshold"]
    assert 10 <= Decimal(finding.threshold.rpartition(" ")[2]) < 100


# Doubts are refusals.


def test_a_policy_without_delta_tells_no_unknown_keys():
    with pytest.raises(Refused):
        released(shape(), (5000, 1, 0, 800), TEXTS, policy=dp_policy())


@pytest.mark.parametrize(
    "changed",
    [
        lambda s: replace(s, axes=(replace(s.axes[0], total=True),)),
        lambda s: replace(s, axes=(s.axes[0], replace(s.axes[0], name="Other"))),
        lambda s: replace(s, vectors=(replace(s.vectors[0], counts=Counting.ROWS),)),
    ],
    ids=["a total", "two such axes", "no units"],
)
def test_shapes_that_cannot_be_told_are_refused(changed):
    wrong = changed(shape())
    table = (
        Unprotected(wrong, {"units": (0,) * wrong.cells}, ("t",) + (None,) * (wrong.texts - 1))
        if wrong.texts
        else None
    )
    with pytest.raises(DisclosureError):
        protect(table, policy=POLICY, grant=NoiseGrant(RHO))


def test_a_key_without_a_text_is_refused():
    with pytest.raises(Refused):
        released(shape(), (5000, 1, 7, 800), TEXTS)


@pytest.mark.parametrize(
    "texts",
    [
        ("a", "b", "c"),
        ("a", "b", "c", "d", "e"),
        ("a", "a", None, None),
        ("", None, None, None),
        (" a", None, None, None),
        ("a\n", None, None, None),
        ("Missing", None, None, None),
        ("total", None, None, None),
        ("é" * 41, None, None, None),
        ("\ud800", None, None, None),
        (7, None, None, None),
    ],
)
def test_texts_of_another_form_are_a_leak(texts):
    with pytest.raises(Leak):
        Unprotected(shape(), {"units": (0,) * 4}, texts)


def test_a_shape_without_unknown_keys_takes_no_texts():
    known = replace(shape(), axes=(Axis("Drug", ("1", "2", "3", "4")),))
    with pytest.raises(Leak):
        Unprotected(known, {"units": (0,) * 4}, ("a", None, None, None))


# Between processes.


def test_texts_cross_a_pipe_in_a_form_whose_length_is_public():
    for counts, texts in (((5, 1, 0, 3), TEXTS), ((0,) * 4, (None,) * 4)):
        blob = codec.encode(Unprotected(shape(), {"units": counts}, texts))
        assert len(blob) == codec.encoded_length(shape())
        back = codec.decode(blob, shape())
        assert back.reveal_texts() == texts
        assert back.reveal() == {"units": counts}


def test_a_pipe_with_a_fault_in_a_text_is_a_leak():
    blob = codec.encode(Unprotected(shape(), {"units": (0,) * 4}, TEXTS))
    last = len(blob) - 81
    for wrong in (
        blob[:-1],
        blob[:last] + b"\x51" + blob[last + 1 :],  # longer than a text may be
        blob[:last] + b"\x02" + blob[last + 1 :],  # shorter than what stands there
        blob[: last + 1] + b"\xff" + blob[last + 2 :],
    ):
        with pytest.raises(Leak):
            codec.decode(wrong, shape())


# The rule in a policy.


def test_a_policy_without_the_rule_has_the_hash_it_had():
    assert "key_delta_femto" not in to_json(dp_policy())
    assert from_json(to_json(POLICY)) == POLICY
    assert policy_hash(POLICY) != policy_hash(replace(dp_policy(), max_cells=5000))


@pytest.mark.parametrize("delta", [-1, 10**9 + 1])
def test_a_policy_with_a_delta_out_of_range_is_refused(delta):
    with pytest.raises(PolicyInvalid):
        from_json(to_json(POLICY).replace(str(DELTA), str(delta)))
