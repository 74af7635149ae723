"""What must the hidden cells be able to do, and which movement proves that they can?

A *need* asks that a cell can move by an amount, in one direction, while some cells stand still. A
*movement* is a vector d over the cells with M d = 0, within the bounds of each cell: the attacker
cannot tell the true table from the one moved by d. It proves every need that it meets, and where it
lies on hidden cells only, so does the pattern. ``Proofs.verify`` needs no solver.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disclosure_control.sdc.suppression.instance import Bools, Floats, Instance, Ints

TINY = 1e-7  # a movement smaller than this is none
MET = 2e-6  # a need is met up to this
OPEN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    cells: Ints
    amounts: Floats
    least: float  # multiples from ``least`` (not positive) to ``most`` stay within all bounds
    most: float


class Needs:
    """Needs as columns. ``still`` is a number of a set of cells in ``held``; set 0 is empty."""

    def __init__(self, instance: Instance) -> None:
        cells = np.concatenate([instance.primary, instance.primary])
        amounts = np.concatenate([instance.upl, instance.lpl])
        signs = np.repeat([1.0, -1.0], len(instance.primary))
        asked = amounts > 0
        self.cell: Ints = cells[asked]
        self.sign: Floats = signs[asked]
        self.amount: Floats = amounts[asked]
        self.still: Ints = np.zeros(int(asked.sum()), dtype=np.int64)
        self.held: list[Ints] = [np.zeros(0, dtype=np.int64)]

    def __len__(self) -> int:
        return len(self.cell)

    def add(self, cell: int, sign: float, amount: float, *, held: Ints) -> None:
        self.held.append(held)
        self.cell = np.append(self.cell, cell)
        self.sign = np.append(self.sign, sign)
        self.amount = np.append(self.amount, amount)
        self.still = np.append(self.still, len(self.held) - 1)

    def held_by(self, needs: Ints) -> Ints:
        """Every cell that any of these needs holds still."""
        return np.unique(np.concatenate([self.held[one] for one in np.unique(self.still[needs])]))


class Proofs:
    """Which movement meets which need, and by which multiple."""

    def __init__(self, instance: Instance, needs: Needs) -> None:
        self.instance = instance
        self.needs = needs
        self.movements: list[Movement] = []
        self.proof: Ints = np.full(len(needs), OPEN)
        self.factor: Floats = np.zeros(len(needs))
        self._most = room(instance, needs)

    def copy(self) -> Proofs:
        other = Proofs(self.instance, self.needs)
        other.movements = list(self.movements)
        other.proof, other.factor = self.proof.copy(), self.factor.copy()
        return other

    def grow(self) -> None:
        """Makes place for needs that were added."""
        more = len(self.needs) - len(self.proof)
        self.proof = np.append(self.proof, np.full(more, OPEN))
        self.factor = np.append(self.factor, np.zeros(more))

    def compact(self) -> None:
        """Forgets movements that prove nothing."""
        used = np.unique(self.proof[self.proof != OPEN])
        self.movements = [self.movements[number] for number in used]
        met = self.proof != OPEN
        self.proof[met] = np.searchsorted(used, self.proof[met])

    def open(self) -> Ints:
        return np.flatnonzero(self.proof == OPEN)

    def movement(self, dense: Floats) -> Movement | None:
        cells = np.flatnonzero(np.abs(dense) > TINY)
        if not len(cells):
            return None
        amounts = dense[cells]
        down, up = -self._most[0][cells], self._most[1][cells]
        with np.errstate(divide="ignore"):
            ahead = np.where(amounts > 0, up, down) / np.abs(amounts)
            back = np.where(amounts > 0, down, up) / np.abs(amounts)
        return Movement(cells, amounts, -float(back.min()), float(ahead.min()))

    def take(self, dense: Floats, *, among: Ints | None = None) -> Ints:
        """Notes the movement as proof of every open need that it meets; returns those needs."""
        wanted = self.open() if among is None else among[self.proof[among] == OPEN]
        found = self.movement(dense)
        if found is None or not len(wanted):
            return wanted[:0]
        moved = np.zeros(self.instance.size)
        moved[found.cells] = found.amounts
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = (
                self.needs.sign[wanted] * self.needs.amount[wanted] / moved[self.needs.cell[wanted]]
            )
        slack = 1 + 1e-9
        fits = (
            np.isfinite(factor) & (factor <= found.most * slack) & (factor >= found.least * slack)
        )
        wanted, factor = wanted[fits], factor[fits]
        kept = self._without_held(wanted, moved)
        wanted, factor = wanted[kept], factor[kept]
        if len(wanted):
            self.movements.append(found)
            self.proof[wanted] = len(self.movements) - 1
            self.factor[wanted] = factor
        return wanted

    def _without_held(self, wanted: Ints, moved: Floats) -> Bools:
        """Which needs do not ask a cell to stand still that this movement moves."""
        sets, inverse = np.unique(self.needs.still[wanted], return_inverse=True)
        stands = np.array([not moved[self.needs.held[one]].any() for one in sets], dtype=bool)
        return stands[inverse] if len(sets) else np.zeros(0, dtype=bool)

    def secondaries(self) -> Bools:
        """Which cells any proof in use moves."""
        used = np.zeros(self.instance.size, dtype=bool)
        for number in np.unique(self.proof[self.proof != OPEN]):
            used[self.movements[number].cells] = True
        return used

    def verify(self, hidden: Bools) -> bool:
        """Every need is met by a true movement over hidden cells: arithmetic only, no solver."""
        instance, needs = self.instance, self.needs
        if len(self.proof) != len(needs) or (self.proof == OPEN).any():
            return False
        if not hidden[instance.hidden_anyway].all():
            return False
        return all(self._proves(int(number), hidden) for number in np.unique(self.proof))

    def _proves(self, number: int, hidden: Bools) -> bool:
        instance, needs, movement = self.instance, self.needs, self.movements[number]
        mine = np.flatnonzero(self.proof == number)
        dense = np.zeros(instance.size)
        dense[movement.cells] = movement.amounts
        largest = float(np.abs(movement.amounts).max())
        factors = self.factor[mine]
        low, high = min(0.0, factors.min()), max(0.0, factors.max())
        tolerance = MET * max(1.0, largest * max(-low, high))
        reach = np.maximum(dense * low, dense * high), np.minimum(dense * low, dense * high)
        off = np.abs(instance.equations @ dense)
        return bool(
            hidden[movement.cells].all()
            and (off * max(-low, high) <= tolerance).all()
            and (reach[0] <= instance.up + tolerance).all()
            and (reach[1] >= instance.down - tolerance).all()
            and (
                np.abs(dense[needs.cell[mine]] * factors - needs.sign[mine] * needs.amount[mine])
                <= tolerance
            ).all()
            and not any(dense[needs.held[one]].any() for one in np.unique(needs.still[mine]))
        )


def room(instance: Instance, needs: Needs) -> tuple[Floats, Floats]:
    """How far cells may move: within bounds, and never absurdly far, so that LPs are bounded."""
    far = 100.0 * max(1.0, float(needs.amount.max(initial=1.0)))
    return np.maximum(instance.down, -far), np.minimum(instance.up, far)


def together(proofs: Proofs, waiting: Ints, *, most: int) -> Ints:
    """Needs that one movement may meet: a cell once, and none that another of them holds still."""
    needs = proofs.needs
    group: list[int] = []
    cells: set[int] = set()
    held: set[int] = set()
    for need in waiting[: 2 * most].tolist():
        cell, still = int(needs.cell[need]), needs.held[int(needs.still[need])].tolist()
        if cell not in cells and cell not in held and cells.isdisjoint(still):
            group.append(need)
            cells.add(cell)
            held.update(still)
            if len(group) == most:
                break
    return np.array(group)
