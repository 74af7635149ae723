"""Which hidden cells are not needed after all? Each is tried, dearest first, until time ends.

Proofs are sought that move as little of the other secondaries as possible, so that each of them
stays in the way of few needs.
"""

from __future__ import annotations

import numpy as np

from disclosure_control.sdc.suppression.flow import Flow, cells_by_cost
from disclosure_control.sdc.suppression.instance import Bools, Floats, Ints
from disclosure_control.sdc.suppression.lp import Deadline, OutOfTime, Unsolved
from disclosure_control.sdc.suppression.needs import OPEN, Proofs
from disclosure_control.sdc.suppression.push import Push

AT_ONCE = 6
REMEMBERED = 4


class Drop:
    """Shows secondaries again while every need keeps a proof; ``hidden`` shrinks."""

    def __init__(
        self,
        proofs: Proofs,
        hidden: Bools,
        *,
        maker: dict[int, int],
        rng: np.random.Generator,
        needed: frozenset[int] = frozenset(),
    ) -> None:
        """``needed``: cells that an earlier run could not show."""
        self._known = needed
        self.proofs, self.rng = proofs, rng
        self.hidden = hidden.copy()
        self._secondary = hidden.copy()
        self._secondary[proofs.instance.hidden_anyway] = False
        nothing_more = np.zeros_like(hidden)
        self._flow = Flow(
            proofs, columns=nothing_more, hidden=hidden, rng=rng, priced=self._secondary
        )
        self._push = Push(proofs, hidden)
        self._hard: list[int] = []  # needs that stopped a drop, latest first
        self._maker = maker
        self._users: dict[int, set[int]] = {
            int(one): set() for one in np.flatnonzero(self._secondary)
        }
        self._seen = 0
        self.tried: set[int] = set()

    def run(self, *, deadline: Deadline) -> None:
        self.proofs.compact()
        for cell in cells_by_cost(self.proofs, self.hidden):
            if cell in self._known:
                continue
            try:
                self._try(cell, deadline=deadline)
            except OutOfTime:
                return
            except Unsolved:
                pass  # the cell stays hidden, and every need keeps its proof
            self.tried.add(cell)

    def _using(self, cell: int) -> Ints:
        """Needs whose proof moves the cell."""
        movements = self.proofs.movements
        for number in range(self._seen, len(movements)):
            moved = movements[number].cells
            for one in moved[self._secondary[moved]].tolist():
                self._users[one].add(number)
        self._seen = len(movements)
        return np.flatnonzero(np.isin(self.proofs.proof, list(self._users[cell])))

    def _try(self, cell: int, *, deadline: Deadline) -> None:
        proofs = self.proofs
        affected = self._using(cell)
        before = proofs.proof[affected].copy(), proofs.factor[affected].copy()
        proofs.proof[affected] = OPEN
        self._flow.fix(cell)
        self._push.fix(np.array([cell]))
        dropped = False
        try:
            dropped = self._met(cell, affected, deadline=deadline)
        finally:
            if dropped:
                self.hidden[cell] = False
            else:
                _restore(proofs, affected, before)
                self._flow.free(cell)
                self._push.free(np.array([cell]))

    def _met(self, cell: int, affected: Ints, *, deadline: Deadline) -> bool:
        """Needs that are likely to fail are tried first, by pushes, which are ten times faster."""
        for need in [self._maker.get(cell, OPEN), *self._hard]:
            if need in affected and not self._push.reaches(need, deadline=deadline):
                return False
        failed = self._flow.all_met(
            self.rng.permutation(affected), batch=AT_ONCE, deadline=deadline
        )
        if failed is not None:
            self._hard = [failed, *(one for one in self._hard if one != failed)][:REMEMBERED]
        return failed is None


def _restore(proofs: Proofs, needs: Ints, before: tuple[Ints, Floats]) -> None:
    """Needs that stayed open get back the proof that they had."""
    still = proofs.proof[needs] == OPEN
    proofs.proof[needs[still]] = before[0][still]
    proofs.factor[needs[still]] = before[1][still]
