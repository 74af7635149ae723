"""What does safety cost? A safe question against a raw DuckDB query, on a million units.

1,000,000 persons and about 10,000,000 events. Each safe answer is the whole way: the budget
reserved and settled in SQLite, a sandboxed process that reads the encrypted store, the codec, and
noise or rules. Two raw queries stand beside it, each in a warm connection: on the data as it came
(plain file, text codes, in order of arrival), and on the sealed store itself, with the settings of
the sandbox. Times are medians; the three are asked in turns, so that a busy moment hits all.

``python -m benchmarks.overhead [units]``; a smaller number of units for a quick look.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb
from sqlalchemy.orm import Session

from disclosure_control.dp.accounting import noise_plan
from disclosure_control.policy import DpRules, Policy, SdcRules, Track
from disclosure_control.protect import NoiseGrant, protect
from queries import sandbox
from queries.engines.locked import Resources, lock_down, read_ahead
from queries.language import (
    Aggregate,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    Join,
    JoinKind,
    Measure,
    Operator,
    Predicate,
    Query,
    Statistic,
)
from queries.plan import Plan, plan
from queries.read_catalogue import from_yaml
from queries.run import Sandboxes
from queries.store import ROWS, SCHEMA, Store, attach_read_only, connect, open_for_writing
from queries.validate import validate
from tests import factories
from tre import budgets, database

ROUNDS = 9
NO_BAR = "\N{EN DASH}"
KEY = bytes(range(32))
RHO = 20_000_000
CODES, REGIONS, DAYS = 20, 10, 4000

CATALOGUE = from_yaml(f"""
dataset: big
title: A million made-up persons
unit: {{one: person, many: persons, declared: 1000000}}
code_lists:
  codes: [{", ".join(f"c{place:02}" for place in range(CODES))}]
  regions: [{", ".join(f"r{place:02}" for place in range(REGIONS))}]
tables:
  persons:
    title: Persons
    rows: 1000000
    unit: person
    rows_per_unit: 1
    columns:
      person: {{title: Person, role: unit}}
      sex: {{title: Sex, type: code, codes: [f, m]}}
      age: {{title: Age, type: number, lower: 0, upper: 110}}
      region: {{title: Region, type: code, codes: regions}}
  events:
    title: Events
    rows: 10000000
    unit: person
    rows_per_unit: 20
    columns:
      person: {{title: Person, role: unit}}
      code: {{title: Code, type: code, codes: codes}}
      day: {{title: Day, type: date, lower: 1970-01-01, upper: 1980-12-31}}
      amount: {{title: Amount, type: number, lower: 0, upper: 1000}}
links:
  of_person: {{kind: unit, from: events.person, to: persons.person}}
