"""What does the evidence of an exact table cost, against counting its distinct units alone?

A million rows of 100,000 units in 400 cells that vary by row. *Evidence* is one statement: records,
distinct units, contributors, sum, and the two largest contributions and the gross total of units.
*Plain* is ``count(DISTINCT unit)`` by cell over the same sealed store. Both in warm, locked
connections, asked in turns. The claim: less than twice as long.

``python -m benchmarks.evidence``
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from benchmarks.overhead import (
    CATALOGUE,
    CODE,
    DAY,
    DAYS,
    KEY,
    MEAN,
    SDC,
    build,
    milliseconds,
)
from queries.engines.locked import Resources, lock_down, read_ahead
from queries.engines.statement import statement
from queries.language import Dimension, Measure, Query, Statistic
from queries.plan import plan
from queries.store import SCHEMA, attach_read_only, connect
from queries.values import date_of_days

UNITS, ROUNDS, BANDS = 100_000, 15, 20
WIDTH = DAYS // BANDS
CUTS = tuple(WIDTH * at for at in range(1, BANDS))
COUNTED = (Measure(Statistic.COUNT), Measure(Statistic.UNITS), MEAN)
BY_DAY = Dimension(DAY, bands=tuple(date_of_days(cut) for cut in CUTS))
QUESTION = Query("big", "events", COUNTED, (Dimension(CODE), BY_DAY))
PLAIN = f"SELECT code, day // {WIDTH}, count(DISTINCT person) FROM events GROUP BY ALL"
BAR = Decimal(2)


def acts(folder: Path) -> dict[str, Callable[[], object]]:
    store = build(folder, units=UNITS)
    con = connect()
    attach_read_only(con, store.path("big", "v1"), key=KEY)
    con.execute(f"USE {SCHEMA}")
    lock_down(con, resources=Resources())
    read_ahead(con)
    evidence = statement(plan(QUESTION, CATALOGUE, SDC))
    return {
        "plain": lambda: con.execute(PLAIN).fetchall(),
        "evidence": lambda: con.execute(evidence).fetchall(),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="evidence-") as name:
        asked = acts(Path(name))
        rounds = [[milliseconds(act) for act in asked.values()] for _ in range(ROUNDS + 1)][1:]
    plain, evidence = (statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(own / other for other, own in rounds)
    print("| count(DISTINCT unit) | evidence | ratio | bar |\n|---|---|---|---|")
    print(f"| {plain:.0f} ms | {evidence:.0f} ms | {ratio:.2f} | {BAR} |")


if __name__ == "__main__":
    main()
