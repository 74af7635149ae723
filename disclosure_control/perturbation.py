"""What noise does a count get by its cell key? A perturbation table, read from a file and checked.

One line for each true count and noise, with a whole weight; the weights of a count are to each
other as probabilities (Marley and Leaver 2011). Counts above the last are perturbed like the last.
The file is the owner's secret: whoever knows it can guess better. ::

    count,noise,weight
    1,-1,2
    1,2,1
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

HEADER = ["count", "noise", "weight"]
MOST_LINES = 5_000
MOST_NOISE = 50
MOST_WEIGHT = 10**12
DIGITS = 14


@dataclass(frozen=True, slots=True)
class Noise:
    count: int  # true
    noise: int  # added to it
    weight: int


class NotAPerturbationTable(ValueError):
    """Says in one sentence where the text is wrong."""


def from_csv(text: str) -> tuple[Noise, ...]:
    """Raises NotAPerturbationTable. Whether it is fit for use is for ``faults_of`` to say."""
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise NotAPerturbationTable("a perturbation table is a CSV file") from error
    if not lines or lines[0] != HEADER:
        raise NotAPerturbationTable("a perturbation table begins with count,noise,weight")
    if len(lines) > MOST_LINES:
        raise NotAPerturbationTable(f"a perturbation table has at most {MOST_LINES} lines")
    return tuple(_line(number, line) for number, line in enumerate(lines[1:], start=2))


def _line(number: int, line: list[str]) -> Noise:
    whole = [part.removeprefix("-") for part in line]
    if len(line) != len(HEADER) or not all(
        part.isascii() and part.isdigit() and len(part) <= DIGITS for part in whole
    ):
        raise NotAPerturbationTable(f"line {number} of a perturbation table: three whole numbers")
    return Noise(*map(int, line))


def to_csv(table: Sequence[Noise]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEADER)
    lines.writerows((one.count, one.noise, one.weight) for one in table)
    return text.getvalue()


def of_count(table: tuple[Noise, ...], count: int) -> tuple[Noise, ...]:
    """What may happen to a count above zero."""
    return _by_count(table)[min(count, table[-1].count) - 1]


@lru_cache(maxsize=16)
def _by_count(table: tuple[Noise, ...]) -> tuple[tuple[Noise, ...], ...]:
    return tuple(tuple(lines) for _, lines in groupby(table, key=lambda one: one.count))


def faults_of(table: tuple[Noise, ...]) -> tuple[str, ...]:
    """Why this table may not be used: it is not in order, or moves counts on average."""
    groups = [(count, list(lines)) for count, lines in groupby(table, key=lambda one: one.count)]
    if [count for count, _ in groups] != list(range(1, len(groups) + 1)):
        return ("a perturbation table has the counts 1, 2, 3, ... in order",)
    return tuple(fault for count, lines in groups for fault in _faults_of_count(count, lines))


def _faults_of_count(count: int, lines: list[Noise]) -> Iterator[str]:
    noises = [one.noise for one in lines]
    if noises != sorted(set(noises)):
        yield f"perturbation of {count}: each noise once, in order"
    if any(abs(noise) > MOST_NOISE for noise in noises):
        yield f"perturbation of {count}: noise of at most {MOST_NOISE}"
    if count + min(noises) < 0:
        yield f"perturbation of {count}: no number below zero"
    if any(not 0 < one.weight <= MOST_WEIGHT for one in lines):
        yield f"perturbation of {count}: weights from 1 to {MOST_WEIGHT}"
    if sum(one.noise * one.weight for one in lines):
        yield f"perturbation of {count}: biased, its noise is not zero on average"
    if noises == [0]:
        yield f"perturbation of {count}: never moved"
