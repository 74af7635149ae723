"""Are cells and totals known as well as declared, at the cost declared, and do they add up?"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from disclosure_control.dp import accounting, accuracy, mechanisms, rounding
from disclosure_control.dp.audit.chance import FALSE_ALARM, binomial_tails
from disclosure_control.dp.contrasts import basis_of, largest_coefficient
from disclosure_control.dp.preview import expect
from disclosure_control.dp.totals import SHARES, parting_of, row_scale
from disclosure_control.errors import AccountingError, Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import (
    Axis,
    Counting,
    Kind,
    Published,
    Quantile,
    Sensitivity,
    Shape,
    Status,
    Unprotected,
    Vector,
)
from tests.small_tables import COUNT, DP_RULES, EXACT, NOISY, ONE, RHO_NANO, means_shape

# Axes and shapes.


def whole(size: int, name: str = "area") -> Axis:
    return Axis(name, (*(f"{name} {at}" for at in range(size)), "Total"), total=True)


@st.composite
def axes(draw, *, sums: bool | None = None) -> Axis:
    """Plain, with a total, with subtotals up to two deep, or with both; in any order of labels."""
    sums = draw(st.booleans()) if sums is None else sums
    if not sums:
        return Axis("plain", tuple(map(str, range(draw(st.integers(1, 7))))))
    total = draw(st.booleans())
    tops = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    names: list[str] = []
    subtotals: list[tuple[int, tuple[int, ...]]] = []
    for parts in tops:
        names.append(f"top {len(names)}")
        at = len(names) - 1
        if parts:
            subtotals.append((at, tuple(range(at + 1, at + 1 + parts))))
            names += [f"part {len(names) + number}" for number in range(parts)]
    deep = [parts[-1] for _, parts in subtotals]
    if deep and draw(st.booleans()):
        subtotals.append((deep[0], (len(names), len(names) + 1)))
        names += ["deep", "deeper"]
    assume(total or subtotals)
    labels = (*names, "Total") if total else tuple(names)
    return Axis("tree", labels, total=total, subtotals=tuple(subtotals))


def shape_of(*sides: Axis, moved: Sensitivity = ONE, scale: int = 1) -> Shape:
    named = tuple(replace(one, name=f"axis {at}") for at, one in enumerate(sides))
    rows = Vector("rows", Counting.ROWS, scale, 10**9, moved)
    return Shape("person", named, (rows,), (COUNT,))


def filled(shape: Shape, number: int) -> tuple[int, ...]:
    """``number`` in each leaf; what an engine leaves in the places of totals."""
    sides = [set(basis_of(axis).leaves) for axis in shape.axes]
    places = product(*(range(len(axis.labels)) for axis in shape.axes))
    return tuple(
        number if all(at in own for at, own in zip(place, sides, strict=True)) else 0
        for place in places
    )


def sums_of(axis: Axis):
    """For each label, its leaves."""
    parts = dict(axis.sums)

    def leaves(label: int) -> set[int]:
        return set().union(*map(leaves, parts[label])) if label in parts else {label}

    return [leaves(label) for label in range(len(axis.labels))]


def rows_of(axis: Axis) -> list[list[int]]:
    """Coefficients of each row, by leaf: what is measured where one leaf is 1."""
    basis = basis_of(axis)
    columns = [
        basis.measured([int(at == leaf) for at in range(len(axis.labels))]) for leaf in basis.leaves
    ]
    return [list(row) for row in zip(*columns, strict=True)]


# What is measured of one axis.


@given(axis=axes())
def test_contrasts_stand_at_right_angles_and_are_as_long_as_declared(axis):
    basis, rows = basis_of(axis), rows_of(axis)

    assert sorted(basis.leaves) == [
        at for at in range(len(axis.labels)) if at not in {whole for whole, _ in axis.sums}
    ]
    assert [sum(one**2 for one in row) for row in rows] == [norm for _, norm in basis.rows]
    assert all(
        sum(map(int.__mul__, one, other)) == 0 for at, one in enumerate(rows) for other in rows[:at]
    )
    assert max(abs(one) for row in rows for one in row) == max(basis.largest)


@given(axis=axes(), data=st.data())
def test_sums_are_found_again_from_what_is_measured(axis, data):
    basis = basis_of(axis)
    line = data.draw(st.lists(st.integers(-99, 99), min_size=len(axis.labels), max_size=50))

    found = [Fraction(one, basis.denominator) for one in basis.estimated(basis.measured(line))]

    assert found == [sum(line[leaf] for leaf in leaves) for leaves in sums_of(axis)]


@given(axis=axes())
def test_lengths_of_leaves_and_labels_in_each_level_are_declared(axis):
    basis, rows = basis_of(axis), rows_of(axis)
    place = {leaf: at for at, leaf in enumerate(basis.leaves)}

    def lengths(leaves: set[int]) -> list[Fraction]:
        found = [Fraction(0)] * basis.levels
        for row, (level, norm) in zip(rows, basis.rows, strict=True):
            found[level] += Fraction(sum(row[place[leaf]] for leaf in leaves) ** 2, norm)
        return found

    by_leaf = [lengths({leaf}) for leaf in basis.leaves]
    assert basis.leaf_parts == tuple(map(max, zip(*by_leaf, strict=True)))
    for at, leaves in enumerate(sums_of(axis)):
        total = axis.total and at == len(axis.labels) - 1
        assert any(
            all(own <= most for own, most in zip(lengths(leaves), declared, strict=True))
            for is_total, declared in basis.label_parts
            if is_total == total
        )


@given(axis=axes(sums=True), data=st.data())
def test_whole_leaves_that_differ_in_a_level_differ_by_a_declared_length(axis, data):
    """Those that are equal within every part of that level."""
    basis, rows = basis_of(axis), rows_of(axis)
    line = data.draw(st.lists(st.integers(-3, 3), min_size=len(axis.labels), max_size=50))
    leaves = [line[leaf] for leaf in basis.leaves]
    for contrast in basis.contrasts:  # equal below this level
        level = data.draw(st.integers(0, basis.levels - 1))
        if contrast.level > level:
            leaves[contrast.start : contrast.stop] = [leaves[contrast.start]] * (
                contrast.stop - contrast.start
            )
    squares = [Fraction(0)] * basis.levels
    for row, (level, norm) in zip(rows, basis.rows, strict=True):
        squares[level] += Fraction(sum(map(int.__mul__, row, leaves)) ** 2, norm)
    deepest = max((level for level, square in enumerate(squares) if square), default=None)
    assert deepest is None or squares[deepest] >= basis.least_parts[deepest]


# What it costs and what it is worth.


def matrix(sides: tuple[Axis, ...]):
    """Of each row: its levels, squared length and coefficients by leaf of the table."""
    each = [
        [
            (level, norm, row)
            for (level, norm), row in zip(basis_of(a).rows, rows_of(a), strict=True)
        ]
        for a in sides
    ]
    for rows in product(*each):
        levels = tuple(level for level, _, _ in rows)
        norm = math.prod(norm for _, norm, _ in rows)
        yield levels, norm, [math.prod(one) for one in product(*(row for _, _, row in rows))]


@settings(max_examples=40, deadline=None)
@given(
    sides=st.lists(axes(), min_size=1, max_size=3).map(tuple),
    l1=st.integers(1, 10**7),
    rho_nano=st.integers(10**5, 10**9),
)
def test_no_unit_costs_more_than_the_share_and_no_number_has_more_variance(sides, l1, rho_nano):
    """By the whole matrix: its columns, scaled, and its inverse's rows."""
    shape = shape_of(*sides)
    assume(shape.has_totals and shape.cells <= 120)
    parting = parting_of(shape.axes)
    groups = parting.noise(l1=l1, rho_nano=rho_nano)
    of = {one.levels: one for one in groups}
    rows = list(matrix(sides))
    squares = [Fraction(row_scale(of[levels], norm)) ** 2 for levels, norm, _ in rows]

    leaves = range(len(rows[0][2]))
    costs = [
        sum(Fraction(row[leaf] ** 2) / s for (_, _, row), s in zip(rows, squares, strict=True))
        for leaf in leaves
    ]
    assert max(costs) * l1**2 * 10**9 / 2 <= sum(one.rho_nano for one in groups) <= rho_nano

    most = parting.variance(groups)
    for label in product(*(sums_of(axis) for axis in sides)):
        own = [
            all(at in leaves for at, leaves in zip(place, label, strict=True))
            for place in product(*(basis_of(axis).leaves for axis in sides))
        ]
        variance = sum(
            Fraction(sum(c for c, inside in zip(row, own, strict=True) if inside), norm) ** 2 * s
            for (_, norm, row), s in zip(rows, squares, strict=True)
        )
        assert variance <= most


