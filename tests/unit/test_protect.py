"""Is there one door, and does it stay shut in doubt?"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from disclosure_control.dp import mechanisms
from disclosure_control.errors import AccountingError, PolicyInvalid, Refused
from disclosure_control.policy import Mechanism, policy_hash
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import Axis, Sensitivity, Shape, Status, Sum, Unprotected
from tests.small_tables import (
    DP_RULES,
    EXACT,
    NOISY,
    ONE,
    RHO_NANO,
    counts_shape,
    counts_table,
    exact_shape,
    exact_table,
    means_shape,
)

GRANT = NoiseGrant(RHO_NANO)
MANY = (1_000, 2_000, 3)
MEANS = Unprotected(means_shape(2), {"rows": (1_000, 2), "centred_bmi": (-70_000, 10)})


def test_a_noisy_table_leaves_with_its_record():
    table = protect(counts_table(MANY), policy=NOISY, grant=GRANT)
    assert (table.track, table.record.track) == ("dp", "dp")
    assert table.record.policy_hash == policy_hash(NOISY)
    assert table.record.rho_nano == RHO_NANO
    assert "rho = 0.02" in table.record.claim
    assert [one.vector for one in table.record.noise] == ["rows"]
    assert dict(table.record.versions)["opendp"] == mechanisms.library_version()


def test_an_exact_table_claims_no_epsilon_and_costs_nothing():
    record = protect(exact_table((1,) * 20), policy=EXACT, grant=None).record
    assert (record.track, record.rho_nano, record.noise) == ("sdc", 0, ())
    assert "No epsilon" in record.claim
    assert "opendp" not in dict(record.versions)


def test_the_shares_of_the_vectors_stay_within_the_grant():
    record = protect(MEANS, policy=NOISY, grant=GRANT).record
    assert sum(one.rho_nano for one in record.noise) <= RHO_NANO


def test_two_calls_are_two_draws():
    wide = Sensitivity(l0=1, l1=10**6, l2_squared=10**12, linf=10**6)
    tables = [
        protect(counts_table((10**8,) * 5, moved=wide), policy=NOISY, grant=GRANT) for _ in "ab"
    ]
    assert tables[0].columns != tables[1].columns


def test_the_mechanism_of_the_grant_is_used():
    grant = NoiseGrant(RHO_NANO, "discrete_laplace")
    (noise,) = protect(counts_table(MANY), policy=NOISY, grant=grant).record.noise
    assert noise.mechanism == "discrete_laplace"
    assert noise.epsilon is not None


def test_the_record_says_which_cells_are_hidden_by_their_noisy_counts():
    table = protect(MEANS, policy=NOISY, grant=GRANT)
    for column, cells in zip(table.published, table.columns, strict=True):
        hidden = {n for n, cell in enumerate(cells) if cell.status == Status.SUPPRESSED}
        found = [one for one in table.record.findings if one.column == column.name]
        assert hidden == {cell for one in found for cell in one.cells}
        assert not any(one.for_checkers for one in found)


@pytest.mark.parametrize("grant", [None, NoiseGrant(999), NoiseGrant(2 * 10**9)])
def test_a_noisy_policy_needs_a_grant_within_it(grant):
    with pytest.raises(Refused):
        protect(counts_table(MANY), policy=NOISY, grant=grant)


def test_an_exact_policy_takes_no_grant():
    with pytest.raises(Refused):
        protect(exact_table((1,) * 20), policy=EXACT, grant=GRANT)


def test_a_weak_policy_lets_nothing_out():
    weak = replace(NOISY, dp=replace(DP_RULES, threshold=1))
    with pytest.raises(PolicyInvalid):
        protect(counts_table(MANY), policy=weak, grant=GRANT)


def test_a_shape_of_the_other_track_does_not_leave():
    exact = exact_table((1,) * 20)
    with pytest.raises(Refused):
        protect(exact, policy=NOISY, grant=GRANT)
    with pytest.raises(Refused):
        protect(counts_table(MANY), policy=EXACT, grant=None)


def changed(shape: Shape, **changes: object) -> Unprotected:
    other = replace(shape, **changes)
    return Unprotected(other, {vector.name: (0,) * other.cells for vector in other.vectors})


def _tree(*subtotals: Sum) -> Axis:
    return Axis("area", ("a", "b", "c"), subtotals=subtotals)


COUNTS = counts_shape(3)
ROWS, COLUMN = COUNTS.vectors[0], COUNTS.published[0]
UNFIT = {
    "no cells": changed(COUNTS, axes=(Axis("area", ()),)),
    "repeated label": changed(COUNTS, axes=(Axis("area", ("a", "a")),)),
    "nothing published": changed(COUNTS, published=()),
    "repeated column": changed(COUNTS, published=(COLUMN, COLUMN)),
    "repeated vector": changed(COUNTS, vectors=(ROWS, ROWS)),
    "unknown vector": changed(COUNTS, published=(replace(COLUMN, count="x"),)),
    "no sensitivity": changed(COUNTS, vectors=(replace(ROWS, sensitivity=None),)),
    "negative sensitivity": changed(
        COUNTS, vectors=(replace(ROWS, sensitivity=replace(ONE, l1=-1)),)
    ),
    "scale 0": changed(COUNTS, vectors=(replace(ROWS, scale=0),)),
    "endless magnitude": changed(COUNTS, vectors=(replace(ROWS, magnitude=2**62),)),
    "negative decimals": changed(COUNTS, published=(replace(COLUMN, decimals=-1),)),
    "a sum that is centred": changed(
        means_shape(3), published=(replace(means_shape(3).published[1], kind="sum"),)
    ),
    "a mean without a total": changed(
        means_shape(3), published=(replace(means_shape(3).published[1], total=None),)
    ),
    "a count with a total": changed(
        means_shape(3), published=(replace(COLUMN, total="centred_bmi"),)
    ),
    "a total that counts": changed(
        means_shape(3), published=(replace(means_shape(3).published[1], total="rows"),)
    ),
}


@pytest.mark.parametrize("table", UNFIT.values(), ids=UNFIT.keys())
def test_a_shape_that_does_not_fit_together_does_not_leave(table):
    with pytest.raises(Refused):
        protect(table, policy=NOISY, grant=GRANT)


NO_TREES = {
    "a part of two": _tree((1, (0,)), (2, (0,))),
    "nothing": _tree((1, ())),
    "its own part": _tree((0, (1,)), (1, (0,))),
    "named twice": _tree((0, (1,)), (0, (2,))),
    "off the axis": _tree((0, (3,))),
    "the total as a part": replace(_tree((0, (2,))), total=True),
}


@pytest.mark.parametrize("axis", NO_TREES.values(), ids=NO_TREES.keys())
def test_subtotals_that_are_no_tree_do_not_leave(axis):
    with pytest.raises(Refused) as refused:
        protect(changed(exact_shape(3), axes=(axis,)), policy=EXACT, grant=None)
    assert refused.value.detail == "subtotals of an axis are no tree"


def test_a_table_larger_than_the_policy_does_not_leave():
    with pytest.raises(Refused):
        protect(counts_table(MANY), policy=replace(NOISY, max_cells=2), grant=GRANT)


def test_noise_that_would_cost_more_than_its_share_does_not_leave(monkeypatch):
    monkeypatch.setitem(mechanisms.LIBRARY_COSTS, Mechanism.GAUSSIAN, lambda *_: RHO_NANO + 1)
    with pytest.raises(AccountingError):
        protect(counts_table(MANY), policy=NOISY, grant=GRANT)


def test_the_web_process_can_import_the_door_without_the_noise_library():
    heavy = {"opendp", "numpy", "pandas", "duckdb", "pyarrow"}
    code = (
        "import sys, disclosure_control.protect, disclosure_control.present, "
        f"disclosure_control.dp.preview; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_exact_answer_never_loads_the_noise_library():
    code = (
        "import sys; from tests.small_tables import *; from disclosure_control.protect import *;"
        "protect(exact_table((1,) * 20), policy=EXACT, grant=None); print('opendp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_exact_shape_has_no_sensitivity_to_claim():
    claimed = replace(exact_shape(1).vectors[0], sensitivity=ONE)
    shape = replace(exact_shape(1), vectors=(claimed, *exact_shape(1).vectors[1:]))
    with pytest.raises(Refused):
        protect(Unprotected(shape, exact_table((1,) * 20).reveal()), policy=EXACT, grant=None)
