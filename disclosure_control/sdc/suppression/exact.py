"""Which pattern is the cheapest of all? Benders' cuts, for small tables.

The master programme chooses hidden cells; for a choice that leaves a need open, the dual of the
attacker's programme gives a cut: cells of which enough must be hidden (Fischetti and Salazar 2001,
capacity constraints). Insiders' widths are cut the same way, over both directions at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from disclosure_control.sdc.suppression.insiders import known_to
from disclosure_control.sdc.suppression.instance import Bools, Floats, Instance, Ints
from disclosure_control.sdc.suppression.lp import Deadline, OutOfTime, Program
from disclosure_control.sdc.suppression.needs import Needs, room

AJAR = 0.02
HALF = 0.5
NEGLIGIBLE = 1e-9  # a coefficient, as a share of the need
SHORT = 1e-5  # a need is cut only if it is missed by more


@dataclass(frozen=True, slots=True)
class Cut:
    """``coefficients @ chosen[cells] >= 1``."""

    cells: Ints
    coefficients: Floats


class Attack:
    """Over all movable cells, as far as a (fractional) choice lets each move."""

    def __init__(self, instance: Instance, needs: Needs, *, columns: Bools | None) -> None:
        self.instance = instance
        self.down, self.up = room(instance, needs)
        movable = self.up > self.down
        self.columns: Ints = np.flatnonzero(movable if columns is None else movable & columns)
        self._place = np.full(instance.size, -1)
        self._place[self.columns] = np.arange(len(self.columns))
        self._program = Program(
            csc_array(instance.equations)[:, self.columns],
            cost=np.zeros(len(self.columns)),
            lower=self.down[self.columns],
            upper=self.up[self.columns],
            options={"solver": "simplex", "presolve": "off"},
        )

    def choose(self, chosen: Floats, *, held: Ints, ajar: float = 0.0) -> None:
        """Each cell may move its room times how far it is chosen; ``held`` not at all.

        ``ajar``: at least this share, so that the dual weighs cells that are not chosen too
        (Magnanti and Wong 1981); any dual gives a valid cut.
        """
        free = np.maximum(chosen, ajar)
        free[held] = 0.0
        share = free[self.columns]
        self._program.set_bounds(
            np.arange(len(self.columns)),
            self.down[self.columns] * share,
            self.up[self.columns] * share,
        )

    def furthest(self, cell: int, sign: float, *, deadline: Deadline) -> tuple[float, Floats]:
        """The furthest movement, and what a full choice of each cell would add to its bound."""
        place = self._place[[cell]]
        self._program.set_costs(place, np.array([-sign]))
        found = self._program.solve(deadline)
        reduced = -self._program.reduced_costs()  # of the maximisation
        self._program.set_costs(place, np.array([0.0]))
        if found is None:
            return 0.0, np.zeros(self.instance.size)
        worth = np.where(
            reduced > 0, reduced * self.up[self.columns], reduced * self.down[self.columns]
        )
        dense = np.zeros(self.instance.size)
        dense[self.columns] = np.maximum(worth, 0.0)
        return float(sign * found[place[0]]), dense


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    hidden: Bools
    proven: bool


def optimum(
    instance: Instance, *, start: Bools, columns: Bools | None = None, deadline: Deadline
) -> Optimum:
    """The cheapest pattern among ``columns`` (all cells unless given).

    ``start``, a pattern that protects, where nothing is cheaper or time ends before.
    """
    try:
        found = _search(instance, start=start, columns=columns, deadline=deadline)
    except OutOfTime:
        return Optimum(start, proven=False)
    return Optimum(found, proven=columns is None)


def _search(
    instance: Instance, *, start: Bools, columns: Bools | None, deadline: Deadline
) -> Bools:
    needs = Needs(instance)
    attack = Attack(instance, needs, columns=columns)
    master = Master(instance, attack, most=float(instance.cost[start].sum()))
    insiders = known_to(instance)
    while True:
        chosen = master.relaxed(deadline)
        cuts = list(_cuts(attack, needs, chosen, deadline=deadline))
        master.add(cuts)
        if not cuts:
            break
    while True:
        found = master.integral(deadline)
        if found is None:  # nothing is cheaper than the start
            return start
        cuts = list(_cuts(attack, needs, found, deadline=deadline))
        cuts = cuts or list(_insider_cuts(attack, insiders, found, deadline=deadline))
        if not cuts:
            return found > HALF
        master.add(cuts)


class Master:
    """Minimises the cost of hidden cells under all cuts so far, below ``most``."""

    def __init__(self, instance: Instance, attack: Attack, *, most: float) -> None:
        self.instance = instance
        self._most = most
        self._rows: list[Cut] = []
        self._lower = np.zeros(instance.size)
        self._lower[instance.hidden_anyway] = 1.0
        self._upper = np.zeros(instance.size)
        self._upper[attack.columns] = 1.0
        self._upper[instance.hidden_anyway] = 1.0
        self._relaxed: Program | None = None
        self._companions = _companions(instance, attack.columns)

    def add(self, cuts: list[Cut]) -> None:
        self._rows += cuts
        if self._relaxed is not None:
            for cut in cuts:
                self._relaxed.add_row(cut.cells, cut.coefficients, least=1.0)

    def relaxed(self, deadline: Deadline) -> Floats:
        if self._relaxed is None:
            self._relaxed = self._program(integer=False)
        found = self._relaxed.solve(deadline)
        return self._lower if found is None else np.clip(found, self._lower, self._upper)

    def integral(self, deadline: Deadline) -> Floats | None:
        program = self._program(integer=True)
        cheaper = self._most - _step(self.instance.cost)
        program.add_row(np.arange(self.instance.size), -self.instance.cost, least=-cheaper)
        found = program.solve(deadline)
        return None if found is None else np.round(found)

    def _program(self, *, integer: bool) -> Program:
        size = self.instance.size
        cuts = [
            csr_array((cut.coefficients, cut.cells, [0, len(cut.cells)]), shape=(1, size))
            for cut in self._rows
        ]
        matrix = vstack([self._companions, *cuts])
        least = np.concatenate([np.zeros(self._companions.shape[0]), np.ones(len(cuts))])
        return Program(
            matrix,
            cost=self.instance.cost,
            lower=self._lower,
            upper=self._upper,
            rows=(least, np.full(len(least), np.inf)),
            integer=integer,
            options={"mip_rel_gap": 0.0, "mip_abs_gap": 1e-6},
        )


def _companions(instance: Instance, columns: Ints) -> Any:
    """In every equation a hidden cell has another one, or it could not move and would be no use."""
    equations = abs(instance.equations).sign().tocsr()
    indicator = np.zeros(instance.size)
    indicator[columns] = 1.0
    given = np.zeros(instance.size, dtype=bool)
    given[instance.given] = True
    rows = []
    for row in range(equations.shape[0]):
        found = equations.indices[equations.indptr[row] : equations.indptr[row + 1]]
        cells = found[indicator[found] > 0]
        block = np.ones((len(cells), len(cells))) - 2.0 * np.eye(len(cells))
        block = block[~given[cells]]
        place = np.repeat(np.arange(len(block)), len(cells)), np.tile(cells, len(block))
        rows.append(csr_array((block.ravel(), place), shape=(len(block), instance.size)))
    return vstack(rows).tocsr()


def _step(cost: Floats) -> float:
    """Two patterns of different cost differ by at least this, as far as it is known."""
    whole = np.abs(cost - np.round(cost)).max() < NEGLIGIBLE
    return 0.5 if whole else 1e-6 * float(cost.max())


def _cuts(attack: Attack, needs: Needs, chosen: Floats, *, deadline: Deadline) -> Iterator[Cut]:
    """One for each need that is not met: a deep one where that is violated, else a plain one."""
    missed = np.arange(len(needs))
    for ajar in (AJAR, 0.0):
        attack.choose(chosen, held=np.zeros(0, dtype=np.int64), ajar=ajar)
        left = []
        for need in missed:
            cell, sign, amount = needs.cell[need], needs.sign[need], float(needs.amount[need])
            _, worth = attack.furthest(int(cell), float(sign), deadline=deadline)
            if worth @ chosen < amount * (1 - SHORT):
                yield _cut(worth, amount)
            else:
                left.append(need)
        missed = np.array(left, dtype=np.int64)


def _insider_cuts(
    attack: Attack, insiders: list[Ints], chosen: Floats, *, deadline: Deadline
) -> Iterator[Cut]:
    instance = attack.instance
    for held in insiders:
        if not chosen[held].any():
            continue
        attack.choose(chosen, held=held)
        for cell, width in zip(instance.primary, instance.width, strict=True):
            if cell in held or width <= 0:
                continue
            above, worth = attack.furthest(int(cell), 1.0, deadline=deadline)
            if above < width * (1 - SHORT):
                below, more = attack.furthest(int(cell), -1.0, deadline=deadline)
                if above + below < width * (1 - SHORT):
                    worth = worth + more
                    worth[held] = 0.0
                    yield _cut(worth, float(width))


def _cut(worth: Floats, amount: float) -> Cut:
    """No coefficient above 1: one hidden cell can do no more than meet the need."""
    cells = np.flatnonzero(worth > NEGLIGIBLE * amount)
    return Cut(cells, np.minimum(worth[cells] / amount, 1.0))
