"""May a new exact table leave, together with everything that ever left? Every layer, in one answer.

Each partition of a table is compared with all that left and with those before it; then all of them
together with the tables that have most to do with them, and with everything. Who is in which block
decides; no value is looked at. What cannot be decided in time is a clash.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

import numpy as np

from disclosure_control.sdc.register import pairs, twins, window
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.partitions import Ints, Partition
from disclosure_control.sdc.register.span import MOST_RANK

MOST_BLOCKS = 3000
"""Of the tables in the window: the nearest ones, or the whole history where it has no more."""


SURPRISING = 5.0
"""People that two independent blocks would have in common: then it says something if none are."""

MOST_GROUPS = 20
"""That are named of those that everything together would tell; one is enough to refuse."""


class Layer(StrEnum):
    OWN = "own"  # a block of the table itself has too few people
    TWINS = "twins"  # a block is a near copy of an earlier one
    PAIRS = "pairs"  # two tables together count a few people
    WINDOW = "window"  # several tables together do
    HISTORY = "history"  # everything together does
    WATCH = "watch"  # a group that must not be told could be
    REVISED = "revised"  # a block differs from its earlier number by the new values of a few
    HEADROOM = "headroom"  # too much of the dataset, or of some of its people, would be used up
    TIME = "time"  # not decided in time


@dataclass(frozen=True, slots=True)
class Limits:
    """``closed``: of rank over people, for everybody and for the people of every filter.

    ``told``: groups of fewer people than that may not be told by two tables; more than
    ``threshold`` where sums are told with them, which one of the people may make up.
    """

    threshold: int
    amber: float = 0.03
    closed: float = 0.05
    seconds: float = 30.0
    told: int = 0

    @property
    def pairs(self) -> int:
        return max(self.threshold, self.told)


@dataclass(frozen=True, slots=True)
class Clash:
    """For checkers. ``people`` is how many could be told; who they are nobody sees.

    ``part``: which of the new table's partitions has the ``blocks``. ``group``: who they are, where
    a group was found without a formula; for what mends it.
    """

    layer: Layer
    tables: tuple[int, ...] = ()  # earlier ones, by number
    formula: str = ""
    people: int = 0
    blocks: tuple[int, ...] = ()  # of the new table: without one of them nothing could be told
    part: int = field(default=0, compare=False)
    group: Bools | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Headroom:
    """Shares used up: of everybody, the most of the people of any filter, and of any area."""

    everybody: float
    most: float
    areas: float = 0.0

    def above(self, limit: float) -> bool:
        return max(self.everybody, self.most, self.areas) > limit


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """``known``: everything with this table, if it leaves."""

    clashes: tuple[Clash, ...]
    before: Headroom
    after: Headroom
    known: Known
    amber: bool

    @property
    def safe(self) -> bool:
        return not self.clashes


def judge(
    table: Sequence[Partition],
    known: Known,
    limits: Limits,
    *,
    kept: Bools | None = None,
    areas: Sequence[Ints] = (),
    revised: Bools | None = None,
    watched: Sequence[Bools] = (),
) -> Verdict:
    """``table``: its partitions; ``kept``: whom its filter keeps, else whoever is in a block.

    ``areas``: for each division into areas the area of each person, or -1. ``revised``: who has
    another value than in an earlier version of the data, where the table adds a number up that left
    before.
    ``watched``: the people of each cell that it hides because it must not be told.
    """
    end = time.monotonic() + limits.seconds
    clashes: list[Clash] = []
    after, steps = known, []
    for part, one in enumerate(table):
        step = _Step.of(one, after)
        found = [*_own(one, limits), *_twins(one, step.sketches, after, limits)]
        found += _pairs(step.met, limits)
        clashes += (replace(clash, part=part) for clash in found)
        steps.append(step)
        after = step.after()
    for group in _together(steps):
        clashes += _window(group, limits, first=len(known.span.tables), end=end)
    after = replace(after, nulls=known.nulls.extended(known.span, after.span))
    parts = range(len(known.span.tables), len(after.span.tables))
    clashes += _history(after, limits, parts=parts)
    after = _noted(after, table, kept=kept, watched=watched)
    clashes += _watched(after, parts=parts)
    if revised is not None:
        clashes += [clash for one in table for clash in _revised(one, revised, limits)]
    room = headroom(after, after.populations, areas=areas)
    if room.above(limits.closed):
        clashes.append(Clash(Layer.HEADROOM))
    if after.span.rank > MOST_RANK:
        clashes.append(Clash(Layer.HEADROOM))
    return Verdict(
        clashes=tuple(dict.fromkeys(clashes)),
        before=headroom(known, after.populations, areas=areas),
        after=room,
        known=after,
        amber=room.above(limits.amber),
    )


def at_a_glance(
    table: Sequence[Partition], known: Known, limits: Limits, *, most: int
) -> Iterator[Clash]:
    """By the layers that need little time, with at most so many clashes for each earlier table.

    None proves nothing: only ``judge`` says that a table may leave.
    """
    for part, one in enumerate(table):
        met = known.span.contingencies(one)
        sketches = twins.Sketches.of(one, table=len(known.span.tables), secrets=known.secrets)
        found = [*_own(one, limits), *_twins(one, sketches, known, limits)]
        found += _pairs(met, limits, most=most)
        yield from (replace(clash, part=part) for clash in found)


def with_earlier(
    table: Sequence[Partition],
    known: Known,
    *,
    kept: Bools | None = None,
    watched: Sequence[Bools] = (),
) -> Known:
    """What is known with a table that has left: it was judged then, and is not again."""
    after = known
    for one in table:
        after = _Step.of(one, after).after()
    after = replace(after, nulls=known.nulls.extended(known.span, after.span))
    return _noted(after, table, kept=kept, watched=watched)


def headroom(known: Known, groups: Sequence[Bools], *, areas: Sequence[Ints] = ()) -> Headroom:
    everybody = known.span.rank / known.span.people
    return Headroom(
        everybody,
        max([everybody, *(_used(known, one) for one in groups)]),
        max((known.nulls.used_most(one) for one in areas), default=0.0),
    )


def _used(known: Known, people: Bools) -> float:
    """With twice its error: an estimate that is too small would let too much leave."""
    return known.nulls.used(people) + 2 * known.nulls.error(people)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A partition, and how it meets each one that is known before it."""

    one: Partition
    known: Known
    met: tuple[Ints, ...]
    sketches: twins.Sketches

    @classmethod
    def of(cls, one: Partition, known: Known) -> _Step:
        number = len(known.span.tables)
        sketches = twins.Sketches.of(one, table=number, secrets=known.secrets)
        return cls(one, known, known.span.contingencies(one), sketches)

    def after(self) -> Known:
        """Everything with it, but for null vectors, which are told of whole tables."""
        span = self.known.span.extended(self.known.span.extension(self.one, self.met))
        sketches = self.known.sketches.with_new(self.sketches)
        return replace(self.known, span=span, sketches=sketches)


