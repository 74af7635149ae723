"""How far can hidden cells move? One linear programme over hidden cells only, many pushed at once.

Primal simplex from the last vertex: bounds and costs change little between two pushes.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from disclosure_control.sdc.suppression.instance import Bools, Floats, Ints
from disclosure_control.sdc.suppression.lp import Deadline, Program
from disclosure_control.sdc.suppression.needs import MET, OPEN, Proofs, room, together

AT_ONCE = 24
PRIMAL = {"simplex_strategy": 4, "solver": "simplex", "presolve": "off"}


class Push:
    """Over the cells that were hidden when it was made; ``fix`` takes cells out for good."""

    def __init__(self, proofs: Proofs, hidden: Bools) -> None:
        self.proofs = proofs
        down, up = room(proofs.instance, proofs.needs)
        self.columns: Ints = np.flatnonzero(hidden & (up > down))
        self._place = np.full(proofs.instance.size, -1)
        self._place[self.columns] = np.arange(len(self.columns))
        self._down, self._up = down[self.columns], up[self.columns]
        part = csc_array(proofs.instance.equations)[:, self.columns].tocsr()
        part = part[np.diff(part.indptr) > 0]
        self._program = Program(
            part,
            cost=np.zeros(len(self.columns)),
            lower=self._down,
            upper=self._up,
            options=PRIMAL,
        )
        self._now_down, self._now_up = self._down.copy(), self._up.copy()

    def fix(self, cells: Ints) -> None:
        """These cells stand still until they are freed."""
        places = self._places(cells)
        self._restrict(places, np.zeros(len(places)), np.zeros(len(places)))

    def free(self, cells: Ints) -> None:
        places = self._places(cells)
        self._restrict(places, self._down[places], self._up[places])

    def _places(self, cells: Ints) -> Ints:
        places = self._place[cells]
        return np.asarray(places[places >= 0])

    def _restrict(self, places: Ints, down: Floats, up: Floats) -> None:
        self._now_down[places], self._now_up[places] = down, up
        self._program.set_bounds(places, down, up)

    def towards(self, cells: Ints, signs: Floats, *, deadline: Deadline) -> Floats:
        """The movement of most ``signs @ d[cells]``, over all cells."""
        places = self._place[cells]
        within = places >= 0
        places = places[within]
        self._program.set_costs(places, -signs[within])
        try:
            found = self._program.solve(deadline)
        finally:
            self._program.set_costs(places, np.zeros(len(places)))
        dense = np.zeros(self.proofs.instance.size)
        if found is not None:
            dense[self.columns] = np.clip(found, self._now_down, self._now_up)
        return dense

    def prove(self, needs: Ints, *, deadline: Deadline, rng: np.random.Generator) -> None:
        """Tries every open need of ``needs`` in groups; what a group does not meet stays open."""
        proofs, waiting = self.proofs, rng.permutation(needs)
        while len(waiting):
            group = together(proofs, waiting, most=AT_ONCE)
            self._prove(group, deadline=deadline)
            left = ~np.isin(waiting, group) & (proofs.proof[waiting] == OPEN)
            waiting = waiting[left]

    def single(self, need: int, *, deadline: Deadline) -> bool:
        """Whether this one need can be met."""
        self._prove(np.array([need]), deadline=deadline)
        return bool(self.proofs.proof[need] != OPEN)

    def reaches(self, need: int, *, deadline: Deadline) -> bool:
        """Whether this one need can be met; the movement found, a far one, is not kept."""
        needs = self.proofs.needs
        moved = self._furthest(np.array([need]), deadline=deadline)
        reached = needs.sign[need] * moved[needs.cell[need]]
        return bool(reached >= needs.amount[need] * (1 - MET))

    def _prove(self, group: Ints, *, deadline: Deadline) -> None:
        self.proofs.take(self._furthest(group, deadline=deadline))

    def _furthest(self, group: Ints, *, deadline: Deadline) -> Floats:
        needs = self.proofs.needs
        places = self._places(needs.held_by(group))
        places = places[self._now_up[places] > self._now_down[places]]
        self._restrict(places, np.zeros(len(places)), np.zeros(len(places)))
        try:
            return self.towards(needs.cell[group], needs.sign[group], deadline=deadline)
        finally:
            self._restrict(places, self._down[places], self._up[places])
