"""What does a sole contributor learn? He knows his own cell, and all of what is his alone.

For every such insider and every primary that he does not know, the primary must still be able to
move by a width while all that he knows stands still. A movement that avoids the cells of many
insiders proves many pairs at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from disclosure_control.sdc.suppression.instance import Bools, Floats, Instance, Ints
from disclosure_control.sdc.suppression.lp import Deadline
from disclosure_control.sdc.suppression.needs import Movement, Proofs
from disclosure_control.sdc.suppression.push import AT_ONCE, Push

ROUNDS = 8
HALF = 0.5


def known_to(instance: Instance) -> list[Ints]:
    """For each sole contributor, the cells that he knows.

    His own, totals with him alone, and all that these add up: nobody else is in there.
    """
    if not len(instance.singletons):
        return []
    parts = _parts(instance)
    single = set(instance.singletons.tolist())
    ties = [(whole, part) for whole in single & parts.keys() for part in single & parts[whole]]
    found = []
    for group in _groups(single, ties):
        known, waiting = set(group), list(group)
        while waiting:
            more = parts.get(waiting.pop(), set()) - known
            known |= more
            waiting += more
        found.append(np.array(sorted(known), dtype=np.int64))
    return found


def _parts(instance: Instance) -> dict[int, set[int]]:
    """For each cell that an equation makes the sum of others, these."""
    rows = instance.equations
    found: dict[int, set[int]] = {}
    for row in range(rows.shape[0]):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        cells, signs = rows.indices[span], np.sign(rows.data[span])
        for sign in (1.0, -1.0):
            whole, parts = cells[signs == sign], cells[signs == -sign]
            if len(whole) == 1:
                found.setdefault(int(whole[0]), set()).update(parts.tolist())
    return found


def _groups(cells: set[int], ties: list[tuple[int, int]]) -> list[list[int]]:
    """Cells that are one contributor's, since one holds the other."""
    names = sorted(cells)
    place = {cell: at for at, cell in enumerate(names)}
    pairs = [(place[one], place[other]) for one, other in ties]
    graph = coo_array(
        (np.ones(len(pairs)), tuple(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)),
        shape=(len(names), len(names)),
    )
    _, labels = connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for cell, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(cell)
    return list(groups.values())


class Pairs:
    """Primaries x insiders: which pair is not proved yet, and which movement proves the others."""

    def __init__(self, proofs: Proofs, hidden: Bools) -> None:
        self.proofs = proofs
        instance = proofs.instance
        self.known = [cells for cells in known_to(instance) if hidden[cells].any()]
        self._incidence = _incidence(self.known, instance.size)
        primary = instance.primary
        own = self._incidence[:, primary].toarray().astype(bool).T
        self.proved_by: Ints = np.full(own.shape, -1)
        self.waiting: Bools = ~own & (instance.width > 0)[:, None]
        self._place = np.full(instance.size, -1)
        self._place[primary] = np.arange(len(primary))

    def see(self, number: int) -> None:
        """Notes every pair that this movement proves."""
        movement = self.proofs.movements[number]
        instance = self.proofs.instance
        places = self._place[movement.cells]
        reach = np.abs(movement.amounts) * max(-movement.least, movement.most)
        enough = places >= 0
        enough[enough] = reach[enough] >= instance.width[places[enough]]
        if not enough.any():
            return
        moved = np.zeros(instance.size)
        moved[movement.cells] = 1.0
        avoided = np.flatnonzero(self._incidence @ moved == 0)
        block = np.ix_(places[enough], avoided)
        new = self.waiting[block]
        self.proved_by[block] = np.where(new, number, self.proved_by[block])
        self.waiting[block] &= ~new

    def note(self, dense: Floats) -> None:
        """A movement found on the way, kept as possible proof."""
        movement = self.proofs.movement(dense)
        if movement is not None:
            self.proofs.movements.append(movement)
            self.see(len(self.proofs.movements) - 1)


def _incidence(known: list[Ints], size: int) -> Any:
    rows = np.repeat(np.arange(len(known)), [len(cells) for cells in known])
    cells = np.concatenate(known) if known else np.zeros(0, dtype=np.int64)
    return csr_array((np.ones(len(cells)), (rows, cells)), shape=(len(known), size))


