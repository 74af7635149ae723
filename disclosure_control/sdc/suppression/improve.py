"""Can neighbours be chosen better together? A few are shown again, and their needs re-routed."""

from __future__ import annotations

import numpy as np

from disclosure_control.sdc.suppression.drop import Drop
from disclosure_control.sdc.suppression.flow import Flow, Unprotectable, cost_of
from disclosure_control.sdc.suppression.instance import Bools, Ints
from disclosure_control.sdc.suppression.lp import Deadline, OutOfTime, Unsolved
from disclosure_control.sdc.suppression.needs import OPEN, Proofs

MOST_AT_ONCE = 8


def improve(
    proofs: Proofs,
    hidden: Bools,
    *,
    pool: Bools,
    tries: int,
    deadline: Deadline,
    rng: np.random.Generator,
) -> tuple[Proofs, Bools]:
    """The best pattern found, never dearer than the one given."""
    best, cost = (proofs, hidden), cost_of(proofs, hidden)
    for _ in range(tries):
        try:
            found = _once(*best, pool=pool, deadline=deadline, rng=rng)
        except (OutOfTime, Unprotectable, Unsolved):
            if deadline.left <= 0:
                break
            continue
        if found is None:
            break
        if (dearer := cost_of(*found)) <= cost:
            best, cost = found, dearer
    return best


def _once(
    proofs: Proofs, hidden: Bools, *, pool: Bools, deadline: Deadline, rng: np.random.Generator
) -> tuple[Proofs, Bools] | None:
    ruined = _neighbours(proofs, hidden, rng)
    if not len(ruined):
        return None
    trial = proofs.copy()
    using = [
        number
        for number in np.unique(trial.proof)
        if number != OPEN and np.isin(trial.movements[number].cells, ruined).any()
    ]
    trial.proof[np.isin(trial.proof, using)] = OPEN
    shown = hidden.copy()
    shown[ruined] = False
    flow = Flow(trial, columns=pool, hidden=shown, rng=rng)
    flow.repair(batch=int(rng.choice([1, 4, 16])), deadline=deadline)
    used = trial.secondaries()
    used[trial.instance.hidden_anyway] = True
    drop = Drop(trial, flow.hidden & used, maker=flow.maker, rng=rng)
    drop.run(deadline=deadline)
    return trial, drop.hidden


def _neighbours(proofs: Proofs, hidden: Bools, rng: np.random.Generator) -> Ints:
    """Up to eight secondaries that share equations, around a random one."""
    instance = proofs.instance
    secondary = hidden.copy()
    secondary[instance.hidden_anyway] = False
    cells = np.flatnonzero(secondary)
    if not len(cells):
        return cells
    start = rng.choice(cells)
    indicator = np.zeros(instance.size)
    indicator[start] = 1.0
    rows = np.abs(instance.equations) @ indicator
    near = np.flatnonzero((np.abs(instance.equations).T @ rows > 0) & secondary)
    count = int(rng.integers(1, MOST_AT_ONCE + 1))
    others = rng.permutation(near[near != start])[: count - 1]
    return np.append(others, start)
