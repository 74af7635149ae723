"""Do two tables of sums together tell what one contributor has? Groups that one of them dominates.

A group that two tables tell has its sum too, as the difference of theirs. So groups of up to three
times the threshold are looked at, and of each its largest contributions, as in a table. Groups that
are larger, and those of more than two tables, are not: that is not proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from disclosure_control.policy import SdcRules
from disclosure_control.sdc.register import pairs
from disclosure_control.sdc.register.pairs import Cut
from disclosure_control.sdc.register.partitions import Ints, Partition

WIDER = 3  # times the threshold


@dataclass(frozen=True, slots=True)
class Dominated:
    """A combination that gives the sum of a group which one contributor makes up."""

    cut: Cut
    rule: str


def dominated(
    new: Partition, earlier: Partition, contributions: Ints, *, rules: SdcRules
) -> Iterator[Dominated]:
    """``contributions``: whole numbers, one a person, of the number that both tables add up."""
    counts = pairs.contingency(new, earlier)
    for cut in pairs.cuts(counts, threshold=WIDER * rules.threshold):
        rule = _broken(contributions[pairs.people_of(cut, new, earlier)], rules)
        if rule is not None:
            yield Dominated(cut, rule)


def _broken(values: Ints, rules: SdcRules) -> str | None:
    sizes = sorted((abs(int(value)) for value in values), reverse=True)
    gross, largest = sum(sizes), sizes[0]
    second = sizes[1] if len(sizes) > 1 else 0
    top = largest + (second if rules.dominance_n > 1 else 0)
    if len(values) < rules.threshold:
        return "minimum-threshold"
    if gross - largest - second < Fraction(rules.p_ratio) * largest:
        return "p-ratio"
    if top > Fraction(rules.dominance_k) * gross:
        return "nk-dominance"
    return None
