"""How far must an attacker stay from an unsafe value? Protection levels, by the rule it broke.

A count of a must stay possible down to a - 1 and up to a + T, T the policy's threshold, in units or
in as many records as a unit of the cell has. A total must stay possible so far away that no
contributor can estimate another as closely as the rules forbid: for p-ratio, p times the largest
contribution less what hides it already; for (n,k), what the n largest would need beside them (the
upper protection levels of Hundepool et al., *Statistical Disclosure Control*, 2012, section 4.3);
and at least p times the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from disclosure_control.policy import SdcRules
from disclosure_control.sdc.evidence import CellEvidence


@dataclass(frozen=True, slots=True)
class Level:
    """The interval of a hidden value must reach from value - below to value + above."""

    below: int
    above: int

    @property
    def width(self) -> int:
        """And be so wide for a sole contributor of other cells: enough that he has no certainty."""
        return min(self.below + self.above, max(1, self.above))

    def within(self, value: int, *, lower: float, upper: float) -> Level:
        """As far as the attacker does not know better beforehand."""
        return Level(
            below=int(min(self.below, max(0, value - lower))),
            above=int(min(self.above, max(0, upper - value))),
        )


def of_count(value: int, rules: SdcRules, *, units: int) -> Level:
    """Where units have several records, one unit more or less is that many records."""
    each = max(1, ceil(value / max(units, 1)))
    return Level(below=min(value, each), above=rules.threshold * each)


def of_total(cell: CellEvidence, rules: SdcRules) -> Level:
    """In integers of the total, the same both ways."""
    top = cell.largest + (cell.second if rules.dominance_n > 1 else 0)
    wanted = (
        rules.p_ratio * cell.largest - (cell.gross - cell.largest - cell.second),
        top / rules.dominance_k - cell.gross,
        rules.p_ratio * cell.largest,
    )
    level = max(1, *(ceil(one) for one in wanted))
    return Level(below=level, above=level)
