"""Sums of released numbers: their values, their intervals, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from disclosure_control import present
from disclosure_control.dp import accuracy
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.errors import Refused
from disclosure_control.implied import Source, implied
from disclosure_control.policy import Mechanism
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import NOISY, RHO_NANO, moved_by

MOST = 100


ROWS = Vector("rows", Counting.ROWS, 1, 10**9, moved_by(1))
TOTAL = Vector("total", Counting.TOTAL, 10, 10**11, moved_by(MOST), row_bounds=(0, MOST))
ABOVE = replace(  # from -2 on
    TOTAL, name="above", sensitivity=moved_by(120), row_bounds=(0, 120), centre=-20, beside="rows"
)
COUNT = Published("count", "Number", Kind.COUNT, "rows", None, 0)
SUM = Published("sum", "Sum", Kind.SUM, "rows", "total", 1)
ROUNDED = replace(SUM, decimals=0)
SUM_ABOVE = replace(SUM, total="above")
MEAN = Published("mean", "Mean", Kind.MEAN, "rows", "total", 2)
ONE = {"rows": 500, "total": 500 * 20, "above": 500 * 40}


def shape(*published: Published, cells: int, beside: bool = False, total: bool = False) -> Shape:
    axis = Axis("cell", tuple(map(str, range(cells + total))), total=total)
    of = replace(TOTAL, beside="rows") if beside else TOTAL
    names = {one.total for one in published}
    totals = [one for one in (of, ABOVE) if one.name in names]
    return Shape("person", (axis,), (ROWS, *totals), published)


def source(table: Shape, *, mechanism: str | None = None, values=ONE) -> Source:
    vectors = {one.name: (values[one.name],) * table.cells for one in table.vectors}
    drawn = protect(
        Unprotected(table, vectors), policy=NOISY, grant=NoiseGrant(RHO_NANO, mechanism)
    )
    return Source("release-1", drawn, table)


def added(held: Source, *, each: int, columns=((0,),), published=None):
    """Sums of so many cells side by side."""
    told = held.shape.cells // each
    cells = tuple(tuple(range(at * each, at * each + each)) for at in range(told))
    axis = Axis("group", tuple(map(str, range(told))))
    published = published or tuple(held.shape.published[at] for (at,) in columns)
    grid = replace(held.shape, axes=(axis,), published=published)
    return implied(held, axes=grid, cells=cells, columns=columns)


def seldom(missed: int, *, of: int) -> bool:
    """Not more than 95 % intervals miss, but for a chance that no run will see."""
    return binomial_tails(missed, trials=of, p=0.05)[1] > FALSE_ALARM


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("told", ["apart", "beside", "above"])
@pytest.mark.parametrize("each", [2, 7, 50])
def test_intervals_of_sums_cover_the_truth(mechanism, told, each):
    column = SUM_ABOVE if told == "above" else SUM
    table = shape(COUNT, column, cells=10_000, beside=told == "beside")
    held = source(table, mechanism=mechanism)
    table = added(held, each=each, columns=((0,), (1,)))

    for cells, true in zip(table.columns, (500 * each, 1_000 * each), strict=True):
        missed = sum(not one.low <= true <= one.high for one in cells)
        assert seldom(missed, of=len(cells))
        assert {one.status for one in cells} == {Status.SHOWN}
        assert all(one.high - one.value == one.half_width for one in cells)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_a_sum_is_nearer_than_its_half_widths_added_up(mechanism):
    held = source(shape(SUM, cells=100), mechanism=mechanism)
    table = added(held, each=25)

    single = held.table.columns[0][0].half_width
    assert single * 5 * Decimal("0.75") < table.columns[0][0].half_width
    assert table.columns[0][0].half_width < single * 5 * Decimal("1.2")


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("told", ["apart", "beside", "above"])
@pytest.mark.parametrize("each", [1, 6, 40])
def test_a_mean_of_a_sum_and_a_count_covers_the_truth(mechanism, told, each):
    """Means are not added up, but what they are made of is."""
    column = SUM_ABOVE if told == "above" else SUM
    held = source(shape(COUNT, column, cells=4_000, beside=told == "beside"), mechanism=mechanism)
    mean = replace(MEAN, total=column.total)
    table = added(held, each=each, columns=((1, 0),), published=(mean,))

    (cells,) = table.columns
    missed = sum(not one.low <= 2 <= one.high for one in cells)
    assert seldom(missed, of=len(cells))
    assert all(one.low <= one.value <= one.high and one.half_width is None for one in cells)
    assert all(0 < one.high - one.low < 2 for one in cells)


def test_a_mean_is_within_its_bounds_and_hidden_where_nothing_is_known_of_it():
    held = source(shape(COUNT, SUM, cells=2), values={"rows": 20, "total": 20 * MOST})
    few = replace(held.table.columns[0][0], status=Status.SHOWN, value=Decimal(40))
    most = replace(held.table.columns[1][0], status=Status.SHOWN, value=Decimal(5_000))
    told = replace(held.table, columns=((few, few), (most, most)))
    cells = {
        each: added(
            replace(held, table=told), each=each, columns=((1, 0),), published=(MEAN,)
        ).columns[0][0]
        for each in (1, 2)
    }
    nobody = replace(few, value=Decimal(1))
    none = replace(held, table=replace(told, columns=((nobody, few), (most, most))))

    assert {one.value for one in cells.values()} == {10}
    assert {one.high for one in cells.values()} == {10}
    hidden = added(none, each=1, columns=((1, 0),), published=(MEAN,)).columns[0][0]
    assert hidden.status is Status.SUPPRESSED


def test_numbers_that_were_rounded_have_half_a_digit_each():
    exact, rounded = (
        added(source(shape(one, cells=30)), each=10).columns[0][0].half_width
        for one in (SUM, ROUNDED)
    )

    assert rounded >= exact + 5 - 1


def test_one_cell_is_as_it_was():
    held = source(shape(COUNT, SUM, MEAN, cells=4))
    table = added(held, each=1, columns=((2,), (0,)))

    assert table.columns == (held.table.columns[2], held.table.columns[0])


def test_what_is_hidden_hides_its_sums_and_an_empty_one_is_hidden():
    held = source(shape(COUNT, cells=4), values={"rows": 0})
    some = replace(held.table.columns[0][0], status=Status.SHOWN, value=Decimal(50))
    cells = (some, some, replace(held.table.columns[0][3]), some)
    cells = (*cells[:2], type(some)(Status.SUPPRESSED), cells[3])
    held = replace(held, table=replace(held.table, columns=(cells,)))
    grid = replace(held.shape, axes=(Axis("group", ("a", "b", "c")),))

    table = implied(held, axes=grid, cells=((0, 1), (2, 3), ()), columns=((0,),))

    (values,) = table.columns
    assert [one.status for one in values] == [
        Status.SHOWN, Status.SUPPRESSED, Status.SUPPRESSED,
    ]  # fmt: skip
    assert values[0].value == 100
    (finding,) = table.record.findings
    assert (finding.cells, finding.mitigation) == ((1, 2), "suppressed")


def test_a_sum_of_counts_is_not_below_zero():
    held = source(shape(COUNT, cells=2), values={"rows": 12})
    low = replace(held.table.columns[0][0], status=Status.SHOWN, value=Decimal(1))
    held = replace(held, table=replace(held.table, columns=((low, low),)))

    assert added(held, each=2).columns[0][0].low == 0


def test_the_record_says_from_what_and_that_nothing_was_spent():
    held = source(shape(COUNT, cells=2))
    record = added(held, each=2).record

    assert "release-1" in record.claim
    assert held.table.record.claim in record.claim
    assert (record.rho_nano, record.delta_femto) == (0, 0)
    assert record.noise == held.table.record.noise


def test_it_is_written_and_read_like_any_table():
    table = added(source(shape(COUNT, SUM, cells=6)), each=3, columns=((1,), (0,)))
    assert present.from_json(present.to_json(table)) == table


def of_other_rules(held: Source) -> Source:
    (noise,) = held.table.record.noise
    record = replace(held.table.record, noise=(replace(noise, half_width=noise.half_width - 1),))
    return replace(held, table=replace(held.table, record=record))


def of_no_noise(held: Source) -> Source:
    return replace(held, table=replace(held.table, record=replace(held.table.record, noise=())))


def of_another_shape(held: Source) -> Source:
    return replace(held, shape=shape(COUNT, cells=held.shape.cells + 1))


@pytest.mark.parametrize("change", [of_other_rules, of_no_noise, of_another_shape])
def test_a_table_that_does_not_say_what_its_noise_was_is_refused(change):
    held = source(shape(COUNT, cells=4))
    cells = ((0, 1), (2, 3))
    grid = replace(held.shape, axes=(Axis("group", ("a", "b")),))

    with pytest.raises(Refused):
        implied(change(held), axes=grid, cells=cells, columns=((0,),))


@pytest.mark.parametrize(("column", "total"), [(MEAN, False), (COUNT, True)])
def test_means_and_cells_of_tables_with_totals_are_not_added_up(column, total):
    held = source(shape(column, cells=4, total=total))
    grid = replace(held.shape, axes=(Axis("group", ("a",)),), published=(column,))
    assert implied(held, axes=grid, cells=((0,),), columns=((0,),)).columns[0]

    with pytest.raises(Refused):
        implied(held, axes=grid, cells=((0, 1),), columns=((0,),))


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("number", [3, 60, 1_000])
def test_the_half_width_of_many_draws_holds_and_is_not_much_too_wide(mechanism, number):
    """Against the normal law, which sums of many draws have."""
    scale = 1.5
    deviation = scale * math.sqrt(number * (2 if mechanism == Mechanism.LAPLACE else 1))
    terms = [(Fraction(1), scale)] * number

    width = accuracy.half_width_of_mixture(mechanism, terms=terms, alpha=accuracy.PER_CELL)

    assert 1.96 * deviation * 0.95 < width < 1.5 * 1.96 * deviation + 3
