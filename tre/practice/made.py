"""Who is in made-up data? For practice five thousand people, always the same, drawn at random.

And those that checkers are asked about: more of them, with illnesses of which some are rare.
"""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

PEOPLE = 5000
SEED = 20_200_101
FIRST_DAY = datetime.date(2020, 1, 1)
DAYS = 366
MOST_VISITS = 4
INCOME_KNOWN = 0.9

SEEDED_PEOPLE = 40_000
ILLNESSES = {
    "none": 60_000,
    "asthma": 20_000,
    "diabetes": 12_000,
    "heart": 7_000,
    "epilepsy": 900,
    "lupus": 60,
    "sarcoidosis": 25,
}
"""Of 100,000, about."""

Row = tuple[object, ...]


def write(folder: Path) -> None:
    """``persons.csv`` and ``visits.csv``, as the entry describes them."""
    dice = random.Random(SEED)  # noqa: S311 - made-up people need no secrecy  # nosec B311
    _table(folder / "persons.csv", ("person", "sex", "age", "region", "income"), _persons(dice))
    _table(folder / "visits.csv", ("person", "kind", "day"), _visits(dice))


def write_seeded(folder: Path) -> None:
    """``persons.csv``, as the entry of seeded outputs describes it."""
    dice = random.Random(SEED + 1)  # noqa: S311  # nosec B311
    header = ("person", "sex", "age", "region", "illness")
    _table(folder / "persons.csv", header, _ill(dice))


def _ill(dice: random.Random) -> Iterator[Row]:
    illnesses = dice.choices(tuple(ILLNESSES), tuple(ILLNESSES.values()), k=SEEDED_PEOPLE)
    for number, illness in enumerate(illnesses):
        age = min(110, max(0, round(dice.gauss(45, 22))))
        region = dice.choices("nesw", (4, 3, 2, 1))[0]
        yield f"p{number}", dice.choice("fm"), age, region, illness


def _persons(dice: random.Random) -> Iterator[Row]:
    for number in range(PEOPLE):
        age = min(110, max(0, round(dice.gauss(45, 22))))
        known = dice.random() < INCOME_KNOWN
        income = min(100_000, round(dice.lognormvariate(10, 0.6))) if known else ""
        yield f"p{number}", dice.choice("fm"), age, dice.choices("nesw", (4, 3, 2, 1))[0], income


def _visits(dice: random.Random) -> Iterator[Row]:
    for number in range(PEOPLE):
        for _ in range(dice.randrange(MOST_VISITS + 1)):
            day = FIRST_DAY + datetime.timedelta(days=dice.randrange(DAYS))
            yield f"p{number}", dice.choices(("gp", "er"), (5, 1))[0], day.isoformat()


def _table(path: Path, header: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