@st.composite
def some_tables(draw, sides: tuple[Axis, ...]):
    """Some of the tables of a grid, in any number and order."""
    every = [own for size in range(len(sides) + 1) for own in combinations(range(len(sides)), size)]
    return tuple(draw(st.lists(st.sampled_from(every), min_size=1, unique=True)))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rho_nano=st.integers(10**5, 10**9))
def test_of_some_tables_nothing_is_measured_that_they_do_not_need(data, rho_nano):
    """By the whole matrix: what a unit costs, and the variance of every number that is told."""
    tops = st.lists(axes(sums=True).filter(lambda axis: axis.total), min_size=1, max_size=3)
    sides = data.draw(tops.map(tuple))
    shape = replace(shape_of(*sides), grouping_sets=data.draw(some_tables(sides)))
    assume(shape.cells <= 120)
    parting = parting_of(shape.axes, shape.grouping_sets)
    groups = parting.noise(l1=1, rho_nano=rho_nano)
    of = {one.levels: one for one in groups}
    rows = [(of.get(levels), norm, row) for levels, norm, row in matrix(sides)]
    squares = [Fraction(row_scale(own, norm)) ** 2 if own else None for own, norm, _ in rows]

    leaves = range(len(rows[0][2]))
    costs = [
        sum(Fraction(row[leaf] ** 2) / s for (_, _, row), s in zip(rows, squares, strict=True) if s)
        for leaf in leaves
    ]
    assert max(costs) * 10**9 / 2 <= sum(one.rho_nano for one in groups) <= rho_nano

    most, needed = parting.variance(groups), set()
    for cell, label in enumerate(product(*(sums_of(axis) for axis in sides))):
        if cell in shape.not_asked:
            continue
        own = [
            all(at in leaves for at, leaves in zip(place, label, strict=True))
            for place in product(*(basis_of(axis).leaves for axis in sides))
        ]
        variance = Fraction(0)
        for at, ((_, norm, row), s) in enumerate(zip(rows, squares, strict=True)):
            part = sum(c for c, inside in zip(row, own, strict=True) if inside)
            needed |= {at} if part else set()
            variance += Fraction(part, norm) ** 2 * s if part else 0
        assert variance <= most
    assert {of[one.levels] for at, (one, _, _) in enumerate(rows) if at in needed} == set(groups)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 3, 3), (2, 3, 4), (2, 5, 9), (4, 4, 4)])