def _together(steps: Sequence[_Step]) -> Iterator[Sequence[_Step]]:
    """All in one window, or where they have no room in one each with those before it."""
    if sum(step.one.blocks for step in steps) <= MOST_BLOCKS:
        yield steps
    else:
        yield from ([step] for step in steps)


def _history(known: Known, limits: Limits, *, parts: Sequence[int]) -> Iterator[Clash]:
    for group in islice(known.nulls.groups(threshold=limits.threshold), MOST_GROUPS):
        part, blocks = _blocks_for(group, known, parts=parts)
        people = int(group.sum())
        yield Clash(Layer.HISTORY, people=people, blocks=blocks, part=part, group=group)


def _blocks_for(group: Bools, known: Known, *, parts: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Of the first of the new table's partitions without which the group could not be told."""
    used = ((at, known.span.blocks_for(group, table=one)) for at, one in enumerate(parts))
    return next((one for one in used if one[1]), (0, ()))


def _noted(
    known: Known, table: Sequence[Partition], *, kept: Bools | None, watched: Sequence[Bools]
) -> Known:
    """With the people of its filter, and of cells that must not be told."""
    population = np.logical_or.reduce([one.labels > 0 for one in table]) if kept is None else kept
    populations = known.populations
    if population.any() and not population.all():
        populations = _distinct((*populations, population))
    groups = _distinct((*known.watched, *(one for one in watched if one.any())))
    return replace(known, populations=populations, watched=groups)


def _own(one: Partition, limits: Limits) -> Iterator[Clash]:
    for block in np.flatnonzero(one.sizes[1:] < limits.threshold) + 1:
        people = int(one.sizes[block])
        yield Clash(Layer.OWN, formula=f"new {block}", people=people, blocks=(int(block),))


def _twins(
    one: Partition, sketches: twins.Sketches, known: Known, limits: Limits
) -> Iterator[Clash]:
    candidates = twins.near(sketches, known.sketches, threshold=limits.threshold)
    for twin in twins.twins(
        one, candidates, labels_of=known.span.tables.__getitem__, threshold=limits.threshold
    ):
        formula = f"new {twin.new} and earlier {twin.earlier.block}"
        yield Clash(Layer.TWINS, (twin.earlier.table,), formula, twin.apart, (twin.new,))


def _pairs(met: Sequence[Ints], limits: Limits, *, most: int = 1) -> Iterator[Clash]:
    for number, counts in enumerate(met):
        for cut in islice(pairs.cuts(counts, threshold=limits.pairs), most):
            formula = pairs.in_words(cut)
            yield Clash(Layer.PAIRS, (number,), formula, cut.people, cut.rows)


def _window(steps: Sequence[_Step], limits: Limits, *, first: int, end: float) -> Iterator[Clash]:
    """``first``: the number of the new table's first partition."""
    if not steps:
        return
    known, new = steps[0].known, [step.one for step in steps]
    before = len(known.span.tables)
    near = list(nearest(new, [step.met[:before] for step in steps], known))
    if len(new) + len(near) < 3:  # noqa: PLR2004 — two tables are a pair, which is decided already
        return
    seconds = max(0.0, end - time.monotonic())
    numbers = [*range(before, before + len(new)), *near]
    tables = [*new, *(known.span.tables[number] for number in near)]
    try:
        found = window.few_in(tables, threshold=limits.threshold, seconds=seconds)
    except window.Undecided:
        yield Clash(Layer.TIME, tuple(near))
        return
    if found is not None:
        part = min((at for at, _, _ in found.formula if at < len(new)), default=0)
        names = {at: f"table {number}" for at, number in enumerate(numbers)} | {part: "new"}
        formula = " ".join(f"{by:+g} {names[at]} {block}" for at, block, by in found.formula)
        others = sorted({at for at, _, _ in found.formula} - {part})
        blocks = tuple(block for at, block, _ in found.formula if at == part)
        yield Clash(
            Layer.WINDOW,
            tuple(numbers[at] for at in others),
            formula,
            int(found.people.sum()),
            blocks,
            part=before + part - first,
        )


def nearest(new: Sequence[Partition], met: Sequence[Sequence[Ints]], known: Known) -> Iterator[int]:
    """Earlier tables that have most to do with the new ones first, as many as have room.

    ``met``: of each new one its contingencies with all of them.
    """
    blocks = sum(one.blocks for one in new)
    kinship = {
        number: max(_kinship(own[number]) for own in met)
        for number in range(len(known.span.tables))
    }
    for number in sorted(kinship, key=kinship.__getitem__, reverse=True):
        blocks += known.span.tables[number].blocks
        if blocks > MOST_BLOCKS:
            return
        yield number


def _kinship(counts: Ints) -> tuple[float, float]:
    """How many people are missing where blocks do not meet, were the tables independent.

    Tables of the same codes, or within the same filter, have such blocks; others hardly any. Of two
    with as many, that with a block which nearly holds another.
    """
    rows, columns = counts[1:].sum(axis=1), counts[:, 1:].sum(axis=0)
    inner = counts[1:, 1:]
    everybody = max(1, int(counts.sum()))
    expected = np.outer(rows, columns) / everybody
    missing = float(expected[(inner == 0) & (expected >= SURPRISING)].sum())
    outside = np.concatenate([(rows[:, None] - inner)[inner > 0], (columns - inner)[inner > 0]])
    return missing, -float(outside[outside > 0].min(initial=everybody))


def _watched(known: Known, *, parts: Sequence[int]) -> Iterator[Clash]:
    """``parts``: which tables of the span are the new one's."""
    for group in known.watched:
        if known.nulls.may_tell(group) and known.span.tells(group):
            part, blocks = _blocks_for(group, known, parts=parts)
            people = int(group.sum())
            yield Clash(Layer.WATCH, people=people, blocks=blocks, part=part, group=group)


def _revised(one: Partition, revised: Bools, limits: Limits) -> Iterator[Clash]:
    """The difference of two sums over a block is that of the few whose values are new."""
    counts = np.bincount(one.labels[revised], minlength=one.blocks + 1)
    for block in np.flatnonzero((counts > 0) & (counts < limits.threshold)):
        if block:
            people = int(counts[block])
            yield Clash(Layer.REVISED, (), f"new {block}", people, (int(block),))


def _distinct(groups: Sequence[Bools]) -> tuple[Bools, ...]:
    return tuple({group.tobytes(): group for group in groups}.values())
