"""What does it take to check a new exact table against everything that ever left?

Time and memory of one check against histories of growing length; how many ordinary tables the
layers keep back; and how many of the same questions after a refresh of the data. Everything is
drawn here: people with 40 codes of 3 to 6 values, tables of 1 to 3 of them, half with a filter.

Run: python -m benchmarks.register [--people 100000] [--checks] [--ordinary] [--refresh]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from disclosure_control.sdc.register import twins
from disclosure_control.sdc.register.known import Known
from disclosure_control.sdc.register.laid import Column, Table
from disclosure_control.sdc.register.mended import mended
from disclosure_control.sdc.register.pairs import contingency
from disclosure_control.sdc.register.partitions import Partition, partition
from disclosure_control.sdc.register.totalled import totalled
from disclosure_control.sdc.register.verdict import Limits, judge
from disclosure_control.tables import Axis

Codes = list[NDArray[np.int64]]

THRESHOLD = 10
SECONDS_FOR_TOTALS = 9.0
CODES = 40
CUBES = 50  # crossings of three codes that recodings are made of
HISTORIES = (10, 100, 1000)
TARGETS = {100_000: 10.0, 1_000_000: 60.0}  # seconds for one check against 1,000 tables
OPEN = Limits(threshold=THRESHOLD, amber=1.0, closed=1.0, seconds=60.0)


def main(arguments: list[str]) -> int:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--people", type=int, default=100_000)
    for name in PARTS:
        reader.add_argument(f"--{name}", action="store_true")
    asked = reader.parse_args(arguments)
    chosen = [part for name, part in PARTS.items() if getattr(asked, name)]
    for part in chosen or PARTS.values():
        part(asked.people)
    return 0


def people_of(count: int, *, seed: int, evenness: float) -> Codes:
    """Codes that are independent of each other; the larger ``evenness``, the fewer small cells."""
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(CODES):
        shares = dice.dirichlet(np.full(dice.integers(3, 7), evenness))
        found.append(np.searchsorted(np.cumsum(shares)[:-1], dice.random(count)))
    return found


def crossed(codes: Codes, which: NDArray[np.int64]) -> NDArray[np.int64]:
    labels = np.zeros(len(codes[0]), dtype=np.int64)
    for one in which:
        labels = labels * 6 + codes[int(one)]
    return labels + 1


def without_small(labels: NDArray[np.int64]) -> Partition:
    sizes = np.bincount(labels)
    return partition(np.where(sizes[labels] < THRESHOLD, 0, labels))


def with_small_merged(labels: NDArray[np.int64]) -> Partition:
    """Each small cell is one with the next that is large."""
    sizes = np.bincount(labels)
    large = np.flatnonzero(sizes >= THRESHOLD)
    large = large[large > 0]
    every = np.arange(len(sizes))
    to = large[np.clip(np.searchsorted(large, every), 0, len(large) - 1)]
    return partition(np.where(every == 0, 0, to)[labels])


def checks(people: int) -> None:
    """Recodings of some crossings of codes: many tables, of a rank that stays."""
    dice = np.random.default_rng(1)
    codes = people_of(people, seed=1, evenness=30.0)
    cubes = [dice.choice(CODES, 3, replace=False) for _ in range(CUBES)]
    maps = [[dice.integers(0, 4, 6) for _ in range(8)] for _ in range(CODES)]

    def recoding() -> Partition:
        cube = cubes[dice.integers(CUBES)]
        own = [maps[one][dice.integers(8)] for one in cube]
        labels = np.zeros(people, dtype=np.int64)
        for one, table in zip(cube, own, strict=True):
            labels = labels * 4 + table[codes[int(one)]]
        return without_small(labels + 1)

    known = Known.nothing(people, seed=1)
    print("| people | earlier tables | blocks | rank / people | seconds | target | MB |")
    print("|---|---|---|---|---|---|---|")
    for cube in cubes:
        verdict = judge([without_small(crossed(codes, cube))], known, OPEN)
        known = verdict.known if verdict.safe else known
    for count in HISTORIES:
        while len(known.span.tables) < count:
            known = _filled(known, recoding)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            judge([recoding()], known, OPEN)
            seconds.append(time.perf_counter() - start)
        target = TARGETS.get(people) if count == max(HISTORIES) else None
        print(
            f"| {people:,} | {len(known.span.tables):,} "
            f"| {sum(one.blocks for one in known.span.tables):,} "
            f"| {known.span.rank / people:.3f} | {sorted(seconds)[1]:.1f} "
            f"| {'–' if target is None else f'≤ {target:g}'} | {_megabytes():,} |",
            flush=True,
        )


def _filled(known: Known, recoding: Callable[[], Partition]) -> Known:
    """A recoding of what is there adds no rank: it is put in without its check, to save time."""
    new = recoding()
    used = set(known.span.basis[:, 0].tolist())
    met = [
        contingency(new, one) if at in used else np.zeros((0, 0), dtype=np.int64)
        for at, one in enumerate(known.span.tables)
    ]
    span = known.span.extended(known.span.extension(new, met))
    number = len(known.span.tables)
    sketches = twins.Sketches.of(new, table=number, secrets=known.secrets)
    return replace(
        known,
        span=span,
        nulls=known.nulls.extended(known.span, span),
        sketches=known.sketches.with_new(sketches),
    )


def ordinary(people: int, *, tables: int = 100) -> None:
    columns = ("small cells", "tables asked", "kept back by the exact layers")
    columns = (*columns, "of these leave mended", "rank / people")
    print(f"\n| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for evenness, words in ((30.0, "few"), (3.0, "many")):
        codes = people_of(people, seed=7, evenness=evenness)
        dice = np.random.default_rng(7)
        known, kept, helped = Known.nothing(people, seed=1), Counter[str](), []
        for _ in range(tables):
            asked = _ordinary(codes, dice)
            verdict = judge(asked.partitions, known, OPEN)
            if verdict.safe:
                known = verdict.known
                continue
            kept[", ".join(sorted({one.layer for one in verdict.clashes}))] += 1
            found = mended(asked, known, OPEN, verdict.clashes)
            if found is not None and found.beside:
                helped.append(len(found.hidden) / np.count_nonzero(asked.sizes()))
                known = found.verdict.known
        told = "; ".join(f"{number} by {layers}" for layers, number in kept.items()) or "none"
        share = f"{len(helped)}, {np.mean(helped):.0%} of cells hidden" if helped else "–"
        rank = known.span.rank / people
        print(f"| {words} | {tables} | {told} | {share} | {rank:.3f} |", flush=True)


def _ordinary(codes: Codes, dice: np.random.Generator) -> Table:
    while True:
        which = dice.choice(CODES, dice.integers(1, 4) + 1, replace=False)
        labels = crossed(codes, which[:-1])
        if dice.random() < 0.5:
            own = codes[int(which[-1])]
            labels = np.where(own == dice.integers(own.max() + 1), labels, 0)
        if 20 <= len(np.unique(labels)) <= 400:
            if dice.random() >= 0.5:
                return _merged(labels)
            axes = tuple(Axis(f"code {one}", tuple("012345")) for one in which[:-1])
            return _with_small_hidden(labels, axes)


def _merged(labels: NDArray[np.int64]) -> Table:
    """Each small cell is one with the next that is large."""
    merged = with_small_merged(labels).labels.astype(np.int64)
    axis = Axis("cell", tuple(map(str, range(1, len(np.bincount(merged))))))
    return Table((axis,), (Column(merged - 1, ((),)),))


def _with_small_hidden(labels: NDArray[np.int64], axes: tuple[Axis, ...]) -> Table:
    """And what the service hides for totals that may leave later."""
    sizes = np.bincount(labels, minlength=6 ** len(axes) + 1)
    small = np.flatnonzero((sizes > 0) & (sizes < THRESHOLD))
    hidden = tuple((small[small > 0] - 1).tolist())
    asked = Table(axes, (Column(labels - 1, (hidden,)),))
    return asked.hiding(totalled(asked, threshold=THRESHOLD, seconds=SECONDS_FOR_TOTALS))


def refresh(people: int, *, tables: int = 20) -> None:
    """The same questions again, after one in a hundred left and as many joined."""
    print("\n| codes of a table | tables | kept back after a refresh |")
    print("|---|---|---|")
    for count in (1, 2, 3):
        _refreshed(people, tables=tables, count=count)


def _refreshed(people: int, *, tables: int, count: int) -> None:
    few = people // 100
    codes = people_of(people + few, seed=7, evenness=30.0)
    everybody = np.arange(people + few)
    gone = np.random.default_rng(8).choice(people, few, replace=False)
    first, second = everybody < people, ~np.isin(everybody, gone)
    dice, known = np.random.default_rng(7), Known.nothing(people + few, seed=1)
    asked: list[NDArray[np.int64]] = []
    while len(asked) < tables:
        labels = crossed(codes, dice.choice(CODES, count, replace=False))
        verdict = judge([without_small(np.where(first, labels, 0))], known, OPEN)
        if verdict.safe:
            known = verdict.known
            asked.append(labels)
    kept = sum(
        not judge([without_small(np.where(second, labels, 0))], known, OPEN).safe
        for labels in asked
    )
    print(f"| {count} | {tables} | {kept} |", flush=True)


PARTS: dict[str, Callable[[int], None]] = {
    "checks": checks,
    "ordinary": ordinary,
    "refresh": refresh,
}


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