def test_six_margins_of_three_axes_cost_at_most_sixty_percent_of_asking_one_by_one(sizes):
    sides = tuple(whole(size) for size in sizes)
    six = ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
    parting = parting_of(sides, six)
    variance = parting.variance(parting.noise(l1=1, rho_nano=RHO_NANO))

    alone = 10**9 / (2 * RHO_NANO)
    assert variance <= 0.6 * len(six) * alone
    assert all(0 in levels for levels in parting.groups)


CUBES = ((2, 3), (10, 10), (2, 5, 9), (4, 4, 4), (10, 10, 10), (3, 3, 3, 3, 3))


@pytest.mark.parametrize("sizes", CUBES)
def test_cells_and_totals_are_known_equally_well_and_better_than_one_by_one(sizes):
    sides = tuple(whole(size) for size in sizes)
    parting = parting_of(sides)
    groups = parting.noise(l1=1, rho_nano=RHO_NANO)
    squares = {one.levels: float(Fraction(one.scale) ** 2) for one in groups}
    variances = [
        sum(
            square
            * math.prod(float(own[level]) for (_, own), level in zip(kind, levels, strict=True))
            for levels, square in squares.items()
        )
        for kind in product(*(basis.label_parts for basis in parting.bases))
    ]

    alone = 10**9 / (2 * RHO_NANO)  # of one table that has the whole charge
    assert max(variances) <= 1.01 * min(variances)
    assert max(variances) <= 0.85 * 2 ** len(sizes) * alone
    assert sum(parting.shares) > 0.999999 * SHARES


def test_a_share_too_small_to_divide_is_refused():
    with pytest.raises(AccountingError):
        parting_of((whole(3), whole(3))).noise(l1=1, rho_nano=3)


def test_scales_stay_where_the_noise_of_sums_is_known():
    """However much is paid."""
    summed, apart = parting_of((whole(4),)).noise(l1=1, rho_nano=10**15)
    assert 2 <= 4 * summed.scale**2 <= 2.001
    assert 2 <= 0.75 * apart.scale**2 <= 2.001


