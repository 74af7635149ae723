"""A researcher makes a column that is empty by definition, and subtracts what it seemed to hide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from disclosure_control import present
from disclosure_control.protect import protect
from disclosure_control.tables import Shape, Unprotected
from tests import populations as made
from tests.laws.test_totals import POLICY, lines
from tests.small_tables import SDC_RULES

SEEDS = range(12)
YES, NO = 0, 1  # "has an event after the last day of the data": nobody has


def population(seed: int) -> Unprotected:
    """Areas by a feature that nobody can have."""
    rows = [
        replace(row, place=(row.place[0], NO))
        for row in made.records(seed, sizes=(6, 1), units=150)
    ]
    return made.table(rows, sizes=(6, 2), columns=(made.COUNT,))


def known(shape: Shape) -> Shape:
    areas, feature = shape.axes
    return replace(shape, axes=(areas, replace(feature, empty=(YES,))))


def narrowed(table: Unprotected) -> int:
    """How many unsafe counts are told too closely to whoever knows that nobody has the feature."""
    text = present.to_csv(protect(table, policy=POLICY, grant=None, seconds=20.0))
    numbers = [line.split(",")[-1] for line in text.splitlines()[1:]]
    size = len(table.shape.axes[1].labels)
    nobody = {cell for cell in range(len(numbers)) if cell % size == YES}
    told = ["0" if cell in nobody else number for cell, number in enumerate(numbers)]
    equations, sums = lines([7, 3], told)
    unknown = [cell for cell, number in enumerate(told) if number == "[c]"]
    units, found = table.reveal()["units"], 0
    for cell in (one for one in unknown if 0 < units[one] < SDC_RULES.threshold):
        cost = np.zeros(len(unknown))
        cost[unknown.index(cell)] = 1.0
        low = linprog(cost, A_eq=equations, b_eq=sums, bounds=(0, 10**6)).fun
        high = -linprog(-cost, A_eq=equations, b_eq=sums, bounds=(0, 10**6)).fun
        rows = table.reveal()["rows"][cell]
        found += high - low < 1 or not low <= rows - 1 or not high >= rows + SDC_RULES.threshold
    return found


def test_zeros_that_only_the_attacker_knows_give_small_counts_away():
    """Why such a question is refused, or its empty labels worked out."""
    assert sum(narrowed(population(seed)) for seed in SEEDS) > 0


def test_zeros_that_the_suppressor_knows_too_give_nothing_away():
    for seed in SEEDS:
        table = population(seed)
        assert narrowed(Unprotected(known(table.shape), table.reveal())) == 0
