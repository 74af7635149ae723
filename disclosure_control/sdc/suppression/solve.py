"""Which cells are hidden in the end? Attack, repair, choose again, insiders, clean up, verify.

Anytime: after the first complete pattern every step only makes it cheaper and may end early. The
seed is fixed, so the same table is hidden in the same way as long as its time suffices.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from disclosure_control.sdc.suppression import exact, insiders
from disclosure_control.sdc.suppression.drop import Drop
from disclosure_control.sdc.suppression.flow import Flow, Unprotectable, cost_of
from disclosure_control.sdc.suppression.improve import improve
from disclosure_control.sdc.suppression.instance import Bools, Instance, Ints, checked
from disclosure_control.sdc.suppression.lp import Deadline, OutOfTime, Unsolved
from disclosure_control.sdc.suppression.needs import OPEN, TINY, Needs, Proofs
from disclosure_control.sdc.suppression.push import Push

SMALL = 1000  # cells: below, more starts and ruin-and-recreate pay
ROUNDS_OF_PUSHES = 2
MANY = 1000  # open needs: from here on larger batches
STARTING = 12.0  # seconds after which no new start is made
POLISH = 4.0  # seconds, twice, of exact search for small tables
STARTS = (1, 4, 16, 2, 8)  # needs met at once, for the starts of small tables
THOROUGH = 8.0  # seconds for what decides how good the pattern of a small table is
TRIES = 40  # of ruin and recreate
SEED = 20260901
BATCH = 32  # open needs met at once, in large tables
TURN = 192  # needs asked of batches, after which what is hidden by now is pushed again
CHEAPER = 0.25  # share of each equation's cells over which large tables are repaired first
FEWEST = 3  # of them at least


class Method(StrEnum):
    QUICK = "quick"  # the first steps of the heuristic, however small the table
    HEURISTIC = "heuristic"
    EXACT = "exact"


class Why(StrEnum):
    """Why there is no pattern."""

    TIME = "time"
    UNPROTECTABLE = "unprotectable"
    NUMERICS = "numerics"
    CERTIFICATE = "certificate"


class NoPattern(Exception):
    """Nothing may be published. ``cell`` is the position of a cell that cannot be protected."""

    def __init__(self, why: Why, *, cell: int | None = None) -> None:
        super().__init__(why)
        self.why, self.cell = why, cell


@dataclass(frozen=True, slots=True, eq=False)
class Suppressed:
    """``proofs`` verified by arithmetic; ``proven_optimal`` only where the search was complete."""

    secondary: Ints
    cost: float
    proven_optimal: bool
    seconds: float
    proofs: Proofs

    def hidden(self, instance: Instance) -> Bools:
        found = np.zeros(instance.size, dtype=bool)
        found[instance.hidden_anyway] = found[self.secondary] = True
        return found


@dataclass(slots=True)
class _Pattern:
    proofs: Proofs
    hidden: Bools
    maker: dict[int, int]
    cost: float
    needed: frozenset[int] = frozenset()  # secondaries that could not be shown again


class _Effort:
    """Steps that only lower the cost take a share of the time that the pattern took so far."""

    def __init__(self, *, small: bool) -> None:
        self._start = time.monotonic()
        self._least, self._share = (0.6, 0.1) if small else (0.8, 0.12)
        self._most = 6.0

    @property
    def spent(self) -> float:
        return time.monotonic() - self._start

    def share(self, deadline: Deadline, *, thorough: bool = False) -> Deadline:
        most = min(self._most, max(self._least, self._share * self.spent))
        most = THOROUGH if thorough else most
        return deadline.within(min(deadline.left / 2, most))


def suppress(
    instance: Instance,
    *,
    method: Method = Method.HEURISTIC,
    seconds: float = 60.0,
    seed: int = SEED,
) -> Suppressed:
    """A pattern that protects every primary. Raises NoPattern or InstanceInvalid."""
    start, deadline = time.monotonic(), Deadline(seconds)
    given, instance = checked(instance), instance.scaled()
    try:
        pattern, proven = _pattern(instance, method=method, deadline=deadline, seed=seed)
    except OutOfTime:
        raise NoPattern(Why.TIME) from None
    except Unprotectable as none:
        raise NoPattern(Why.UNPROTECTABLE, cell=none.cell) from None
    except Unsolved:
        raise NoPattern(Why.NUMERICS) from None
    if not pattern.proofs.verify(pattern.hidden):
        raise NoPattern(Why.CERTIFICATE)
    secondary = pattern.hidden.copy()
    secondary[instance.hidden_anyway] = False
    return Suppressed(
        secondary=np.flatnonzero(secondary),
        cost=float(given.cost[secondary].sum()),
        proven_optimal=proven,
        seconds=time.monotonic() - start,
        proofs=pattern.proofs,
    )


def _pattern(
    instance: Instance, *, method: Method, deadline: Deadline, seed: int
) -> tuple[_Pattern, bool]:
    rng = np.random.default_rng(seed)
    small = instance.size <= SMALL and method != Method.QUICK
    pattern, pool = _heuristic(instance, small=small, deadline=deadline, rng=rng)
    if not pattern.cost:
        return pattern, True
    if method == Method.EXACT:
        return _optimal(pattern, columns=None, deadline=deadline, rng=rng)
    if not small or deadline.left <= 0:
        return pattern, False
    for columns in (pool, None):
        share = deadline.within(min(deadline.left / 2, POLISH))
        pattern, proven = _optimal(pattern, columns=columns, deadline=share, rng=rng)
    return pattern, proven


def _optimal(
    pattern: _Pattern, *, columns: Bools | None, deadline: Deadline, rng: np.random.Generator
) -> tuple[_Pattern, bool]:
    """The cheapest pattern among the columns, or the one given; and whether none is cheaper."""
    instance = pattern.proofs.instance
    try:
        found = exact.optimum(instance, start=pattern.hidden, columns=columns, deadline=deadline)
        if found.hidden is pattern.hidden:
            return pattern, found.proven
        cheaper = _proved(instance, found.hidden, deadline=deadline, rng=rng)
    except (OutOfTime, Unsolved):
        return pattern, False
    if not cheaper.proofs.verify(cheaper.hidden):  # an insider's width may need both directions
        return pattern, False
    return cheaper, found.proven


def _proved(
    instance: Instance, hidden: Bools, *, deadline: Deadline, rng: np.random.Generator
) -> _Pattern:
    """Proofs for a pattern that came without them."""
    proofs = Proofs(instance, Needs(instance))
    push = Push(proofs, hidden)
    for _ in range(ROUNDS_OF_PUSHES):
        push.prove(proofs.open(), deadline=deadline, rng=rng)
    for need in proofs.open():
        push.single(int(need), deadline=deadline)
    insiders.require(proofs, hidden, deadline=deadline, rng=rng)
    return _Pattern(proofs, hidden, {}, cost_of(proofs, hidden))


def _heuristic(
    instance: Instance, *, small: bool, deadline: Deadline, rng: np.random.Generator
) -> tuple[_Pattern, Bools]:
    """A pattern, and every cell that any start hid."""
    effort = _Effort(small=small)
    hidden = np.zeros(instance.size, dtype=bool)
    hidden[instance.hidden_anyway] = True
    base = Proofs(instance, Needs(instance))
    if not len(base.needs):
        return _Pattern(base, hidden, {}, 0.0), hidden
    _require_room(base)
    push = Push(base, hidden)
    for _ in range(ROUNDS_OF_PUSHES):
        push.prove(base.open(), deadline=deadline, rng=rng)
    everything = np.ones(instance.size, dtype=bool)
    if small:
        best = _repaired(base, hidden, everything, batch=4, deadline=deadline, rng=rng)
    else:
        best = _widened(base, hidden, deadline=deadline, rng=rng)
    pool = best.hidden.copy()
    if small:
        best = _dropped(best, deadline=effort.share(deadline), rng=rng)
    for columns, batch in _starts(everything, pool, small=small, open_needs=len(base.open())):
        if effort.spent > STARTING:
            break
        other = _again(base, hidden, columns, batch=batch, best=best, deadline=deadline, rng=rng)
        pool |= other.hidden
        if small:
            other = _dropped(other, deadline=effort.share(deadline), rng=rng)
        best = min(best, other, key=lambda pattern: pattern.cost)
    best = _dropped(best, deadline=effort.share(deadline, thorough=small), rng=rng)
    best = _with_insiders(best, pool, deadline=deadline, rng=rng)
    best = _dropped(best, deadline=effort.share(deadline, thorough=small), rng=rng)
    if small:
        best = _improved(best, pool, deadline=effort.share(deadline), rng=rng)
    return best, pool


def _require_room(proofs: Proofs) -> None:
    """Bounds alone may already hold a cell too fast."""
    needs, instance = proofs.needs, proofs.instance
    reach = np.where(needs.sign > 0, instance.up[needs.cell], -instance.down[needs.cell])
    if len(short := np.flatnonzero(reach < needs.amount - TINY)):
        raise Unprotectable(int(needs.cell[short[0]]))


def _starts(
    everything: Bools, pool: Bools, *, small: bool, open_needs: int
) -> Iterator[tuple[Bools, int]]:
    """Columns and size of batches; small tables try many, since each is cheap."""
    if not small:
        yield pool, 8 if open_needs <= MANY else 16
        return
    for batch in STARTS:
        yield everything, batch
        yield pool, 1


def _repaired(
    base: Proofs,
    hidden: Bools,
    columns: Bools,
    *,
    batch: int,
    deadline: Deadline,
    rng: np.random.Generator,
) -> _Pattern:
    proofs = base.copy()
    flow = Flow(proofs, columns=columns, hidden=hidden, rng=rng)
    if proofs.instance.size > SMALL:
        _by_turns(flow, batch=batch, deadline=deadline, rng=rng)
    flow.repair(batch=batch, deadline=deadline)
    return _Pattern(proofs, flow.hidden, flow.maker, cost_of(proofs, flow.hidden))


def _widened(
    base: Proofs, hidden: Bools, *, deadline: Deadline, rng: np.random.Generator
) -> _Pattern:
    """Over the cheaper cells first: such programmes are small, and the dearer rarely needed."""
    proofs = base.copy()
    cheap = _cheaper(proofs.instance, hidden)
    narrow = Flow(proofs, columns=cheap, hidden=hidden, rng=rng)
    _by_turns(narrow, batch=BATCH, deadline=deadline, rng=rng)
    pattern = _Pattern(proofs, narrow.hidden, narrow.maker, cost_of(proofs, narrow.hidden))
    if not len(proofs.open()):
        return pattern
    wide = Flow(proofs, columns=np.ones(len(cheap), dtype=bool), hidden=narrow.hidden, rng=rng)
    wide.repair(batch=BATCH, deadline=deadline)
    maker = {**narrow.maker, **wide.maker}
    return _Pattern(proofs, wide.hidden, maker, cost_of(proofs, wide.hidden))


def _by_turns(flow: Flow, *, batch: int, deadline: Deadline, rng: np.random.Generator) -> None:
    """A few batches, then pushes over what is hidden by now, which are far cheaper, and again.

    Needs that the columns of the flow cannot meet stay open.
    """
    proofs = flow.proofs
    waiting, turn = rng.permutation(proofs.open()), TURN // batch
    while len(waiting):
        waiting = flow.repair_most(waiting, batch=batch, times=turn, deadline=deadline)
        Push(proofs, flow.hidden).prove(waiting, deadline=deadline, rng=rng)
        waiting = waiting[proofs.proof[waiting] == OPEN]


def _cheaper(instance: Instance, hidden: Bools) -> Bools:
    """The cheaper cells of each equation, and what is hidden."""
    rows = instance.equations
    movable = (instance.up > instance.down) & ~hidden
    cheap = hidden.copy()
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        cells = rows.indices[start:end]
        cells = cells[movable[cells]]
        count = max(FEWEST, round(CHEAPER * len(cells)))
        cheap[cells[np.argsort(instance.cost[cells], kind="stable")[:count]]] = True
    return cheap


def _again(
    base: Proofs,
    hidden: Bools,
    columns: Bools,
    *,
    batch: int,
    best: _Pattern,
    deadline: Deadline,
    rng: np.random.Generator,
) -> _Pattern:
    """Another start; the pattern so far where its time ends or its columns do not suffice."""
    try:
        return _repaired(
            base, hidden, columns, batch=batch, deadline=deadline.within(deadline.left / 3), rng=rng
        )
    except (OutOfTime, Unprotectable):
        return best


def _with_insiders(
    pattern: _Pattern, pool: Bools, *, deadline: Deadline, rng: np.random.Generator
) -> _Pattern:
    proofs = pattern.proofs
    insiders.require(proofs, pattern.hidden, deadline=deadline, rng=rng)
    if not len(proofs.open()):
        return pattern
    everything = np.ones(len(pool), dtype=bool)
    flow = Flow(proofs, columns=everything, hidden=pattern.hidden, rng=rng)
    flow.repair(batch=8, deadline=deadline)
    maker = {**pattern.maker, **flow.maker}
    pool |= flow.hidden
    return _Pattern(proofs, flow.hidden, maker, cost_of(proofs, flow.hidden), pattern.needed)


def _dropped(pattern: _Pattern, *, deadline: Deadline, rng: np.random.Generator) -> _Pattern:
    proofs = pattern.proofs
    used = proofs.secondaries()
    used[proofs.instance.hidden_anyway] = True
    drop = Drop(proofs, pattern.hidden & used, maker=pattern.maker, rng=rng, needed=pattern.needed)
    drop.run(deadline=deadline)
    needed = pattern.needed | drop.tried
    return _Pattern(
        proofs, drop.hidden, pattern.maker, cost_of(proofs, drop.hidden), frozenset(needed)
    )


def _improved(
    pattern: _Pattern, pool: Bools, *, deadline: Deadline, rng: np.random.Generator
) -> _Pattern:
    proofs, hidden = improve(
        pattern.proofs,
        pattern.hidden,
        pool=pool,
        tries=TRIES,
        deadline=deadline,
        rng=rng,
    )
    return _Pattern(proofs, hidden, pattern.maker, cost_of(proofs, hidden))