def test_a_wrong_scale_is_not_drawn(monkeypatch):
    (group, *_) = parting_of((whole(4),)).noise(l1=1, rho_nano=RHO_NANO)
    monkeypatch.setattr(mechanisms, "row_scale", lambda group, _: group.scale)
    with pytest.raises(Refused):
        mechanisms.draw_group({4: [0]}, group=group)


# Through the door.


def shown(shape: Shape, number: int):
    table = Unprotected(shape, {"rows": filled(shape, number)})
    return protect(table, policy=NOISY, grant=NoiseGrant(RHO_NANO))


@settings(max_examples=40, deadline=None)
@given(sides=st.lists(axes(), min_size=1, max_size=3).map(tuple), data=st.data())
def test_what_is_shown_adds_up_in_every_direction(sides, data):
    shape = shape_of(*sides)
    assume(shape.has_totals and shape.cells <= 120)
    if all(axis.total for axis in sides):
        shape = replace(shape, grouping_sets=data.draw(st.one_of(st.just(()), some_tables(sides))))
    table = shown(shape, 1000)
    (cells,) = table.columns
    found = {shape.keys(at): cells[at] for at in table.asked}

    assert all(cell.status is Status.SHOWN for cell in found.values())
    for number, axis in enumerate(sides):
        for labels, total in found.items():
            parts = dict(axis.sums).get(axis.labels.index(labels[number])) or ()
            inside = [
                found.get((*labels[:number], axis.labels[part], *labels[number + 1 :]))
                for part in parts
            ]
            if inside and None not in inside:
                assert total.value == sum(one.value for one in inside)


def test_what_is_not_asked_is_not_told_and_moves_nothing(monkeypatch):
    """Two tables with the same margins, and noise of which each number is 0."""
    shape = replace(shape_of(whole(2), whole(2), whole(3)), grouping_sets=((0, 1), (2,)))
    moved = {place: (-1) ** sum(place) for place in product(range(2), range(2), range(2))}
    tables = []
    places = list(product(range(3), range(3), range(4)))
    drawn = mechanisms.draw_group

    def exact(values, *, group):
        draws = drawn(values, group=group)
        return {norm: replace(draws[norm], values=tuple(own)) for norm, own in values.items()}

    monkeypatch.setattr(mechanisms, "draw_group", exact)
    for by in (0, 300):
        pairs = zip(filled(shape, 1000), places, strict=True)
        values = {"rows": tuple(one + by * moved.get(place, 0) for one, place in pairs)}
        tables.append(protect(Unprotected(shape, values), policy=NOISY, grant=NoiseGrant(RHO_NANO)))

    assert tables[0] == tables[1]
    found = dict(zip(places, tables[0].columns[0], strict=True))
    for place, cell in found.items():
        asked = place[2] == 3 and 2 not in place[:2], place[:2] == (2, 2) and place[2] < 3
        assert cell.status is (Status.SHOWN if any(asked) else Status.NOT_ASKED)
        assert cell.value in {None, Decimal(3000), Decimal(4000)}


TREE = Axis(
    "place",
    ("North", "n1", "n2", "n3", "South", "s1", "s2", "Total"),
    total=True,
    subtotals=((0, (1, 2, 3)), (4, (5, 6))),
)


@pytest.mark.parametrize(
    ("sides", "sets"),
    [
        ((whole(3), whole(5)), ()),
        ((whole(2), TREE), ()),
        ((Axis("x", ("a", "b")), TREE), ()),
        ((whole(2), whole(3), whole(2)), ((0, 1), (0, 2), (1, 2))),
        ((whole(3), TREE), ((0,), (1,))),
    ],
)
def test_intervals_hold_cells_and_totals_at_least_as_often_as_they_say(sides, sets):
    """Each kind of number by itself, over many tables."""
    shape = replace(shape_of(*sides), grouping_sets=sets)
    leaves = [[len(own) for own in sums_of(axis)] for axis in sides]
    true = [1000 * math.prod(one) for one in product(*leaves)]
    held = [0] * shape.cells
    tables = 400
    for _ in range(tables):
        table = shown(shape, 1000)
        for at in table.asked:
            cell = table.columns[0][at]
            held[at] += cell.low <= true[at] <= cell.high
    asked = [held[at] for at in range(shape.cells) if at not in shape.not_asked]
    assert all(binomial_tails(one, trials=tables, p=0.95)[0] > FALSE_ALARM for one in asked)
    assert sum(held) < 0.99 * tables * shape.cells_asked  # and are no wider than need be