""")

DP = Policy(
    version=1,
    track=Track.DP,
    dp=DpRules(10, RHO, 1_000_000, 1_000_000_000, ("discrete_gaussian", "discrete_laplace"), 8, 4),
    sdc=None,
    max_cells=5000,
    checkers=1,
)
SDC = Policy(
    version=1,
    track=Track.SDC,
    dp=None,
    sdc=SdcRules(10, 2, Decimal("0.9"), Decimal("0.1")),
    max_cells=5000,
    checkers=2,
)

SEX, REGION = (ColumnRef("persons", name) for name in ("sex", "region"))
AGE, CODE, DAY = (
    ColumnRef("persons", "age"),
    ColumnRef("events", "code"),
    ColumnRef("events", "day"),
)
COUNT, UNITS = Measure(Statistic.COUNT), Measure(Statistic.UNITS)
AMOUNT = ColumnRef("events", "amount")
MEAN = Measure(Statistic.MEAN, AMOUNT)
HIGHEST = Feature(
    "highest", "events", Aggregate.MAX, "amount", where=Compare(CODE, Operator.EQ, "c03")
)
BY_HIGHEST = Dimension(FeatureRef("highest"), bands=(Decimal(300), Decimal(600)))
JOIN = "events JOIN persons USING (person)"


def on_events(
    *measures: Measure, by: tuple[ColumnRef, ...], where: Predicate | None = None
) -> Query:
    joins = (Join("of_person", JoinKind.INNER),)  # as JOIN in the raw query
    return Query("big", "events", measures, tuple(map(Dimension, by)), where=where, joins=joins)


@dataclass(frozen=True, slots=True)
class Shape:
    """``bar``: safe may take so many times the raw time; None where another benchmark has one."""

    name: str
    query: Query
    policy: Policy
    raw: str
    bar: float | None


SHAPES = (
    Shape(
        "per-unit feature",
        Query(
            "big",
            "persons",
            (COUNT, Measure(Statistic.MEAN, AGE)),
            (Dimension(SEX), BY_HIGHEST),
            features=(HIGHEST,),
        ),
        DP,
        "WITH f AS (SELECT person, max(amount) AS highest FROM events WHERE code = {c03}"
        " GROUP BY person) SELECT sex, CASE WHEN highest < 300 THEN 0 WHEN highest < 600 THEN 1"
        " WHEN highest >= 600 THEN 2 END AS band, count(*), avg(age)"
        " FROM persons LEFT JOIN f USING (person) GROUP BY ALL",
        3.0,
    ),
    Shape(
        "per-unit totals",
        on_events(COUNT, MEAN, by=(SEX, REGION)),
        DP,
        f"SELECT sex, region, count(*), avg(amount) FROM {JOIN} GROUP BY ALL",
        1.25 * 2.3,
    ),
    Shape(
        "row weights",
        on_events(COUNT, MEAN, by=(SEX, CODE)),
        DP,
        f"SELECT sex, code, count(*), avg(amount) FROM {JOIN} GROUP BY ALL",
        3.0,
    ),
    Shape(
        "row weights of some rows",
        on_events(COUNT, MEAN, by=(SEX, CODE), where=Compare(AMOUNT, Operator.GE, Decimal(100))),
        DP,
        f"SELECT sex, code, count(*), avg(amount) FROM {JOIN} WHERE amount >= 100 GROUP BY ALL",
        3.0,
    ),
    Shape(
        "distinct units per cell",
        on_events(UNITS, by=(SEX, CODE)),
        DP,
        f"SELECT sex, code, count(*) FROM {JOIN} GROUP BY ALL",
        1.25 * 12,
    ),
    Shape(
        "exact, with distinct units",
        on_events(COUNT, UNITS, by=(SEX, CODE)),
        SDC,
        f"SELECT sex, code, count(*) FROM {JOIN} GROUP BY ALL",
        1.25 * 5.2,
    ),
    Shape(
        "exact, with dominance too",
        on_events(COUNT, MEAN, by=(SEX, CODE)),
        SDC,
        f"SELECT sex, code, count(*), avg(amount) FROM {JOIN} GROUP BY ALL",
        None,  # see benchmarks/evidence.py
    ),
)


def _numbers(units: int) -> tuple[str, str]:
    """SELECTs of both tables as integers, sorted by unit; 1 to 19 events a person."""
    persons = (
        "SELECT p::BIGINT AS person, (hash(p) % 2)::BIGINT AS sex,"
        f" (hash(p * 3) % 90)::BIGINT AS age, (hash(p * 5) % {REGIONS})::BIGINT AS region"
        f" FROM range({units}) AS t(p)"
    )
    events = (
        f"SELECT p::BIGINT AS person, (hash(p * 77 + i) % {CODES})::BIGINT AS code,"
        f" (hash(p * 131 + i) % {DAYS})::BIGINT AS day,"
        " (hash(p * 17 + i) % 1000)::BIGINT AS amount FROM (SELECT p,"
        f" unnest(range(1 + (hash(p * 7) % 19)::BIGINT)) AS i FROM range({units}) AS t(p))"
        " ORDER BY p"
    )
    return persons, events


def build(folder: Path, *, units: int) -> Store:
    """The sealed store, and beside it the plain file of data as it came."""
    store = Store(folder, KEY)
    path = store.path("big", "v1")
    path.parent.mkdir()
    persons, events = _numbers(units)
    con = open_for_writing(path, key=KEY, spill=folder / "spill")
    con.execute(f"CREATE TABLE db.persons AS {persons}")
    counted = f"SELECT *, count(*) OVER (PARTITION BY person) AS {ROWS} FROM ({events})"
    con.execute(f"CREATE TABLE db.events AS {counted} ORDER BY person")
    con.close()
    plain = duckdb.connect(":memory:")
    plain.execute(f"CREATE TABLE persons AS {persons}")
    plain.execute(f"CREATE TABLE events AS {events}")
    plain.execute(f"ATTACH '{folder / 'came.duckdb'}' AS came")
    plain.execute(
        "CREATE TABLE came.persons AS SELECT 100000000 + person * 7919 % 1000003 AS person,"
        " ['f', 'm'][sex + 1] AS sex, age::DOUBLE AS age, format('r{:02}', region) AS region"
        " FROM persons ORDER BY person"
    )
    plain.execute(
        "CREATE TABLE came.events AS SELECT 100000000 + person * 7919 % 1000003 AS person,"
        " format('c{:02}', code) AS code, DATE '1970-01-01' + day::INTEGER AS day,"
        " amount::DOUBLE AS amount FROM events ORDER BY day, hash(person)"
    )
    plain.close()
    return store


class Ledger:
    """Reserve and settle, as the service does, in a file of SQLite."""

    def __init__(self, folder: Path) -> None:
        self.session = Session(factories.sqlite_engine(folder), expire_on_commit=False)
        self.world = factories.furnish(self.session)

    def reserved(self) -> str:
        with database.writing(self.session):
            submission = factories.a_submission(self.session, self.world)
            accounts = budgets.accounts_of(
                self.session,
                dataset_id=self.world.dataset,
                project_id=self.world.project,
                person_id=self.world.people["ada"],
            )
            budgets.reserve(
                self.session,
                accounts=accounts,
                submission_id=submission.id,
                cost=budgets.Cost(1000),
                now=factories.NOW,
            )
            return submission.id

    def settle(self, submission_id: str) -> None:
        with database.writing(self.session):
            budgets.settle(self.session, submission_id=submission_id, now=factories.NOW)


def safe(sandboxes: Sandboxes, ledger: Ledger, planned: Plan, policy: Policy) -> None:
    charged = ledger.reserved()
    deadline = time.monotonic() + 60
    counted = sandboxes.run(planned, dataset="big", version="v1", deadline=deadline)
    grant = NoiseGrant(RHO) if policy.track is Track.DP else None
    protect(counted, policy=policy, grant=grant)
    ledger.settle(charged)


def milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def until_ready(sandboxes: Sandboxes) -> None:
    sandboxes.prepare(dataset="big", version="v1")
    while not sandboxes.is_ready(dataset="big", version="v1"):
        time.sleep(0.02)


def preview(shape: Shape) -> None:
    """All that a preview computes of a question: faults, plan, price and half-widths."""
    validate(shape.query, CATALOGUE, shape.policy)
    planned = plan(shape.query, CATALOGUE, shape.policy)
    if shape.policy.dp:
        noise_plan(planned.shape, shape.policy.dp, rho_nano=RHO)


def raw_queries(folder: Path, shape: Shape) -> tuple[Callable[[], object], Callable[[], object]]:
    """On the data as it came, and on the sealed store, each in a connection of its own."""
    came = duckdb.connect(str(folder / "came.duckdb"), read_only=True)
    stored = connect()
    attach_read_only(stored, Store(folder, KEY).path("big", "v1"), key=KEY)
    stored.execute(f"USE {SCHEMA}")
    lock_down(stored, resources=Resources())
    read_ahead(stored)
    return (
        lambda: came.execute(shape.raw.format(c03="'c03'")).fetchall(),
        lambda: stored.execute(shape.raw.format(c03="3")).fetchall(),
    )


def compare(shape: Shape, folder: Path, sandboxes: Sandboxes, ledger: Ledger) -> str:
    """One line of the table."""
    planned = plan(shape.query, CATALOGUE, shape.policy)
    acts = (*raw_queries(folder, shape), lambda: safe(sandboxes, ledger, planned, shape.policy))
    rounds = []
    for _ in range(ROUNDS):
        until_ready(sandboxes)
        rounds.append([milliseconds(act) for act in acts])
    came, stored, own = (statistics.median(times) for times in zip(*rounds, strict=True))
    return (
        f"| {shape.name} | {came:.0f} ms | {stored:.0f} ms | {own:.0f} ms "
        f"| {own / came:.2f} | {own / stored:.2f} | {shape.bar or NO_BAR} |"
    )


def previews() -> None:
    print("\n| preview of | ms, first | ms, median of 50 |\n|---|---|---|")
    for shape in SHAPES:
        found = [milliseconds(partial(preview, shape)) for _ in range(50)]
        print(f"| {shape.name} | {found[0]:.1f} | {statistics.median(found):.1f} |")


def main(units: int) -> None:
    print(f"{units:,} units on DuckDB {duckdb.__version__}; {sandbox.describe()}\n")
    previews()
    print(
        "\n| shape | raw, as it came | raw, as stored | safe | ÷ as it came | ÷ as stored | bar |"
    )
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="overhead-") as name:
        folder = Path(name)
        store, ledger = build(folder, units=units), Ledger(folder)
        with Sandboxes(store) as sandboxes:
            for shape in SHAPES:
                print(compare(shape, folder, sandboxes, ledger), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
