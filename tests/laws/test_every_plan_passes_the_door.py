"""Does every question that is accepted have a shape that the door lets through, on both tracks?

A refusal after the budget was reserved would lose it, so a plan and the door must never disagree.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control import present
from disclosure_control.alterations import Alteration, Method
from disclosure_control.dp.accounting import noise_plan
from disclosure_control.dp.preview import expect
from disclosure_control.errors import DisclosureError
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import Unprotected
from queries import sql
from queries.errors import QueryRefused
from queries.plan import plan
from queries.validate import validate
from tests import made_up
from tests.catalogues import (
    cell_policy,
    clinic,
    dp_policy,
    nested_clinic,
    sdc_policy,
    worded_clinic,
    worded_policy,
)

CLINIC, NESTED, WORDED = clinic(), nested_clinic(), worded_clinic()
CHARGE = 100_000_000
EXAMPLES = Path(__file__).parents[1] / "spec"


def questions(name: str = "accepted.txt") -> list[str]:
    blocks = (EXAMPLES / name).read_text(encoding="utf-8").split("\n\n")
    kept = (
        [line for line in block.strip().splitlines() if line[:2] not in ("> ", "# ")]
        for block in blocks
    )
    return ["\n".join(lines) for lines in kept if lines]


NOISY = pytest.mark.parametrize("policy", [dp_policy(), cell_policy()], ids=["by rows", "by cells"])


def empty(shape) -> Unprotected:
    vectors = {name: (0,) * length for name, length in shape.lengths.items()}
    return Unprotected(shape, vectors, (None,) * shape.texts)


@NOISY
@pytest.mark.parametrize("text", [*questions(), *questions("noisy.txt"), *questions("totals.txt")])
def test_an_accepted_question_passes_the_noisy_door(text, policy):
    shape = plan(sql.admit(text, CLINIC, policy), CLINIC, policy).shape
    assert policy.dp is not None
    expected = expect(shape, policy.dp, rho_nano=CHARGE)
    table = protect(empty(shape), policy=policy, grant=NoiseGrant(CHARGE))
    assert [one.name for one in expected] == [one.name for one in table.published]
    assert present.from_json(present.to_json(table)) == table


@pytest.mark.parametrize("text", questions())
def test_an_accepted_question_passes_the_exact_door_and_an_empty_table_shows_nothing(text):
    policy = sdc_policy()
    shape = plan(sql.admit(text, CLINIC, policy), CLINIC, policy).shape
    table = protect(empty(shape), policy=policy, grant=None)
    assert {cell.status.value for column in table.columns for cell in column} == {"suppressed"}


@pytest.mark.parametrize("text", questions())
def test_an_accepted_question_passes_the_door_that_alters_counts(text):
    """By keys, which the plan adds up; what adds numbers up is not accepted."""
    exact = sdc_policy()
    assert exact.sdc
    counts = Alteration(Method.RANDOM, base=3, hides_small=False)
    policy = replace(exact, sdc=replace(exact.sdc, counts=counts))
    if any(one.ref for one in sql.admit(text, CLINIC, exact).measures):
        with pytest.raises(QueryRefused) as refused:
            sql.admit(text, CLINIC, policy)
        assert {one.code for one in refused.value.problems} == {"counts_only"}
        return
    shape = plan(sql.admit(text, CLINIC, policy), CLINIC, policy).shape
    table = protect(empty(shape), policy=policy, grant=None)
    assert {cell.value for column in table.columns for cell in column} == {0}


@pytest.mark.parametrize("text", questions()[:5])
def test_the_shape_of_one_track_never_passes_the_door_of_the_other(text):
    noisy, exact = dp_policy(), sdc_policy()
    for planned, policy, grant in ((noisy, exact, None), (exact, noisy, NoiseGrant(CHARGE))):
        shape = plan(sql.admit(text, CLINIC, planned), CLINIC, planned).shape
        with pytest.raises(DisclosureError):
            protect(empty(shape), policy=policy, grant=grant)


@NOISY
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    query=made_up.questions(NESTED).flatmap(made_up.with_tables),
    rho=st.sampled_from([10**6, 10**9]),
)
def test_whatever_has_a_price_passes_the_noisy_door(policy, query, rho):
    """Made-up questions, with totals too: after the charge it is too late to refuse."""
    assume(not validate(query, NESTED, policy))
    try:
        shape = plan(query, NESTED, policy).shape
        noise_plan(shape, policy.dp, rho_nano=rho)
    except (QueryRefused, DisclosureError):  # said before, as ``tre.journey.priced`` does
        assume(False)
    table = protect(empty(shape), policy=policy, grant=NoiseGrant(rho))
    assert len(table.asked) == shape.cells_asked
    assert {*range(shape.cells)} - {*table.asked} == shape.not_asked


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=made_up.questions(WORDED), rho=st.sampled_from([10**6, 10**9]))
def test_questions_by_unknown_keys_pass_it_with_no_key_and_with_all(query, rho):
    policy = worded_policy()
    assume(not validate(query, WORDED, policy))
    try:
        shape = plan(query, WORDED, policy).shape
        noise_plan(shape, policy.dp, rho_nano=rho)
    except (QueryRefused, DisclosureError):
        assume(False)
    assume(shape.unknown is not None)
    none = protect(empty(shape), policy=policy, grant=NoiseGrant(rho))
    vectors = {one.name: (one.magnitude,) * shape.length(one) for one in shape.vectors}
    full = Unprotected(shape, vectors, tuple(f"word {at}" for at in range(shape.texts)))
    every = protect(full, policy=policy, grant=NoiseGrant(rho))
    at, axis = shape.unknown, shape.axes[shape.unknown]
    assert none.axes[at].labels == axis.labels[axis.texts :]
    assert len(every.axes[at].labels) == len(axis.labels)
    for table in (none, every):
        assert present.from_json(present.to_json(table)) == table