def require(proofs: Proofs, hidden: Bools, *, deadline: Deadline, rng: np.random.Generator) -> None:
    """Adds what insiders ask to the needs of ``proofs``; what the pattern meets is proved."""
    pairs = Pairs(proofs, hidden)
    if not pairs.known or not pairs.waiting.any():
        return
    for number in np.unique(proofs.proof[proofs.proof >= 0]):
        pairs.see(int(number))
    push = Push(proofs, hidden)
    for _ in range(ROUNDS):
        if not pairs.waiting.any():
            break
        _half(pairs, push, deadline=deadline, rng=rng)
    _one_by_one(pairs, push, deadline=deadline)
    _needs(pairs)


def _half(pairs: Pairs, push: Push, *, deadline: Deadline, rng: np.random.Generator) -> None:
    """A random half of the insiders' cells stand still; waiting primaries are pushed in groups."""
    instance = pairs.proofs.instance
    half = rng.random(len(pairs.known)) < HALF
    if not half.any():
        return
    held = np.unique(np.concatenate([pairs.known[one] for one in np.flatnonzero(half)]))
    push.fix(held)
    waiting = rng.permutation(np.flatnonzero(pairs.waiting[:, half].any(axis=1)))
    waiting = waiting[~np.isin(instance.primary[waiting], held)]
    for start in range(0, len(waiting), AT_ONCE):
        group = waiting[start : start + AT_ONCE]
        group = group[pairs.waiting[np.ix_(group, np.flatnonzero(half))].any(axis=1)]
        if len(group):
            cells = instance.primary[group]
            signs = np.where(instance.up[cells] >= instance.width[group], 1.0, -1.0)
            flip = rng.random(len(group)) < HALF
            signs[flip & (-instance.down[cells] >= instance.width[group])] = -1.0
            pairs.note(push.towards(cells, signs, deadline=deadline))
    push.free(held)


def _one_by_one(pairs: Pairs, push: Push, *, deadline: Deadline) -> None:
    instance = pairs.proofs.instance
    for insider in np.flatnonzero(pairs.waiting.any(axis=0)):
        held = pairs.known[insider]
        push.fix(held)
        for place in np.flatnonzero(pairs.waiting[:, insider]):
            for sign in (1.0, -1.0):
                if pairs.waiting[place, insider]:
                    cell = instance.primary[[place]]
                    pairs.note(push.towards(cell, np.array([sign]), deadline=deadline))
        push.free(held)


def _needs(pairs: Pairs) -> None:
    """One need for each primary and movement that serves it, holding still all it stands for."""
    proofs, instance = pairs.proofs, pairs.proofs.instance
    proved: list[tuple[int, float]] = []
    for place, cell in enumerate(instance.primary):
        for number in np.unique(pairs.proved_by[place][pairs.proved_by[place] >= 0]):
            insiders = np.flatnonzero(pairs.proved_by[place] == number)
            held = np.unique(np.concatenate([pairs.known[one] for one in insiders]))
            movement = proofs.movements[int(number)]
            moved = _amount(movement, int(cell))
            sign = _sign(movement, moved, float(instance.width[place]))
            width = float(instance.width[place])
            proofs.needs.add(int(cell), sign, width, held=held)
            proved.append((int(number), sign * width / moved))
        for insider in np.flatnonzero(pairs.waiting[place]):
            up = instance.up[cell] >= instance.width[place]
            sign, width = 1.0 if up else -1.0, float(instance.width[place])
            proofs.needs.add(int(cell), sign, width, held=pairs.known[insider])
            proved.append((-1, 0.0))
    start = len(proofs.proof)
    proofs.grow()
    for place, (number, factor) in enumerate(proved, start=start):
        proofs.proof[place], proofs.factor[place] = number, factor


def _amount(movement: Movement, cell: int) -> float:
    return float(movement.amounts[np.searchsorted(movement.cells, cell)])


def _sign(movement: Movement, moved: float, width: float) -> float:
    """The direction in which a multiple of the movement within bounds reaches the width."""
    return float(np.sign(moved)) if abs(moved) * movement.most >= width else -float(np.sign(moved))
