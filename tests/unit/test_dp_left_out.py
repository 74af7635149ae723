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
from queries.plan_vectors import WEIGHT
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


FEW_GROUPS = dp_policy(max_groups_per_unit=1)
CELLS = "SELECT test, left_out(DISTINCT person) FROM labs GROUP BY test"


def test_cells_of_units_beyond_the_bound_are_counted_beside_those_that_count():
    """Of the first person two cells, in each of which it counts half; of the second one."""
    shape = planned(CELLS, FEW_GROUPS).shape
    vectors = filled({0: [0, 0, 1], 1: [1, 1]}).vectors(planned(CELLS, FEW_GROUPS))
    assert vectors == {"units": (500_000, 1_500_000), "every_cell": (1, 2)}
    (column,) = shape.published
    assert (column.kind, column.count, column.per) == (Kind.LEFT_OUT, "units", "every_cell")
    assert quotients.left_out(shape, column, {"units": 500_000, "every_cell": 1}) == Fraction(1, 2)


def test_one_unit_moves_the_number_of_all_cells_by_one_in_each():
    shape = planned(CELLS, FEW_GROUPS).shape
    moved = shape.vector("every_cell").sensitivity
    assert (moved.l0, moved.l1, moved.l2_squared, moved.linf) == (2, 2, 2, 1)
    bounded = shape.vector("units").sensitivity
    assert bounded.l1 == WEIGHT


def test_many_cells_are_counted_in_pairs_and_few_as_bits_alike():
    """Of 600 cells, in pairs of unit and cell."""
    days = "SELECT band(day, 0, {}), left_out(DISTINCT person) FROM labs GROUP BY 1"
    cuts = ", ".join(str(cut) for cut in range(1, 101))
    wide = days.replace("GROUP BY 1", "GROUP BY band(day, 0, {})").format(cuts, cuts)
    wide = wide.replace("day", "value")
    few = CELLS
    rows = {0: [0, 1, 1], 1: [0], 2: [1, 0]}
    for text in (few, wide):
        made = planned(text, FEW_GROUPS)
        vectors = filled(rows).vectors(made)
        told = sum(vectors["every_cell"])
        assert told == (5 if text is few else 3)
        assert sum(vectors["units"]) == 3 * WEIGHT


def test_intervals_hold_which_cells_of_units_are_left_out():
    shape = planned(CELLS, FEW_GROUPS).shape
    held = shown = 0
    for _ in range(1000):
        vectors = {"units": (3000 * WEIGHT,) * shape.cells, "every_cell": (4000,) * shape.cells}
        table = protect(Unprotected(shape, vectors), policy=FEW_GROUPS, grant=NoiseGrant(RHO))
        for cell in table.columns[0]:
            assert 0 <= cell.low <= cell.value <= cell.high <= 1
            held += cell.low <= Decimal("0.25") <= cell.high
            shown += 1
    assert shown == 2000
    assert held >= 0.95 * shown


@pytest.mark.parametrize(
    ("text", "policy", "code"),
    [
        (CELLS, dp_policy(max_groups_per_unit=6), "no_cell_left_out"),
        (CELLS.replace("test,", "").replace(" GROUP BY test", ""), FEW_GROUPS, "no_cell_left_out"),
        (CELLS, sdc_policy(), "noisy_only"),
        ("SELECT test, left_out(DISTINCT value) FROM labs GROUP BY test", POLICY, "left_out_shape"),
        ("SELECT test, left_out(DISTINCT person, day) FROM labs", POLICY, "left_out_shape"),
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
    cells = sql.admit(CELLS, CLINIC, FEW_GROUPS)
    assert describe(cells, CLINIC) == ("Share of persons in cells that bounds leave out, by Test.")
    assert describe(query, CLINIC).startswith(
        "Share of rows of Laboratory results that bounds leave out, by Sex"
    )
