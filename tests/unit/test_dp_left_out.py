"""What share of the rows do bounds leave out? Told like any other number, with its noise."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from disclosure_control.dp import quotients
from disclosure_control.dp.accounting import noise_plan
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import Kind, Status, Unprotected
from queries import sql
from queries.errors import QueryRefused
from queries.plan import plan
from queries.words import describe
from tests.catalogues import clinic, dp_policy, sdc_policy
from tests.engines import MemoryStore

CLINIC, POLICY = clinic(), dp_policy()  # three of up to six results count
RHO = 100_000_000
ALL = "SELECT left_out(*) FROM labs"
BY_UNIT = "SELECT sex, left_out(*) FROM labs JOIN persons USING (person) GROUP BY sex"
BY_ROW = "SELECT test, left_out(*) FROM labs GROUP BY test"
PERSONS = {"age": 50, "bmi": None, "income": 0, "smoker": None, "seen": 9000, "area": None}


def planned(text: str, policy=POLICY):
    return plan(sql.admit(text, CLINIC, policy), CLINIC, policy)


def filled(results: dict[int, list[int]]) -> MemoryStore:
    """By person, the tests of each of the results; even persons are women."""
    store = MemoryStore(CLINIC)
    rows = [
        {"person": person, "test": test, "value": 100, "day": 9000}
        for person, tests in results.items()
        for test in tests
    ]
    persons = [{"person": person, "sex": person % 2, **PERSONS} for person in results]
    tables = {table.name: [] for table in CLINIC.tables}
    store.fill({**tables, "persons": persons, "labs": rows})
    return store


def test_rows_beyond_the_bound_are_counted_beside_those_that_count():
    store = filled({0: [0] * 6, 1: [1] * 2})
    vectors = store.vectors(planned(ALL))
    assert vectors == {"rows": (3 + 2,), "every_row": (8,)}
    vectors = store.vectors(planned(BY_UNIT))
    assert vectors == {"rows": (3, 2), "every_row": (6, 2)}


def test_where_rows_have_weights_every_row_counts_as_one():
    vectors = filled({0: [0, 0, 0, 1, 1, 1], 1: [1, 1]}).vectors(planned(BY_ROW))
    assert vectors["every_row"] == (3, 5)
    assert vectors["rows"] == (1_500_000, 3_500_000)


@pytest.mark.parametrize("text", [ALL, BY_UNIT, BY_ROW])
def test_one_unit_moves_the_number_of_all_rows_by_as_many_as_it_may_have(text):
    shape = planned(text).shape
    moved = shape.vector("every_row").sensitivity
    assert (moved.l1, moved.l2_squared, moved.linf) == (6, 36, 6)
    (column,) = shape.published
    assert (column.kind, column.count, column.per) == (Kind.LEFT_OUT, "rows", "every_row")


@pytest.mark.parametrize(("text", "scale"), [(ALL, 1), (BY_ROW, 10**6)])
def test_intervals_hold_what_is_left_out(text, scale):
    """Of 2,000 cells each with 3,000 of 4,000 rows: at least 95 of 100, and told within 0 to 1."""
    shape = planned(text).shape
    held = shown = 0
    for _ in range(2000 // shape.cells):
        vectors = {"rows": (3000 * scale,) * shape.cells, "every_row": (4000,) * shape.cells}
        table = protect(Unprotected(shape, vectors), policy=POLICY, grant=NoiseGrant(RHO))
        for cell in table.columns[0]:
            assert cell.status is Status.SHOWN
            assert 0 <= cell.low <= cell.value <= cell.high <= 1
            held += cell.low <= Decimal("0.25") <= cell.high
            shown += 1
    assert shown == 2000
    assert held >= 0.95 * shown


def test_whatever_the_noise_says_a_share_is_within_0_and_1():
    shape = planned(ALL).shape
    (column,) = shape.published
    rough = noise_plan(shape, POLICY.dp, rho_nano=1_000_000)
    for rows, every in ((0, 10_000), (500, 10_000), (10_000, 9_000), (-40, 10_000)):
        own = {"rows": rows, "every_row": every}
        low, high = quotients.left_out_interval(shape, column, own, plan=rough)
        value = quotients.left_out(shape, column, own)
        assert 0 <= low <= value <= high <= 1


def test_where_there_may_be_no_row_nothing_is_told():
    shape = planned(ALL).shape
    (column,) = shape.published
    made = noise_plan(shape, POLICY.dp, rho_nano=RHO)
    width = made.of("every_row").mean_half_width
    own = {"rows": 30, "every_row": width}
    assert quotients.left_out_interval(shape, column, own, plan=made) is None
    own["every_row"] += 1
    assert quotients.left_out_interval(shape, column, own, plan=made) is not None


def test_a_share_of_weighted_rows_is_of_whole_rows():
    shape = planned(BY_ROW).shape
    (column,) = shape.published
    own = {"rows": 30_000_000, "every_row": 40}
    assert quotients.left_out(shape, column, own) == Fraction(1, 4)


@pytest.mark.parametrize(
    ("text", "policy", "code"),
    [
        ("SELECT left_out(*) FROM persons", POLICY, "nothing_left_out"),
        (ALL, dp_policy(max_rows_per_unit=6), "nothing_left_out"),
        (ALL, sdc_policy(), "noisy_only"),
        ("SELECT left_out(value) FROM labs", POLICY, "left_out_shape"),
    ],
)
def test_where_bounds_leave_nothing_out_it_is_not_asked(text, policy, code):
    with pytest.raises(QueryRefused) as refused:
        sql.admit(text, CLINIC, policy)
    assert [one.code for one in refused.value.problems] == [code]


def test_it_is_said_in_words():
    query = sql.admit(BY_UNIT, CLINIC, POLICY)
    assert describe(query, CLINIC).startswith(
        "Share of rows of Laboratory results that bounds leave out, by Sex"
    )
