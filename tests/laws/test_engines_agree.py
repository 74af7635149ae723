"""Do two engines, one reading the plan and one the question, count the same integers?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from queries.engines import block_distinct, memory, row_cells
from queries.plan import plan
from queries.validate import validate
from tests.catalogues import (
    cell_policy,
    dp_policy,
    keyed_policy,
    nested_clinic,
    sdc_policy,
    worded_clinic,
    worded_policy,
)
from tests.engines import MemoryStore, key_of
from tests.made_up import CLINIC, clinics, questions

POLICIES = pytest.mark.parametrize(
    "policy", [dp_policy(), cell_policy(), sdc_policy()], ids=["dp", "by cells", "sdc"]
)
NOISY = pytest.mark.parametrize("policy", [dp_policy(), cell_policy()], ids=["dp", "by cells"])
NESTED = nested_clinic()
STORE = MemoryStore(CLINIC)
WORDED = worded_clinic()
WORDED_STORE = MemoryStore(WORDED)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
BROAD = settings(max_examples=150, deadline=None, suppress_health_check=SLOW)


def may_ask(query, policy) -> bool:
    return policy.dp is not None or not validate(query, CLINIC, policy)


@POLICIES
@BROAD
@given(tables=clinics(), query=questions())
def test_both_engines_count_the_same_integers_on_the_same_grid(policy, tables, query):
    assume(may_ask(query, policy))
    STORE.fill(tables)
    planned = plan(query, CLINIC, policy)

    expected = memory.answer(query, catalogue=CLINIC, policy=policy, tables=tables)

    assert STORE.vectors(planned) == expected


@BROAD
@given(tables=clinics(), query=questions(NESTED, exact=True), totals=st.booleans())
def test_every_total_is_counted_from_the_rows_that_belong_to_it(tables, query, totals):
    """Subtotals of recodes whose groups lie within each other, too."""
    STORE.fill(tables)
    query = replace(query, margins=totals and bool(query.dimensions))
    planned = plan(query, NESTED, sdc_policy())

    expected = memory.answer(query, catalogue=NESTED, policy=sdc_policy(), tables=tables)

    assert STORE.vectors(planned) == expected
    assert not any(cells[cell] for cells in expected.values() for cell in planned.shape.empty)


@NOISY
@BROAD
@given(tables=clinics(), query=questions(NESTED))
def test_noisy_totals_are_left_to_the_noise(policy, tables, query):
    """Each row is counted once, in the narrowest of its groups."""
    query = replace(query, margins=True)
    assume(not validate(query, NESTED, policy))
    STORE.fill(tables)
    planned = plan(query, NESTED, policy)

    expected = memory.answer(query, catalogue=NESTED, policy=policy, tables=tables)

    assert STORE.vectors(planned) == expected
    assert planned.margins == ()
    empty = zip(*(cells for cells in expected.values()), strict=True)
    assert not any(any(cells) for cell, cells in enumerate(empty) if _is_whole(planned.shape, cell))


@pytest.mark.parametrize("pairs", ["bits", "marked", "searched"])
@BROAD
@given(tables=clinics(WORDED), query=questions(WORDED))
def test_both_engines_count_the_same_by_values_that_nobody_declared(
    pairs, tables, query, monkeypatch
):
    """And the units by which it is decided which of them are told."""
    policy = worded_policy()
    if pairs != "bits":
        monkeypatch.setattr(block_distinct, "BITS", 0)
        monkeypatch.setattr(row_cells, "MARKED_FROM", 0 if pairs == "marked" else 10**9)
    assume(not validate(query, WORDED, policy))
    WORDED_STORE.fill(tables)
    planned = plan(query, WORDED, policy)

    expected = memory.answer(query, catalogue=WORDED, policy=policy, tables=tables)

    assert WORDED_STORE.vectors(planned) == expected
    assert planned.shape.unknown is None or "units" in expected


def _is_whole(shape, cell: int) -> bool:
    keys = shape.keys(cell)
    return any(
        key == axis.labels[whole]
        for key, axis in zip(keys, shape.axes, strict=True)
        for whole, _ in axis.sums
    )


@BROAD
@given(tables=clinics(), query=questions(NESTED, exact=True))
def test_record_keys_are_added_up_once_for_each_unit_in_a_cell(tables, query):
    """With and without totals; a table that adds numbers up needs none."""
    STORE.fill(tables)
    query = replace(query, margins=bool(query.dimensions))
    policy = keyed_policy()
    planned = plan(query, NESTED, policy)

    expected = memory.answer(query, catalogue=NESTED, policy=policy, tables=tables, key_of=key_of)

    assert STORE.vectors(planned) == expected
    assert ("keys" in expected) == all(one.ref is None for one in query.measures)


@POLICIES
@pytest.mark.parametrize("marked", [True, False], ids=["marked", "searched"])
@settings(BROAD, max_examples=50)
@given(tables=clinics(), query=questions())
def test_tables_of_pairs_count_what_sets_of_bits_count(policy, marked, tables, query, monkeypatch):
    """A grid with more row-level cells than an integer has bits takes the other way."""
    assume(may_ask(query, policy))
    monkeypatch.setattr(block_distinct, "BITS", 0)
    monkeypatch.setattr(row_cells, "MARKED_FROM", 0 if marked else 10**9)
    STORE.fill(tables)

    expected = memory.answer(query, catalogue=CLINIC, policy=policy, tables=tables)

    assert STORE.vectors(plan(query, CLINIC, policy)) == expected
