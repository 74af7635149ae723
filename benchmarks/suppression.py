"""What does complementary suppression cost, in CPU seconds and in hidden cells?

Tables of counts with all totals: cells of 1 to 9 are unsafe, their intervals must reach 10 above
and 1 below, the cost of a cell is its count and one, and every sole contributor is an insider. The
targets are CPU seconds on a machine with 2 cores. Small tables stand beside the proven optimum.

    python -m benchmarks.suppression [NAME ...]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from disclosure_control.sdc.audit import read as audited
from disclosure_control.sdc.audit.verdict import judge
from disclosure_control.sdc.suppression.instance import Instance
from disclosure_control.sdc.suppression.read import from_json
from disclosure_control.sdc.suppression.solve import Method, NoPattern, suppress
from tests import suppression_instances as made

SECONDS = 300.0
INSIDERS = 4  # audited one by one, out of all: each is a whole audit


@dataclass(frozen=True)
class Table:
    name: str
    shape: tuple[int, ...]
    mean: float
    spread: float
    target: float | None  # CPU seconds
    levels: int = 0  # of a hierarchy on the first dimension; 0: flat
    exact: bool = False


TABLES = (
    Table("20x20", (20, 20), 40, 1.0, None, exact=True),
    Table("3-level tree x 6", (16, 6), 30, 0.9, None, levels=2, exact=True),
    Table("4x4x4", (4, 4, 4), 40, 1.0, None, exact=True),
    Table("5x5x5", (5, 5, 5), 40, 1.0, None, exact=True),
    Table("8x8x8", (8, 8, 8), 40, 1.0, None),
    Table("100x100, few", (100, 100), 110, 0.95, 3),
    Table("100x100, many", (100, 100), 35, 1.1, 10),
    Table("5-level tree x 6", (256, 6), 30, 0.9, 3, levels=4),
    Table("12x12x12", (12, 12, 12), 30, 1.0, 8),
    Table("20x20x20, mean 400", (20, 20, 20), 400, 1.0, 15),
    Table("20x20x20, dense", (20, 20, 20), 40, 1.0, 40),
    Table("8x8x8x8", (8, 8, 8, 8), 40, 1.0, 60),
)


def main(names: list[str]) -> int:
    print("| table | cells | primaries | secondaries (cost) | CPU s | target | violations | gap |")
    print("|---|---|---|---|---|---|---|---|")
    unsafe = [_measured(one) for one in TABLES if not names or one.name in names]
    return 1 if any(unsafe) else 0


def _measured(one: Table) -> bool:
    """Prints a row; whether the audit found anything."""
    inner = made.counts(one.shape, mean=one.mean, spread=one.spread, seed=1)
    trees = [made.many(size, prefix) for size, prefix in zip(one.shape, "abcd", strict=False)]
    if one.levels:
        trees[0] = made.tree(one.levels, 4)
    entry = made.table(trees, inner)
    instance = from_json(entry)
    start = time.process_time()
    target = "–" if one.target is None else f"≤ {one.target:g}"
    sizes = f"| {one.name} | {instance.size} | {len(instance.primary)} "
    try:
        found = suppress(instance, seconds=SECONDS)
    except NoPattern as none:
        print(f"{sizes}| none: {none.why} | {time.process_time() - start:.1f} | {target} | – | – |")
        return False
    spent = time.process_time() - start
    hidden = [*entry["primary"], *(instance.cells[cell] for cell in found.secondary)]
    violations = judge(
        audited.released(entry, hidden),
        audited.requirements(entry),
        insiders=list(audited.insiders(entry))[:INSIDERS],
    )
    print(
        f"{sizes}| {len(found.secondary)} ({found.cost:.0f}) | {spent:.1f} | {target} "
        f"| {len(violations)} | {_gap(one, instance, found.cost)} |",
        flush=True,
    )
    return bool(violations)


def _gap(one: Table, instance: Instance, cost: float) -> str:
    """How much dearer than the proven optimum, where that is found in time."""
    if not one.exact:
        return "–"
    best = suppress(instance, method=Method.EXACT, seconds=60.0)
    if not best.proven_optimal:
        return "optimum not proven"
    return f"{cost / best.cost - 1:.1%}" if best.cost else "0.0%"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
