"""How may counts be changed before they are shown, and what may a shown number stand for?

Rounding and perturbation are rules, not guarantees: they hold for one table and one question. So a
rule says of every true count which numbers it can become, and what is promised is computed from
that: the fewest true counts that any shown number above zero can stand for.

* ``nearest``: the nearest multiple of the base, halves upwards.
* ``random``: one of the two multiples around it, so that the expected number is the true one
  (Nargundkar and Saveland 1972). Drawn by the cell key: the same units always round alike.
* ``midpoint``: the middle of 1..base, base+1..2 base, ... With base 6 this is "midpoint 6".
* ``controlled``: multiples around it of which totals are the sum of their parts, together as near
  as can be (Cox and Ernst 1982).
* ``cell_key``: noise by the cell key from a perturbation table (Fraser and Wooton 2005).

Zero stays zero under all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from disclosure_control.perturbation import Noise, faults_of, of_count

MOST_BASE = 1000
FEWEST = 3  # true values: with two, either is one guess away
Numbers = frozenset[int]


class Method(StrEnum):
    NEAREST = "nearest"
    RANDOM = "random"
    MIDPOINT = "midpoint"
    CONTROLLED = "controlled"
    CELL_KEY = "cell_key"


KEYED = frozenset({Method.RANDOM, Method.CELL_KEY})
"""Drawn by the keys of the units in a cell."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One rule for every count of a table. ``table`` is of ``cell_key`` only, ``base`` of others.

    ``fewest``: true counts that a shown number above zero must be able to stand for.
    ``hides_small``: counts below the threshold are hidden; otherwise they are altered like others.
    """

    method: Method
    base: int = 1
    fewest: int = FEWEST
    hides_small: bool = True
    table: tuple[Noise, ...] = ()


def possible(alteration: Alteration, count: int) -> Numbers:
    """The numbers that this true count may be shown as."""
    return POSSIBLE[alteration.method](alteration, count) if count else frozenset({0})


def _nearest(alteration: Alteration, count: int) -> Numbers:
    return frozenset({nearest(count, base=alteration.base)})


def _around(alteration: Alteration, count: int) -> Numbers:
    below = count // alteration.base * alteration.base
    return frozenset({below, below if below == count else below + alteration.base})


def _midpoint(alteration: Alteration, count: int) -> Numbers:
    return frozenset({midpoint(count, base=alteration.base)})


def _perturbed(alteration: Alteration, count: int) -> Numbers:
    return frozenset(count + one.noise for one in of_count(alteration.table, count))


POSSIBLE: Mapping[Method, Callable[[Alteration, int], Numbers]] = {
    Method.NEAREST: _nearest,
    Method.RANDOM: _around,
    Method.MIDPOINT: _midpoint,
    Method.CONTROLLED: _around,
    Method.CELL_KEY: _perturbed,
}


def nearest(count: int, *, base: int) -> int:
    return (count + base // 2) // base * base


def midpoint(count: int, *, base: int) -> int:
    """Of 1..base, base+1..2 base, and so on; 0 is 0."""
    return -(-count // base) * base - base // 2 if count else 0


def stands_for(alteration: Alteration, *, above: int, least: int = 0) -> dict[int, Numbers]:
    """By shown number: the true counts from ``least`` on that may be shown so.

    Complete for shown numbers up to ``above``.
    """
    found: dict[int, set[int]] = defaultdict(set)
    for count in range(least, above + reach(alteration) + 1):
        for number in possible(alteration, count):
            if number <= above:
                found[number].add(count)
    return {number: frozenset(counts) for number, counts in found.items()}


def behind(alteration: Alteration, number: int) -> tuple[int, int]:
    """The least and the most true count that may be shown as this number."""
    far = reach(alteration)
    counts = [
        count
        for count in range(max(0, number - far), number + far + 1)
        if number in possible(alteration, count)
    ]
    return min(counts), max(counts)


def reach(alteration: Alteration) -> int:
    """How far a shown number is from its true count at most."""
    if alteration.method is Method.CELL_KEY:
        return max((abs(one.noise) for one in alteration.table), default=0)
    return alteration.base


def fewest_behind(alteration: Alteration, *, threshold: int) -> tuple[int, int]:
    """The shown number above zero that can stand for fewest true counts, and how many those are.

    Counts below the threshold do not count where they are hidden. A count of records is at least
    its number of units, so that what holds for units holds for it.
    """
    least = threshold if alteration.hides_small else 0
    rows = max((one.count for one in alteration.table), default=0)
    above = least + rows + 4 * reach(alteration)  # from there on the rule repeats itself
    found = stands_for(alteration, above=above, least=least)
    return min(
        ((number, len(counts)) for number, counts in found.items() if number),
        key=lambda one: one[1],
        default=(0, 0),
    )


def zero_is_certain(alteration: Alteration) -> bool:
    """Does a shown zero mean that nobody is there?"""
    return len(stands_for(alteration, above=0)[0]) == 1


def in_words(alteration: Alteration) -> str:
    """For everybody; a perturbation table is no part of it."""
    return WORDS[alteration.method].format(base=alteration.base)


WORDS: Mapping[Method, str] = {
    Method.NEAREST: "rounded to the nearest multiple of {base}",
    Method.RANDOM: "rounded at random to a multiple of {base}",
    Method.MIDPOINT: "rounded to the midpoint of {base}",
    Method.CONTROLLED: "rounded to multiples of {base} that add up",
    Method.CELL_KEY: "perturbed by cell keys",
}

Rule = tuple[str, Callable[[Alteration], bool]]
BASES: Mapping[Method, range] = {
    Method.NEAREST: range(3, MOST_BASE + 1),
    Method.RANDOM: range(3, MOST_BASE + 1),
    Method.MIDPOINT: range(4, MOST_BASE + 1, 2),
    Method.CONTROLLED: range(3, MOST_BASE + 1),
    Method.CELL_KEY: range(1, 2),
}
RULES: tuple[Rule, ...] = (
    (
        f"base must be 3 to {MOST_BASE}, of midpoint an even number, and of cell_key is not said",
        lambda one: one.base in BASES[one.method],
    ),
    (f"fewest must be {FEWEST} or more", lambda one: one.fewest >= FEWEST),
    (
        "table belongs to cell_key, and to nothing else",
        lambda one: bool(one.table) == (one.method is Method.CELL_KEY),
    ),
)


def faults(alteration: Alteration, *, threshold: int, structural_zeros: bool) -> tuple[str, ...]:
    """Every way in which this rule is malformed, or promises less than it says."""
    found = tuple(sentence for sentence, holds in RULES if not holds(alteration))
    found += faults_of(alteration.table)
    if found:
        return found
    number, behind = fewest_behind(alteration, threshold=threshold)
    if behind < alteration.fewest:
        counts = "count" if behind == 1 else "counts"
        return (f"a shown {number} could stand for {behind} true {counts} only",)
    if not alteration.hides_small and zero_is_certain(alteration) and not structural_zeros:
        return ("a shown 0 would be certain: say structural_zeros, or hide small counts",)
    return ()