def test_intervals_hold_where_the_noise_is_as_little_as_it_may_be():
    shape = shape_of(whole(2), whole(3))
    policy = replace(NOISY, dp=replace(DP_RULES, rho_nano_max=10**9))
    table = Unprotected(shape, {"rows": filled(shape, 1000)})
    held, tables = 0, 500
    for _ in range(tables):
        (cells,) = protect(table, policy=policy, grant=NoiseGrant(10**9)).columns
        held += sum(
            cell.low <= 1000 * leaves <= cell.high
            for cell, leaves in zip(cells, (1, 1, 1, 3, 1, 1, 1, 3, 2, 2, 2, 6), strict=True)
        )
    assert binomial_tails(held, trials=12 * tables, p=0.95)[0] > FALSE_ALARM


def test_values_lie_around_the_truth():
    shape = shape_of(whole(3), whole(5))
    tables = [shown(shape, 1000).columns[0][-1] for _ in range(300)]
    off = sum(float(cell.value) - 15_000 for cell in tables) / len(tables)
    width = float(tables[0].half_width) / 1.96
    assert abs(off) < 5 * width / math.sqrt(len(tables))


def test_means_of_totals_come_from_the_same_estimates_and_hold():
    plain = means_shape(1)
    shape = replace(plain, axes=(whole(4),))
    values = {"rows": filled(shape, 5000), "centred_bmi": filled(shape, -5000 * 50)}
    held = 0
    for _ in range(200):
        table = protect(Unprotected(shape, values), policy=NOISY, grant=NoiseGrant(RHO_NANO))
        counts, means = table.columns
        assert counts[4].value == sum(cell.value for cell in counts[:4])
        held += all(cell.low <= Decimal("30.0") <= cell.high for cell in means)
    assert held >= 180


def test_sums_with_digits_add_up_in_their_last_digit():
    total = Vector("total", Counting.TOTAL, 100, 10**12, Sensitivity(1, 9000, 9000**2, 9000))
    column = Published("sum", "Sum", Kind.SUM, "rows", "total", 1)
    plain = shape_of(whole(5), whole(3))
    shape = replace(plain, vectors=(*plain.vectors, total), published=(COUNT, column))
    values = {"rows": filled(shape, 1000), "total": filled(shape, 12_345)}
    table = protect(Unprotected(shape, values), policy=NOISY, grant=NoiseGrant(RHO_NANO))
    sums = [cell.value for cell in table.columns[1]]

    assert sums[-1] == sum(sums[at] for at in range(3, 20, 4)) == sum(sums[20:23])
    assert all(one.as_tuple().exponent == -1 for one in sums)


def test_the_record_says_what_was_measured_and_that_it_adds_up():
    shape = shape_of(whole(3), TREE)
    record = shown(shape, 1000).record

    assert [one.levels for one in record.noise] == list(product(range(2), range(3)))
    assert {one.vector for one in record.noise} == {"rows"}
    assert sum(one.rho_nano for one in record.noise) <= RHO_NANO == record.rho_nano
    assert all(one.epsilon is None for one in record.noise)
    assert any("add up" in text for text in record.leaves_out)


def test_the_preview_tells_the_half_width_that_most_cells_have():
    shape = shape_of(whole(5), whole(9))
    (expected,) = expect(shape, DP_RULES, rho_nano=RHO_NANO)
    (cells,) = shown(shape, 1000).columns

    widths = [cell.half_width for cell in cells]
    assert expected.totals
    assert sum(abs(one - expected.half_width) <= 1 for one in widths) > 0.9 * len(widths)
    assert max(widths) <= expected.half_width + 3


def test_hidden_cells_are_those_whose_noisy_count_is_small():
    shape = shape_of(whole(40))
    (cells,) = shown(shape, 0).columns
    (finding,) = shown(shape, 0).record.findings
    hidden = [at for at, cell in enumerate(cells) if cell.status is Status.SUPPRESSED]
    assert len(hidden) > 10
    assert all(cell.value >= 10 for cell in cells if cell.status is Status.SHOWN)
    assert finding.rule == "noisy-count-threshold"


# What has no totals.


