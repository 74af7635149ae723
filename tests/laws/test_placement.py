"""Does the register place people where the engine counts them? Cell by cell, by the oracle."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import prod

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from disclosure_control.sdc.register import sets
from disclosure_control.tables import Counting
from queries.engines import memory
from queries.engines.placement import placement
from queries.language import Measure, Statistic
from queries.plan import MOST_SETS, plan
from tests.catalogues import nested_clinic, sdc_policy
from tests.engines import MemoryStore
from tests.made_up import CLINIC, clinics, questions

NESTED = nested_clinic()
STORE = MemoryStore(CLINIC)
PEOPLE = 100
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions(NESTED, exact=True), totals=st.booleans())
def test_each_unit_is_in_one_cell_and_cells_have_the_units_that_are_counted(tables, query, totals):
    query = replace(query, margins=totals and bool(query.dimensions))
    planned = plan(query, NESTED, sdc_policy())
    assume(planned.parts_units)
    STORE.fill(tables)

    counted = memory.answer(query, catalogue=NESTED, policy=sdc_policy(), tables=tables)

    compared = 0
    for recipe in planned.recipes:
        if recipe.counts not in {Counting.UNITS, Counting.CONTRIBUTORS}:
            continue
        of = recipe.of if recipe.counts is Counting.CONTRIBUTORS else None
        rows = STORE.con.execute(placement(planned, of=of)).fetchall()
        units = [unit for unit, _ in rows]
        assert len(set(units)) == len(units)
        placed = Counter(cell for _, cell in rows if cell is not None)
        for cell in leaves(planned):
            assert placed.pop(cell, 0) == counted[recipe.name][cell]
        assert not placed, "people outside every cell that adds nothing up"
        compared += 1
    assert compared or not planned.recipes


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(tables=clinics(), query=questions(NESTED, exact=True), totals=st.booleans())
def test_units_in_several_cells_are_placed_where_they_are_counted(tables, query, totals):
    """Of every cell and every total: so many different units."""
    query = replace(query, measures=(Measure(Statistic.UNITS),))
    query = replace(query, margins=totals and bool(query.dimensions))
    planned = plan(query, NESTED, sdc_policy())
    assert planned.tells_of_whole_units == (sets_of(planned) <= MOST_SETS)
    axes = planned.shape.axes
    assume(any(axis.shared for axis in axes))
    STORE.fill(tables)

    counted = memory.answer(query, catalogue=NESTED, policy=sdc_policy(), tables=tables)
    (units,) = (one.name for one in planned.recipes if one.counts is Counting.UNITS)
    rows = STORE.con.execute(placement(planned, of=None)).fetchall()
    inside = np.array([row for row in rows if row[1] is not None], dtype=np.int64).reshape(-1, 2)
    for one in sets.slices(inside[:, 0], inside[:, 1], of=PEOPLE, axes=axes):
        placed = Counter(one.places[one.places >= 0].tolist())
        for own, cell in enumerate(one.cells.tolist()):
            if not in_total_of_units(axes, cell):
                assert placed[own] == counted[units][cell]


def sets_of(planned) -> int:
    return prod(len(axis.labels) for axis in planned.shape.axes if axis.shared)


def in_total_of_units(axes, cell: int) -> bool:
    """Is a label added up under which a unit is once? Then blocks are, and not the slice."""
    places = np.unravel_index(cell, [len(axis.labels) for axis in axes])
    return any(
        not axis.shared and int(at) in dict(axis.sums)
        for axis, at in zip(axes, places, strict=True)
    )


def leaves(planned) -> list[int]:
    """Cells that add nothing up."""
    wholes = [{whole for whole, _ in axis.sums} for axis in planned.shape.axes]
    found = []
    for cell in range(planned.shape.cells):
        place, left = [], cell
        for axis in reversed(planned.shape.axes):
            left, at = divmod(left, len(axis.labels))
            place.append(at)
        if not any(at in own for at, own in zip(reversed(place), wholes, strict=True)):
            found.append(cell)
    return found
