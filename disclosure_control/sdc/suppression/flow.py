"""Which cells must join the hidden ones, at least cost? A movement that meets many needs at once.

One linear programme for a whole batch of open needs: the cost of a cell is paid for each unit that
it moves, hidden cells move almost free, and every cell that moves becomes hidden.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csc_array, hstack

from disclosure_control.sdc.suppression.instance import Bools, Floats, Ints
from disclosure_control.sdc.suppression.lp import Deadline, Program, Unsolved
from disclosure_control.sdc.suppression.needs import OPEN, TINY, Proofs, room, together

FREE = 0.02  # cost of moving a hidden cell, as a share of the cheapest cell's: breaks ties
INTERIOR = {"solver": "ipm", "run_crossover": "on"}
SIMPLEX = {"solver": "simplex"}
RUNNERS = (INTERIOR, SIMPLEX)


class Unprotectable(Exception):
    """No pattern protects this cell: ``cell`` is its position."""

    def __init__(self, cell: int) -> None:
        super().__init__(str(cell))
        self.cell = cell


class Flow:
    """Over given columns. ``hidden`` grows with each repair."""

    def __init__(
        self,
        proofs: Proofs,
        *,
        columns: Bools,
        hidden: Bools,
        rng: np.random.Generator,
        priced: Bools | None = None,
    ) -> None:
        instance = proofs.instance
        self.proofs, self.rng = proofs, rng
        self.hidden = hidden.copy()
        self.maker: dict[int, int] = {}  # secondary -> a need of the batch that hid it
        down, up = room(instance, proofs.needs)
        self._down, self._up = down, up
        self.columns: Ints = np.flatnonzero((columns | hidden) & (up > down))
        self._place = np.full(instance.size, -1)
        self._place[self.columns] = np.arange(len(self.columns))
        self._count = len(self.columns)
        part = csc_array(instance.equations)[:, self.columns].tocsr()
        part = csc_array(part[np.diff(part.indptr) > 0])
        cheapest = float(instance.cost.min())
        ahead, back = self._prices(instance.cost / cheapest)
        self._costs = np.concatenate([ahead, back])
        self._uppers = np.concatenate([up[self.columns], -down[self.columns]])
        self._program = Program(
            hstack([part, -part]),
            cost=self._costs,
            lower=np.zeros(2 * self._count),
            upper=self._uppers,
            options=INTERIOR,
        )
        self._race: list[tuple[float, dict[str, str]]] = []
        free = self.hidden if priced is None else self.hidden & ~priced
        self._price_hidden(np.flatnonzero(free))

    def fix(self, cell: int) -> None:
        """The cell stands still until it is freed."""
        place = self._place[cell]
        both = np.array([place, place + self._count])
        self._uppers[both] = 0.0
        self._program.set_bounds(both, np.zeros(2), np.zeros(2))

    def free(self, cell: int) -> None:
        place = self._place[cell]
        both = np.array([place, place + self._count])
        self._uppers[both] = self._up[cell], -self._down[cell]
        self._program.set_bounds(both, np.zeros(2), self._uppers[both])

    def _prices(self, cost: Floats) -> tuple[Floats, Floats]:
        """Per unit moved; a cell that can move less than a need must not look cheap for it."""
        need = float(np.median(self.proofs.needs.amount))
        shaken = cost[self.columns] * self.rng.uniform(0.97, 1.03, self._count)
        ahead, back = self._up[self.columns], -self._down[self.columns]
        return tuple(  # type: ignore[return-value]
            shaken * need / np.clip(reach, 0.2 * need, need) for reach in (ahead, back)
        )

    def _price_hidden(self, cells: Ints) -> None:
        places = self._place[cells]
        places = places[places >= 0]
        both = np.concatenate([places, places + self._count])
        self._program.set_costs(both, FREE * self.rng.uniform(0.5, 1.5, len(both)))

    def repair(self, *, batch: int, deadline: Deadline) -> None:
        """Hides cells until every need is met. Raises Unprotectable or OutOfTime."""
        waiting = self.rng.permutation(self.proofs.open())
        while len(waiting):
            failed = self.meet(together(self.proofs, waiting, most=batch), deadline=deadline)
            if failed is not None:
                raise Unprotectable(int(self.proofs.needs.cell[failed]))
            waiting = waiting[self.proofs.proof[waiting] == OPEN]

    def repair_most(self, waiting: Ints, *, batch: int, times: int, deadline: Deadline) -> Ints:
        """Meets so many groups of the needs that wait; returns those that wait still.

        Needs that these columns cannot meet wait no longer.
        """
        for _ in range(times):
            if not len(waiting):
                break
            group = together(self.proofs, waiting, most=batch)
            failed = self.meet(group, deadline=deadline)
            open_ones = self.proofs.proof[waiting] == OPEN
            waiting = waiting[open_ones & (waiting != (-1 if failed is None else failed))]
        return waiting

    def all_met(self, waiting: Ints, *, batch: int, deadline: Deadline) -> int | None:
        """A need that cannot be met by these columns; None where all can."""
        while len(waiting):
            failed = self.meet(together(self.proofs, waiting, most=batch), deadline=deadline)
            if failed is not None:
                return failed
            waiting = waiting[self.proofs.proof[waiting] == OPEN]
        return None

    def meet(self, group: Ints, *, deadline: Deadline) -> int | None:
        """Meets all needs of the group at once, or in parts; a need that cannot be met."""
        moved = self._least_cost(group, deadline=deadline)
        if moved is None:
            if len(group) == 1:
                return int(group[0])
            for quarter in np.array_split(group, min(4, len(group))):
                part = quarter[self.proofs.proof[quarter] == OPEN]
                if len(part) and (failed := self.meet(part, deadline=deadline)) is not None:
                    return failed
            return None
        new = np.flatnonzero((np.abs(moved) > TINY) & ~self.hidden)
        self.hidden[new] = True
        self._price_hidden(new)
        for cell in new:
            self.maker[int(cell)] = int(group[0])
        if not len(self.proofs.take(moved)) and len(group) == 1:
            raise Unsolved("a movement does not prove the need that it was made for")
        return None

    def _least_cost(self, group: Ints, *, deadline: Deadline) -> Floats | None:
        needs = self.proofs.needs
        places = self._place[needs.cell[group]]
        if (places < 0).any():
            return None
        forward = needs.sign[group] > 0
        moving = np.where(forward, places, places + self._count)
        opposite = np.where(forward, places + self._count, places)
        if (self._uppers[moving] < needs.amount[group] - TINY).any():
            return None
        held = self._place[needs.held_by(group)]
        held = held[held >= 0]
        still = np.concatenate([opposite, held, held + self._count])
        self._program.set_bounds(still, np.zeros(len(still)), np.zeros(len(still)))
        asked = np.minimum(needs.amount[group], self._uppers[moving])
        self._program.set_bounds(moving, asked, self._uppers[moving])
        try:
            found = self._raced(deadline)
        finally:
            back = np.concatenate([still, moving])
            self._program.set_bounds(back, np.zeros(len(back)), self._uppers[back])
        if found is None:
            return None
        found = np.clip(found, 0.0, self._uppers)  # the solver keeps bounds to 1e-7 only
        found[still] = 0.0
        found[moving] = np.maximum(found[moving], asked)
        dense = np.zeros(self.proofs.instance.size)
        dense[self.columns] = found[: self._count] - found[self._count :]
        return dense

    def _raced(self, deadline: Deadline) -> Floats | None:
        """The first two programmes try both solvers; the faster one does the rest."""
        racing = len(self._race) < len(RUNNERS)
        options = RUNNERS[len(self._race)] if racing else min(self._race, key=lambda run: run[0])[1]
        for name, value in options.items():
            self._program.option(name, value)
        start = time.process_time()
        found = self._program.solve(deadline)
        if racing:
            self._race.append((time.process_time() - start, options))
        return found


def cost_of(proofs: Proofs, hidden: Bools) -> float:
    """Of the cells that are hidden for the primaries' sake."""
    secondary = hidden.copy()
    secondary[proofs.instance.hidden_anyway] = False
    return float(proofs.instance.cost[secondary].sum())


def cells_by_cost(proofs: Proofs, hidden: Bools) -> Iterator[int]:
    """Cells that are hidden for the primaries' sake, dearest first."""
    secondary = hidden.copy()
    secondary[proofs.instance.hidden_anyway] = False
    cells = np.flatnonzero(secondary)
    for cell in cells[np.argsort(-proofs.instance.cost[cells], kind="stable")]:
        yield int(cell)