@pytest.mark.parametrize("size", [2, 1])
def test_what_cannot_be_added_up_is_refused(size):
    laplace = replace(NOISY, dp=replace(DP_RULES, mechanisms=("discrete_laplace",)))
    shape = shape_of(whole(size))
    require_publishable(shape, NOISY)
    with pytest.raises(Refused):
        require_publishable(shape, laplace)
    with pytest.raises(Refused):
        accounting.noise_plan(shape, laplace.dp, rho_nano=RHO_NANO)

    shared = replace(
        shape,
        axes=(replace(whole(size), shared=True),),
        vectors=(replace(shape.vectors[0], counts=Counting.UNITS),),
    )
    with pytest.raises(Refused):
        require_publishable(shared, NOISY)

    bins = Vector("bins", Counting.HISTOGRAM, 1, 10**6, ONE, bins=5)
    middle = Published(
        "median", "Median", Kind.QUANTILE, "rows", None, 0,
        quantile=Quantile("bins", 1, 2, 0, 1, 4, 1),
    )  # fmt: skip
    chosen = replace(shape, vectors=(*shape.vectors, bins), published=(COUNT, middle))
    require_publishable(replace(chosen, axes=(Axis("x", ("a", "b")),)), NOISY)
    with pytest.raises(Refused):
        require_publishable(chosen, NOISY)


@pytest.mark.parametrize(
    "sets", [((2,),), ((1, 0),), ((0, 0),), ((0,), (0,)), ((-1,),)], ids=lambda sets: str(len(sets))
)
def test_tables_that_are_none_of_the_grid_are_refused(sets):
    shape = shape_of(whole(2), whole(3))
    require_publishable(replace(shape, grouping_sets=((0,), (1,))), NOISY)
    with pytest.raises(Refused):
        require_publishable(replace(shape, grouping_sets=sets), NOISY)


def test_some_tables_need_a_total_of_every_axis_and_are_never_exact():
    shape = replace(shape_of(whole(2), whole(3)), grouping_sets=((0,), (1,)))
    with pytest.raises(Refused):
        require_publishable(replace(shape, axes=(Axis("x", ("a", "b")), whole(3))), NOISY)
    exact = replace(EXACT, max_cells=100)
    with pytest.raises(Refused, match="leave") as refused:
        require_publishable(shape, exact)
    assert "exact tables tell all totals" in refused.value.detail


def test_numbers_that_leave_no_room_for_their_contrasts_are_refused():
    shape = shape_of(whole(11))
    assert largest_coefficient(shape.axes) == 6
    vast = replace(shape, vectors=(replace(shape.vectors[0], magnitude=2**60),))
    accounting.noise_plan(replace(vast, axes=(Axis("x", ("a", "b")),)), DP_RULES, rho_nano=RHO_NANO)
    with pytest.raises(Refused):
        accounting.noise_plan(vast, DP_RULES, rho_nano=RHO_NANO)


# Rounding.


@settings(max_examples=60, deadline=None)
@given(sides=st.lists(axes(), min_size=1, max_size=3).map(tuple), data=st.data())
def test_rounded_cells_add_up_near_their_estimates(sides, data):
    shape = shape_of(*sides)
    assume(shape.cells <= 120)
    parting = parting_of(shape.axes)
    numbers = st.lists(st.integers(-(10**6), 10**6), min_size=shape.cells, max_size=shape.cells)
    estimates = parting.estimated(parting.measured(data.draw(numbers)))
    estimates = tuple(one / 97 for one in estimates)

    rounded = rounding.adding_up(shape.axes, estimates)

    assert parting.estimated(parting.measured(rounded)) == rounded
    assert max(abs(own - one) for own, one in zip(rounded, estimates, strict=True)) < 3


def test_whole_numbers_that_add_up_stay_as_they_are():
    sides = (whole(4), TREE)
    shape = shape_of(*sides)
    parting = parting_of(shape.axes)
    estimates = parting.estimated(parting.measured(range(shape.cells)))
    assert rounding.adding_up(shape.axes, estimates) == estimates


# Half-widths.


@given(variance=st.floats(9, 10**9), alpha=st.sampled_from([accuracy.PER_CELL, Decimal("1e-6")]))
def test_the_half_width_of_sums_is_the_normal_laws_and_half_a_step(variance, alpha):
    width = accuracy.half_width_of_sums(variance, alpha=alpha)
    at = (width - 0.5) / math.sqrt(variance)
    below = (width - 1.5) / math.sqrt(variance)
    assert math.erfc(at / math.sqrt(2)) <= float(alpha) * (1 + 1e-9)
    assert math.erfc(below / math.sqrt(2)) > float(alpha) * (1 - 1e-9)
